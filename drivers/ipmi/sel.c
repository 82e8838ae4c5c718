/* sel: see sel.h. */
#include "drivers/ipmi/sel.h"

#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/sdr.h"

enum { TIMED_OEM_LEN = 6, UNTIMED_OEM_LEN = 13 };

void sel_record_decode(const uint8_t data[SEL_RECORD_LEN], struct sel_record *ret)
{
	*ret = (struct sel_record){ .id = get_u16(data), .type = data[2] };
	if (!sel_has_time(ret)) {
		memcpy(ret->oem, data + 3, UNTIMED_OEM_LEN);
		return;
	}
	ret->time = get_u32(data + 3);
	if (ret->type >= SEL_OEM_TIMED) {
		ret->manufacturer = data[7] | (uint32_t)data[8] << 8 | (uint32_t)data[9] << 16;
		memcpy(ret->oem, data + 10, TIMED_OEM_LEN);
		return;
	}
	ret->generator = get_u16(data + 7);
	ret->format = data[9];
	ret->sensor_type = data[10];
	ret->sensor_number = data[11];
	ret->is_deassertion = data[12] & 0x80;
	ret->event_type = data[12] & 0x7f;
	memcpy(ret->data, data + 13, sizeof(ret->data));
}

void sel_record_encode(const struct sel_record *record, uint8_t out[SEL_RECORD_LEN])
{
	put_u16(out, record->id);
	out[2] = record->type;
	if (!sel_has_time(record)) {
		memcpy(out + 3, record->oem, UNTIMED_OEM_LEN);
		return;
	}
	put_u32(out + 3, record->time);
	if (record->type >= SEL_OEM_TIMED) {
		out[7] = (uint8_t)record->manufacturer;
		out[8] = (uint8_t)(record->manufacturer >> 8);
		out[9] = (uint8_t)(record->manufacturer >> 16);
		memcpy(out + 10, record->oem, TIMED_OEM_LEN);
		return;
	}
	put_u16(out + 7, record->generator);
	out[9] = record->format;
	out[10] = record->sensor_type;
	out[11] = record->sensor_number;
	out[12] = (uint8_t)((record->is_deassertion ? 0x80 : 0) | (record->event_type & 0x7f));
	memcpy(out + 13, record->data, sizeof(record->data));
}

/* A threshold event's offset: two for each threshold, going low and going high. */
static const enum sensor_threshold event_thresholds[] = {
	THRESHOLD_LOWER_NON_CRITICAL, THRESHOLD_LOWER_CRITICAL, THRESHOLD_LOWER_NON_RECOVERABLE,
	THRESHOLD_UPPER_NON_CRITICAL, THRESHOLD_UPPER_CRITICAL, THRESHOLD_UPPER_NON_RECOVERABLE,
};

void sel_event_name(const struct sel_record *record, char ret[SEL_EVENT_MAX])
{
	unsigned offset = record->data[0] & 0x0f;
	const char *name;

	if (record->type != SEL_SYSTEM) {
		snprintf(ret, SEL_EVENT_MAX, "OEM record %02xh", record->type);
		return;
	}
	if (record->event_type == EVENT_TYPE_THRESHOLD && offset < 2 * THRESHOLD_COUNT) {
		snprintf(ret, SEL_EVENT_MAX, "%s going %s",
			 sensor_threshold_name(event_thresholds[offset / 2]), offset % 2 ? "high" : "low");
		return;
	}
	name = sensor_state_name(record->event_type, record->sensor_type, offset);
	if (name != NULL)
		snprintf(ret, SEL_EVENT_MAX, "%s", name);
	else
		snprintf(ret, SEL_EVENT_MAX, "Event %02xh/%02xh", record->event_type, offset);
}

/* ---- commands ---- */

bool sel_clear_decode(const uint8_t *data, size_t len, uint16_t *ret_reservation,
		      enum sel_clear_action *ret_action)
{
	if (len < SEL_CLEAR_LEN || memcmp(data + 2, "CLR", 3) != 0 ||
	    (data[5] != SEL_CLEAR_POLL && data[5] != SEL_CLEAR_BEGIN))
		return false;
	*ret_reservation = get_u16(data);
	*ret_action = (enum sel_clear_action)data[5];
	return true;
}

size_t sel_clear_encode(uint16_t reservation, enum sel_clear_action action, uint8_t out[SEL_CLEAR_LEN])
{
	put_u16(out, reservation);
	memcpy(out + 2, "CLR", 3);
	out[5] = (uint8_t)action;
	return SEL_CLEAR_LEN;
}
