/* ipmi_records: see ipmi_records.h. Source: IPMI 2.0 sections 31 (event log), 33 (sensor records). */
#include "passthru/ipmi_records.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/records.h"
#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/sel.h"
#include "drivers/ipmi/target.h"
#include "lib/clock.h"

enum { ENTRIES_PRESET = 200, ENTRIES_MAX = 1000, ENTRIES_PER_TURN = 32, NEXT_ID = 2 };
enum { CLEAR_POLLS = 50, CLEAR_POLL_MS = 200, HEX_MAX = 2 * SDR_MAX + 1 };

static void set_hex(json_t *object, const char *name, const uint8_t *data, size_t len)
{
	char text[HEX_MAX] = "";

	for (size_t i = 0; i < len && i < SDR_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	json_object_set_new(object, name, json_string(text));
}

/* ---- event log ---- */

/* Times before this are seconds since the BMC's start: 2.0 section 37. */
enum { SINCE_START = 0x20000000 };
#define TIME_UNKNOWN UINT32_MAX

static void set_time(json_t *entry, const char *name, uint32_t at)
{
	char text[32];
	time_t seconds = (time_t)at;
	struct tm parts;

	if (at == TIME_UNKNOWN) {
		json_object_set_new(entry, name, json_null());
	} else if (at < SINCE_START) {
		snprintf(text, sizeof(text), "+%lus", (unsigned long)at);
		json_object_set_new(entry, name, json_string(text));
	} else {
		gmtime_r(&seconds, &parts);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &parts);
		json_object_set_new(entry, name, json_string(text));
	}
}

static json_t *describe_entry(const uint8_t raw[SEL_RECORD_LEN])
{
	struct sel_record record;
	char event[SEL_EVENT_MAX];

	sel_record_decode(raw, &record);
	json_t *entry = json_pack("{s:i, s:i}", "id", record.id, "type", record.type);
	if (sel_has_time(&record))
		set_time(entry, "time", record.time);
	if (record.type == SEL_SYSTEM) {
		sel_event_name(&record, event);
		json_object_set_new(entry, "sensor_type", json_string(sensor_type_name(record.sensor_type)));
		json_object_set_new(entry, "sensor_number", json_integer(record.sensor_number));
		json_object_set_new(entry, "event", json_string(event));
		json_object_set_new(entry, "asserted", json_boolean(!record.is_deassertion));
	}
	set_hex(entry, "raw", raw, SEL_RECORD_LEN);
	return entry;
}

static int64_t number_of(const struct passthru_call *call, const char *name, int64_t preset)
{
	const json_t *value = json_object_get(call->args, name);

	return json_is_integer(value) ? json_integer_value(value) : preset;
}

const struct passthru_argument ipmi_get_sel_arguments[] = {
	{ .name = "from", .type = ARGUMENT_INT },
	{ .name = "limit", .type = ARGUMENT_INT },
	{ 0 },
};

int ipmi_get_sel_validate(struct task *task, const struct passthru_call *call, struct error *err)
{
	int64_t from = number_of(call, "from", SEL_FIRST), limit = number_of(call, "limit", ENTRIES_PRESET);

	(void)task;
	if (from < SEL_FIRST || from > SEL_LAST)
		return fail(err, ERR_INVALID,
			    "Parameter 'from' of method 'get_sel' is not the id of an entry (0 to "
			    "65535)");
	if (limit < 1 || limit > ENTRIES_MAX)
		return fail(err, ERR_INVALID, "Parameter 'limit' of method 'get_sel' is not between 1 and %d",
			    ENTRIES_MAX);
	return 0;
}

/* The log as it is read: the next entry, and how many more are wanted. */
struct reading {
	uint16_t next;
	int64_t left;
	json_t *entries;
};

/* Some entries in one turn of the BMC's. */
SUSPENDS static int read_entries(struct ipmi_operation *operation, struct reading *reading, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < ENTRIES_PER_TURN && reading->left > 0 && reading->next != SEL_LAST; i++) {
		const struct records_get get = { .record = reading->next, .count = 0xff };
		uint8_t data[RECORDS_GET_LEN];
		const struct ipmi_request request = { NETFN_STORAGE, STORAGE_GET_SEL, data,
						      records_get_encode(&get, data) };
		struct ipmi_reply reply;
		uint16_t asked = reading->next;

		rc = ipmi_request(operation, &request, &reply, err);
		if (rc < 0)
			return rc;
		/* an empty log has no first entry, and one that was cleared meanwhile no next one */
		if (reply.completion == COMPLETION_NOT_PRESENT) {
			reading->next = SEL_LAST;
			break;
		}
		if (reply.completion != COMPLETION_OK)
			return ipmi_refusal(operation, &request, &reply, err);
		if (reply.data_len < NEXT_ID + SEL_RECORD_LEN)
			return fail(err, ERR_BMC, "IPMI BMC %s answered Get SEL Entry with %zu bytes",
				    operation->info.address, reply.data_len);
		json_array_append_new(reading->entries, describe_entry(reply.data + NEXT_ID));
		reading->left--;
		reading->next = get_u16(reply.data);
		if (reading->next == asked) /* a BMC that does not get on */
			reading->next = SEL_LAST;
	}
	return 0;
}

SUSPENDS static int read_info(struct task *task, json_t *log, struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_STORAGE, .command = STORAGE_SEL_INFO };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	struct records_info info;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	rc = ipmi_command(&operation, &request, &reply, err);
	ipmi_operation_end(&operation);
	if (rc < 0 || !records_info_decode(reply.data, reply.data_len, &info))
		return rc;
	json_object_set_new(log, "count", json_integer(info.count));
	json_object_set_new(log, "free_bytes", json_integer(info.free_bytes));
	set_time(log, "added_at", info.added_at);
	set_time(log, "erased_at", info.erased_at);
	json_object_set_new(log, "overflow", json_boolean(info.flags & 0x80));
	return 0;
}

int ipmi_get_sel(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		 struct error *err)
{
	struct reading reading = { .next = (uint16_t)number_of(call, "from", SEL_FIRST),
				   .left = number_of(call, "limit", ENTRIES_PRESET),
				   .entries = json_array() };
	json_t *log = json_pack("{s:o}", "entries", reading.entries);
	int rc = read_info(task, log, err);

	while (rc == 0 && reading.left > 0 && reading.next != SEL_LAST) {
		struct ipmi_operation operation;
		rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
		if (rc < 0)
			break;
		rc = read_entries(&operation, &reading, err);
		ipmi_operation_end(&operation);
	}
	if (rc < 0) {
		json_decref(log);
		return rc;
	}
	/* where to go on */
	json_object_set_new(log, "next", reading.next == SEL_LAST ? json_null() : json_integer(reading.next));
	result->value = log;
	return 0;
}

/* Asks to clear, or how far it is. *ret_is_done: the log is empty. */
SUSPENDS static int clear(struct ipmi_operation *operation, uint16_t reservation,
			  enum sel_clear_action action, bool *ret_is_done, struct error *err)
{
	uint8_t data[SEL_CLEAR_LEN];
	const struct ipmi_request request = { NETFN_STORAGE, STORAGE_CLEAR_SEL, data,
					      sel_clear_encode(reservation, action, data) };
	struct ipmi_reply reply;
	int rc = ipmi_command(operation, &request, &reply, err);

	if (rc == 0)
		*ret_is_done = reply.data_len == 0 || (reply.data[0] & 0x0f) == SEL_ERASED;
	return rc;
}

int ipmi_clear_sel(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		   struct error *err)
{
	static const struct ipmi_request reserve = { .netfn = NETFN_STORAGE, .command = STORAGE_RESERVE_SEL };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	bool is_done = false;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)call;
	(void)result;
	if (rc < 0)
		return rc;
	rc = ipmi_command(&operation, &reserve, &reply, err);
	uint16_t reservation = rc == 0 && reply.data_len >= 2 ? get_u16(reply.data) : 0;
	if (rc == 0)
		rc = clear(&operation, reservation, SEL_CLEAR_BEGIN, &is_done, err);
	for (unsigned i = 0; rc == 0 && !is_done && i < CLEAR_POLLS; i++) {
		rc = fiber_sleep(CLEAR_POLL_MS);
		if (rc == 0)
			rc = clear(&operation, reservation, SEL_CLEAR_POLL, &is_done, err);
	}
	ipmi_operation_end(&operation);
	if (rc == 0 && !is_done)
		rc = fail(err, ERR_BMC, "IPMI BMC %s is still clearing its event log after %d seconds",
			  task_driver_info(task, "ipmi_address"), CLEAR_POLLS * CLEAR_POLL_MS / 1000);
	return rc;
}

/* ---- sensors ---- */

static json_t *describe_record(const uint8_t *raw, size_t len)
{
	struct sdr sdr;
	char unit[SENSOR_UNIT_MAX];
	json_t *record;

	if (!sdr_decode(raw, len, &sdr)) {
		record = json_object();
		set_hex(record, "raw", raw, len);
		return record;
	}
	record = json_pack("{s:i, s:i, s:s}", "id", sdr.id, "type", sdr.type, "name", sdr.name);
	if (sdr.type <= SDR_EVENT_ONLY) {
		json_object_set_new(record, "number", json_integer(sdr.number));
		json_object_set_new(record, "owner", json_integer(sdr.owner));
		json_object_set_new(record, "sensor_type", json_string(sensor_type_name(sdr.sensor_type)));
	}
	if (sdr.type == SDR_FULL && sdr.format != FORMAT_NOT_ANALOG) {
		sensor_unit_name(&sdr, unit);
		json_object_set_new(record, "unit", json_string(unit));
	}
	if (sdr.type != SDR_OEM)
		json_object_set_new(record, "entity", json_string(sensor_entity_name(sdr.entity_id)));
	set_hex(record, "raw", raw, len);
	return record;
}

int ipmi_get_sdr(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		 struct error *err)
{
	struct ipmi_operation operation;
	const struct sdr_cache *cache;
	const uint8_t *record;
	size_t offset = 0, len;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)call;
	if (rc < 0)
		return rc;
	rc = ipmi_sdrs_read(&operation, &cache, err);
	if (rc == 0) {
		json_t *records = json_array();
		while ((record = sdr_cache_next(cache, &offset, &len)) != NULL)
			json_array_append_new(records, describe_record(record, len));
		result->value = json_pack("{s:o}", "records", records);
	}
	ipmi_operation_end(&operation);
	return rc;
}

int ipmi_get_sensors(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		     struct error *err)
{
	(void)call;
	return ipmi_sensors_get(task, &result->value, err);
}
