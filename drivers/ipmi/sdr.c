/* sdr: records and what reads them. The meaning of raw numbers is in sensor_value.c, names in
 * sensor_names.c. */
#include "drivers/ipmi/sdr.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"

enum { SDR_VERSION = 0x51, NAME_LEN_MAX = 16 };

/* Where the name is, counted from the record's first byte; records count from 1 in the specification. */
static const struct {
	uint8_t type;
	uint8_t name; /* offset of the type/length byte */
} layouts[] = {
	{ SDR_FULL, 47 },        { SDR_COMPACT, 31 },    { SDR_EVENT_ONLY, 16 },
	{ SDR_FRU_LOCATOR, 15 }, { SDR_MC_LOCATOR, 15 },
};
enum { LAYOUT_COUNT = sizeof(layouts) / sizeof(layouts[0]) };

/* 0: a type that is not known. */
static size_t name_offset(uint8_t type)
{
	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		if (layouts[i].type == type)
			return layouts[i].name;
	}
	return 0;
}

/* ---- decoding ---- */

/* Sign-extends the lowest bits. */
static int signed_bits(unsigned value, unsigned bits)
{
	unsigned sign = 1U << (bits - 1);

	value &= (1U << bits) - 1;
	return (int)(value ^ sign) - (int)sign;
}

static struct sensor_factors factors_of(const uint8_t *data)
{
	return (struct sensor_factors){
		.m = (int16_t)signed_bits(data[0] | (data[1] & 0xc0U) << 2, 10),
		.b = (int16_t)signed_bits(data[2] | (data[3] & 0xc0U) << 2, 10),
		.b_exponent = (int8_t)signed_bits(data[5], 4),
		.r_exponent = (int8_t)signed_bits(data[5] >> 4, 4),
	};
}

bool sensor_factors_decode(const uint8_t *data, size_t len, struct sensor_factors *ret)
{
	/* the next reading that has other factors, then as in a record */
	if (len < 7)
		return false;
	*ret = factors_of(data + 1);
	return true;
}

static void decode_sensor(const uint8_t *data, struct sdr *sdr)
{
	sdr->owner = data[5];
	sdr->owner_lun = data[6];
	sdr->number = data[7];
	sdr->entity_id = data[8];
	sdr->entity_instance = data[9];
}

/* What full and compact records have in common. */
static void decode_common(const uint8_t *data, struct sdr *sdr)
{
	decode_sensor(data, sdr);
	sdr->initialization = data[10];
	sdr->capabilities = data[11];
	sdr->sensor_type = data[12];
	sdr->event_type = data[13];
	sdr->assertions = get_u16(data + 14);
	sdr->deassertions = get_u16(data + 16);
	sdr->readable = data[18];
	sdr->settable = data[19];
	sdr->format = data[20] >> 6;
	sdr->unit_flags = data[20] & 0x3f;
	sdr->base_unit = data[21];
	sdr->modifier_unit = data[22];
}

static const uint8_t threshold_offsets[THRESHOLD_COUNT] = {
	[THRESHOLD_UPPER_NON_RECOVERABLE] = 36, [THRESHOLD_UPPER_CRITICAL] = 37,
	[THRESHOLD_UPPER_NON_CRITICAL] = 38,    [THRESHOLD_LOWER_NON_RECOVERABLE] = 39,
	[THRESHOLD_LOWER_CRITICAL] = 40,        [THRESHOLD_LOWER_NON_CRITICAL] = 41,
};

static void decode_full(const uint8_t *data, struct sdr *sdr)
{
	decode_common(data, sdr);
	sdr->factors = factors_of(data + 24);
	sdr->factors.linearization = data[23] & 0x7f;
	sdr->tolerance = data[25] & 0x3f;
	sdr->nominal_flags = data[30] & 7;
	sdr->nominal = data[31];
	sdr->normal_max = data[32];
	sdr->normal_min = data[33];
	sdr->sensor_max = data[34];
	sdr->sensor_min = data[35];
	for (size_t i = 0; i < THRESHOLD_COUNT; i++)
		sdr->thresholds[i] = data[threshold_offsets[i]];
	sdr->hysteresis_up = data[42];
	sdr->hysteresis_down = data[43];
}

static void decode_sharing(const uint8_t *data, struct sdr *sdr)
{
	sdr->share_count = data[0] & 0x0f;
	sdr->share_modifier = data[0] >> 4 & 3;
	sdr->share_offset = data[1] & 0x7f;
	sdr->is_entity_shared = data[1] & 0x80;
}

static void decode_compact(const uint8_t *data, struct sdr *sdr)
{
	decode_common(data, sdr);
	decode_sharing(data + 23, sdr);
	sdr->hysteresis_up = data[25];
	sdr->hysteresis_down = data[26];
}

static void decode_event_only(const uint8_t *data, struct sdr *sdr)
{
	decode_sensor(data, sdr);
	sdr->sensor_type = data[10];
	sdr->event_type = data[11];
	decode_sharing(data + 12, sdr);
}

static void decode_fru_locator(const uint8_t *data, struct sdr *sdr)
{
	sdr->device_address = data[5];
	sdr->fru_id = data[6];
	sdr->fru_access = data[7];
	sdr->device_channel = data[8] >> 4;
	sdr->device_type = data[10];
	sdr->device_type_modifier = data[11];
	sdr->entity_id = data[12];
	sdr->entity_instance = data[13];
}

static void decode_mc_locator(const uint8_t *data, struct sdr *sdr)
{
	sdr->device_address = data[5];
	sdr->device_channel = data[6] & 0x0f;
	sdr->device_capabilities = data[8];
	sdr->entity_id = data[12];
	sdr->entity_instance = data[13];
}

static void decode_name(const uint8_t *data, size_t len, struct sdr *sdr)
{
	size_t name_len = data[0] & 0x1f;

	/* a record cut short keeps what there is of its name */
	if (name_len > len - 1)
		name_len = len - 1;
	ipmi_text_decode((enum ipmi_text_type)(data[0] >> 6), IPMI_TEXT_UNICODE, data + 1, name_len,
			 sdr->name);
}

bool sdr_decode(const uint8_t *data, size_t len, struct sdr *ret)
{
	struct sdr sdr = { 0 };

	if (len < SDR_HEADER)
		return false;
	/* what lies behind the record's own length is not its own */
	if (len > SDR_HEADER + (size_t)data[4])
		len = SDR_HEADER + (size_t)data[4];
	sdr.id = get_u16(data);
	sdr.type = data[3];

	size_t name = name_offset(sdr.type);
	if (name != 0 && len <= name)
		return false;
	switch (sdr.type) {
	case SDR_FULL:
		decode_full(data, &sdr);
		break;
	case SDR_COMPACT:
		decode_compact(data, &sdr);
		break;
	case SDR_EVENT_ONLY:
		decode_event_only(data, &sdr);
		break;
	case SDR_FRU_LOCATOR:
		decode_fru_locator(data, &sdr);
		break;
	case SDR_MC_LOCATOR:
		decode_mc_locator(data, &sdr);
		break;
	default:
		break;
	}
	if (name != 0)
		decode_name(data + name, len - name, &sdr);
	*ret = sdr;
	return true;
}

/* ---- encoding ---- */

static void encode_sensor(const struct sdr *sdr, uint8_t *out)
{
	out[5] = sdr->owner;
	out[6] = sdr->owner_lun;
	out[7] = sdr->number;
	out[8] = sdr->entity_id;
	out[9] = sdr->entity_instance;
}

static void encode_common(const struct sdr *sdr, uint8_t *out)
{
	encode_sensor(sdr, out);
	out[10] = sdr->initialization;
	out[11] = sdr->capabilities;
	out[12] = sdr->sensor_type;
	out[13] = sdr->event_type;
	put_u16(out + 14, sdr->assertions);
	put_u16(out + 16, sdr->deassertions);
	out[18] = sdr->readable;
	out[19] = sdr->settable;
	out[20] = (uint8_t)(sdr->format << 6 | (sdr->unit_flags & 0x3f));
	out[21] = sdr->base_unit;
	out[22] = sdr->modifier_unit;
}

static void encode_full(const struct sdr *sdr, uint8_t *out)
{
	const struct sensor_factors *factors = &sdr->factors;

	encode_common(sdr, out);
	out[23] = factors->linearization & 0x7f;
	out[24] = (uint8_t)factors->m;
	out[25] = (uint8_t)(((unsigned)factors->m >> 2 & 0xc0) | (sdr->tolerance & 0x3f));
	out[26] = (uint8_t)factors->b;
	out[27] = (uint8_t)((unsigned)factors->b >> 2 & 0xc0);
	out[29] = (uint8_t)((unsigned)factors->r_exponent << 4 | ((unsigned)factors->b_exponent & 0x0f));
	out[30] = sdr->nominal_flags & 7;
	out[31] = sdr->nominal;
	out[32] = sdr->normal_max;
	out[33] = sdr->normal_min;
	out[34] = sdr->sensor_max;
	out[35] = sdr->sensor_min;
	for (size_t i = 0; i < THRESHOLD_COUNT; i++)
		out[threshold_offsets[i]] = sdr->thresholds[i];
	out[42] = sdr->hysteresis_up;
	out[43] = sdr->hysteresis_down;
}

static void encode_sharing(const struct sdr *sdr, uint8_t *out)
{
	out[0] = (uint8_t)((sdr->share_modifier & 3) << 4 | (sdr->share_count & 0x0f));
	out[1] = (uint8_t)((sdr->is_entity_shared ? 0x80 : 0) | (sdr->share_offset & 0x7f));
}

static void encode_compact(const struct sdr *sdr, uint8_t *out)
{
	encode_common(sdr, out);
	encode_sharing(sdr, out + 23);
	out[25] = sdr->hysteresis_up;
	out[26] = sdr->hysteresis_down;
}

static void encode_event_only(const struct sdr *sdr, uint8_t *out)
{
	encode_sensor(sdr, out);
	out[10] = sdr->sensor_type;
	out[11] = sdr->event_type;
	encode_sharing(sdr, out + 12);
}

static void encode_fru_locator(const struct sdr *sdr, uint8_t *out)
{
	out[5] = sdr->device_address;
	out[6] = sdr->fru_id;
	out[7] = sdr->fru_access;
	out[8] = (uint8_t)(sdr->device_channel << 4);
	out[10] = sdr->device_type;
	out[11] = sdr->device_type_modifier;
	out[12] = sdr->entity_id;
	out[13] = sdr->entity_instance;
}

static void encode_mc_locator(const struct sdr *sdr, uint8_t *out)
{
	out[5] = sdr->device_address;
	out[6] = sdr->device_channel & 0x0f;
	out[8] = sdr->device_capabilities;
	out[12] = sdr->entity_id;
	out[13] = sdr->entity_instance;
}

size_t sdr_encode(const struct sdr *sdr, uint8_t out[SDR_MAX])
{
	size_t name = name_offset(sdr->type);

	if (name == 0)
		return 0;
	memset(out, 0, name);
	switch (sdr->type) {
	case SDR_FULL:
		encode_full(sdr, out);
		break;
	case SDR_COMPACT:
		encode_compact(sdr, out);
		break;
	case SDR_EVENT_ONLY:
		encode_event_only(sdr, out);
		break;
	case SDR_FRU_LOCATOR:
		encode_fru_locator(sdr, out);
		break;
	default:
		encode_mc_locator(sdr, out);
		break;
	}

	size_t len = name + ipmi_text_encode(sdr->name, NAME_LEN_MAX, out + name);
	put_u16(out, sdr->id);
	out[2] = SDR_VERSION;
	out[3] = sdr->type;
	out[4] = (uint8_t)(len - SDR_HEADER);
	return len;
}

/* ---- readings and thresholds ---- */

enum { READING_SCANNING = 0x40, READING_UNAVAILABLE = 0x20 };

void sensor_reading_decode(const uint8_t *data, size_t len, struct sensor_reading *ret)
{
	*ret = (struct sensor_reading){ 0 };
	if (len < 2)
		return;
	ret->raw = data[0];
	ret->is_scanning = data[1] & READING_SCANNING;
	ret->is_available = ret->is_scanning && !(data[1] & READING_UNAVAILABLE);
	if (len > 2)
		ret->states = data[2];
	if (len > 3)
		ret->states |= (uint16_t)((data[3] & 0x7f) << 8);
}

size_t sensor_reading_encode(const struct sensor_reading *reading, uint8_t out[4])
{
	out[0] = reading->raw;
	out[1] = (uint8_t)(0x80 | (reading->is_scanning ? READING_SCANNING : 0) |
			   (reading->is_available ? 0 : READING_UNAVAILABLE));
	out[2] = (uint8_t)reading->states;
	out[3] = (uint8_t)(0x80 | reading->states >> 8);
	return 4;
}

bool sensor_thresholds_decode(const uint8_t *data, size_t len, struct sensor_thresholds *ret)
{
	if (len < 1 + THRESHOLD_COUNT)
		return false;
	ret->readable = data[0] & 0x3f;
	memcpy(ret->raw, data + 1, THRESHOLD_COUNT);
	return true;
}

size_t sensor_thresholds_encode(const struct sensor_thresholds *thresholds, uint8_t out[7])
{
	out[0] = thresholds->readable & 0x3f;
	memcpy(out + 1, thresholds->raw, THRESHOLD_COUNT);
	return 1 + THRESHOLD_COUNT;
}
