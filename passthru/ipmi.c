/*
 * ipmi: vendor methods of the ipmitool vendor interface: Ironic's with its names, verbs and descriptions, and
 * more. send_raw can do anything to a BMC, so one option enables it and another says for what.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/options.h"
#include "drivers/vendor.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "passthru/ipmi_records.h"
#include "passthru/passthru.h"

/* ---- send_raw ---- */

enum { RAW_HEADER = 2, RAW_MAX = RAW_HEADER + IPMI_DATA_MAX };

/* One byte: hexadecimal with 0x, else decimal. *ret_end: behind it. */
static int parse_byte(const char *text, uint8_t *ret, const char **ret_end, struct error *err)
{
	size_t len = strcspn(text, " \t\r\n");
	int base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
	char *end = NULL;
	/* strtoul would take signs */
	unsigned long value = isdigit((unsigned char)*text) ? strtoul(text, &end, base) : 0;

	*ret = (uint8_t)value;
	*ret_end = end;
	if (end != text + len || value > UINT8_MAX)
		return fail(err, ERR_INVALID, "raw_bytes: '%.*s' is not a byte (0x00 to 0xff)",
			    len < 32 ? (int)len : 32, text);
	return 0;
}

/* "0x00 0x01 0xff": network function, command, data. */
static int parse_raw(const char *text, uint8_t out[RAW_MAX], size_t *ret_len, struct error *err)
{
	size_t len = 0;

	while (*(text += strspn(text, " \t\r\n")) != '\0') {
		if (len == RAW_MAX)
			return fail(err, ERR_INVALID, "raw_bytes has more than %d bytes", RAW_MAX);
		int rc = parse_byte(text, &out[len++], &text, err);
		if (rc < 0)
			return rc;
	}
	if (len < RAW_HEADER)
		return fail(err, ERR_INVALID,
			    "raw_bytes needs at least a network function and a command, as '0x00 0x01'");
	if (out[0] > 0x3f || out[0] & 1)
		return fail(err, ERR_INVALID,
			    "raw_bytes: 0x%02x is not the network function of a request (even, up to 0x3e)",
			    out[0]);
	*ret_len = len;
	return 0;
}

/* [ipmi] send_raw_allowed: "04:2d" or "04:*". */
static bool is_allowed(uint8_t netfn, uint8_t command)
{
	char exact[8], all[8];

	snprintf(exact, sizeof(exact), "%02x:%02x", netfn, command);
	snprintf(all, sizeof(all), "%02x:*", netfn);
	return ipmi_options.send_raw_allowed.count == 0 ||
	       option_list_has(&ipmi_options.send_raw_allowed, exact) ||
	       option_list_has(&ipmi_options.send_raw_allowed, all);
}

static int send_raw_validate(struct task *task, const struct passthru_call *call, struct error *err)
{
	uint8_t bytes[RAW_MAX];
	size_t len;

	(void)task;
	if (!ipmi_options.allow_send_raw)
		return fail(err, ERR_FORBIDDEN,
			    "send_raw is disabled; [ipmi] allow_send_raw = true in the conductor's "
			    "configuration enables it");
	int rc = parse_raw(passthru_text(call, "raw_bytes"), bytes, &len, err);
	if (rc == 0 && !is_allowed(bytes[0], bytes[1]))
		rc = fail(err, ERR_FORBIDDEN,
			  "send_raw of network function 0x%02x, command 0x%02x is not among [ipmi] "
			  "send_raw_allowed",
			  bytes[0], bytes[1]);
	return rc;
}

/* The reply's data as it would be written in raw_bytes. */
static json_t *raw_result(const struct ipmi_reply *reply)
{
	struct buf text;

	buf_init(&text, 5 * IPMI_DATA_MAX + 1);
	for (size_t i = 0; i < reply->data_len; i++)
		buf_printf(&text, "%s0x%02x", i > 0 ? " " : "", reply->data[i]);

	json_t *result = json_pack("{s:s}", "response", text.data != NULL ? text.data : "");
	buf_release(&text);
	return result;
}

static int send_raw(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		    struct error *err)
{
	uint8_t bytes[RAW_MAX];
	size_t len = RAW_HEADER;
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = parse_raw(passthru_text(call, "raw_bytes"), bytes, &len, err);

	if (rc == 0)
		rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
	if (rc < 0)
		return rc;

	const struct ipmi_request request = { bytes[0], bytes[1], bytes + RAW_HEADER, len - RAW_HEADER };
	rc = ipmi_command(&operation, &request, &reply, err);
	ipmi_operation_end(&operation);
	if (rc == 0)
		result->value = raw_result(&reply);
	return rc;
}

/* ---- bmc_reset ---- */

enum { RESET_ANSWER_MS = 6000 };

static int reset_bmc(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		     struct error *err)
{
	struct ipmi_request request = { .netfn = NETFN_APP };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)result;
	if (rc < 0)
		return rc;
	request.command = passthru_bool(call, "warm", true) ? APP_WARM_RESET : APP_COLD_RESET;
	rc = ipmi_login_first(&operation, err);
	if (rc == 0) {
		operation.deadline_ms = clock_ms() + RESET_ANSWER_MS;
		rc = ipmi_command(&operation, &request, &reply, err);
		/* a BMC that restarts at once has no time to answer */
		if (rc == -ERR_UNKNOWN_OUTCOME)
			rc = 0;
		operation.is_session_over = rc == 0;
	}
	ipmi_operation_end(&operation);
	return rc;
}

/* ---- identify ---- */

enum { IDENTIFY_PRESET_S = 15, IDENTIFY_MAX_S = 255 };

static int64_t identify_seconds(const struct passthru_call *call)
{
	const json_t *seconds = json_object_get(call->args, "seconds");

	return json_is_integer(seconds) ? json_integer_value(seconds) : IDENTIFY_PRESET_S;
}

static int identify_validate(struct task *task, const struct passthru_call *call, struct error *err)
{
	int64_t seconds = identify_seconds(call);

	(void)task;
	if (seconds < 0 || seconds > IDENTIFY_MAX_S)
		return fail(err, ERR_INVALID,
			    "Parameter 'seconds' of method 'identify' is not between 0 and %d",
			    IDENTIFY_MAX_S);
	return 0;
}

static int identify(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		    struct error *err)
{
	const uint8_t data[] = { (uint8_t)identify_seconds(call), 1 };
	/* old BMCs refuse the second byte: it is only sent when it says something */
	const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_IDENTIFY, data,
					      passthru_bool(call, "force", false) ? 2 : 1 };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)result;
	if (rc < 0)
		return rc;
	rc = ipmi_command(&operation, &request, &reply, err);
	ipmi_operation_end(&operation);
	return rc;
}

static const struct passthru_argument identify_arguments[] = { { .name = "seconds", .type = ARGUMENT_INT },
							       { .name = "force", .type = ARGUMENT_BOOL },
							       { 0 } };

static const struct passthru_argument send_raw_arguments[] = {
	{ .name = "raw_bytes", .type = ARGUMENT_TEXT, .is_required = true }, { 0 }
};

static const struct passthru_argument bmc_reset_arguments[] = { { .name = "warm", .type = ARGUMENT_BOOL },
								{ 0 } };

static const struct passthru_method node_methods[] = {
	{ .name = "send_raw",
	  .verbs = VERB_POST,
	  .mode = PASSTHRU_ASYNC,
	  .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER,
	  .run_s = 90,
	  .arguments = send_raw_arguments,
	  .validate = send_raw_validate,
	  .run = send_raw,
	  .help = "Send raw bytes to the BMC. Required argument: 'raw_bytes' - a string of raw bytes (e.g. "
		  "'0x00 0x01')." },
	{ .name = "bmc_reset",
	  .verbs = VERB_POST,
	  .mode = PASSTHRU_ASYNC,
	  .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER,
	  .run_s = 90,
	  .arguments = bmc_reset_arguments,
	  .run = reset_bmc,
	  .help = "Reset the BMC. Required argument: 'warm' (Boolean) - for warm (True) or cold (False) "
		  "reset." },
	{ .name = "identify",
	  .verbs = VERB_POST,
	  .mode = PASSTHRU_ASYNC,
	  .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT,
	  .run_s = 90,
	  .arguments = identify_arguments,
	  .validate = identify_validate,
	  .run = identify,
	  .help = "Light the chassis' identify light. Optional arguments: 'seconds' (0 to 255, 15 by "
		  "default, 0 is "
		  "off), 'force' (Boolean) - until it is switched off." },
	{ .name = "get_sel",
	  .verbs = VERB_GET,
	  .mode = PASSTHRU_SYNC,
	  .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT,
	  .run_s = 120,
	  .arguments = ipmi_get_sel_arguments,
	  .validate = ipmi_get_sel_validate,
	  .run = ipmi_get_sel,
	  .help = "Read the system event log. Optional arguments: 'from' - id of the first entry, 'limit' - "
		  "how many "
		  "entries (200 by default, up to 1000)." },
	{ .name = "clear_sel",
	  .verbs = VERB_POST,
	  .mode = PASSTHRU_ASYNC,
	  .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT,
	  .run_s = 90,
	  .run = ipmi_clear_sel,
	  .help = "Clear the system event log." },
	{ .name = "get_sdr",
	  .verbs = VERB_GET,
	  .mode = PASSTHRU_SYNC,
	  .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT,
	  .run_s = 120,
	  .run = ipmi_get_sdr,
	  .help = "Read the sensor data records." },
	{ .name = "get_sensors",
	  .verbs = VERB_GET,
	  .mode = PASSTHRU_SYNC,
	  .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT,
	  .run_s = 300,
	  .run = ipmi_get_sensors,
	  .help = "Read the sensors: value, unit, status and thresholds of each that has a reading." },
	{ 0 }
};

const struct vendor_interface ipmitool_vendor = {
	.base = { .type = INTERFACE_VENDOR,
		  .name = "ipmitool",
		  .properties = ipmi_properties,
		  .validate = ipmi_validate },
	.node_methods = node_methods,
};
