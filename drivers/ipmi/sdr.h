#pragma once
/*
 * sdr: sensor data records, sensor readings and thresholds, as bytes and as what they mean. Pure codec shared
 * by the client (sensors.c) and the BMC side; fuzzed (fuzz_ipmi_records.c). Nothing allocates or suspends.
 * Input is hostile: a decoder looks at nothing past len, and a record shorter than its type asks for is
 * refused.
 *
 * One struct stands for every type of record: a type uses the fields that its comment names, and leaves the
 * others zero. sdr_encode(sdr_decode(x)) keeps every field that the struct has.
 *
 * Sources: IPMI 2.0 sections 43 (records), 35.14 (reading), 35.9 (thresholds),
 * 36.3 (conversion), tables 42-1 to 42-3, 43-15.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/text.h"

enum {
	SDR_HEADER = 5,     /* id, version, type, length of the rest */
	SDR_MAX = 5 + 255,  /* the longest record */
	SDR_FIRST = 0x0000, /* Get SDR: the first record */
	SDR_LAST = 0xffff   /* as "next record": there is none */
};

enum sdr_type {
	SDR_FULL = 0x01,
	SDR_COMPACT = 0x02,
	SDR_EVENT_ONLY = 0x03,
	SDR_FRU_LOCATOR = 0x11,
	SDR_MC_LOCATOR = 0x12,
	SDR_OEM = 0xc0
};

enum { EVENT_TYPE_THRESHOLD = 0x01 };

/* Bit numbers in masks, and indexes. */
enum sensor_threshold {
	THRESHOLD_LOWER_NON_CRITICAL,
	THRESHOLD_LOWER_CRITICAL,
	THRESHOLD_LOWER_NON_RECOVERABLE,
	THRESHOLD_UPPER_NON_CRITICAL,
	THRESHOLD_UPPER_CRITICAL,
	THRESHOLD_UPPER_NON_RECOVERABLE,
	THRESHOLD_COUNT
};

/* How the raw number is to be read (bits 7:6 of units 1). */
enum sensor_format { FORMAT_UNSIGNED, FORMAT_ONES_COMPLEMENT, FORMAT_TWOS_COMPLEMENT, FORMAT_NOT_ANALOG };

enum sensor_linearization {
	LINEAR,
	LINEAR_LN,
	LINEAR_LOG10,
	LINEAR_LOG2,
	LINEAR_E,
	LINEAR_EXP10,
	LINEAR_EXP2,
	LINEAR_INVERSE,
	LINEAR_SQUARE,
	LINEAR_CUBE,
	LINEAR_SQUARE_ROOT,
	LINEAR_CUBE_ROOT,
	LINEAR_COUNT,
	LINEAR_NOT = 0x70 /* 70h-7Fh: the factors depend on the reading: Get Sensor Reading Factors */
};

/* y = L((M x + B 10^K1) 10^K2) */
struct sensor_factors {
	uint8_t linearization; /* 7 bits */
	int16_t m, b;          /* -512..511 */
	int8_t b_exponent;     /* K1, -8..7 */
	int8_t r_exponent;     /* K2, -8..7 */
};

struct sdr {
	uint16_t id;
	uint8_t type; /* of enum sdr_type, or another */
	/* full, compact, event-only */
	uint8_t owner;     /* slave address (bit 0: 0) or software id */
	uint8_t owner_lun; /* bits 1:0 LUN, 7:4 channel */
	uint8_t number;
	uint8_t entity_id, entity_instance;   /* all types but OEM */
	uint8_t initialization, capabilities; /* full, compact: as they stand */
	uint8_t sensor_type;
	uint8_t event_type; /* EVENT_TYPE_THRESHOLD, 02h-0Ch generic, 6Fh sensor-specific, 70h-7Fh OEM */
	uint16_t assertions, deassertions; /* event masks, as they stand */
	uint8_t readable, settable;        /* full and compact: bytes 19 and 20; of thresholds: bit n */
	/* full, compact: units */
	uint8_t format;     /* of enum sensor_format */
	uint8_t unit_flags; /* bits 5:0 of units 1: rate, modifier's place, percent in bit 0 */
	uint8_t base_unit, modifier_unit;
	/* full */
	struct sensor_factors factors;
	uint8_t tolerance;     /* of a raw number, in halves */
	uint8_t nominal_flags; /* bit 0: nominal is given, 1: normal maximum, 2: normal minimum */
	uint8_t nominal, normal_max, normal_min, sensor_max, sensor_min;
	uint8_t thresholds[THRESHOLD_COUNT]; /* raw */
	/* full, compact */
	uint8_t hysteresis_up, hysteresis_down;
	/* compact, event-only: sensors that share the record; 0 counts as 1 */
	uint8_t share_count;
	uint8_t share_modifier; /* 0: the name's suffix is a number, 1: a letter */
	uint8_t share_offset;   /* of the first suffix */
	bool is_entity_shared;  /* the instance grows with the sensor */
	/* FRU locator */
	uint8_t device_address; /* of the controller that has it (20h: the BMC); MC locator: its address */
	uint8_t fru_id;         /* logical: FRU device id; else slave address on the private bus */
	uint8_t fru_access;     /* bit 7 logical, 4:3 LUN, 2:0 private bus */
	uint8_t device_channel; /* MC locator too */
	uint8_t device_type, device_type_modifier;
	uint8_t device_capabilities; /* MC locator */
	char name[IPMI_TEXT_MAX];    /* UTF-8 */
};

/* False: shorter than its type needs, or it is no record at all. A type that is not known has only id and
 * type. The length byte may promise more than len has (some BMCs do): what is there counts. */
bool sdr_decode(const uint8_t *data, size_t len, struct sdr *ret);
/* Length of the whole record; 0 for a type that has no encoder (OEM). Names are cut to 16 bytes. */
size_t sdr_encode(const struct sdr *sdr, uint8_t out[SDR_MAX]);

/* ---- values ---- */

/* The value of a raw number. False: the sensor is not analog, its factors depend on the reading, or the
 * result is no finite number. */
bool sensor_value(const struct sensor_factors *factors, enum sensor_format format, uint8_t raw, double *ret);
/* From the answer to Get Sensor Reading Factors (04h/23h); false when it is too short. */
bool sensor_factors_decode(const uint8_t *data, size_t len, struct sensor_factors *ret);

/* "degrees C", "RPM", "percent", "Watts/hour": ret has room for SENSOR_UNIT_MAX. */
enum { SENSOR_UNIT_MAX = 64 };
void sensor_unit_name(const struct sdr *sdr, char ret[SENSOR_UNIT_MAX]);
/* "Temperature"; "OEM" and "Reserved" for others. Never NULL. */
const char *sensor_type_name(uint8_t sensor_type);
/* "Processor"; "Unspecified" for what has no name. Never NULL. */
const char *sensor_entity_name(uint8_t entity_id);
/* "Upper Critical" and so on. */
const char *sensor_threshold_name(enum sensor_threshold threshold);
/* The meaning of a discrete sensor's state (bit 0..14): "Presence detected"; NULL when it has no name. */
const char *sensor_state_name(uint8_t event_type, uint8_t sensor_type, unsigned state);

/* ---- Get Sensor Reading (04h/2Dh), Get Sensor Thresholds (04h/27h) ---- */

struct sensor_reading {
	bool is_available; /* raw and states count */
	bool is_scanning;
	uint8_t raw;
	/* threshold sensors: bit n: at or beyond that threshold; discrete ones: bit n: in state n */
	uint16_t states;
};
/* From the data behind the completion code. An empty answer, an unavailable reading or one with scanning
 * off is not available; missing state bytes are zero. */
void sensor_reading_decode(const uint8_t *data, size_t len, struct sensor_reading *ret);
size_t sensor_reading_encode(const struct sensor_reading *reading, uint8_t out[4]);

struct sensor_thresholds {
	uint8_t readable; /* bit n: raw[n] counts */
	uint8_t raw[THRESHOLD_COUNT];
};
bool sensor_thresholds_decode(const uint8_t *data, size_t len, struct sensor_thresholds *ret);
size_t sensor_thresholds_encode(const struct sensor_thresholds *thresholds, uint8_t out[7]);
