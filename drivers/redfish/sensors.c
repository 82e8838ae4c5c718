/*
 * sensors: see sensors.h. Thermal and Power of the system's chassis where the BMC has them; else Sensors and
 * PowerSubsystem of all chassis that belong to the system, which Ironic does not read.
 */
#include "drivers/redfish/sensors.h"

#include <string.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/features.h"
#include "drivers/redfish/operation.h"
#include "drivers/redfish/storage.h"

/* A member of the result and where it comes from; ends with a NULL name. */
struct sensor_field {
	const char *name, *member;
};

static const struct sensor_field fan_fields[] = { { "identity", "MemberId" },
						  { "max_reading_range", "MaxReadingRange" },
						  { "min_reading_range", "MinReadingRange" },
						  { "reading", "Reading" },
						  { "reading_units", "ReadingUnits" },
						  { "serial_number", "SerialNumber" },
						  { "physical_context", "PhysicalContext" },
						  { 0 } };
static const struct sensor_field temperature_fields[] = { { "identity", "MemberId" },
							  { "max_reading_range_temp", "MaxReadingRangeTemp" },
							  { "min_reading_range_temp", "MinReadingRangeTemp" },
							  { "reading_celsius", "ReadingCelsius" },
							  { "physical_context", "PhysicalContext" },
							  { "sensor_number", "SensorNumber" },
							  { 0 } };
static const struct sensor_field supply_fields[] = { { "power_capacity_watts", "PowerCapacityWatts" },
						     { "line_input_voltage", "LineInputVoltage" },
						     { "last_power_output_watts", "LastPowerOutputWatts" },
						     { "serial_number", "SerialNumber" },
						     { 0 } };
static const struct sensor_field drive_fields[] = {
	{ "name", "Name" }, { "model", "Model" }, { "capacity_bytes", "CapacityBytes" }, { 0 }
};
/* Of Sensor resources, by what they read. */
static const struct {
	const char *type, *group;
	struct sensor_field fields[8];
} sensor_types[] = {
	{ "Temperature",
	  "Temperature",
	  { { "identity", "Id" },
	    { "max_reading_range_temp", "ReadingRangeMax" },
	    { "min_reading_range_temp", "ReadingRangeMin" },
	    { "reading_celsius", "Reading" },
	    { "physical_context", "PhysicalContext" },
	    { "sensor_number", "SensorNumber" } } },
	{ "Rotational",
	  "Fan",
	  { { "identity", "Id" },
	    { "max_reading_range", "ReadingRangeMax" },
	    { "min_reading_range", "ReadingRangeMin" },
	    { "reading", "Reading" },
	    { "reading_units", "ReadingUnits" },
	    { "serial_number", "SerialNumber" },
	    { "physical_context", "PhysicalContext" } } },
	{ "Power",
	  "Power",
	  { { "power_capacity_watts", "ReadingRangeMax" },
	    { "line_input_voltage", "LineInputVoltage" },
	    { "last_power_output_watts", "Reading" },
	    { "serial_number", "SerialNumber" } } },
};

/* ---- building ---- */

/* Text, number or truth; what else stands there is no value of a sensor. */
static json_t *scalar(const json_t *value)
{
	return json_is_object(value) || json_is_array(value) || !value ? json_null()
								       : json_incref((json_t *)value);
}

static json_t *pick(const json_t *object, const struct sensor_field *fields)
{
	const json_t *status = json_object_get(object, "Status");
	json_t *sensor = json_object();

	for (; fields->name; fields++)
		json_object_set_new(sensor, fields->name, scalar(json_object_get(object, fields->member)));
	json_object_set_new(sensor, "state", scalar(json_object_get(status, "State")));
	json_object_set_new(sensor, "health", scalar(json_object_get(status, "Health")));
	return sensor;
}

static void add(json_t *sensors, const char *group, const char *key, json_t *take_sensor)
{
	json_object_set_new(json_object_get(sensors, group), key, take_sensor);
}

static const char *printed(struct redfish_reader *reader, const char *what, const char *part, const char *of)
{
	return arena_printf(&reader->client->task->arena, "%s%s%s@%s", what ? what : "", part ? ":" : "",
			    part ? part : "", of ? of : "");
}

/* ---- chassis of the older model ---- */

/* MemberId is a text; some BMCs make it a number or leave it out. */
static const char *member_id(struct redfish_reader *reader, const json_t *member, size_t index)
{
	const char *id = redfish_text(member, "MemberId");

	return id ? id : arena_printf(&reader->client->task->arena, "%zu", index);
}

static void add_list(struct redfish_reader *reader, json_t *sensors, const char *group, const json_t *list,
		     const struct sensor_field *fields, const char *part, const json_t *chassis)
{
	const json_t *member;
	size_t index;

	json_array_foreach((json_t *)list, index, member)
	{
		if (json_is_object(member))
			add(sensors, group,
			    printed(reader, member_id(reader, member, index), part,
				    redfish_text(chassis, "Id")),
			    pick(member, fields));
	}
}

/* Whether there was any of it. */
SUSPENDS static bool read_older(struct redfish_reader *reader, const json_t *chassis, json_t *sensors)
{
	const json_t *thermal = redfish_follow(reader, json_object_get(chassis, "Thermal"));
	const json_t *power = redfish_follow(reader, json_object_get(chassis, "Power"));
	const char *part = redfish_text(power, "Id");

	add_list(reader, sensors, "Fan", json_object_get(thermal, "Fans"), fan_fields, NULL, chassis);
	add_list(reader, sensors, "Temperature", json_object_get(thermal, "Temperatures"), temperature_fields,
		 NULL, chassis);
	add_list(reader, sensors, "Power", json_object_get(power, "PowerSupplies"), supply_fields,
		 part ? part : "Power", chassis);
	return thermal || power;
}

/* ---- chassis of the newer model ---- */

static void add_sensor(struct redfish_reader *reader, const json_t *sensor, const json_t *chassis,
		       json_t *sensors)
{
	const char *type = redfish_text(sensor, "ReadingType");

	for (size_t i = 0; type && i < sizeof(sensor_types) / sizeof(sensor_types[0]); i++)
		if (!strcmp(sensor_types[i].type, type) && redfish_is_present(sensor))
			add(sensors, sensor_types[i].group,
			    printed(reader, redfish_text(sensor, "Id"), NULL, redfish_text(chassis, "Id")),
			    pick(sensor, sensor_types[i].fields));
}

/* What it gives and takes stands in a resource of its own, as {"Reading": ...}. */
SUSPENDS static void add_supply(struct redfish_reader *reader, const json_t *supply, const json_t *chassis,
				json_t *sensors)
{
	const json_t *metrics = redfish_follow(reader, json_object_get(supply, "Metrics"));
	json_t *sensor = pick(supply, supply_fields);

	json_object_set_new(sensor, "line_input_voltage",
			    scalar(json_object_get(json_object_get(metrics, "InputVoltage"), "Reading")));
	json_object_set_new(sensor, "last_power_output_watts",
			    scalar(json_object_get(json_object_get(metrics, "OutputPowerWatts"), "Reading")));
	add(sensors, "Power",
	    printed(reader, redfish_text(supply, "Id"), "PowerSubsystem", redfish_text(chassis, "Id")),
	    sensor);
}

SUSPENDS static void read_newer(struct redfish_reader *reader, const json_t *chassis, json_t *sensors)
{
	const json_t *subsystem = redfish_follow(reader, json_object_get(chassis, "PowerSubsystem"));
	const json_t *list, *item;
	size_t index;

	list = redfish_members(reader,
			       redfish_follow_expanded(reader, json_object_get(chassis, "Sensors"), 1));
	json_array_foreach((json_t *)list, index, item) add_sensor(reader, item, chassis, sensors);
	list = redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(subsystem, "PowerSupplies"), 2));
	json_array_foreach((json_t *)list, index, item) add_supply(reader, item, chassis, sensors);
}

SUSPENDS static void read_chassis(struct redfish_reader *reader, const json_t *system, json_t *sensors)
{
	const json_t *list = redfish_chassis_of(reader, system, 1);
	const json_t *chassis;
	bool is_found = false;
	size_t index;

	json_array_foreach((json_t *)list, index, chassis) is_found =
		read_older(reader, chassis, sensors) || is_found;
	if (is_found)
		return;
	list = redfish_chassis_all(reader, system, 3);
	json_array_foreach((json_t *)list, index, chassis) read_newer(reader, chassis, sensors);
}

/* ---- drives ---- */

static void add_drives(struct redfish_reader *reader, const json_t *drives, const json_t *storage,
		       const json_t *system, json_t *sensors)
{
	const char *storage_id = redfish_text(storage, "Id"), *system_id = redfish_text(system, "Id");
	const json_t *drive;
	size_t index;

	json_array_foreach((json_t *)drives, index, drive)
	{
		const char *key = printed(reader, redfish_text(drive, "Name"), storage_id, system_id);
		if (json_object_get(json_object_get(sensors, "Drive"), key)) /* several of one name */
			key = printed(reader, redfish_text(drive, "Id"), storage_id, system_id);
		if (redfish_is_drive(drive))
			add(sensors, "Drive", key, pick(drive, drive_fields));
	}
}

/* SimpleStorage has all that is wanted in one answer, Storage only where it can be had with its drives. */
SUSPENDS static void read_drives(struct redfish_reader *reader, const json_t *system, json_t *sensors)
{
	const json_t *storage, *list = NULL;
	bool is_simple = false;
	size_t index;

	if (redfish_features_get(reader)->expand_levels < 2)
		list = redfish_simple_storage_list(reader, system);
	is_simple = list;
	if (!is_simple)
		list = redfish_storage_list(reader, system);
	json_array_foreach((json_t *)list, index, storage) add_drives(
		reader,
		is_simple ? json_object_get(storage, "Devices") : redfish_storage_drives(reader, storage),
		storage, system, sensors);
}

void redfish_sensors_read(struct redfish_reader *reader, const json_t *system, json_t *sensors)
{
	read_chassis(reader, system, sensors);
	read_drives(reader, system, sensors);
}

int redfish_sensors_get(struct task *task, json_t **ret_sensors, struct error *err)
{
	struct redfish_operation operation;
	json_t *sensors;
	int rc = redfish_operation_begin(&operation, task, "get sensors data", err);

	if (rc < 0)
		return rc;
	sensors = json_pack("{s:{}, s:{}, s:{}, s:{}}", "Fan", "Temperature", "Power", "Drive");
	redfish_sensors_read(&operation.reader, operation.system, sensors);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc == 0)
		*ret_sensors = json_incref(sensors);
	json_decref(sensors);
	return rc;
}
