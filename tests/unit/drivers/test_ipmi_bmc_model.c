/* bmc_model: answers at the edges of repositories, logs and inventories. The middle is read by ipmitool,
 * FreeIPMI and pyghmi in tests/integration/test_ipmi_bmcsim.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/command.h"

static bool machine_is_on(void *arg)
{
	(void)arg;
	return true;
}

/* Unit 0 is 20 bytes of 0xaa, unit 1 four of 0xbb. */
static size_t machine_fru(void *arg, uint8_t id, uint8_t *out, size_t size)
{
	size_t len = id == 0 ? 20 : id == 1 ? 4 : 0;

	(void)arg;
	assert_true(len <= size);
	memset(out, id == 0 ? 0xaa : 0xbb, len);
	return len;
}

static const struct bmc_model_ops ops = { .is_on = machine_is_on, .fru = machine_fru };

static const struct bmc_record records[] = {
	{ .sdr = { .type = SDR_FULL,
		   .owner = 0x20,
		   .number = 7,
		   .event_type = EVENT_TYPE_THRESHOLD,
		   .format = FORMAT_TWOS_COMPLEMENT,
		   .readable = 0x12,
		   .settable = 0x10,
		   .thresholds = { 0, 0xf0, 0, 0, 0xfe, 0 },
		   .name = "Below zero" },
	  .raw = 0xf8 },
	{ .sdr = { .type = SDR_COMPACT, .owner = 0x20, .number = 20, .share_count = 3, .name = "Bay" },
	  .states = 0x0102 },
	{ .sdr = { .type = SDR_MC_LOCATOR, .device_address = 0x20, .name = "BMC" } },
};

static struct bmc_model model;
static int64_t now_ms;
static uint8_t reply[IPMI_DATA_MAX];
static size_t reply_len;

static int setup(void **state)
{
	(void)state;
	model = (struct bmc_model){ .ops = &ops,
				    .records = records,
				    .record_count = sizeof(records) / sizeof(records[0]),
				    .sel_erase_ms = 500 };
	now_ms = 5000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bmc_model_release(&model);
	return 0;
}

static int ask(uint8_t netfn, uint8_t command, const uint8_t *data, size_t len)
{
	const struct ipmi_message request = { .from = IPMI_CONSOLE_ADDRESS,
					      .netfn = netfn,
					      .command = command,
					      .data = data,
					      .data_len = len };
	const struct ipmi_server_call call = { .request = &request,
					       .now_ms = now_ms,
					       .privilege = IPMI_ADMINISTRATOR };

	reply_len = 0;
	return bmc_model_command(&model, &call, reply, &reply_len);
}
#define ASK(netfn, command, ...)                                                                             \
	ask(netfn, command, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_sdr__first_last_and_beyond__next_ids_lead_through(void **state)
{
	(void)state;
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, 0, 0, 0, 0, 0, 5), 0);
	assert_int_equal(get_u16(reply), 2);
	assert_int_equal(get_u16(reply + 2), 1);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, 0, 0, 0xff, 0xff, 0, 5), 0);
	assert_int_equal(get_u16(reply), SDR_LAST);
	assert_int_equal(get_u16(reply + 2), 3);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, 0, 0, 4, 0, 0, 5), COMPLETION_NOT_PRESENT);
	model.record_count = 0;
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, 0, 0, 0, 0, 0, 5), COMPLETION_NOT_PRESENT);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, 0, 0, 0xff, 0xff, 0, 5), COMPLETION_NOT_PRESENT);
}

static void test_sdr__pieces__bounded_by_record_and_answer(void **state)
{
	(void)state;
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_RESERVE_SDR, NULL, 0), 0);
	uint8_t id = reply[0];
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 0, 33), COMPLETION_CANNOT_RETURN);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 0, 0xff), COMPLETION_CANNOT_RETURN);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 0, 32), 0);
	assert_int_equal(reply_len, 2 + 32);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 32, 0xff), 0);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 250, 1), COMPLETION_RANGE);
	/* another reservation ends this one */
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_RESERVE_SDR, NULL, 0), 0);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SDR, id, 0, 1, 0, 32, 8), COMPLETION_RESERVATION);
	model.sdr_reservation = UINT16_MAX;
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_RESERVE_SDR, NULL, 0), 0);
	assert_int_equal(get_u16(reply), 1); /* 0 stands for none */
}

static void test_repositories__satellite__device_sdrs_alone(void **state)
{
	(void)state;
	assert_int_equal(ask(NETFN_SENSOR, SENSOR_RESERVE_DEVICE_SDR, NULL, 0), COMPLETION_INVALID_COMMAND);
	model.is_satellite = true;
	model.address = 0x44;
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_SDR_INFO, NULL, 0), COMPLETION_INVALID_COMMAND);
	assert_int_equal(ask(NETFN_SENSOR, SENSOR_DEVICE_SDR_INFO, NULL, 0), 0);
	assert_int_equal(reply[0], 2);
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_DEVICE_SDR_INFO, 1), 0);
	assert_int_equal(reply[0], 3);
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_GET_DEVICE_SDR, 0, 0, 1, 0, 0, 16), 0);
	assert_int_equal(reply[2 + 5], 0x44); /* owned by it, not by the BMC */
}

static void test_reading__signed__compared_as_such(void **state)
{
	(void)state;
	/* -8 lies between -16 and -2 */
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_READING, 7), 0);
	assert_int_equal(reply[0], 0xf8);
	assert_int_equal(reply[2] & 0x3f, 0);
	bmc_model_sensor_change(&model, 0)->raw = 0xff;
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_READING, 7), 0);
	assert_int_equal(reply[2] & 0x3f, 1 << THRESHOLD_UPPER_CRITICAL);
	bmc_model_sensor_change(&model, 0)->raw = 0x80;
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_READING, 7), 0);
	assert_int_equal(reply[2] & 0x3f, 1 << THRESHOLD_LOWER_CRITICAL);
	bmc_model_sensor_change(&model, 0)->is_unavailable = true;
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_READING, 7), 0);
	assert_true(reply[1] & 0x20);
}

static void test_sensors__shared_record__each_number_has_a_reading(void **state)
{
	(void)state;
	for (uint8_t number = 19; number <= 23; number++) {
		bool is_there = number >= 20 && number <= 22;
		assert_int_equal(ASK(NETFN_SENSOR, SENSOR_READING, number),
				 is_there ? 0 : COMPLETION_NOT_PRESENT);
		if (is_there)
			assert_int_equal(get_u16(reply + 2) & 0x7fff, 0x0102);
	}
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_THRESHOLDS, 20), COMPLETION_SENSOR_ILLEGAL);
}

static void test_thresholds__set__only_those_that_can_be(void **state)
{
	(void)state;
	assert_int_equal(ASK(NETFN_SENSOR, 0x26, 7, 0x12, 0, 1, 0, 0, 2, 0), COMPLETION_INVALID_FIELD);
	assert_int_equal(ASK(NETFN_SENSOR, 0x26, 7, 0x10, 0, 1, 0, 0, 2, 0), 0);
	assert_int_equal(ASK(NETFN_SENSOR, SENSOR_THRESHOLDS, 7), 0);
	static const uint8_t expected[] = { 0x12, 0, 0xf0, 0, 0, 2, 0 };
	assert_int_equal(reply_len, sizeof(expected));
	assert_memory_equal(reply, expected, sizeof(expected));
}

static uint16_t add_event(void)
{
	const struct sel_record record = { .type = SEL_SYSTEM, .format = 4, .sensor_type = 1 };

	return bmc_model_sel_add(&model, now_ms, &record);
}

static void test_sel__ids__never_the_reserved_ones(void **state)
{
	(void)state;
	assert_int_equal(add_event(), 1);
	model.sel.last_id = SEL_LAST - 2;
	assert_int_equal(add_event(), SEL_LAST - 1);
	assert_int_equal(add_event(), 1);
}

static void test_sel__full__refused_and_told_until_cleared(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BMC_MODEL_SEL_LIMIT; i++)
		assert_int_not_equal(add_event(), 0);
	assert_int_equal(add_event(), 0);
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_SEL_INFO, NULL, 0), 0);
	assert_int_equal(get_u16(reply + 1), BMC_MODEL_SEL_LIMIT);
	assert_int_equal(get_u16(reply + 3), 0);
	assert_true(reply[13] & 0x80);
	bmc_model_sel_clear(&model, now_ms);
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_SEL_INFO, NULL, 0), 0);
	assert_false(reply[13] & 0x80);
	assert_int_equal(add_event(), 1);
}

static void test_sel__deleted_from_the_middle__others_stay(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		add_event();
	assert_int_equal(ASK(NETFN_STORAGE, 0x46, 0, 0, 2, 0), 0);
	assert_int_equal(get_u16(reply), 2);
	assert_int_equal(ASK(NETFN_STORAGE, 0x46, 0, 0, 2, 0), COMPLETION_NOT_PRESENT);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SEL, 0, 0, 1, 0, 0, 0xff), 0);
	assert_int_equal(get_u16(reply), 3);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SEL, 0, 0, 0xff, 0xff, 0, 0xff), 0);
	assert_int_equal(get_u16(reply), SEL_LAST);
	assert_int_equal(get_u16(reply + 2), 3);
	assert_int_equal(reply_len, 2 + SEL_RECORD_LEN);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_GET_SEL, 0, 0, 1, 0, 17, 1), COMPLETION_RESERVATION);
}

static void test_sel__erasing__takes_its_time(void **state)
{
	(void)state;
	add_event();
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_CLEAR_SEL, 0, 0, 'C', 'L', 'R', 0xaa),
			 COMPLETION_RESERVATION);
	ask(NETFN_STORAGE, STORAGE_RESERVE_SEL, NULL, 0);
	uint8_t id = reply[0];
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_CLEAR_SEL, id, 0, 'C', 'L', 'S', 0xaa),
			 COMPLETION_INVALID_FIELD);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_CLEAR_SEL, id, 0, 'C', 'L', 'R', 0xaa), 0);
	assert_int_equal(reply[0], 0);
	now_ms += 499;
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_CLEAR_SEL, id, 0, 'C', 'L', 'R', 0), 0);
	assert_int_equal(reply[0], 0);
	now_ms += 1;
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_CLEAR_SEL, id, 0, 'C', 'L', 'R', 0), 0);
	assert_int_equal(reply[0], SEL_ERASED);
	assert_int_equal(model.sel.count, 0);
}

static void test_time__set__runs_on_from_there(void **state)
{
	(void)state;
	assert_int_equal(ASK(NETFN_STORAGE, 0x49, 0, 0, 0, 0x80), 0);
	now_ms += 3000;
	assert_int_equal(ask(NETFN_STORAGE, STORAGE_SEL_TIME, NULL, 0), 0);
	assert_int_equal(get_u32(reply), 0x80000003);
	add_event();
	assert_int_equal(get_u32(model.sel.records[0] + 3), 0x80000003);
}

static void test_fru__reads_and_writes__within_the_unit(void **state)
{
	uint8_t write[3 + 8] = { 0, 0, 0 };

	(void)state;
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_FRU_INFO, 0), 0);
	assert_int_equal(get_u16(reply), BMC_MODEL_FRU_SIZE);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_FRU_INFO, 1), 0);
	assert_int_equal(get_u16(reply), 4);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_FRU_INFO, 2), COMPLETION_NOT_PRESENT);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_READ_FRU, 1, 2, 0, 30), 0);
	assert_int_equal(reply[0], 2); /* what is left */
	assert_int_equal(reply_len, 3);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_READ_FRU, 1, 4, 0, 1), COMPLETION_RANGE);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_READ_FRU, 0, 0, 0, 33), COMPLETION_CANNOT_RETURN);

	put_u16(write + 1, BMC_MODEL_FRU_SIZE - 8);
	memset(write + 3, 0x5a, 8);
	assert_int_equal(ask(NETFN_STORAGE, 0x12, write, sizeof(write)), 0);
	assert_int_equal(reply[0], 8);
	put_u16(write + 1, BMC_MODEL_FRU_SIZE - 7);
	assert_int_equal(ask(NETFN_STORAGE, 0x12, write, sizeof(write)), COMPLETION_RANGE);
	put_u16(write + 1, 0xffff);
	assert_int_equal(ask(NETFN_STORAGE, 0x12, write, sizeof(write)), COMPLETION_RANGE);
	write[0] = 1;
	put_u16(write + 1, 0);
	assert_int_equal(ask(NETFN_STORAGE, 0x12, write, sizeof(write)), 0x80);
	/* what was there before is still there */
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_READ_FRU, 0, 19, 0, 2), 0);
	assert_int_equal(reply[1], 0xaa);
	assert_int_equal(reply[2], 0x00);
	assert_int_equal(ASK(NETFN_STORAGE, STORAGE_READ_FRU, 0, 0xf8, 1, 8), 0);
	assert_memory_equal(reply + 1, write + 3, 8);
}

static void test_identify__for_some_seconds__ends_of_itself(void **state)
{
	(void)state;
	assert_int_equal(ASK(NETFN_CHASSIS, CHASSIS_IDENTIFY, 10), 0);
	assert_int_equal(ask(NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 0);
	assert_int_equal(reply[2] >> 4 & 3, 1);
	now_ms += 10000;
	ask(NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0);
	assert_int_equal(reply[2] >> 4 & 3, 0);
	assert_int_equal(ASK(NETFN_CHASSIS, CHASSIS_IDENTIFY, 10, 1), 0);
	now_ms += 1000000;
	ask(NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0);
	assert_int_equal(reply[2] >> 4 & 3, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sdr__first_last_and_beyond__next_ids_lead_through, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sdr__pieces__bounded_by_record_and_answer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_repositories__satellite__device_sdrs_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reading__signed__compared_as_such, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sensors__shared_record__each_number_has_a_reading, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_thresholds__set__only_those_that_can_be, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sel__ids__never_the_reserved_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sel__full__refused_and_told_until_cleared, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sel__deleted_from_the_middle__others_stay, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sel__erasing__takes_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time__set__runs_on_from_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fru__reads_and_writes__within_the_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identify__for_some_seconds__ends_of_itself, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
