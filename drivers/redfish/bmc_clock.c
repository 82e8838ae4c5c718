/* bmc_clock: see bmc_clock.h. */
#include "drivers/redfish/bmc_clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/operation.h"
#include "lib/clock.h"

#define TOLERANCE_S 1

const struct step_argument redfish_bmc_clock_arguments[] = {
	{ "target_datetime", true, "The date and time to set, in ISO 8601 with an offset." },
	{ "datetime_local_offset", false, "The BMC's offset from UTC, for example +02:00." },
	{ 0 }
};

/* ---- texts ---- */

static bool is_two_digits(const char *text)
{
	return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]);
}

bool redfish_offset_parse(const char *text, int *ret_minutes)
{
	int hours, minutes;

	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' ||
	    !is_two_digits(text + 1) || !is_two_digits(text + 4))
		return false;
	hours = (text[1] - '0') * 10 + text[2] - '0';
	minutes = (text[4] - '0') * 10 + text[5] - '0';
	if (hours > 14 || minutes > 59)
		return false;
	*ret_minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

bool redfish_time_parse(const char *text, int64_t *ret_seconds)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int minutes = 0;

	if (!end)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (strcmp(end, "Z") != 0 && !redfish_offset_parse(end, &minutes))
		return false;
	*ret_seconds = (int64_t)timegm(&tm) - minutes * 60;
	return true;
}

/* ---- the step ---- */

struct wanted {
	const char *text;
	const char *offset; /* NULL: as it is */
	int64_t seconds;
	int64_t since_ms; /* when it was to be so */
};

static int read_wanted(const json_t *args, struct wanted *ret, struct error *err)
{
	const char *text = redfish_text(args, "target_datetime");
	const char *offset = redfish_text(args, "datetime_local_offset");
	int minutes;

	*ret = (struct wanted){ .text = text, .offset = offset, .since_ms = clock_ms() };
	if (!text || !redfish_time_parse(text, &ret->seconds))
		return fail(err, ERR_INVALID,
			    "target_datetime must be a date and time in ISO 8601 with an offset, as "
			    "2026-11-20T13:41:07+00:00");
	if (json_object_get(args, "datetime_local_offset") &&
	    (!offset || !redfish_offset_parse(offset, &minutes)))
		return fail(err, ERR_INVALID, "datetime_local_offset must be an offset, as +02:00");
	return 0;
}

/* Some refuse an offset that is the old one (rejected as no change), and some a fraction of a second. */
static json_t *body_of(const struct wanted *wanted, const json_t *manager)
{
	const char *old = redfish_text(manager, "DateTimeLocalOffset");
	json_t *body = json_pack("{s:s}", "DateTime", wanted->text);

	if (wanted->offset && !(old && !strcmp(old, wanted->offset)))
		json_object_set_new(body, "DateTimeLocalOffset", json_string(wanted->offset));
	return body;
}

SUSPENDS static int check(struct redfish_client *client, const char *path, const struct wanted *wanted,
			  struct error *err)
{
	static const char *const member[] = { "DateTime", NULL };
	int64_t shown, expected;
	char text[64];
	int rc = redfish_get(client, path, err);

	if (rc < 0)
		return rc;
	expected = wanted->seconds + (clock_ms() - wanted->since_ms) / 1000;
	if (!redfish_scan_text(client, member, text, sizeof(text)) || !redfish_time_parse(text, &shown))
		return fail(err, ERR_BMC, "The BMC shows no date and time");
	if (llabs(shown - expected) > TOLERANCE_S + (clock_ms() - wanted->since_ms) / 1000)
		return fail(err, ERR_BMC, "The BMC's clock shows %s after it was set to %s", text,
			    wanted->text);
	return 0;
}

SUSPENDS static int set(struct redfish_operation *operation, struct wanted *wanted, struct error *err)
{
	const json_t *manager = redfish_manager_of(&operation->reader, operation->system);
	const char *path = redfish_text(manager, "@odata.id");
	json_t *body;
	int rc;

	if (operation->reader.rc < 0)
		return 0;
	if (!path)
		return task_unsupported(operation->client.task, "set_bmc_clock: the BMC shows no manager",
					err);
	rc = redfish_get(&operation->client, path, err); /* for its ETag */
	if (rc < 0)
		return rc;
	body = body_of(wanted, manager);
	wanted->since_ms = clock_ms();
	rc = redfish_patch(&operation->client, path, body, err);
	json_decref(body);
	return rc < 0 ? rc : check(&operation->client, path, wanted, err);
}

int redfish_bmc_clock_set(struct task *task, const json_t *args, struct error *err)
{
	struct redfish_operation operation;
	struct wanted wanted;
	int rc = read_wanted(args, &wanted, err);

	if (rc == 0)
		rc = redfish_operation_begin(&operation, task, "set BMC clock", err);
	if (rc < 0)
		return rc;
	rc = set(&operation, &wanted, err);
	return redfish_operation_end(&operation, rc, err);
}
