/* rack: reads the rack file and starts what it names. */
#include "tools/bmcsim/rack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/ipmi/rmcpp.h"
#include "lib/utf8.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/ipmi_side.h"
#include "tools/bmcsim/mockup.h"

struct rack_option {
	const char *name;
	int (*set)(struct bmc *bmc, const char *value, struct error *err);
	bool is_required;
	const char *help;
};

static int set_text(char **target, const char *value)
{
	xfree(*target);
	*target = xstrdup(value);
	return 0;
}

static int parse_number(const char *value, long min, long max, int *ret, struct error *err)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < min || number > max)
		return fail(err, ERR_INVALID, "'%s' is not a whole number from %ld to %ld", value, min, max);
	*ret = (int)number;
	return 0;
}

static int parse_bool(const char *value, bool *ret, struct error *err)
{
	if (!strcasecmp(value, "true") || !strcasecmp(value, "yes") || !strcmp(value, "1"))
		*ret = true;
	else if (!strcasecmp(value, "false") || !strcasecmp(value, "no") || !strcmp(value, "0"))
		*ret = false;
	else
		return fail(err, ERR_INVALID, "'%s' is neither true nor false", value);
	return 0;
}

static int set_protocol(struct bmc *bmc, const char *value, struct error *err)
{
	for (int i = 0; i < BMC_PROTOCOL_COUNT; i++) {
		if (!strcmp(bmc_protocol_names[i], value)) {
			bmc->protocol = i;
			return 0;
		}
	}
	return fail(err, ERR_INVALID, "'%s' is neither redfish nor ipmi nor eem", value);
}

/* "127.0.0.1:8001" or "[::1]:8001". */
static int set_listen(struct bmc *bmc, const char *value, struct error *err)
{
	const char *colon = strrchr(value, ':');
	const char *start = value;
	size_t len;
	int rc;

	if (!colon || colon == value)
		return fail(err, ERR_INVALID, "'%s' is not ADDRESS:PORT", value);
	rc = parse_number(colon + 1, 0, 65535, &bmc->port, err);
	if (rc < 0)
		return rc;
	len = (size_t)(colon - value);
	if (*start == '[' && value[len - 1] == ']') {
		start++;
		len -= 2;
	}
	xfree(bmc->address);
	bmc->address = xstrndup(start, len);
	return 0;
}

static int set_user(struct bmc *bmc, const char *value, struct error *err)
{
	(void)err;
	return set_text(&bmc->user, value);
}

static int set_password(struct bmc *bmc, const char *value, struct error *err)
{
	(void)err;
	xfree_secret(bmc->password);
	bmc->password = xstrdup(value);
	return 0;
}

static int set_profile(struct bmc *bmc, const char *value, struct error *err)
{
	const struct bmc_profile *profile = bmc_profile_find(value);

	if (!profile)
		return fail(err, ERR_INVALID, "there is no profile '%s'", value);
	bmc->profile = profile;
	return 0;
}

static int set_tls(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_bool(value, &bmc->is_tls, err);
}

static int set_tls_resumption(struct bmc *bmc, const char *value, struct error *err)
{
	bool is_resumed = true;
	int rc = parse_bool(value, &is_resumed, err);

	bmc->is_tls_forgetful = !is_resumed;
	return rc;
}

static int set_tls_cert(struct bmc *bmc, const char *value, struct error *err)
{
	(void)err;
	return set_text(&bmc->tls_cert, value);
}

static int set_tls_key(struct bmc *bmc, const char *value, struct error *err)
{
	(void)err;
	return set_text(&bmc->tls_key, value);
}

static int set_mockup(struct bmc *bmc, const char *value, struct error *err)
{
	return mockup_load(value, &bmc->tree, err);
}

static int set_system_uuid(struct bmc *bmc, const char *value, struct error *err)
{
	if (!uuid_is_valid(value))
		return fail(err, ERR_INVALID, "'%s' is not a UUID", value);
	return set_text(&bmc->system_uuid, value);
}

static int set_power(struct bmc *bmc, const char *value, struct error *err)
{
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return fail(err, ERR_INVALID, "'%s' is neither on nor off", value);
	bmc->is_on = bmc->will_be_on = !strcmp(value, "on");
	return 0;
}

static int set_on_delay(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 3600000, &bmc->on_delay_ms, err);
}

static int set_off_delay(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 3600000, &bmc->off_delay_ms, err);
}

static int set_soft_off_delay(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, -1, 3600000, &bmc->soft_off_delay_ms, err);
}

static int set_latency(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 3600000, &bmc->latency_ms, err);
}

static int set_loss(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 100, &bmc->loss_percent, err);
}

static int set_kg_key(struct bmc *bmc, const char *value, struct error *err)
{
	size_t len = strlen(value);

	if (len % 2 || len > 40 || strspn(value, "0123456789abcdefABCDEF") != len)
		return fail(err, ERR_INVALID,
			    "the key must be an even number of hexadecimal digits, at most 40");
	xfree_secret(bmc->kg_key);
	bmc->kg_key = xstrdup(value);
	return 0;
}

static int set_session_limit(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 1, 255, &bmc->session_limit, err);
}

/* "3,17". */
static int set_cipher_suites(struct bmc *bmc, const char *value, struct error *err)
{
	uint32_t suites = 0;

	for (const char *word = value;; word++) {
		char *end;
		unsigned long id = strtoul(word, &end, 10);
		if (end == word || (*end && *end != ',') || id > 31 || !cipher_suite_find((unsigned)id))
			return fail(err, ERR_INVALID,
				    "'%s' is not a list of cipher suites out of 0-3 and 15-17", value);
		suites |= (uint32_t)1 << id;
		word = end;
		if (!*word)
			break;
	}
	bmc->cipher_suites = suites;
	return 0;
}

static int set_session_idle(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 1, 3600, &bmc->session_idle_s, err);
}

static int set_boot_flags(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 1, 3600, &bmc->boot_flags_s, err);
}

static int set_users(struct bmc *bmc, const char *value, struct error *err)
{
	int rc = ipmi_config_users(NULL, value, err);

	if (rc < 0)
		return rc;
	xfree_secret(bmc->users);
	bmc->users = xstrdup(value);
	return 0;
}

static int set_targets(struct bmc *bmc, const char *value, struct error *err)
{
	int rc = ipmi_config_targets(NULL, value, err);

	return rc < 0 ? rc : set_text(&bmc->targets, value);
}

static int set_auth_types(struct bmc *bmc, const char *value, struct error *err)
{
	return ipmi_config_auth_types(value, &bmc->auth_types, err);
}

static int set_manners(struct bmc *bmc, const char *value, struct error *err)
{
	const struct bmc_manners *manners = bmc_manners_find(value);

	if (!manners)
		return fail(err, ERR_INVALID, "there are no manners '%s'", value);
	bmc_manners_set(bmc, manners);
	return 0;
}

static int set_latency_tail(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 3600000, &bmc->latency_tail_ms, err);
}

static int set_count(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 1, 100000, &bmc->count, err);
}

static int set_step(struct bmc *bmc, const char *value, struct error *err)
{
	if (strcmp(value, "address") != 0 && strcmp(value, "port") != 0)
		return fail(err, ERR_INVALID, "'%s' is neither address nor port", value);
	bmc->is_count_by_port = !strcmp(value, "port");
	return 0;
}

static int set_serial(struct bmc *bmc, const char *value, struct error *err)
{
	for (int i = 0; i < BMC_SERIAL_COUNT; i++) {
		if (!strcmp(bmc_serial_names[i], value)) {
			bmc->serial = i;
			return 0;
		}
	}
	return fail(err, ERR_INVALID, "'%s' is neither login nor echo nor none", value);
}

static int set_serial_line(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 3600000, &bmc->serial_line_ms, err);
}

static int set_serial_accept(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 255, &bmc->serial_accept, err);
}

static int set_cards(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 1, 100000, &bmc->cards, err);
}

static const struct rack_option options[] = {
	{ "protocol", set_protocol, true, "redfish, ipmi or eem (the ExpEther manager)" },
	{ "listen", set_listen, true, "ADDRESS:PORT (UDP for ipmi, else TCP); port 0: any" },
	{ "user", set_user, true, "the one account's name" },
	{ "password", set_password, true, "its password" },
	{ "profile", set_profile, false, "make of BMC; generic" },
	{ "mockup", set_mockup, false, "redfish: captured tree to serve, a folder or a tar archive" },
	{ "tls", set_tls, false, "redfish: HTTPS instead of HTTP; false" },
	{ "tls_resumption", set_tls_resumption, false, "redfish: TLS sessions are resumed; true" },
	{ "tls_cert", set_tls_cert, false, "redfish: PEM certificate; a self-signed one" },
	{ "tls_key", set_tls_key, false, "redfish: PEM key" },
	{ "system_uuid", set_system_uuid, false, "UUID of the system; made from the section's name" },
	{ "power", set_power, false, "on or off at the start; on" },
	{ "on_delay_ms", set_on_delay, false, "from request to on; 0" },
	{ "off_delay_ms", set_off_delay, false, "from request to off; 0" },
	{ "soft_off_delay_ms", set_soft_off_delay, false, "from the ACPI request to off; -1: ignored; 0" },
	{ "manners", set_manners, false, "how it misbehaves, see below; good" },
	{ "latency_ms", set_latency, false, "before each answer; 0" },
	{ "latency_tail_ms", set_latency_tail, false,
	  "the longest, when latency_ms is the median; 0: no tail" },
	{ "loss_percent", set_loss, false, "share of requests without an answer; 0" },
	{ "kg_key", set_kg_key, false, "ipmi: BMC key in hexadecimal; none" },
	{ "session_limit", set_session_limit, false, "ipmi: sessions and logins at once; 16" },
	{ "session_idle_s", set_session_idle, false, "ipmi: an idle session ends; 60" },
	{ "boot_flags_s", set_boot_flags, false,
	  "ipmi: a boot device for once is forgotten after so long, unless told otherwise; 60" },
	{ "users", set_users, false, "ipmi: more accounts, NAME:PASSWORD:PRIVILEGE,..." },
	{ "targets", set_targets, false,
	  "ipmi: controllers behind it, CHANNEL:ADDRESS or, dual, CHANNEL:ADDRESS/CHANNEL:ADDRESS, ..." },
	{ "auth_types", set_auth_types, false,
	  "ipmi 1.5: of none, md5, password; md5,password; empty: no 1.5" },
	{ "cipher_suites", set_cipher_suites, false, "ipmi: those offered, by number; 3,17" },
	{ "count", set_count, false, "so many BMCs like this one, NAME-0, NAME-1, ...; 1, NAME" },
	{ "step", set_step, false, "each of them on the next address or the next port; address" },
	{ "serial", set_serial, false, "ipmi: what Serial-over-LAN meets: login, echo or none; login" },
	{ "serial_line_ms", set_serial_line, false, "ipmi: between lines printed unasked; 0: none" },
	{ "serial_accept", set_serial_accept, false, "ipmi: most characters taken of a SoL packet; 0: all" },
	{ "cards", set_cards, false, "eem: so many free cards; a small fleet of all kinds" },
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

void rack_print_help(FILE *out)
{
	fprintf(out, "Options of a section of the rack file (the section's name is the BMC's):\n");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		fprintf(out, "  %-18s %s%s\n", options[i].name, options[i].help,
			options[i].is_required ? " (required)" : "");
	fprintf(out, "Profiles:");
	for (const struct bmc_profile *profile = bmc_profiles; profile->name; profile++)
		fprintf(out, " %s", profile->name);
	fprintf(out, "\nManners:\n");
	for (const struct bmc_manners *manners = bmc_manners; manners->name; manners++)
		fprintf(out, "  %-18s %s\n", manners->name, manners->help);
}

/* ---- reading ---- */

struct reader {
	struct rack *rack;
	size_t size;   /* allocated bmcs */
	uint64_t seen; /* options of the current section, by position */
	struct error *err;
	int rc;
};

/* A free place at the end, under that name in the index. */
static struct bmc *rack_add(struct reader *reader, const char *name)
{
	struct rack *rack = reader->rack;

	if (rack->count == reader->size) {
		reader->size = reader->size ? reader->size * 2 : 16;
		rack->bmcs = xreallocarray(rack->bmcs, reader->size, sizeof(*rack->bmcs));
	}
	json_object_set_new(rack->index, name, json_integer((json_int_t)rack->count));
	bmc_init(&rack->bmcs[rack->count], name);
	return &rack->bmcs[rack->count++];
}

/* Where the n-th of many listens. */
static int listen_nth(const struct bmc *first, int n, struct bmc *ret, struct error *err)
{
	struct in_addr address;
	char text[INET_ADDRSTRLEN];

	if (first->is_count_by_port) {
		if (first->port == 0 || first->port + n > 65535)
			return fail(err, ERR_INVALID, "section [%s]: there are not so many ports",
				    first->name);
		ret->address = xstrdup(first->address);
		ret->port = first->port + n;
		return 0;
	}
	if (inet_pton(AF_INET, first->address, &address) != 1)
		return fail(err, ERR_INVALID, "section [%s]: only IPv4 addresses can be counted",
			    first->name);
	address.s_addr = htonl(ntohl(address.s_addr) + (uint32_t)n);
	ret->address = xstrdup(inet_ntop(AF_INET, &address, text, sizeof(text)));
	ret->port = first->port;
	return 0;
}

/* The section stands for `count` BMCs: the last one read becomes the first of them. */
static int section_multiply(struct reader *reader)
{
	struct rack *rack = reader->rack;
	size_t first = rack->count - 1;
	int count = rack->bmcs[first].count, rc = 0;
	char *base = rack->bmcs[first].name;

	if (count < 2)
		return 0;
	json_object_del(rack->index, base);
	rack->bmcs[first].name = xasprintf("%s-0", base);
	json_object_set_new(rack->index, rack->bmcs[first].name, json_integer((json_int_t)first));
	for (int n = 1; n < count && rc == 0; n++) {
		char *name = xasprintf("%s-%d", base, n);
		struct bmc *added = json_object_get(rack->index, name) ? NULL : rack_add(reader, name);
		if (added) {
			bmc_copy(added, &rack->bmcs[first]);
			rc = listen_nth(&rack->bmcs[first], n, added, reader->err);
		} else {
			rc = fail(reader->err, ERR_INVALID, "section [%s]: given twice", name);
		}
		xfree(name);
	}
	xfree(base);
	return rc;
}

static int section_end(struct reader *reader)
{
	struct rack *rack = reader->rack;

	if (!rack->count)
		return 0;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].is_required && !(reader->seen & (uint64_t)1 << i))
			return fail(reader->err, ERR_INVALID, "section [%s]: option %s is missing",
				    rack->bmcs[rack->count - 1].name, options[i].name);
	return section_multiply(reader);
}

static int section_begin(struct reader *reader, const char *name)
{
	struct rack *rack = reader->rack;
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	int rc = section_end(reader);

	if (rc < 0)
		return rc;
	if (!*name || strspn(name, allowed) != strlen(name))
		return fail(reader->err, ERR_INVALID,
			    "section [%s]: a name may have letters, digits, '.', '_' and '-' only", name);
	if (json_object_get(rack->index, name))
		return fail(reader->err, ERR_INVALID, "section [%s]: given twice", name);
	rack_add(reader, name);
	reader->seen = 0;
	return 0;
}

static bool is_utf8(const char *text)
{
	size_t len = strlen(text), length = 1;

	for (; len && length; text += length, len -= length)
		length = utf8_length(text, len);
	return length;
}

static int option_set(struct reader *reader, struct bmc *bmc, const char *name, const char *value)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options[i].name, name) != 0)
			continue;
		if (reader->seen & (uint64_t)1 << i)
			return fail(reader->err, ERR_INVALID, "section [%s], option %s: given twice",
				    bmc->name, name);
		reader->seen |= (uint64_t)1 << i;
		if (!is_utf8(value))
			return fail(reader->err, ERR_INVALID,
				    "section [%s], option %s: the value is not UTF-8", bmc->name, name);
		if (options[i].set(bmc, value, reader->err) < 0)
			return fail_prefix(reader->err, "section [%s], option %s", bmc->name, name);
		return 0;
	}
	return fail(reader->err, ERR_INVALID, "section [%s]: unknown option %s", bmc->name, name);
}

static int on_option(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *reader = arg;
	struct rack *rack = reader->rack;

	if (reader->rc < 0) /* inih goes on after an error: the first one counts */
		return 0;
	if (!rack->count || strcmp(rack->bmcs[rack->count - 1].name, section) != 0) {
		reader->rc = section_begin(reader, section);
		if (reader->rc < 0)
			return 0;
	}
	reader->rc = option_set(reader, &rack->bmcs[rack->count - 1], name, value);
	return reader->rc == 0;
}

/* A UUID that stays the same from run to run: FNV-1a of the name, in the form of version 4. */
static char *uuid_of_name(const char *name)
{
	uint64_t hash[2] = { 0xcbf29ce484222325, 0x84222325cbf29ce4 };

	for (const char *c = name; *c; c++)
		for (int i = 0; i < 2; i++)
			hash[i] = (hash[i] ^ (unsigned char)*c) * 0x100000001b3;
	return xasprintf("%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(hash[0] >> 32),
			 (unsigned)(hash[0] >> 16) & 0xffff, (unsigned)hash[0] & 0xfff,
			 (unsigned)(hash[1] >> 48) & 0xfff, (unsigned long long)hash[1] & 0xffffffffffff);
}

int rack_load(struct rack *rack, const char *path, struct error *err)
{
	struct reader reader = { .rack = rack, .err = err };
	FILE *file = fopen(path, "re");
	int line;

	*rack = (struct rack){ .index = json_object() };
	if (!file)
		return fail(err, ERR_INVALID, "Cannot read the rack file %s: %s", path, strerror(errno));
	line = ini_parse_file(file, on_option, &reader);
	fclose(file);
	if (!reader.rc && line)
		reader.rc = fail(err, ERR_INVALID, "line %d is neither [section] nor name = value", line);
	if (!reader.rc)
		reader.rc = section_end(&reader);
	if (!reader.rc && !rack->count)
		reader.rc = fail(err, ERR_INVALID, "no section, so no BMC");
	if (reader.rc < 0)
		return fail_prefix(err, "%s", path);
	for (size_t i = 0; i < rack->count; i++)
		if (!rack->bmcs[i].system_uuid)
			rack->bmcs[i].system_uuid = uuid_of_name(rack->bmcs[i].name);
	return 0;
}

int rack_set_mockup(struct rack *rack, const char *path, struct error *err)
{
	for (size_t i = 0; i < rack->count; i++) {
		struct bmc *bmc = &rack->bmcs[i];
		int rc = bmc->protocol == BMC_REDFISH && !bmc->tree ? mockup_load(path, &bmc->tree, err) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

void rack_release(struct rack *rack)
{
	for (size_t i = 0; i < rack->count; i++)
		bmc_release(&rack->bmcs[i]);
	xfree(rack->bmcs);
	json_decref(rack->index);
	mockups_release();
	*rack = (struct rack){ 0 };
}

struct bmc *rack_find(const struct rack *rack, const char *name)
{
	const json_t *position = json_object_get(rack->index, name);

	return position ? &rack->bmcs[json_integer_value(position)] : NULL;
}

/* ---- listeners ---- */

const struct bmc_side *rack_side(const struct bmc *bmc)
{
	static const struct bmc_side *const sides[BMC_PROTOCOL_COUNT] = {
		[BMC_REDFISH] = &bmc_redfish_side,
		[BMC_IPMI] = &bmc_ipmi_side,
		[BMC_EEM] = &bmc_eem_side,
	};
	return sides[bmc->protocol];
}

int rack_start(struct rack *rack, struct error *err)
{
	for (size_t i = 0; i < rack->count; i++) {
		struct bmc *bmc = &rack->bmcs[i];
		if (rack_side(bmc)->start(bmc, err) < 0) {
			int rc = fail_prefix(err, "section [%s]", bmc->name);
			rack_stop(rack);
			return rc;
		}
	}
	return 0;
}

void rack_stop(struct rack *rack)
{
	for (size_t i = 0; i < rack->count; i++)
		if (rack->bmcs[i].side)
			rack_side(&rack->bmcs[i])->stop(&rack->bmcs[i]);
}
