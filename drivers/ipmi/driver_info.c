/* driver_info: see driver_info.h. */
#include "drivers/ipmi/driver_info.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/options.h"

const struct driver_property ipmi_properties[] = {
	{ "ipmi_address", "IP address or hostname of the node. Required." },
	{ "ipmi_password", "password, up to 20 bytes (IPMI 1.5: 16). Optional." },
	{ "ipmi_username", "username, up to 16 bytes; default is NULL user. Optional." },
	{ "ipmi_port", "remote IPMI RMCP port; default is 623. Optional." },
	{ "ipmi_priv_level",
	  "privilege level; default is ADMINISTRATOR, or the highest that the user has. One of "
	  "ADMINISTRATOR, CALLBACK, OPERATOR, USER. Optional." },
	{ "ipmi_protocol_version",
	  "the version of the IPMI protocol; default is \"2.0\". One of \"1.5\", \"2.0\". Optional." },
	{ "ipmi_cipher_suite",
	  "The number of a cipher suite to use: 0, 1, 2, 3, 15, 16 or 17; 17 is preferred. By default those "
	  "of "
	  "[ipmi] cipher_suite_versions, else 17, and 3 where the BMC does not have it. Optional." },
	{ "ipmi_hex_kg_key",
	  "Kg key for IPMIv2 authentication. The key is expected in hexadecimal format, up to "
	  "40 digits. Optional." },
	{ "ipmi_bridging",
	  "bridging_type; default is \"no\". One of \"single\", \"dual\", \"no\". Optional." },
	{ "ipmi_target_channel",
	  "destination channel for bridged request. Required only if ipmi_bridging is set to "
	  "\"single\" or \"dual\"." },
	{ "ipmi_target_address",
	  "destination address for bridged request. Required only if ipmi_bridging is set to "
	  "\"single\" or \"dual\"." },
	{ "ipmi_transit_channel",
	  "transit channel for bridged request. Required only if ipmi_bridging is set to \"dual\"." },
	{ "ipmi_transit_address",
	  "transit address for bridged request. Required only if ipmi_bridging is set to \"dual\"." },
	{ "ipmi_local_address",
	  "local IPMB address for bridged requests. Used only if ipmi_bridging is set to "
	  "\"single\" or \"dual\". Optional." },
	{ "ipmi_force_boot_device",
	  "Whether the boot device is told to the BMC each time the node is turned on, for "
	  "BMCs that forget it; default value is False. Optional." },
	{ "ipmi_disable_boot_timeout",
	  "Whether the BMC is asked not to forget the boot device after 60 seconds. Defaults to "
	  "[ipmi]disable_boot_timeout. Optional." },
	{ "ipmi_workarounds",
	  "Names of work-arounds for BMCs that keep to the specification in their own way, divided "
	  "by commas. Optional." },
	{ "ipmi_terminal_port", "node's UDP port to connect to. Only required for console access." },
	{ 0 }
};

static const char *node_name(const struct task *task)
{
	return node_uuid(task->node);
}

static int parse_address(struct task *task, struct ipmi_info *info, struct error *err)
{
	const char *text = task_driver_info(task, "ipmi_address");

	if (text == NULL || *text == '\0')
		return fail(err, ERR_MISSING,
			    "Missing the following IPMI credentials in node's driver_info: "
			    "['ipmi_address'].");
	if (strlen(text) > 255)
		return fail(err, ERR_INVALID,
			    "Invalid ipmi_address in driver_info on node %s: it is longer than any host name",
			    node_name(task));
	for (const char *c = text; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr("-._:%", *c) == NULL)
			return fail(
				err, ERR_INVALID,
				"Invalid ipmi_address '%s' in driver_info on node %s: it is neither an IP "
				"address nor a host name",
				text, node_name(task));
	}
	info->address = text;
	return 0;
}

/* Whole number of a property; preset when it is absent. */
static int parse_number(struct task *task, const char *name, long preset, long *ret, struct error *err)
{
	const char *text = task_driver_info(task, name);
	char *end;

	*ret = preset;
	if (text == NULL)
		return 0;
	errno = 0;
	*ret = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return fail(err, ERR_INVALID, "%s \"%s\" is not a valid integer.", name, text);
	return 0;
}

static int check_port(struct task *task, const char *name, long preset, long *ret, struct error *err)
{
	int rc = parse_number(task, name, preset, ret, err);

	if (rc == 0 && (*ret < 1 || *ret > 65535))
		rc = fail(err, ERR_INVALID,
			  "%s \"%ld\" is out of range. Valid port numbers must be between 1 and 65535.", name,
			  *ret);
	return rc;
}

static int parse_ports(struct task *task, struct ipmi_info *info, struct error *err)
{
	long port = RMCP_PORT, terminal_port = 0;
	int rc = check_port(task, "ipmi_port", RMCP_PORT, &port, err);

	if (rc == 0)
		rc = check_port(task, "ipmi_terminal_port", 1, &terminal_port, err);
	if (rc < 0)
		return rc;
	info->port = (uint16_t)port;
	if (task_driver_info(task, "ipmi_terminal_port") != NULL)
		info->terminal_port = (uint16_t)terminal_port;
	return 0;
}

/* A name or secret as the bytes that were given; a number stands for its digits. */
static const char *text_of(struct task *task, const char *name, size_t *ret_len)
{
	const json_t *value = json_object_get(node_object(task->node, NODE_DRIVER_INFO), name);
	const char *text = task_driver_info(task, name);

	if (text == NULL)
		text = "";
	*ret_len = json_is_string(value) ? json_string_length(value) : strlen(text);
	return text;
}

static int parse_credentials(struct task *task, struct ipmi_info *info, struct error *err)
{
	size_t user_len, password_len;
	const char *user = text_of(task, "ipmi_username", &user_len);
	const char *password = text_of(task, "ipmi_password", &password_len);

	if (user_len > RMCPP_USER_MAX)
		return fail(
			err, ERR_INVALID,
			"Invalid ipmi_username in driver_info on node %s: IPMI takes up to 16 bytes, it has "
			"%zu",
			node_name(task), user_len);
	info->user_len = (uint8_t)user_len;
	memcpy(info->user, user, user_len);
	if (!rmcpp_key_set(info->password, password, password_len))
		return fail(
			err, ERR_INVALID,
			"Invalid ipmi_password in driver_info on node %s: IPMI takes up to 20 bytes, it has "
			"%zu",
			node_name(task), password_len);
	return 0;
}

static int parse_privilege(struct task *task, struct ipmi_info *info, struct error *err)
{
	static const struct {
		const char *name;
		enum ipmi_privilege level;
	} levels[] = {
		{ "ADMINISTRATOR", IPMI_ADMINISTRATOR },
		{ "CALLBACK", IPMI_CALLBACK },
		{ "OPERATOR", IPMI_OPERATOR },
		{ "USER", IPMI_USER },
	};
	const char *text = task_driver_info(task, "ipmi_priv_level");

	info->privilege = IPMI_ADMINISTRATOR;
	info->is_privilege_set = text != NULL;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (text != NULL && strcmp(levels[i].name, text) == 0) {
			info->privilege = levels[i].level;
			return 0;
		}
	}
	if (text == NULL)
		return 0;
	return fail(err, ERR_INVALID,
		    "Invalid privilege level value:%s, the valid value can be one of ADMINISTRATOR, "
		    "CALLBACK, OPERATOR, USER (ipmi_priv_level)",
		    text);
}

static int parse_suite(struct task *task, struct ipmi_info *info, struct error *err)
{
	long suite;
	int rc = parse_number(task, "ipmi_cipher_suite", -1, &suite, err);

	if (rc < 0)
		return rc;
	info->suite = -1;
	if (task_driver_info(task, "ipmi_cipher_suite") == NULL)
		return 0;
	if (suite < 0 || suite > 255 || cipher_suite_find((unsigned)suite) == NULL)
		return fail(
			err, ERR_INVALID,
			"Invalid cipher suite value %ld in ipmi_cipher_suite, the valid value can be one of "
			"0, 1, 2, 3, 15, 16, 17",
			suite);
	info->suite = (int)suite;
	return 0;
}

/* -1: none. */
static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *found = strchr(digits, c);

	if (c == '\0' || found == NULL)
		return -1;
	return (int)(found - digits) - (found - digits > 15 ? 6 : 0);
}

static int parse_kg(struct task *task, struct ipmi_info *info, struct error *err)
{
	const char *text = task_driver_info(task, "ipmi_hex_kg_key");
	uint8_t key[RMCPP_KEY];

	if (text == NULL || *text == '\0')
		return 0;
	size_t len = strlen(text);
	if (len % 2 != 0)
		return fail(err, ERR_INVALID, "Number of ipmi_hex_kg_key characters is not even");
	if (len > sizeof(key) * 2)
		return fail(err, ERR_INVALID, "ipmi_hex_kg_key is longer than 40 characters");
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return fail(err, ERR_INVALID, "ipmi_hex_kg_key contains non-hexadecimal characters");
		key[i / 2] = (uint8_t)(high << 4 | low);
	}
	info->has_kg = true;
	rmcpp_key_set(info->kg, key, len / 2);
	rmcpp_wipe(key, sizeof(key));
	return 0;
}

static int parse_version(struct task *task, struct ipmi_info *info, struct error *err)
{
	const char *version = task_driver_info(task, "ipmi_protocol_version");

	if (version == NULL || strcmp(version, "2.0") == 0 || strcmp(version, "2") == 0)
		return 0;
	if (strcmp(version, "1.5") != 0)
		return fail(err, ERR_INVALID,
			    "Invalid IPMI protocol version value %s, the valid value can be one of 2.0, 1.5 "
			    "(ipmi_protocol_version)",
			    version);
	info->is_15 = true;
	/* what has no place there must not be set and then silently be left out */
	if (info->suite >= 0)
		return fail(err, ERR_INVALID,
			    "Cipher suites cannot be used with IPMI 1.5 (ipmi_cipher_suite)");
	if (info->has_kg)
		return fail(err, ERR_INVALID, "ipmi_hex_kg_key cannot be used with IPMI 1.5");
	for (size_t i = LAN15_KEY; i < RMCPP_KEY; i++) {
		if (info->password[i] != 0)
			return fail(
				err, ERR_INVALID,
				"Invalid ipmi_password in driver_info on node %s: IPMI 1.5 takes up to 16 "
				"bytes",
				node_name(task));
	}
	return 0;
}

/* ---- bridging ---- */

static const struct bridging_number {
	const char *name;
	long max;
	unsigned from_hops; /* needed from so many hops on; 0: never */
	size_t place;       /* in struct ipmi_route */
} bridging_numbers[] = {
	{ "ipmi_target_channel", 15, 1, offsetof(struct ipmi_route, target_channel) },
	{ "ipmi_target_address", 255, 1, offsetof(struct ipmi_route, target_address) },
	{ "ipmi_transit_channel", 15, 2, offsetof(struct ipmi_route, transit_channel) },
	{ "ipmi_transit_address", 255, 2, offsetof(struct ipmi_route, transit_address) },
	{ "ipmi_local_address", 255, 0, offsetof(struct ipmi_route, local_address) },
};
enum { BRIDGING_COUNT = sizeof(bridging_numbers) / sizeof(bridging_numbers[0]) };

static int missing_numbers(struct task *task, unsigned hops, struct error *err)
{
	char names[160] = "";

	for (size_t i = 0; i < BRIDGING_COUNT; i++) {
		const struct bridging_number *row = &bridging_numbers[i];
		size_t len = strlen(names);
		if (row->from_hops > 0 && row->from_hops <= hops && task_driver_info(task, row->name) == NULL)
			snprintf(names + len, sizeof(names) - len, "%s'%s'", len > 0 ? ", " : "", row->name);
	}
	return *names != '\0' ? fail(err, ERR_MISSING, "[%s] not provided", names) : 0;
}

/* Decimal, or hexadecimal with 0x. */
static int parse_bridging_number(struct task *task, const struct bridging_number *row,
				 struct ipmi_route *route, struct error *err)
{
	const char *text = task_driver_info(task, row->name);
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	long value = strtol(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);
	if (errno != 0 || end == text || *end != '\0' || value < 0 || value > row->max)
		return fail(err, ERR_INVALID,
			    "Invalid value for %s: %s, it must be a number between 0 and %ld", row->name,
			    text, row->max);
	*((uint8_t *)route + row->place) = (uint8_t)value;
	return 0;
}

static int parse_bridging(struct task *task, struct ipmi_info *info, struct error *err)
{
	static const char *const types[] = { "no", "single", "dual" };
	const char *text = task_driver_info(task, "ipmi_bridging");
	struct ipmi_route *route = &info->route;

	for (unsigned hops = 0; text != NULL && hops < 3; hops++) {
		if (strcmp(types[hops], text) == 0) {
			route->hops = hops;
			text = NULL;
		}
	}
	if (text != NULL && strcmp(text, "false") != 0) /* the word "no" as YAML reads it */
		return fail(err, ERR_INVALID,
			    "Invalid value for ipmi_bridging: %s, the valid value can be one of: ['single', "
			    "'dual', "
			    "'no']",
			    text);
	if (route->hops == 0)
		return 0;

	int rc = missing_numbers(task, route->hops, err);
	for (size_t i = 0; rc == 0 && i < BRIDGING_COUNT; i++) {
		if (bridging_numbers[i].from_hops <= route->hops)
			rc = parse_bridging_number(task, &bridging_numbers[i], route, err);
	}
	/* the BMC itself is not behind itself */
	if (rc == 0 && route->hops == 1 && route->target_address == IPMI_BMC_ADDRESS &&
	    route->local_address == 0)
		route->hops = 0;
	return rc;
}

static int parse_workarounds(struct task *task, struct ipmi_info *info, struct error *err)
{
	const char *text = task_driver_info(task, "ipmi_workarounds");

	return text != NULL ? ipmi_quirks_parse(text, &info->quirks, err) : 0;
}

static int parse_bool(struct task *task, const char *name, bool preset, bool *ret, struct error *err)
{
	static const char *const words[2][6] = {
		{ "0", "f", "false", "off", "n", "no" },
		{ "1", "t", "true", "on", "y", "yes" },
	};
	const char *text = task_driver_info(task, name);

	*ret = preset;
	if (text == NULL)
		return 0;
	for (int i = 0; i < 12; i++) {
		if (strcasecmp(words[i / 6][i % 6], text) == 0) {
			*ret = i / 6;
			return 0;
		}
	}
	return fail(err, ERR_INVALID, "Invalid value for %s: %s is neither true nor false", name, text);
}

static int parse_boot(struct task *task, struct ipmi_info *info, struct error *err)
{
	int rc = parse_bool(task, "ipmi_force_boot_device", false, &info->is_boot_device_forced, err);

	if (rc == 0)
		rc = parse_bool(task, "ipmi_disable_boot_timeout", ipmi_options.disable_boot_timeout,
				&info->keeps_boot_flags, err);
	return rc;
}

int ipmi_info_parse(struct task *task, struct ipmi_info *ret, struct error *err)
{
	static int (*const steps[])(struct task *, struct ipmi_info *, struct error *) = {
		parse_address, parse_ports,   parse_credentials, parse_privilege,   parse_suite,
		parse_kg,      parse_version, parse_bridging,    parse_workarounds, parse_boot,
	};
	struct ipmi_info info = { 0 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int rc = steps[i](task, &info, err);
		if (rc < 0) {
			rmcpp_wipe(&info, sizeof(info));
			return rc;
		}
	}
	*ret = info;
	return 0;
}

int ipmi_validate(struct task *task, struct error *err)
{
	struct ipmi_info info;
	int rc = ipmi_info_parse(task, &info, err);

	rmcpp_wipe(&info, sizeof(info));
	return rc;
}
