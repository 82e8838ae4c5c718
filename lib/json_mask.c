#include "lib/json.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/xalloc.h"

#define MASK            "******"
#define MASKED_TEXT_MAX ((size_t)64 << 20)

/* Lower-case parts of names. What oslo.utils masks, less those that contain another, then what Ironic
 * and we add: SNMP keys, and the IPMI BMC key, which Ironic shows. */
/* clang-format off */
static const char *const secret_names[] = {
	"password", "adminpass", "admin_pass", "new_pass", "token", "secret", "sys_pswd", "private_key",
	"passphrase", "configdrive", "encrypted_key", "fernetkey", "sslkey", "cephclusterfsid",
	"octaviaheartbeatkey", "rabbitcookie", "cephmanilaclientkey", "pacemakerremoteauthkey",
	"designaterndckey", "cephadminkey", "heatauthencryptionkey", "cephclientkey", "keystonecredential",
	"barbicansimplecryptokek", "cephrgwkey", "swifthashsuffix", "migrationsshkey", "cephmdskey",
	"cephmonkey", "snmp_auth_key", "snmp_priv_key", "ipmi_hex_kg_key",
};
/* clang-format on */

#define SECRET_NAME_COUNT (sizeof(secret_names) / sizeof(secret_names[0]))

/* Every text that is shown is searched for secrets, so most places must be passed by at a glance: of each
 * pair of letters, regardless of case, which names start with it: bit i for secret_names[i]. */
static uint32_t names_of[32 * 32];
static_assert(SECRET_NAME_COUNT <= 32, "the bits of names_of");

static unsigned pair_at(const char *text)
{
	return (unsigned)(text[0] & 31) << 5 | (unsigned)(text[1] & 31);
}

static void __attribute__((constructor)) learn_starts(void)
{
	for (size_t i = 0; i < SECRET_NAME_COUNT; i++)
		names_of[pair_at(secret_names[i])] |= (uint32_t)1 << i;
}

/* Length of the secret name that text starts with, or 0. text is not empty. */
static size_t secret_name_at(const char *text)
{
	for (uint32_t names = names_of[pair_at(text)]; names; names &= names - 1) {
		const char *name = secret_names[__builtin_ctz(names)];
		size_t len = strlen(name);

		if (strncasecmp(text, name, len) == 0)
			return len;
	}
	return 0;
}

bool json_key_is_secret(const char *key)
{
	for (; *key; key++)
		if (secret_name_at(key))
			return true;
	return false;
}

static const char *skip_set(const char *at, const char *set)
{
	return at + strspn(at, set);
}

/* The value that belongs to the name which ends at `at` and began at `name`: name=value, name: 'value',
 * "name": "value", <name>value<, --name value. Returns its start and where it ends, or NULL. */
static const char *fragment_value(const char *begin, const char *name, const char *at, const char **ret_end)
{
	const char *separator = skip_set(skip_set(at, "0123456789"), "\\\"' \t");
	bool is_option = name - begin >= 2 && name[-1] == '-' && name[-2] == '-';
	bool is_element = name > begin && name[-1] == '<';

	if (*separator == '=' || *separator == ':' || (is_element && *separator == '>'))
		separator++;
	else if (!is_option || !isspace((unsigned char)*at))
		return NULL;
	const char *value = skip_set(separator, " \t\\");
	const char *ends = " \t\r\n\"'&,;)}]<>";
	char quote[2] = { *value };
	if (*quote == '"' || *quote == '\'') {
		value++;
		ends = quote;
	} else if (is_element) {
		ends = "<";
	}
	*ret_end = value + strcspn(value, ends);
	return *ret_end > value ? value : NULL;
}

/* Appends text with its secret fragments masked; false when there were none. */
static bool mask_text(struct buf *buf, const char *text)
{
	const char *done = text, *value, *end;
	bool found = false;

	for (const char *at = text; *at;) {
		size_t len = secret_name_at(at);
		value = len ? fragment_value(text, at, at + len, &end) : NULL;
		if (!value) {
			at++; /* not over the name: another may start within, as in admin_pass|word */
			continue;
		}
		buf_append(buf, done, (size_t)(value - done));
		buf_puts(buf, MASK);
		at = done = end;
		found = true;
	}
	if (found)
		buf_puts(buf, done);
	return found;
}

/* The masked form of a string with secret fragments (new), or NULL when it may stay. */
static json_t *masked_string(const json_t *value)
{
	struct buf buf;
	json_t *masked = NULL;

	buf_init(&buf, MASKED_TEXT_MAX);
	if (mask_text(&buf, json_string_value(value)))
		masked = json_string(buf.overflow ? MASK : buf.data);
	buf_release(&buf);
	return masked;
}

/* NOLINTBEGIN(misc-no-recursion): the depth is bounded. */
static void mask_value(json_t *value, unsigned depth);

/* What a member or element is to be replaced by (new); NULL: it stays, its inside has been masked. */
static json_t *replacement(json_t *value, unsigned depth)
{
	if (json_is_string(value))
		return masked_string(value);
	if (!json_is_object(value) && !json_is_array(value))
		return NULL;
	if (!depth)
		return json_string(MASK);
	mask_value(value, depth - 1);
	return NULL;
}

static void mask_value(json_t *value, unsigned depth)
{
	if (json_is_object(value)) {
		for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
			json_t *masked = json_key_is_secret(json_object_iter_key(at))
						 ? json_string(MASK)
						 : replacement(json_object_iter_value(at), depth);
			if (masked)
				json_object_iter_set_new(value, at, masked);
		}
	} else {
		for (size_t i = 0; i < json_array_size(value); i++) {
			json_t *masked = replacement(json_array_get(value, i), depth);
			if (masked)
				json_array_set_new(value, i, masked);
		}
	}
}

/* NOLINTEND(misc-no-recursion) */

void json_mask_secrets(json_t *value)
{
	mask_value(value, JSON_VALUE_DEPTH_MAX);
}

/* ---- text ---- */

/* A string of the text; `at` is behind its opening quote before, behind its closing one after. False: it has
 * an escape, which may spell a name in another way, or no end. */
static bool pass_string(const char **at, const char *end, bool *ret_is_secret)
{
	bool is_secret = false;

	for (const char *c = *at; c < end && *c != '\\'; c++) {
		if (*c == '"') {
			*at = c + 1;
			*ret_is_secret = is_secret;
			return true;
		}
		is_secret = is_secret || secret_name_at(c);
	}
	return false;
}

/* Behind the value, which may be of any type. False: as pass_string. */
static bool pass_value(const char **at, const char *end)
{
	unsigned depth = 0;
	bool is_secret;

	while (*at < end) {
		char c = **at;

		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return true;
		++*at;
		if (c == '"' && !pass_string(at, end, &is_secret))
			return false;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		if (depth == 0 && (c == '"' || c == '}' || c == ']'))
			return true;
	}
	return false;
}

/* Copies text up to `at`, the mask for the value there, and moves behind it. */
static bool replace_value(struct buf *buf, const char **copied, const char **at, const char *end)
{
	const char *value = skip_set(*at, " \t\r\n");

	buf_append(buf, *copied, (size_t)(value - *copied));
	buf_puts(buf, "\"" MASK "\"");
	if (value == end || !pass_value(&value, end))
		return false;
	*at = *copied = value;
	return true;
}

/* One string: a key whose value must be hidden, or one that may show. */
static bool mask_string(struct buf *buf, const char **copied, const char **at, const char *end,
			const char *hidden)
{
	const char *begin = *at;
	bool is_secret;

	if (!pass_string(at, end, &is_secret))
		return false;
	const char *next = skip_set(*at, " \t\r\n");
	if (*next != ':')
		return !is_secret;
	size_t len = (size_t)(*at - 1 - begin);
	*at = next + 1;
	if (is_secret || (hidden && strlen(hidden) == len && memcmp(hidden, begin, len) == 0))
		return replace_value(buf, copied, at, end);
	return true;
}

bool json_mask_text(struct buf *buf, const char *text, size_t len, const char *hidden)
{
	const char *copied = text, *at = text, *end = text + len;
	size_t before = buf->len;
	unsigned depth = 0;
	bool is_done = true;

	while (is_done && at < end) {
		char c = *at++;

		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		is_done = depth <= JSON_VALUE_DEPTH_MAX && c != '\\';
		if (c == '"')
			is_done = mask_string(buf, &copied, &at, end, depth == 1 ? hidden : NULL);
	}
	if (is_done && depth == 0) {
		buf_append(buf, copied, (size_t)(end - copied));
		return true;
	}
	if (buf->len > before) {
		buf->len = before;
		buf->data[before] = '\0';
	}
	return false;
}
