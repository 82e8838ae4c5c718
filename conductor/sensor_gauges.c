/* sensor_gauges: see sensor_gauges.h. */
#include "conductor/sensor_gauges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/map.h"
#include "lib/metrics.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"

/* Gauges of a process; what is more shows up as "other". A node has some dozens. */
enum { SERIES_MAX = 20000, SENSORS_MAX = 1024 };

enum sensor_metric { READING, OK, NODES, READINGS };

static const struct metric table[] = {
	[READING] = { "ferrule_sensor_reading",
		      "What a sensor of a node reads, in its unit.",
		      METRIC_GAUGE,
		      { "node", "type", "sensor", "unit" },
		      .series_max = SERIES_MAX },
	[OK] = { "ferrule_sensor_ok",
		 "Whether the BMC calls what a sensor reads in order.",
		 METRIC_GAUGE,
		 { "node", "type", "sensor" },
		 .series_max = SERIES_MAX },
	[NODES] = { "ferrule_sensor_nodes", "Nodes whose sensors are shown.", METRIC_GAUGE },
	[READINGS] = { "ferrule_sensor_readings_total",
		       "Nodes whose sensors were asked for: read, failed.",
		       METRIC_COUNTER,
		       { "result" } },
};

/* One sensor. A name, unit or type is shared by none: nodes differ. */
struct gauge {
	char *type, *name, *unit; /* owned; unit NULL: it reads no number */
	double value;
	int is_ok; /* 1, 0; -1: not told */
};

struct gauges {
	char uuid[UUID_TEXT];
	uint64_t round;
	size_t count;
	struct gauge items[];
};

static struct map nodes; /* of struct gauges, by node id */
static bool is_changed;

static void collect(void *arg);
static struct metrics metrics = { .table = table,
				  .count = sizeof table / sizeof table[0],
				  .collect = collect };

/* ---- shapes ---- */

/* Members that hold a number, and its unit. */
static const struct {
	const char *member, *unit, *unit_member;
} numbers[] = {
	{ "reading_celsius", "degrees C", NULL },
	{ "reading", "unspecified", "reading_units" },
	{ "last_power_output_watts", "Watts", NULL },
	{ "line_input_voltage", "Volts", NULL },
};

/* "24 (+/- 0) degrees C", "12.020 Volts"; a state like "0h" is no number. */
static bool parse_text(const char *text, double *ret, const char **ret_unit)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || (*end != '\0' && *end != ' ') || !isfinite(value))
		return false;
	end += strspn(end, " ");
	if (*end == '(')
		end += strcspn(end, ")") + (strchr(end, ')') != NULL);
	*ret = value;
	*ret_unit = end + strspn(end, " ");
	return true;
}

static bool find_number(const json_t *sensor, double *ret, const char **ret_unit)
{
	const char *text = json_string_value(json_object_get(sensor, "Sensor Reading"));

	if (text)
		return parse_text(text, ret, ret_unit);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const json_t *value = json_object_get(sensor, numbers[i].member);
		const char *unit =
			numbers[i].unit_member
				? json_string_value(json_object_get(sensor, numbers[i].unit_member))
				: NULL;
		if (json_is_number(value)) {
			*ret = json_number_value(value);
			*ret_unit = unit ? unit : numbers[i].unit;
			return true;
		}
	}
	return false;
}

static int find_ok(const json_t *sensor)
{
	const char *status = json_string_value(json_object_get(sensor, "Status"));

	if (!status)
		status = json_string_value(json_object_get(sensor, "health"));
	return status ? strcasecmp(status, "ok") == 0 : -1;
}

/* ---- keeping ---- */

static void gauges_free(struct gauges *gauges)
{
	for (size_t i = 0; i < gauges->count; i++) {
		xfree(gauges->items[i].type);
		xfree(gauges->items[i].name);
		xfree(gauges->items[i].unit);
	}
	xfree(gauges);
}

static void add(struct gauges *gauges, const char *type, const char *name, const json_t *sensor)
{
	const char *unit = NULL;
	struct gauge gauge = { .is_ok = find_ok(sensor) };
	bool has_number = find_number(sensor, &gauge.value, &unit);

	if ((!has_number && gauge.is_ok < 0) || gauges->count == SENSORS_MAX)
		return;
	gauge.type = xstrdup(type);
	gauge.name = xstrdup(name);
	gauge.unit = has_number ? xstrdup(unit) : NULL;
	gauges->items[gauges->count++] = gauge;
}

static size_t sensor_count(const json_t *sensors)
{
	const char *type;
	json_t *group;
	size_t count = 0;

	json_object_foreach((json_t *)sensors, type, group) count += json_object_size(group);
	return count < SENSORS_MAX ? count : SENSORS_MAX;
}

void sensor_gauges_set(int64_t node_id, const char *node_uuid, const json_t *sensors, uint64_t round)
{
	struct gauges *old = map_take(&nodes, node_id);
	struct gauges *gauges = xcalloc(1, sizeof(*gauges) + sensor_count(sensors) * sizeof(struct gauge));
	const char *type, *name;
	json_t *group, *sensor;

	if (old)
		gauges_free(old);
	memcpy(gauges->uuid, node_uuid, sizeof(gauges->uuid) - 1);
	gauges->round = round;
	json_object_foreach((json_t *)sensors, type, group)
	{
		json_object_foreach(group, name, sensor) add(gauges, type, name, sensor);
	}
	map_put(&nodes, node_id, gauges);
	is_changed = true;
	metric_add(metric_at(&metrics, READINGS, (const char *[]){ "read" }), 1);
}

void sensor_gauges_failed(int64_t node_id, uint64_t round)
{
	struct gauges *gauges = map_get(&nodes, node_id);

	if (gauges)
		gauges->round = round;
	metric_add(metric_at(&metrics, READINGS, (const char *[]){ "failed" }), 1);
}

void sensor_gauges_sweep(uint64_t round)
{
	int64_t *old = xreallocarray(NULL, nodes.count + 1, sizeof(*old)), id;
	size_t cursor = 0, count = 0;

	/* the map must not change while it is walked */
	for (const struct gauges *gauges; (gauges = map_next(&nodes, &cursor, &id));) {
		if (gauges->round != round)
			old[count++] = id;
	}
	for (size_t i = 0; i < count; i++)
		gauges_free(map_take(&nodes, old[i]));
	if (count > 0)
		is_changed = true;
	xfree(old);
}

/* ---- showing ---- */

static void show(const struct gauges *gauges)
{
	for (size_t i = 0; i < gauges->count; i++) {
		const struct gauge *gauge = &gauges->items[i];
		const char *labels[] = { gauges->uuid, gauge->type, gauge->name, gauge->unit };
		if (gauge->unit)
			metric_set(metric_at(&metrics, READING, labels), gauge->value);
		if (gauge->is_ok >= 0)
			metric_set(metric_at(&metrics, OK, labels), gauge->is_ok);
	}
}

static void collect(void *arg)
{
	size_t cursor = 0;
	int64_t id;

	(void)arg;
	if (!is_changed)
		return;
	is_changed = false;
	metric_clear(&metrics, READING);
	metric_clear(&metrics, OK);
	for (const struct gauges *gauges; (gauges = map_next(&nodes, &cursor, &id));)
		show(gauges);
	metric_set(metric_at(&metrics, NODES, NULL), (double)nodes.count);
}

void sensor_gauges_start(void)
{
	metrics_register(&metrics);
}

void sensor_gauges_stop(void)
{
	sensor_gauges_sweep(UINT64_MAX);
	map_release(&nodes);
}
