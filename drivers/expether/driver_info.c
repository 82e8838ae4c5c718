/* driver_info: see driver_info.h. */
#include "drivers/expether/driver_info.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "drivers/driver.h"

#define URL_MAX 512

const struct driver_property expether_properties[] = {
	{ "expether_address",
	  "Base URL of the ExpEther manager (EEM): http(s)://host:port/eem, or a host, whose "
	  "EEM is expected at port 30500. Required." },
	{ "expether_eesv_id", "Id or MAC address of the node's board (EESV): 0x and 12 hexadecimal digits. "
			      "Required." },
	{ "expether_username", "User at the EEM; needs expether_password. Optional." },
	{ "expether_password", "Its password. Optional." },
	{ "expether_verify_ca",
	  "Whether the EEM's certificate is verified, or the path of trusted certificates. "
	  "Defaults to True. Optional." },
	{ 0 }
};

/* ---- the address ---- */

static bool is_of(const char *text, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(others, text[i]))
			return false;
	return true;
}

static bool is_port(const char *text, size_t len)
{
	unsigned port = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]) || i > 4)
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return len && port && port <= 65535;
}

/* host, host:port, [v6] or [v6]:port; *ret_has_port. */
static bool is_authority(const char *text, size_t len, bool *ret_has_port)
{
	const char *end = text + len, *host_end;

	*ret_has_port = false;
	if (len && *text == '[') {
		host_end = memchr(text, ']', len);
		if (!host_end || host_end - text < 3 || !is_of(text + 1, (size_t)(host_end - text) - 1, ":."))
			return false;
		host_end++;
	} else {
		const char *colon = memchr(text, ':', len);

		host_end = colon ? colon : end;
		if (host_end == text || !is_of(text, (size_t)(host_end - text), "-._"))
			return false;
	}
	if (host_end == end)
		return true;
	*ret_has_port = true;
	return *host_end == ':' && is_port(host_end + 1, (size_t)(end - host_end) - 1);
}

/* Takes the scheme off *rest, where there is one. NULL: another than HTTP's. */
static const char *take_scheme(const char **rest)
{
	const char *mark = strstr(*rest, "://");
	const char *address = *rest;

	if (!mark)
		return "http";
	*rest = mark + 3;
	if (strncasecmp(address, "https:", 6) == 0)
		return "https";
	return strncasecmp(address, "http:", 5) == 0 ? "http" : NULL;
}

const char *expether_url(const char *address, struct arena *arena)
{
	const char *rest = address, *scheme, *path;
	size_t authority_len, path_len;
	bool has_port;
	char *url;

	if (strlen(address) > URL_MAX)
		return NULL;
	scheme = take_scheme(&rest);
	authority_len = strcspn(rest, "/");
	path = rest + authority_len;
	path_len = strlen(path);
	if (!scheme || !is_authority(rest, authority_len, &has_port) || !is_of(path, path_len, "/-._~"))
		return NULL;
	while (path_len && path[path_len - 1] == '/')
		path_len--;
	if (!path_len)
		path = "/eem";
	url = arena_printf(arena, "%s://%.*s%s%.*s", scheme, (int)authority_len, rest,
			   rest == address && !has_port ? ":30500" : "", path_len ? (int)path_len : 4, path);
	for (char *c = url + strlen(scheme) + 3; *c && *c != '/'; c++)
		*c = (char)tolower((unsigned char)*c);
	return url;
}

bool expether_id_parse(const char *text, char id[EEM_ID_MAX])
{
	size_t count = 2;

	memcpy(id, "0x", 3);
	if (strncasecmp(text, "0x", 2) == 0)
		text += 2;
	for (; count < EEM_ID_MAX - 1 && isxdigit((unsigned char)*text); text++) {
		id[count++] = (char)tolower((unsigned char)*text);
		if (text[1] == ':' && text[2])
			text++;
	}
	id[count] = '\0';
	return count == EEM_ID_MAX - 1 && !*text;
}

/* ---- members ---- */

struct parse {
	const json_t *object;
	const char *prefix, *who;
	struct arena *arena;
	struct error *err;
};

/* A text, or NULL when it is absent. */
static int get_text(const struct parse *parse, const char *name, const char **ret)
{
	const char *key = arena_printf(parse->arena, "%s%s", parse->prefix, name);
	const json_t *value = json_object_get(parse->object, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_boolean(value)) {
		*ret = json_is_true(value) ? "true" : "false";
		return 0;
	}
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value) ||
	    json_string_length(value) > URL_MAX)
		return fail(parse->err, ERR_INVALID,
			    "Invalid value set in %s on %s. The value should be a string.", key, parse->who);
	if (json_string_length(value))
		*ret = arena_strdup(parse->arena, json_string_value(value));
	return 0;
}

/* NULL, "false" or a path. */
static int parse_verify(const struct parse *parse, const char **ret)
{
	static const char *const words[2][6] = { { "0", "f", "false", "off", "n", "no" },
						 { "1", "t", "true", "on", "y", "yes" } };
	const char *text;
	struct stat found;
	int rc = get_text(parse, "verify_ca", &text);

	*ret = NULL;
	if (rc < 0 || !text)
		return rc;
	for (int i = 0; i < 12; i++) {
		if (strcasecmp(words[i / 6][i % 6], text) == 0) {
			*ret = i < 6 ? "false" : NULL;
			return 0;
		}
	}
	*ret = text;
	if (stat(text, &found) == 0 && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)))
		return 0;
	return fail(parse->err, ERR_INVALID,
		    "Invalid value set in %sverify_ca on %s. The value should be a Boolean or the path to a "
		    "file/directory, not \"%s\"",
		    parse->prefix, parse->who, text);
}

int expether_manager_parse(const json_t *object, const char *prefix, const char *who, struct arena *arena,
			   struct pod_manager *ret, struct error *err)
{
	const struct parse parse = { object, prefix, who, arena, err };
	const char *address;
	int rc = get_text(&parse, "address", &address);

	*ret = (struct pod_manager){ .driver = "expether" };
	if (rc < 0)
		return rc;
	if (!address)
		return fail(err, ERR_MISSING,
			    "Missing the following ExpEther properties in %s: ['%saddress']", who, prefix);
	rc = get_text(&parse, "username", &ret->username);
	if (rc == 0)
		rc = get_text(&parse, "password", &ret->password);
	if (rc == 0)
		rc = parse_verify(&parse, &ret->verify_ca);
	if (rc < 0)
		return rc;
	if (!ret->username != !ret->password)
		return fail(err, ERR_MISSING, "%susername and %spassword must both be set on %s, or neither",
			    prefix, prefix, who);
	ret->url = expether_url(address, arena);
	if (!ret->url) /* what stands before '@' may be a password */
		return fail(err, ERR_INVALID, "Invalid ExpEther manager address %s set in %saddress on %s",
			    strchr(address, '@') ? "(with user information)" : address, prefix, who);
	ret->name = ret->url;
	return 0;
}

int expether_info_parse(struct task *task, struct expether_info *ret, struct error *err)
{
	const char *who = arena_printf(&task->arena, "node %s driver_info", node_uuid(task->node));
	const char *id = task_driver_info(task, "expether_eesv_id");
	int rc = expether_manager_parse(node_object(task->node, NODE_DRIVER_INFO), "expether_", who,
					&task->arena, &ret->manager, err);

	if (rc < 0)
		return rc;
	if (!id || !*id)
		return fail(err, ERR_MISSING,
			    "Missing the following ExpEther properties in %s: ['expether_eesv_id']", who);
	if (!expether_id_parse(id, ret->host))
		return fail(err, ERR_INVALID,
			    "Invalid value \"%.64s\" set in expether_eesv_id on %s. The value should be the "
			    "id of a board: 0x and 12 hexadecimal digits",
			    id, who);
	return 0;
}

int expether_validate(struct task *task, struct error *err)
{
	struct expether_info info;

	return expether_info_parse(task, &info, err);
}
