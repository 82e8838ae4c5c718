/* SDR, SEL and FRU records: records that other programs compiled, the formulas against values computed by
 * hand, and what must be refused. */
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/boot_flags.h"
#include "drivers/ipmi/fru.h"
#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/sel.h"

/* OpenIPMI's sdrcomp: M 63, B 5, B exponent 1, R exponent -3 */
static const uint8_t rail[] = {
	0x04, 0x00, 0x51, 0x01, 0x33, 0x20, 0x00, 0x03, 0x07, 0x01, 0x41, 0x00, 0x02, 0x01,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x3f, 0x00, 0x05, 0x00,
	0x01, 0xd1, 0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0xc8, 'R',  'a',  'i',  'l',  ' ',  '1',  '2',  'v',
};
/* The same program, a controller's locator with a name in six-bit characters. */
static const uint8_t controller[] = {
	0x01, 0x00, 0x51, 0x12, 0x0e, 0x20, 0x00, 0x00, 0x8f, 0x00,
	0x00, 0x00, 0x07, 0x01, 0x00, 0x83, 0x62, 0x3b, 0x02,
};
/* Board and product area, with strings in all four encodings. */
static const uint8_t inventory[] = {
	0x01, 0x00, 0x00, 0x01, 0x05, 0x00, 0x00, 0xf9, 0x01, 0x04, 0x19, 0x40, 0x5d, 0xc6, 0xc4,
	'A',  'c',  'm',  'e',  0xc4, 'X',  '2',  '0',  '0',  0xc5, 'S',  'N',  '-',  '7',  '7',
	0x44, 0x12, 0x34, 0xa5, 0xb6, 0x00, 0xc1, 0x00, 0x00, 0xf0, 0x01, 0x06, 0x00, 0xc9, 'A',
	'c',  'm',  'e',  ' ',  'C',  'o',  'r',  'p',  0xc8, 'S',  'e',  'r',  'v',  'e',  'r',
	' ',  '9',  0x86, 0x29, 0xdc, 0xa6, 0x29, 0xdc, 0xa6, 0xc2, 'r',  '2',  0xc7, 'P',  '1',
	'2',  '3',  '4',  '5',  '6',  0x02, 0xbe, 0xef, 0x00, 0xc1, 0x00, 0x00, 0x70,
};

static void test_sdr__of_another_program__is_read(void **state)
{
	struct sdr sdr;
	char unit[SENSOR_UNIT_MAX];
	double value;

	(void)state;
	assert_true(sdr_decode(rail, sizeof(rail), &sdr));
	assert_int_equal(sdr.id, 4);
	assert_int_equal(sdr.type, SDR_FULL);
	assert_int_equal(sdr.owner, 0x20);
	assert_int_equal(sdr.number, 3);
	assert_int_equal(sdr.entity_id, 7);
	assert_string_equal(sensor_entity_name(sdr.entity_id), "System Board");
	assert_string_equal(sensor_type_name(sdr.sensor_type), "Voltage");
	assert_string_equal(sdr.name, "Rail 12v");
	sensor_unit_name(&sdr, unit);
	assert_string_equal(unit, "Volts");
	assert_true(sensor_value(&sdr.factors, sdr.format, 190, &value));
	assert_float_equal(value, 12.02, 1e-9);
}

static void test_sdr__of_another_program__is_written_the_same(void **state)
{
	struct sdr sdr;
	uint8_t out[SDR_MAX], expected[sizeof(rail)];

	(void)state;
	memcpy(expected, rail, sizeof(rail));
	expected[28] = 0; /* accuracy: not kept */
	assert_true(sdr_decode(rail, sizeof(rail), &sdr));
	assert_int_equal(sdr_encode(&sdr, out), sizeof(rail));
	assert_memory_equal(out, expected, sizeof(rail));
}

static void test_sdr__name_in_six_bits__is_unpacked(void **state)
{
	struct sdr sdr;

	(void)state;
	assert_true(sdr_decode(controller, sizeof(controller), &sdr));
	assert_int_equal(sdr.type, SDR_MC_LOCATOR);
	assert_int_equal(sdr.device_address, 0x20);
	assert_int_equal(sdr.device_capabilities, 0x8f);
	assert_string_equal(sdr.name, "BMC");
}

static void test_sdr__cut_short__is_refused(void **state)
{
	struct sdr sdr;

	(void)state;
	for (size_t len = 0; len <= 47; len++)
		assert_int_equal(sdr_decode(rail, len, &sdr), false);
	/* only the name is cut */
	assert_true(sdr_decode(rail, 52, &sdr));
	assert_string_equal(sdr.name, "Rail");
}

static void test_sdr__own_length_is_shorter_than_the_data__counts(void **state)
{
	struct sdr sdr;
	uint8_t record[sizeof(rail)];

	(void)state;
	memcpy(record, rail, sizeof(rail));
	record[4] = 10;
	assert_false(sdr_decode(record, sizeof(record), &sdr));
	record[4] = 0xff; /* promises more than there is */
	assert_true(sdr_decode(record, sizeof(record), &sdr));
	assert_string_equal(sdr.name, "Rail 12v");
}

static void test_sdr__each_type__keeps_its_fields(void **state)
{
	const struct sdr records[] = {
		{ .id = 7,
		  .type = SDR_FULL,
		  .owner = 0x20,
		  .owner_lun = 1,
		  .number = 9,
		  .entity_id = 3,
		  .entity_instance = 2,
		  .initialization = 0x7f,
		  .capabilities = 0x68,
		  .sensor_type = 1,
		  .event_type = 1,
		  .assertions = 0x7a95,
		  .deassertions = 0x0a80,
		  .readable = 0x38,
		  .settable = 0x18,
		  .format = FORMAT_TWOS_COMPLEMENT,
		  .unit_flags = 1,
		  .base_unit = 1,
		  .modifier_unit = 2,
		  .factors = { LINEAR_SQUARE, -512, 511, -8, 7 },
		  .tolerance = 0x2a,
		  .nominal_flags = 7,
		  .nominal = 1,
		  .normal_max = 2,
		  .normal_min = 3,
		  .sensor_max = 4,
		  .sensor_min = 5,
		  .thresholds = { 6, 7, 8, 9, 10, 11 },
		  .hysteresis_up = 12,
		  .hysteresis_down = 13,
		  .name = "CPU" },
		{ .id = 8,
		  .type = SDR_COMPACT,
		  .owner = 0x20,
		  .number = 10,
		  .entity_id = 10,
		  .entity_instance = 1,
		  .sensor_type = 8,
		  .event_type = 0x6f,
		  .assertions = 3,
		  .readable = 0xff,
		  .settable = 0x01,
		  .share_count = 4,
		  .share_modifier = 1,
		  .share_offset = 100,
		  .is_entity_shared = true,
		  .hysteresis_up = 1,
		  .hysteresis_down = 2,
		  .name = "PSU" },
		{ .id = 9,
		  .type = SDR_EVENT_ONLY,
		  .owner = 0x41,
		  .number = 1,
		  .entity_id = 34,
		  .sensor_type = 0x0f,
		  .event_type = 0x6f,
		  .share_count = 1,
		  .name = "POST" },
		{ .id = 10,
		  .type = SDR_FRU_LOCATOR,
		  .device_address = 0x20,
		  .fru_id = 1,
		  .fru_access = 0x80,
		  .device_channel = 7,
		  .device_type = 0x10,
		  .device_type_modifier = 1,
		  .entity_id = 11,
		  .entity_instance = 3,
		  .name = "Riser" },
		{ .id = 11,
		  .type = SDR_MC_LOCATOR,
		  .device_address = 0x30,
		  .device_channel = 6,
		  .device_capabilities = 0x23,
		  .entity_id = 46,
		  .name = "Satellite" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		uint8_t out[SDR_MAX];
		struct sdr again;
		size_t len = sdr_encode(&records[i], out);

		assert_true(sdr_decode(out, len, &again));
		assert_memory_equal(&again, &records[i], sizeof(again));
	}
}

static void test_sensor_value__each_formula__is_applied(void **state)
{
	static const struct {
		struct sensor_factors factors;
		enum sensor_format format;
		uint8_t raw;
		double value;
	} cases[] = {
		{ { LINEAR, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 255, 255 },
		{ { LINEAR, 1, 0, 0, 0 }, FORMAT_TWOS_COMPLEMENT, 255, -1 },
		{ { LINEAR, 1, 0, 0, 0 }, FORMAT_TWOS_COMPLEMENT, 0x80, -128 },
		{ { LINEAR, 1, 0, 0, 0 }, FORMAT_ONES_COMPLEMENT, 254, -1 },
		{ { LINEAR, 1, 0, 0, 0 }, FORMAT_ONES_COMPLEMENT, 0x80, -127 },
		{ { LINEAR, -2, 3, 2, -1 }, FORMAT_UNSIGNED, 10, 28 },
		{ { LINEAR_LN, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 10, 2.302585093 },
		{ { LINEAR_LOG10, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 100, 2 },
		{ { LINEAR_LOG2, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 64, 6 },
		{ { LINEAR_E, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 1, 2.718281828 },
		{ { LINEAR_EXP10, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 3, 1000 },
		{ { LINEAR_EXP2, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 10, 1024 },
		{ { LINEAR_INVERSE, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 4, 0.25 },
		{ { LINEAR_SQUARE, 1, 0, 0, 0 }, FORMAT_TWOS_COMPLEMENT, 0xf4, 144 },
		{ { LINEAR_CUBE, 1, 0, 0, 0 }, FORMAT_TWOS_COMPLEMENT, 0xfe, -8 },
		{ { LINEAR_SQUARE_ROOT, 1, 0, 0, 0 }, FORMAT_UNSIGNED, 144, 12 },
		{ { LINEAR_CUBE_ROOT, 1, 0, 0, 0 }, FORMAT_TWOS_COMPLEMENT, 0xf8, -2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double value = NAN;
		assert_true(sensor_value(&cases[i].factors, cases[i].format, cases[i].raw, &value));
		if (fabs(value - cases[i].value) > 1e-6)
			fail_with("case %zu: %f instead of %f", i, value, cases[i].value);
	}
}

static void test_sensor_value__no_number__is_refused(void **state)
{
	const struct sensor_factors linear = { LINEAR, 1, 0, 0, 0 }, by_reading = { LINEAR_NOT, 1, 0, 0, 0 },
				    inverse = { LINEAR_INVERSE, 1, 0, 0, 0 },
				    logarithm = { LINEAR_LN, 1, 0, 0, 0 };
	double value;

	(void)state;
	assert_false(sensor_value(&linear, FORMAT_NOT_ANALOG, 1, &value));
	assert_false(sensor_value(&by_reading, FORMAT_UNSIGNED, 1, &value));
	assert_false(sensor_value(&inverse, FORMAT_UNSIGNED, 0, &value));
	assert_false(sensor_value(&logarithm, FORMAT_UNSIGNED, 0, &value));
	assert_false(sensor_value(&logarithm, FORMAT_TWOS_COMPLEMENT, 0xff, &value));
}

static void test_sensor_factors__of_a_reading__are_linear(void **state)
{
	/* M -2 (3FEh), B 3 exponent 2, R exponent -1 */
	static const uint8_t answer[] = { 0x20, 0xfe, 0xc0, 0x03, 0x00, 0x00, 0xf2 };
	struct sensor_factors factors;

	(void)state;
	assert_true(sensor_factors_decode(answer, sizeof(answer), &factors));
	assert_int_equal(factors.m, -2);
	assert_int_equal(factors.b, 3);
	assert_int_equal(factors.b_exponent, 2);
	assert_int_equal(factors.r_exponent, -1);
	assert_int_equal(factors.linearization, LINEAR);
	assert_false(sensor_factors_decode(answer, sizeof(answer) - 1, &factors));
}

static void test_sensor_unit__with_percent_and_modifier__is_spelt_out(void **state)
{
	static const struct {
		struct sdr sdr;
		const char *name;
	} cases[] = {
		{ { .base_unit = 1 }, "degrees C" },
		{ { .unit_flags = 1 }, "percent" },
		{ { .unit_flags = 1, .base_unit = 18 }, "% RPM" },
		{ { .base_unit = 6, .modifier_unit = 24, .unit_flags = 1 << 1 }, "Watts/hour" },
		{ { .base_unit = 16, .modifier_unit = 34, .unit_flags = 2 << 1 }, "Newton * m" },
		{ { .base_unit = 60 }, "Decibels" },
		{ { .base_unit = 92 }, "grams" },
		{ { .base_unit = 200 }, "unspecified" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[SENSOR_UNIT_MAX];
		sensor_unit_name(&cases[i].sdr, name);
		assert_string_equal(name, cases[i].name);
	}
}

static void test_sensor_names__at_the_ends_of_the_tables__are_right(void **state)
{
	(void)state;
	assert_string_equal(sensor_type_name(0x2c), "FRU State");
	assert_string_equal(sensor_type_name(0x2d), "Reserved");
	assert_string_equal(sensor_type_name(0xc5), "OEM");
	assert_string_equal(sensor_type_name(0x25), "Entity Presence");
	assert_string_equal(sensor_entity_name(0x37), "Air Inlet");
	assert_string_equal(sensor_entity_name(0x40), "Air Inlet");
	assert_string_equal(sensor_entity_name(0x42), "Baseboard");
	assert_string_equal(sensor_entity_name(0xff), "Unspecified");
	assert_string_equal(sensor_state_name(0x6f, 0x08, 0), "Presence detected");
	assert_string_equal(sensor_state_name(0x0b, 0x04, 1), "Redundancy Lost");
	assert_null(sensor_state_name(0x6f, 0x08, 14));
	assert_null(sensor_state_name(0x6f, 0x99, 0));
	assert_null(sensor_state_name(0x0d, 0x08, 0));
	assert_null(sensor_state_name(0x08, 0x08, 99));
}

static void test_sensor_reading__short_or_unavailable__is_not_available(void **state)
{
	struct sensor_reading reading;

	(void)state;
	sensor_reading_decode((const uint8_t[]){ 0x18, 0xc0, 0xc4 }, 3, &reading);
	assert_true(reading.is_available);
	assert_int_equal(reading.raw, 0x18);
	assert_int_equal(reading.states, 0xc4);
	sensor_reading_decode((const uint8_t[]){ 0x00, 0xc0, 0x01, 0x82 }, 4, &reading);
	assert_int_equal(reading.states, 0x201);
	sensor_reading_decode((const uint8_t[]){ 0x18, 0xe0, 0x00 }, 3, &reading);
	assert_false(reading.is_available);
	sensor_reading_decode((const uint8_t[]){ 0x18, 0x80 }, 2, &reading);
	assert_false(reading.is_available);
	sensor_reading_decode((const uint8_t[]){ 0x18 }, 1, &reading);
	assert_false(reading.is_available);
	sensor_reading_decode(NULL, 0, &reading);
	assert_false(reading.is_available);
}

static void test_sel__system_event__is_read_and_written(void **state)
{
	/* as ipmi_sim's sel_add writes it */
	static const uint8_t record[] = { 0x01, 0x00, 0x02, 0x10, 0x20, 0x30, 0x40, 0x20,
					  0x00, 0x04, 0x01, 0x01, 0x81, 0x57, 0xff, 0xfe };
	uint8_t out[SEL_RECORD_LEN];
	struct sel_record sel;
	char name[SEL_EVENT_MAX];

	(void)state;
	sel_record_decode(record, &sel);
	assert_int_equal(sel.id, 1);
	assert_int_equal(sel.time, 0x40302010);
	assert_int_equal(sel.generator, 0x20);
	assert_int_equal(sel.event_type, EVENT_TYPE_THRESHOLD);
	assert_true(sel.is_deassertion);
	sel_event_name(&sel, name);
	assert_string_equal(name, "Upper Non-critical going high");
	sel_record_encode(&sel, out);
	assert_memory_equal(out, record, sizeof(record));
}

static void test_sel__oem_record__keeps_its_bytes(void **state)
{
	static const uint8_t types[] = { 0xc0, 0xdf, 0xe0, 0xff };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		uint8_t record[SEL_RECORD_LEN], out[SEL_RECORD_LEN];
		struct sel_record sel;
		for (size_t n = 0; n < sizeof(record); n++)
			record[n] = (uint8_t)(0x80 + n);
		record[2] = types[i];
		sel_record_decode(record, &sel);
		assert_int_equal(sel_has_time(&sel), types[i] < 0xe0);
		sel_record_encode(&sel, out);
		assert_memory_equal(out, record, sizeof(record));
	}
}

static void test_sel_clear__other_words__are_refused(void **state)
{
	uint8_t data[SEL_CLEAR_LEN];
	uint16_t reservation;
	enum sel_clear_action action;

	(void)state;
	assert_int_equal(sel_clear_encode(0x1234, SEL_CLEAR_BEGIN, data), SEL_CLEAR_LEN);
	assert_memory_equal(data, ((const uint8_t[]){ 0x34, 0x12, 'C', 'L', 'R', 0xaa }), sizeof(data));
	assert_true(sel_clear_decode(data, sizeof(data), &reservation, &action));
	assert_int_equal(reservation, 0x1234);
	assert_int_equal(action, SEL_CLEAR_BEGIN);
	data[5] = 1;
	assert_false(sel_clear_decode(data, sizeof(data), &reservation, &action));
	data[5] = 0;
	data[2] = 'c';
	assert_false(sel_clear_decode(data, sizeof(data), &reservation, &action));
	assert_false(sel_clear_decode(data, sizeof(data) - 1, &reservation, &action));
}

static void test_fru__all_encodings__are_read(void **state)
{
	struct fru fru;

	(void)state;
	assert_true(fru_decode(inventory, sizeof(inventory), &fru));
	assert_false(fru.is_checksum_bad);
	assert_false(fru.has_chassis);
	assert_true(fru.has_board && fru.has_product);
	assert_int_equal(fru.board_made_minutes, 13000000);
	assert_string_equal(fru.fields[FRU_BOARD_MANUFACTURER], "Acme");
	assert_string_equal(fru.fields[FRU_BOARD_PRODUCT_NAME], "X200");
	assert_string_equal(fru.fields[FRU_BOARD_SERIAL_NUMBER], "SN-77");
	assert_string_equal(fru.fields[FRU_BOARD_PART_NUMBER], "1234 5-6");
	assert_string_equal(fru.fields[FRU_BOARD_FILE_ID], "");
	assert_string_equal(fru.fields[FRU_PRODUCT_NAME], "Server 9");
	assert_string_equal(fru.fields[FRU_PRODUCT_PART_NUMBER], "IPMIIPMI");
	assert_string_equal(fru.fields[FRU_PRODUCT_SERIAL_NUMBER], "P123456");
	assert_string_equal(fru.fields[FRU_PRODUCT_ASSET_TAG], "beef");
}

static void test_fru__wrong_checksum__is_told(void **state)
{
	uint8_t data[sizeof(inventory)];
	struct fru fru;

	(void)state;
	memcpy(data, inventory, sizeof(data));
	data[sizeof(data) - 1] ^= 1;
	assert_true(fru_decode(data, sizeof(data), &fru));
	assert_true(fru.is_checksum_bad);
	assert_string_equal(fru.fields[FRU_PRODUCT_NAME], "Server 9");
}

static void test_fru__cut_anywhere__keeps_what_is_before(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(inventory); len++) {
		struct fru fru;
		if (!fru_decode(inventory, len, &fru))
			assert_true(len < FRU_HEADER);
		else if (len >= 19)
			assert_string_equal(fru.fields[FRU_BOARD_MANUFACTURER], "Acme");
	}
}

static void test_fru__own_inventory__is_read_back(void **state)
{
	struct fru fru = { .has_chassis = true,
			   .has_board = true,
			   .has_product = true,
			   .chassis_type = 0x17,
			   .board_made_minutes = 0x123456 },
		   again;
	uint8_t out[2048];

	(void)state;
	for (unsigned i = 0; i < FRU_FIELD_COUNT; i++)
		snprintf(fru.fields[i], sizeof(fru.fields[i]), "%.*s", (int)i + 2,
			 "abcdefghijklmnopqrstuvwxyz");
	size_t len = fru_encode(&fru, out, sizeof(out));
	assert_true(len > 0);
	assert_true(fru_decode(out, len, &again));
	assert_memory_equal(&again, &fru, sizeof(fru));
	for (size_t size = 0; size < len; size++)
		assert_int_equal(fru_encode(&fru, out, size), 0);
}

static void test_text__control_characters__become_question_marks(void **state)
{
	char text[IPMI_TEXT_MAX];

	(void)state;
	ipmi_text_decode(IPMI_TEXT_LATIN, IPMI_TEXT_BINARY, (const uint8_t *)"a\nb\x7f\x9b\xe9  ", 8, text);
	assert_string_equal(text, "a?b??\xc3\xa9");
	ipmi_text_decode(IPMI_TEXT_SPECIAL, IPMI_TEXT_UNICODE,
			 (const uint8_t[]){ 0x42, 0x30, 0x00, 0xd8, 0x41, 0x00, 0x42 }, 7, text);
	assert_string_equal(text, "\xe3\x81\x82?A");
}

static void test_text__longest_of_each_encoding__fits(void **state)
{
	uint8_t data[IPMI_TEXT_LEN_MAX + 10];
	char text[IPMI_TEXT_MAX];

	(void)state;
	memset(data, 0xff, sizeof(data));
	for (unsigned type = 0; type < 4; type++) {
		for (unsigned special = 0; special < 2; special++) {
			ipmi_text_decode(type, special, data, sizeof(data), text);
			assert_true(strlen(text) < IPMI_TEXT_MAX);
		}
	}
	assert_int_equal(strlen(text), 126);
}

static void test_boot_flags__as_ironic_sends_them__are_read(void **state)
{
	struct boot_flags flags;
	uint8_t out[BOOT_FLAGS_BYTES];
	static const uint8_t uefi_pxe[] = { 0xe0, 0x04, 0, 0, 0 };

	(void)state;
	boot_flags_decode(uefi_pxe, &flags);
	assert_true(flags.is_valid && flags.is_persistent && flags.is_efi);
	assert_int_equal(flags.selector, BOOT_PXE);
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t data[] = { (uint8_t)(byte & 0xe0), (uint8_t)byte, (uint8_t)byte, (uint8_t)byte,
					 (uint8_t)(byte & 0x1f) };
		boot_flags_decode(data, &flags);
		boot_flags_encode(&flags, out);
		assert_memory_equal(out, data, sizeof(data));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sdr__of_another_program__is_read),
		cmocka_unit_test(test_sdr__of_another_program__is_written_the_same),
		cmocka_unit_test(test_sdr__name_in_six_bits__is_unpacked),
		cmocka_unit_test(test_sdr__cut_short__is_refused),
		cmocka_unit_test(test_sdr__own_length_is_shorter_than_the_data__counts),
		cmocka_unit_test(test_sdr__each_type__keeps_its_fields),
		cmocka_unit_test(test_sensor_value__each_formula__is_applied),
		cmocka_unit_test(test_sensor_value__no_number__is_refused),
		cmocka_unit_test(test_sensor_factors__of_a_reading__are_linear),
		cmocka_unit_test(test_sensor_unit__with_percent_and_modifier__is_spelt_out),
		cmocka_unit_test(test_sensor_names__at_the_ends_of_the_tables__are_right),
		cmocka_unit_test(test_sensor_reading__short_or_unavailable__is_not_available),
		cmocka_unit_test(test_sel__system_event__is_read_and_written),
		cmocka_unit_test(test_sel__oem_record__keeps_its_bytes),
		cmocka_unit_test(test_sel_clear__other_words__are_refused),
		cmocka_unit_test(test_fru__all_encodings__are_read),
		cmocka_unit_test(test_fru__wrong_checksum__is_told),
		cmocka_unit_test(test_fru__cut_anywhere__keeps_what_is_before),
		cmocka_unit_test(test_fru__own_inventory__is_read_back),
		cmocka_unit_test(test_text__control_characters__become_question_marks),
		cmocka_unit_test(test_text__longest_of_each_encoding__fits),
		cmocka_unit_test(test_boot_flags__as_ironic_sends_them__are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
