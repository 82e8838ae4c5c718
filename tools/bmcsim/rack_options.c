/* rack_options: reads the values of a section's options. */
#include "tools/bmcsim/rack_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/ipmi/rmcpp.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/ipmi_side.h"
#include "tools/bmcsim/mockup.h"
#include "tools/bmcsim/rack.h"

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

static int set_duplicates(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 100, &bmc->duplicate_percent, err);
}

static int set_reordering(struct bmc *bmc, const char *value, struct error *err)
{
	return parse_number(value, 0, 100, &bmc->reorder_percent, err);
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

static int set_message_auth(struct bmc *bmc, const char *value, struct error *err)
{
	bool is_on = true;
	int rc = parse_bool(value, &is_on, err);

	if (rc == 0)
		bmc->is_message_auth_off = !is_on;
	return rc;
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

const struct rack_option rack_options[] = {
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
	{ "duplicate_percent", set_duplicates, false, "ipmi: share of answers that come twice; 0" },
	{ "reorder_percent", set_reordering, false, "ipmi: share of answers that come behind others; 0" },
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
	{ "message_auth", set_message_auth, false, "ipmi 1.5: each message is authenticated; true" },
	{ "cipher_suites", set_cipher_suites, false, "ipmi: those offered, by number; 3,17" },
	{ "count", set_count, false, "so many BMCs like this one, NAME-0, NAME-1, ...; 1, NAME" },
	{ "step", set_step, false, "each of them on the next address or the next port; address" },
	{ "serial", set_serial, false, "ipmi: what Serial-over-LAN meets: login, echo or none; login" },
	{ "serial_line_ms", set_serial_line, false, "ipmi: between lines printed unasked; 0: none" },
	{ "serial_accept", set_serial_accept, false, "ipmi: most characters taken of a SoL packet; 0: all" },
	{ "cards", set_cards, false, "eem: so many free cards; a small fleet of all kinds" },
};
const size_t rack_option_count = sizeof(rack_options) / sizeof(rack_options[0]);

void rack_print_help(FILE *out)
{
	fprintf(out, "Options of a section of the rack file (the section's name is the BMC's):\n");
	for (size_t i = 0; i < rack_option_count; i++)
		fprintf(out, "  %-18s %s%s\n", rack_options[i].name, rack_options[i].help,
			rack_options[i].is_required ? " (required)" : "");
	fprintf(out, "Profiles:");
	for (const struct bmc_profile *profile = bmc_profiles; profile->name; profile++)
		fprintf(out, " %s", profile->name);
	fprintf(out, "\nManners:\n");
	for (const struct bmc_manners *manners = bmc_manners; manners->name; manners++)
		fprintf(out, "  %-18s %s\n", manners->name, manners->help);
}
