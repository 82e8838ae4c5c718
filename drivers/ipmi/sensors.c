/*
 * sensors: readings of the sensors that the records name, in the words of `ipmitool sdr -v`, which is what
 * Ironic makes its sensor data of. The BMC is left to others between some sensors and the next.
 *
 * Sources: IPMI 2.0 sections 35.5 (factors), 35.9 (thresholds), 35.14 (reading), 36.3 (conversion); Ironic's
 * _parse_ipmi_sensors_data.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/options.h"
#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/target.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

enum { SENSORS_PER_TURN = 16, SENSORS_MAX = 1024, SATELLITE_MS = 5000 };
/* How thresholds are told: bits 3:2 of the record's capabilities. */
enum { THRESHOLDS_NONE, THRESHOLDS_READABLE, THRESHOLDS_SETTABLE, THRESHOLDS_FIXED };

/* One look at all sensors of a target. */
struct survey {
	struct task *task;
	struct sdr_cache records; /* our copy: the target's may be read anew between two turns */
	size_t offset;
	uint8_t deaf[256 / 8]; /* controllers that do not answer: not asked again */
	unsigned count;        /* sensors asked */
	json_t *types;
};

/* ---- words ---- */

static void set_text(json_t *sensor, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void set_text(json_t *sensor, const char *name, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_object_set_new(sensor, name, json_string(text));
}

static bool value_of(const struct sdr *sdr, uint8_t raw, double *ret)
{
	return sdr->type == SDR_FULL && sensor_value(&sdr->factors, sdr->format, raw, ret);
}

static void set_value(json_t *sensor, const char *name, const struct sdr *sdr, uint8_t raw)
{
	double value;

	if (value_of(sdr, raw, &value))
		set_text(sensor, name, "%.3f", value);
}

/* Nearest to the worst first. */
static const enum sensor_threshold by_severity[] = {
	THRESHOLD_LOWER_NON_RECOVERABLE, THRESHOLD_UPPER_NON_RECOVERABLE, THRESHOLD_LOWER_CRITICAL,
	THRESHOLD_UPPER_CRITICAL,        THRESHOLD_LOWER_NON_CRITICAL,    THRESHOLD_UPPER_NON_CRITICAL,
};

static const char *status_name(const struct sensor_reading *reading)
{
	for (size_t i = 0; i < THRESHOLD_COUNT; i++) {
		if (reading->states >> by_severity[i] & 1)
			return sensor_threshold_name(by_severity[i]);
	}
	return "ok";
}

static void set_states(json_t *sensor, const struct sdr *sdr, const struct sensor_reading *reading)
{
	char text[400] = "";

	for (unsigned state = 0; state < 15; state++) {
		const char *name = sensor_state_name(sdr->event_type, sdr->sensor_type, state);
		size_t len = strlen(text);
		if (!(reading->states >> state & 1))
			continue;
		if (name != NULL)
			snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? ", " : "", name);
		else
			snprintf(text + len, sizeof(text) - len, "%sState %u", len > 0 ? ", " : "", state);
	}
	set_text(sensor, "States Asserted", "%s", text);
}

/* The number as ipmitool prints it: decimals only where there are some. */
static void set_reading(json_t *sensor, const struct sdr *sdr, double value)
{
	const struct sensor_factors *factors = &sdr->factors;
	double tolerance = fabs(factors->m * sdr->tolerance / 2.0 * pow(10, factors->r_exponent));
	char unit[SENSOR_UNIT_MAX];

	sensor_unit_name(sdr, unit);
	set_text(sensor, "Sensor Reading", "%.*f (+/- %.*f) %s", value == trunc(value) ? 0 : 3, value,
		 tolerance == trunc(tolerance) ? 0 : 3, tolerance, unit);
}

static void set_limits(json_t *sensor, const struct sdr *sdr, const struct sensor_thresholds *thresholds)
{
	static const char *const names[THRESHOLD_COUNT] = {
		[THRESHOLD_UPPER_NON_RECOVERABLE] = "Upper non-recoverable",
		[THRESHOLD_UPPER_CRITICAL] = "Upper critical",
		[THRESHOLD_UPPER_NON_CRITICAL] = "Upper non-critical",
		[THRESHOLD_LOWER_NON_RECOVERABLE] = "Lower non-recoverable",
		[THRESHOLD_LOWER_CRITICAL] = "Lower critical",
		[THRESHOLD_LOWER_NON_CRITICAL] = "Lower non-critical",
	};

	if (sdr->nominal_flags & 1)
		set_value(sensor, "Nominal Reading", sdr, sdr->nominal);
	if (sdr->nominal_flags & 2)
		set_value(sensor, "Normal Maximum", sdr, sdr->normal_max);
	if (sdr->nominal_flags & 4)
		set_value(sensor, "Normal Minimum", sdr, sdr->normal_min);
	for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
		if (thresholds->readable >> i & 1)
			set_value(sensor, names[i], sdr, thresholds->raw[i]);
	}
}

/* ---- asking ---- */

/* 0: answered; 1: this sensor gives nothing. */
SUSPENDS static int ask(struct ipmi_operation *operation, uint8_t command, const uint8_t *data, size_t len,
			struct ipmi_reply *reply, struct error *err)
{
	const struct ipmi_request request = { NETFN_SENSOR, command, data, len };
	int rc = ipmi_request(operation, &request, reply, err);

	return rc < 0 ? rc : reply->completion != COMPLETION_OK;
}

/* Factors that depend on the reading: asked for each time. */
SUSPENDS static int find_factors(struct ipmi_operation *operation, struct sdr *sdr, uint8_t raw,
				 struct error *err)
{
	const uint8_t data[] = { sdr->number, raw };
	struct ipmi_reply reply;

	if (sdr->type != SDR_FULL || sdr->factors.linearization < LINEAR_NOT)
		return 0;
	int rc = ask(operation, SENSOR_FACTORS, data, sizeof(data), &reply, err);
	if (rc == 0)
		sensor_factors_decode(reply.data, reply.data_len, &sdr->factors);
	return rc < 0 ? rc : 0;
}

SUSPENDS static int find_thresholds(struct ipmi_operation *operation, const struct sdr *sdr,
				    struct sensor_thresholds *ret, struct error *err)
{
	unsigned access = sdr->capabilities >> 2 & 3;
	struct ipmi_reply reply;
	int rc = 1;

	*ret = (struct sensor_thresholds){ 0 };
	if (sdr->type != SDR_FULL || access == THRESHOLDS_NONE)
		return 0;
	if (access != THRESHOLDS_FIXED)
		rc = ask(operation, SENSOR_THRESHOLDS, &sdr->number, 1, &reply, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && sensor_thresholds_decode(reply.data, reply.data_len, ret))
		return 0;
	ret->readable = sdr->readable & 0x3f;
	memcpy(ret->raw, sdr->thresholds, sizeof(ret->raw));
	return 0;
}

static void describe(const struct sdr *sdr, const char *name, json_t *sensor)
{
	bool is_threshold = sdr->event_type == EVENT_TYPE_THRESHOLD;

	set_text(sensor, "Sensor ID", "%s", name);
	set_text(sensor, "Entity ID", "%u.%u (%s)", sdr->entity_id, sdr->entity_instance & 0x7f,
		 sensor_entity_name(sdr->entity_id));
	set_text(sensor, is_threshold ? "Sensor Type (Threshold)" : "Sensor Type (Discrete)", "%s (0x%02x)",
		 sensor_type_name(sdr->sensor_type), sdr->sensor_type);
}

/* As Ironic groups them: by the first word of the type. */
static json_t *group_of(struct survey *survey, const struct sdr *sdr)
{
	const char *type = sensor_type_name(sdr->sensor_type);
	size_t len = strcspn(type, " ");
	json_t *group = json_object_getn(survey->types, type, len);

	if (group == NULL) {
		group = json_object();
		json_object_setn_new(survey->types, type, len, group);
	}
	return group;
}

/* Asks one sensor and writes down what it says. */
SUSPENDS static int read_sensor(struct survey *survey, struct ipmi_operation *operation, struct sdr *sdr,
				struct error *err)
{
	struct sensor_thresholds thresholds;
	struct sensor_reading reading;
	struct ipmi_reply reply;
	char name[IPMI_TEXT_MAX + 16];
	double value;
	int rc = ask(operation, SENSOR_READING, &sdr->number, 1, &reply, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	sensor_reading_decode(reply.data, reply.data_len, &reading);
	if (!reading.is_available)
		return 0;
	rc = find_factors(operation, sdr, reading.raw, err);
	if (rc == 0)
		rc = find_thresholds(operation, sdr, &thresholds, err);
	if (rc < 0)
		return rc;

	json_t *sensor = json_object();
	snprintf(name, sizeof(name), "%s (0x%x)", sdr->name, sdr->number);
	describe(sdr, name, sensor);
	if (value_of(sdr, reading.raw, &value))
		set_reading(sensor, sdr, value);
	else
		set_text(sensor, "Sensor Reading", "%xh", reading.raw);
	if (sdr->event_type == EVENT_TYPE_THRESHOLD) {
		set_text(sensor, "Status", "%s", status_name(&reading));
		set_limits(sensor, sdr, &thresholds);
	} else {
		set_states(sensor, sdr, &reading);
	}
	json_object_set_new(group_of(survey, sdr), name, sensor);
	return 0;
}

/* ---- whose sensor it is ---- */

static bool is_deaf(const struct survey *survey, uint8_t address)
{
	return survey->deaf[address / 8] >> address % 8 & 1;
}

/* Points the operation to the controller that has the sensor. False: it cannot be reached. */
static bool point_to_owner(const struct survey *survey, struct ipmi_operation *operation,
			   const struct sdr *sdr)
{
	const struct ipmi_route *route = &operation->info.route;

	operation->route = *route;
	operation->lun = sdr->owner_lun & 3;
	if (sdr->owner & 1) /* software has no sensors that could be asked */
		return false;
	if (sdr->owner == IPMI_BMC_ADDRESS || (route->hops > 0 && sdr->owner == route->target_address))
		return true;
	if (route->hops > 0 || is_deaf(survey, sdr->owner))
		return false;
	operation->route = (struct ipmi_route){ .hops = 1,
						.target_channel = sdr->owner_lun >> 4,
						.target_address = sdr->owner };
	return true;
}

SUSPENDS static int read_owned_sensor(struct survey *survey, struct ipmi_operation *operation,
				      struct sdr *sdr, struct error *err)
{
	int64_t deadline_ms = clock_ms() + (int64_t)(ipmi_options.command_retry_timeout_s * 1000);
	bool is_satellite = operation->route.hops > operation->info.route.hops;

	operation->deadline_ms =
		deadline_ms < survey->task->deadline_ms ? deadline_ms : survey->task->deadline_ms;
	if (is_satellite && clock_ms() + SATELLITE_MS < operation->deadline_ms)
		operation->deadline_ms = clock_ms() + SATELLITE_MS;

	int rc = read_sensor(survey, operation, sdr, err);
	if (rc == -ERR_BMC_UNREACHABLE && is_satellite) {
		survey->deaf[sdr->owner / 8] |= (uint8_t)(1U << sdr->owner % 8);
		return 0;
	}
	return rc;
}

/* A compact record may stand for several sensors with numbers in a row. */
SUSPENDS static int read_sensors(struct survey *survey, struct ipmi_operation *operation,
				 const struct sdr *record, struct error *err)
{
	unsigned count = record->share_count > 1 ? record->share_count : 1;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < count && survey->count < SENSORS_MAX; i++) {
		struct sdr sdr = *record;
		size_t len = strlen(sdr.name);
		unsigned suffix = record->share_offset + i;
		sdr.number = (uint8_t)(record->number + i);
		if (count > 1 && record->share_modifier == 1)
			snprintf(sdr.name + len, sizeof(sdr.name) - len, "%c", 'A' + (int)(suffix % 26));
		else if (count > 1)
			snprintf(sdr.name + len, sizeof(sdr.name) - len, "%u", suffix);
		survey->count++;
		rc = read_owned_sensor(survey, operation, &sdr, err);
	}
	return rc;
}

/* Some sensors in one turn. *ret_is_over: those were the last. */
SUSPENDS static int read_some(struct survey *survey, bool *ret_is_over, struct error *err)
{
	struct ipmi_operation operation;
	unsigned until = survey->count + SENSORS_PER_TURN;
	int rc = ipmi_operation_begin(&operation, survey->task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	while (rc == 0 && survey->count < until) {
		size_t len;
		struct sdr sdr;
		const uint8_t *record = sdr_cache_next(&survey->records, &survey->offset, &len);
		*ret_is_over = record == NULL || survey->count >= SENSORS_MAX;
		if (*ret_is_over)
			break;
		if (sdr_decode(record, len, &sdr) && (sdr.type == SDR_FULL || sdr.type == SDR_COMPACT) &&
		    point_to_owner(survey, &operation, &sdr))
			rc = read_sensors(survey, &operation, &sdr, err);
	}
	ipmi_operation_end(&operation);
	return rc;
}

SUSPENDS static int copy_records(struct survey *survey, struct error *err)
{
	struct ipmi_operation operation;
	const struct sdr_cache *cache;
	int rc = ipmi_operation_begin(&operation, survey->task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	rc = ipmi_sdrs_read(&operation, &cache, err);
	if (rc == 0 && cache->len > 0) {
		survey->records.records = xmalloc(cache->len);
		survey->records.len = cache->len;
		memcpy(survey->records.records, cache->records, cache->len);
	}
	ipmi_operation_end(&operation);
	return rc;
}

int ipmi_sensors_get(struct task *task, json_t **ret_sensors, struct error *err)
{
	struct survey survey = { .task = task, .types = json_object() };
	bool is_over = false;
	int rc = copy_records(&survey, err);

	while (rc == 0 && !is_over)
		rc = read_some(&survey, &is_over, err);
	xfree(survey.records.records);
	if (rc == 0 && json_object_size(survey.types) == 0)
		rc = fail(err, ERR_BMC, "IPMI BMC %s has no sensor with a reading",
			  task_driver_info(task, "ipmi_address"));
	if (rc < 0)
		json_decref(survey.types);
	else
		*ret_sensors = survey.types;
	return rc;
}
