/*
 * ipmi_inventory: what every simulated machine is made of, as IPMI tells it: locators, sensors of each kind
 * that clients have to tell apart, two units with an inventory. All BMCs share the table.
 */
#include <string.h>

#include "drivers/ipmi/fru.h"
#include "drivers/ipmi/sdr.h"
#include "tools/bmcsim/ipmi_side.h"

enum {
	ENTITY_PROCESSOR = 3,
	ENTITY_DISK_BAY = 4,
	ENTITY_MANAGEMENT = 6,
	ENTITY_BOARD = 7,
	ENTITY_MEMORY = 8,
	ENTITY_POWER_SUPPLY = 10,
	ENTITY_FAN = 29,
	ENTITY_AIR_INLET = 55
};
enum {
	TYPE_TEMPERATURE = 1,
	TYPE_VOLTAGE = 2,
	TYPE_CURRENT = 3,
	TYPE_FAN = 4,
	TYPE_PROCESSOR = 7,
	TYPE_POWER_SUPPLY = 8,
	TYPE_OTHER = 0x0b,
	TYPE_MEMORY = 0x0c,
	TYPE_DRIVE = 0x0d
};
enum {
	UNIT_CELSIUS = 1,
	UNIT_VOLTS = 4,
	UNIT_WATTS = 6,
	UNIT_CFM = 0x11,
	UNIT_RPM = 0x12,
	UNIT_GRAMS = 0x2d
};
enum { EVENTS_OWN = 0x6f, ALL_UPPER = 0x38, ALL_LOWER = 0x07 };
enum { SCANS = 0x7f, EVENTS_AND_THRESHOLDS = 0x68 };

#define SENSOR(kind, its_number, its_entity, instance)                                                       \
	.type = (kind), .owner = 0x20, .number = (its_number), .entity_id = (its_entity),                    \
	.entity_instance = (instance), .initialization = SCANS, .capabilities = EVENTS_AND_THRESHOLDS
#define THRESHOLDS(which) .event_type = EVENT_TYPE_THRESHOLD, .readable = (which), .settable = (which)

/* A probe that is steeper above half of its range, as those are whose factors depend on the reading. */
static const struct sensor_factors *probe_factors(uint8_t raw)
{
	static const struct sensor_factors flat = { .linearization = LINEAR_NOT, .m = 2, .r_exponent = -1 };
	static const struct sensor_factors steep = {
		.linearization = LINEAR_NOT, .m = 6, .b = -512, .r_exponent = -1
	};

	return raw < 128 ? &flat : &steep;
}

/* clang-format off */
const struct bmc_record ipmi_inventory_records[] = {
	{ .sdr = { .type = SDR_MC_LOCATOR, .device_address = 0x20, .device_capabilities = 0xbf,
	  .entity_id = ENTITY_MANAGEMENT, .entity_instance = 1, .name = "BMC" } },
	{ .sdr = { .type = SDR_FRU_LOCATOR, .device_address = 0x20, .fru_id = 0, .fru_access = 0x80,
	  .device_type = 0x10, .entity_id = ENTITY_BOARD, .entity_instance = 1,
	  .name = "Mainboard" } },
	{ .sdr = { .type = SDR_FRU_LOCATOR, .device_address = 0x20, .fru_id = 1, .fru_access = 0x80,
	  .device_type = 0x10, .entity_id = ENTITY_POWER_SUPPLY, .entity_instance = 1,
	  .name = "PSU1 FRU" } },
	{ .sdr = { SENSOR(SDR_FULL, 1, ENTITY_AIR_INLET, 1), THRESHOLDS(ALL_UPPER | 0x03),
	  .sensor_type = TYPE_TEMPERATURE, .base_unit = UNIT_CELSIUS, .factors = { .m = 1 },
	  .sensor_max = 127, .thresholds = { 5, 2, 0, 42, 47, 50 }, .name = "Inlet Temp" }, .raw = 24 },
	/* degrees to the point of throttling: always below zero */
	{ .sdr = { SENSOR(SDR_FULL, 2, ENTITY_PROCESSOR, 1), THRESHOLDS(0x18),
	  .format = FORMAT_TWOS_COMPLEMENT,
	  .sensor_type = TYPE_TEMPERATURE, .base_unit = UNIT_CELSIUS, .factors = { .m = 1 },
	  .sensor_max = 0x7f, .sensor_min = 0x80, .thresholds = { 0, 0, 0, 0xf6, 0xfb, 0 },
	  .name = "CPU1 Margin" }, .raw = 0xdd },
	{ .sdr = { SENSOR(SDR_FULL, 3, ENTITY_FAN, 1), THRESHOLDS(0x03), .sensor_type = TYPE_FAN,
	  .base_unit = UNIT_RPM, .factors = { .m = 75 }, .sensor_max = 255,
	  .thresholds = { 20, 10, 0, 0, 0, 0 }, .name = "Fan 1" }, .raw = 100 },
	{ .sdr = { SENSOR(SDR_FULL, 4, ENTITY_FAN, 2), THRESHOLDS(0x03), .sensor_type = TYPE_FAN,
	  .base_unit = UNIT_RPM, .factors = { .m = 75 }, .sensor_max = 255,
	  .thresholds = { 20, 10, 0, 0, 0, 0 }, .name = "Fan 2" }, .raw = 96 },
	/* (63 * 190 + 5 * 10) / 1000 = 12.02 */
	{ .sdr = { SENSOR(SDR_FULL, 5, ENTITY_BOARD, 1), THRESHOLDS(0x12), .sensor_type = TYPE_VOLTAGE,
	  .base_unit = UNIT_VOLTS, .factors = { .m = 63, .b = 5, .b_exponent = 1, .r_exponent = -3 },
	  .sensor_max = 255, .thresholds = { 0, 170, 0, 0, 210, 0 }, .name = "Rail 12V" }, .raw = 190 },
	{ .sdr = { SENSOR(SDR_FULL, 6, ENTITY_POWER_SUPPLY, 1), THRESHOLDS(0x08), .sensor_type = TYPE_OTHER,
	  .base_unit = UNIT_WATTS, .factors = { .m = 4 }, .sensor_max = 255,
	  .thresholds = { 0, 0, 0, 200, 0, 0 }, .name = "PSU1 Input" }, .raw = 60 },
	/* the root of (16 * 100) = 40 */
	{ .sdr = { SENSOR(SDR_FULL, 7, ENTITY_FAN, 3), THRESHOLDS(0), .sensor_type = TYPE_OTHER,
	  .base_unit = UNIT_CFM, .factors = { .linearization = LINEAR_SQUARE_ROOT, .m = 16 },
	  .sensor_max = 255, .name = "Airflow" }, .raw = 100 },
	/* 6 * 150 - 512 = 388 tenths */
	{ .sdr = { SENSOR(SDR_FULL, 8, ENTITY_BOARD, 2), THRESHOLDS(0), .sensor_type = TYPE_TEMPERATURE,
	  .base_unit = UNIT_CELSIUS, .factors = { .linearization = LINEAR_NOT, .m = 2, .r_exponent = -1 },
	  .sensor_max = 255, .name = "Coolant Temp" }, .raw = 150, .factors = probe_factors },
	{ .sdr = { SENSOR(SDR_FULL, 9, ENTITY_BOARD, 3), THRESHOLDS(ALL_UPPER),
	  .sensor_type = TYPE_TEMPERATURE, .base_unit = UNIT_CELSIUS, .factors = { .m = 1 },
	  .sensor_max = 127,
	  .thresholds = { 0, 0, 0, 70, 80, 90 }, .name = "Riser Temp" }, .is_unavailable = true },
	{ .sdr = { SENSOR(SDR_COMPACT, 16, ENTITY_POWER_SUPPLY, 1), .sensor_type = TYPE_POWER_SUPPLY,
	  .event_type = EVENTS_OWN, .format = FORMAT_NOT_ANALOG,
	  .assertions = 0x0f, .deassertions = 0x0f, .readable = 0x0f,
	  .name = "PSU1 Status" }, .states = 0x01 },
	{ .sdr = { SENSOR(SDR_COMPACT, 17, ENTITY_PROCESSOR, 1), .sensor_type = TYPE_PROCESSOR,
	  .event_type = EVENTS_OWN, .format = FORMAT_NOT_ANALOG,
	  .assertions = 0x83, .deassertions = 0x83, .readable = 0x83,
	  .name = "CPU1 Status" }, .states = 0x80 },
	/* one record for four bays */
	{ .sdr = { SENSOR(SDR_COMPACT, 32, ENTITY_DISK_BAY, 1), .sensor_type = TYPE_DRIVE,
	  .event_type = EVENTS_OWN, .format = FORMAT_NOT_ANALOG,
	  .assertions = 0x03, .deassertions = 0x03, .readable = 0x03, .share_count = 4, .share_offset = 1,
	  .is_entity_shared = true, .name = "Drive " }, .states = 0x01 },
	{ .sdr = { .type = SDR_EVENT_ONLY, .owner = 0x20, .number = 80, .entity_id = ENTITY_MEMORY,
	  .entity_instance = 1, .sensor_type = TYPE_MEMORY, .event_type = EVENTS_OWN,
	  .name = "Memory ECC" } },
};
/* clang-format on */
const size_t ipmi_inventory_record_count = sizeof(ipmi_inventory_records) / sizeof(ipmi_inventory_records[0]);

static void set(struct fru *fru, enum fru_field field, const char *text)
{
	snprintf(fru->fields[field], sizeof(fru->fields[field]), "%.60s", text);
}

static void describe_board(const struct bmc *bmc, struct fru *fru)
{
	fru->has_chassis = fru->has_board = fru->has_product = true;
	fru->chassis_type = 0x17;           /* rack mount */
	fru->board_made_minutes = 13150080; /* 2021-01-01 */
	set(fru, FRU_CHASSIS_PART_NUMBER, "CH-2U");
	set(fru, FRU_CHASSIS_SERIAL_NUMBER, bmc->system_uuid);
	set(fru, FRU_BOARD_MANUFACTURER, bmc->profile->manufacturer);
	set(fru, FRU_BOARD_PRODUCT_NAME, "Main board");
	set(fru, FRU_BOARD_SERIAL_NUMBER, bmc->name);
	set(fru, FRU_BOARD_PART_NUMBER, "MB-0001");
	set(fru, FRU_PRODUCT_MANUFACTURER, bmc->profile->manufacturer);
	set(fru, FRU_PRODUCT_NAME, bmc->profile->model);
	set(fru, FRU_PRODUCT_PART_NUMBER, "SRV-2U");
	set(fru, FRU_PRODUCT_VERSION, "1.0");
	set(fru, FRU_PRODUCT_SERIAL_NUMBER, bmc->name);
	set(fru, FRU_PRODUCT_ASSET_TAG, "none");
}

size_t ipmi_inventory_fru(const struct bmc *bmc, uint8_t id, uint8_t *out, size_t size)
{
	struct fru fru = { 0 };

	if (id == 0) {
		describe_board(bmc, &fru);
	} else if (id == 1) {
		fru.has_product = true;
		set(&fru, FRU_PRODUCT_MANUFACTURER, "Ferrule");
		set(&fru, FRU_PRODUCT_NAME, "Power supply 800 W");
		set(&fru, FRU_PRODUCT_SERIAL_NUMBER, "PSU-1");
	} else {
		return 0;
	}
	return fru_encode(&fru, out, size);
}
