/* fru: see fru.h. */
#include "drivers/ipmi/fru.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"

enum { FRU_VERSION = 1, UNIT = 8, END_OF_FIELDS = 0xc1, FIELD_LEN = 0x3f };

/* The areas that we read. */
static const struct area {
	uint8_t place;      /* of its offset in the common header */
	uint8_t fixed;      /* bytes before the first field */
	uint8_t first, end; /* of enum fru_field */
} areas[] = {
	{ 2, 3, FRU_CHASSIS_PART_NUMBER, FRU_BOARD_MANUFACTURER },
	{ 3, 6, FRU_BOARD_MANUFACTURER, FRU_PRODUCT_MANUFACTURER },
	{ 4, 3, FRU_PRODUCT_MANUFACTURER, FRU_FIELD_COUNT },
};
enum { AREA_CHASSIS, AREA_BOARD, AREA_PRODUCT, AREA_COUNT };

static const char *const field_names[FRU_FIELD_COUNT] = {
	[FRU_CHASSIS_PART_NUMBER] = "Chassis Part Number",
	[FRU_CHASSIS_SERIAL_NUMBER] = "Chassis Serial",
	[FRU_BOARD_MANUFACTURER] = "Board Mfg",
	[FRU_BOARD_PRODUCT_NAME] = "Board Product",
	[FRU_BOARD_SERIAL_NUMBER] = "Board Serial",
	[FRU_BOARD_PART_NUMBER] = "Board Part Number",
	[FRU_BOARD_FILE_ID] = "Board FRU ID",
	[FRU_PRODUCT_MANUFACTURER] = "Product Manufacturer",
	[FRU_PRODUCT_NAME] = "Product Name",
	[FRU_PRODUCT_PART_NUMBER] = "Product Part Number",
	[FRU_PRODUCT_VERSION] = "Product Version",
	[FRU_PRODUCT_SERIAL_NUMBER] = "Product Serial",
	[FRU_PRODUCT_ASSET_TAG] = "Product Asset Tag",
	[FRU_PRODUCT_FILE_ID] = "Product FRU ID",
};

const char *fru_field_name(enum fru_field field)
{
	return field_names[field];
}

static uint8_t sum(const uint8_t *data, size_t len)
{
	uint8_t total = 0;

	for (size_t i = 0; i < len; i++)
		total = (uint8_t)(total + data[i]);
	return total;
}

/* ---- decoding ---- */

/* The language is not looked at: BMCs that set one write Latin-1 all the same. */
static void decode_fields(const struct area *area, const uint8_t *data, size_t len, struct fru *fru)
{
	size_t at = area->fixed;

	for (unsigned field = area->first; field < area->end && at < len; field++) {
		uint8_t type = data[at];
		size_t field_len = type & FIELD_LEN;

		if (type == END_OF_FIELDS || field_len > len - at - 1)
			return;
		ipmi_text_decode((enum ipmi_text_type)(type >> 6), IPMI_TEXT_BINARY, data + at + 1, field_len,
				 fru->fields[field]);
		at += 1 + field_len;
	}
}

/* False: there is none. */
static bool decode_area(const struct area *area, const uint8_t *data, size_t len, struct fru *fru,
			const uint8_t **ret_area)
{
	size_t offset = (size_t)data[area->place] * UNIT;

	if (offset < FRU_HEADER || offset + area->fixed > len || (data[offset] & 0x0f) != FRU_VERSION)
		return false;

	const uint8_t *start = data + offset;
	size_t area_len = (size_t)start[1] * UNIT;
	if (area_len > len - offset)
		area_len = len - offset;
	else if (sum(start, area_len) != 0)
		fru->is_checksum_bad = true;
	if (area_len < area->fixed)
		return false;
	decode_fields(area, start, area_len, fru);
	*ret_area = start;
	return true;
}

bool fru_decode(const uint8_t *data, size_t len, struct fru *ret)
{
	const uint8_t *start;

	if (len < FRU_HEADER || (data[0] & 0x0f) != FRU_VERSION)
		return false;
	*ret = (struct fru){ .is_checksum_bad = sum(data, FRU_HEADER) != 0 };
	ret->has_chassis = decode_area(&areas[AREA_CHASSIS], data, len, ret, &start);
	if (ret->has_chassis)
		ret->chassis_type = start[2];
	ret->has_board = decode_area(&areas[AREA_BOARD], data, len, ret, &start);
	if (ret->has_board)
		ret->board_made_minutes = start[3] | (uint32_t)start[4] << 8 | (uint32_t)start[5] << 16;
	ret->has_product = decode_area(&areas[AREA_PRODUCT], data, len, ret, &start);
	return true;
}

/* ---- encoding ---- */

/* Length of the area at out, 0 when it does not fit. */
static size_t encode_area(const struct area *area, const struct fru *fru, uint8_t *out, size_t size)
{
	uint8_t text[1 + IPMI_TEXT_LEN_MAX];
	size_t len = area->fixed;

	if (size < len)
		return 0;
	memset(out, 0, len);
	out[0] = FRU_VERSION;
	for (unsigned field = area->first; field < area->end; field++) {
		size_t text_len = ipmi_text_encode(fru->fields[field], IPMI_TEXT_LEN_MAX, text);
		if (text_len > size - len)
			return 0;
		memcpy(out + len, text, text_len);
		len += text_len;
	}

	/* the end mark, zeros, and the checksum as the last byte of a multiple of eight */
	size_t total = (len + 2 + UNIT - 1) / UNIT * UNIT;
	if (total > size || total / UNIT > UINT8_MAX)
		return 0;
	memset(out + len, 0, total - len);
	out[len] = END_OF_FIELDS;
	out[1] = (uint8_t)(total / UNIT);
	return total;
}

static void seal_area(uint8_t *area, size_t len)
{
	area[len - 1] = 0;
	area[len - 1] = (uint8_t)-sum(area, len);
}

size_t fru_encode(const struct fru *fru, uint8_t *out, size_t size)
{
	const bool has[AREA_COUNT] = { fru->has_chassis, fru->has_board, fru->has_product };
	size_t len = FRU_HEADER;

	if (size < FRU_HEADER)
		return 0;
	memset(out, 0, FRU_HEADER);
	out[0] = FRU_VERSION;
	for (unsigned i = 0; i < AREA_COUNT; i++) {
		if (!has[i])
			continue;
		uint8_t *start = out + len;
		size_t area_len = encode_area(&areas[i], fru, start, size - len);
		if (area_len == 0 || len / UNIT > UINT8_MAX)
			return 0;
		if (i == AREA_CHASSIS) {
			start[2] = fru->chassis_type;
		} else if (i == AREA_BOARD) {
			start[3] = (uint8_t)fru->board_made_minutes;
			start[4] = (uint8_t)(fru->board_made_minutes >> 8);
			start[5] = (uint8_t)(fru->board_made_minutes >> 16);
		}
		seal_area(start, area_len);
		out[areas[i].place] = (uint8_t)(len / UNIT);
		len += area_len;
	}
	seal_area(out, FRU_HEADER);
	return len;
}

/* ---- commands ---- */

bool fru_read_decode(const uint8_t *data, size_t len, struct fru_read *ret)
{
	if (len < FRU_READ_LEN)
		return false;
	*ret = (struct fru_read){ data[0], get_u16(data + 1), data[3] };
	return true;
}

size_t fru_read_encode(const struct fru_read *read, uint8_t out[FRU_READ_LEN])
{
	out[0] = read->id;
	put_u16(out + 1, read->offset);
	out[3] = read->count;
	return FRU_READ_LEN;
}

bool fru_info_decode(const uint8_t *data, size_t len, uint16_t *ret_size_bytes, bool *ret_is_in_words)
{
	if (len < FRU_INFO_LEN)
		return false;
	*ret_size_bytes = get_u16(data);
	*ret_is_in_words = data[2] & 1;
	return true;
}

size_t fru_info_encode(uint16_t size_bytes, bool is_in_words, uint8_t out[FRU_INFO_LEN])
{
	put_u16(out, size_bytes);
	out[2] = is_in_words;
	return FRU_INFO_LEN;
}
