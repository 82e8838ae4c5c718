/*
 * Records of hostile BMCs: the first byte chooses the decoder. No decoder reads past the end (ASan), text is
 * clean UTF-8, and what is decoded and encoded is decoded the same again.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/boot_flags.h"
#include "drivers/ipmi/fru.h"
#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/records.h"
#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/sel.h"
#include "drivers/ipmi/send_message.h"
#include "lib/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	size_t len = strnlen(text, IPMI_TEXT_MAX);

	assert(len < IPMI_TEXT_MAX);
	for (size_t i = 0; i < len;) {
		size_t length = utf8_length(text + i, len - i);
		assert(length > 0 && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
		i += length;
	}
}

static void fuzz_sdr(const uint8_t *data, size_t len)
{
	struct sdr sdr = { 0 }, again = { 0 };
	uint8_t out[SDR_MAX];
	char unit[SENSOR_UNIT_MAX];
	double value;

	if (!sdr_decode(data, len, &sdr))
		return;
	check_text(sdr.name);
	sensor_unit_name(&sdr, unit);
	for (unsigned raw = 0; raw < 256; raw += 15) {
		if (sensor_value(&sdr.factors, sdr.format, (uint8_t)raw, &value))
			assert(isfinite(value));
	}
	assert(sensor_type_name(sdr.sensor_type) != NULL && sensor_entity_name(sdr.entity_id) != NULL);
	for (unsigned state = 0; state < 16; state++)
		(void)sensor_state_name(sdr.event_type, sdr.sensor_type, state);

	size_t out_len = sdr_encode(&sdr, out);
	if (out_len == 0)
		return;
	assert(out_len <= sizeof(out) && sdr_decode(out, out_len, &again));
	/* names are cut, and written as they stand */
	memset(sdr.name, 0, sizeof(sdr.name));
	memset(again.name, 0, sizeof(again.name));
	assert(memcmp(&sdr, &again, sizeof(sdr)) == 0);
}

static void fuzz_sel(const uint8_t *data, size_t len)
{
	struct sel_record record;
	uint8_t out[SEL_RECORD_LEN];
	char name[SEL_EVENT_MAX];

	if (len >= SEL_RECORD_LEN) {
		sel_record_decode(data, &record);
		sel_event_name(&record, name);
		sel_record_encode(&record, out);
		assert(memcmp(out, data, SEL_RECORD_LEN) == 0);
	}
}

static void fuzz_fru(const uint8_t *data, size_t len)
{
	struct fru fru, again;
	static uint8_t out[4096];

	if (!fru_decode(data, len, &fru))
		return;
	for (unsigned i = 0; i < FRU_FIELD_COUNT; i++)
		check_text(fru.fields[i]);
	size_t out_len = fru_encode(&fru, out, sizeof(out));
	assert(out_len > 0 && fru_decode(out, out_len, &again));
	assert(!again.is_checksum_bad && again.has_board == fru.has_board &&
	       again.has_product == fru.has_product && again.has_chassis == fru.has_chassis);
}

static void fuzz_answers(const uint8_t *data, size_t len)
{
	struct sensor_reading reading;
	struct sensor_thresholds thresholds;
	struct sensor_factors factors;
	struct records_info info;
	struct records_get get;
	uint8_t out[64];

	sensor_reading_decode(data, len, &reading);
	assert(sensor_reading_encode(&reading, out) <= sizeof(out));
	if (sensor_thresholds_decode(data, len, &thresholds))
		assert(sensor_thresholds_encode(&thresholds, out) <= sizeof(out));
	if (sensor_factors_decode(data, len, &factors))
		assert(factors.m >= -512 && factors.m <= 511 && factors.linearization == LINEAR);
	if (records_info_decode(data, len, &info))
		assert(records_info_encode(&info, out) == RECORDS_INFO_LEN &&
		       memcmp(out, data, RECORDS_INFO_LEN) == 0);
	if (records_get_decode(data, len, &get))
		assert(records_get_encode(&get, out) == RECORDS_GET_LEN &&
		       memcmp(out, data, RECORDS_GET_LEN) == 0);
	if (len >= BOOT_FLAGS_BYTES) {
		struct boot_flags flags, again;
		boot_flags_decode(data, &flags);
		boot_flags_encode(&flags, out);
		boot_flags_decode(out, &again);
		assert(memcmp(&flags, &again, sizeof(flags)) == 0);
	}
}

static void fuzz_lan15(const uint8_t *data, size_t len)
{
	struct lan15_session session = { .auth = LAN15_MD5, .password = "password", .id = 1 };
	struct lan15_challenge challenge;
	struct lan15_activated activated;
	struct auth_capabilities capabilities;
	struct rmcp_packet packet;
	struct send_message sent;
	uint8_t out[RMCPP_DATAGRAM_MAX];

	if (rmcp_decode(data, len, &packet))
		assert(!lan15_unseal(&session, &packet));
	if (lan15_challenge_decode(data, len, &challenge))
		assert(lan15_challenge_encode(&challenge, out) <= len);
	if (lan15_activated_decode(data, len, &activated))
		assert(lan15_activated_encode(&activated, out) <= len);
	if (auth_capabilities_decode(data, len, &capabilities))
		assert(auth_capabilities_encode(&capabilities, out) <= len);
	if (send_message_decode(data, len, &sent))
		assert(sent.message + sent.message_len == data + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(const uint8_t *, size_t) = { fuzz_sdr, fuzz_sel, fuzz_fru,
								    fuzz_answers, fuzz_lan15 };

	if (size > 0)
		targets[data[0] % (sizeof(targets) / sizeof(targets[0]))](data + 1, size - 1);
	return 0;
}
