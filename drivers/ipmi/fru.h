#pragma once
/*
 * fru: the inventory of a field-replaceable unit: what the chassis, board and product areas say. Pure codec
 * shared by the client (inspect) and the BMC side; fuzzed (fuzz_ipmi_records.c). Checksums of areas are
 * looked at, but a wrong one is only told: many BMCs are shipped with wrong ones.
 *
 * Source: Platform Management FRU Information Storage Definition 1.0 rev. 1.3.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/text.h"

enum {
	FRU_MAX = 8192, /* of an inventory, as far as we read it */
	FRU_HEADER = 8,
	FRU_CUSTOM_MAX = 4
};

enum fru_field {
	FRU_CHASSIS_PART_NUMBER,
	FRU_CHASSIS_SERIAL_NUMBER,
	FRU_BOARD_MANUFACTURER,
	FRU_BOARD_PRODUCT_NAME,
	FRU_BOARD_SERIAL_NUMBER,
	FRU_BOARD_PART_NUMBER,
	FRU_BOARD_FILE_ID,
	FRU_PRODUCT_MANUFACTURER,
	FRU_PRODUCT_NAME,
	FRU_PRODUCT_PART_NUMBER,
	FRU_PRODUCT_VERSION,
	FRU_PRODUCT_SERIAL_NUMBER,
	FRU_PRODUCT_ASSET_TAG,
	FRU_PRODUCT_FILE_ID,
	FRU_FIELD_COUNT
};

struct fru {
	bool has_chassis, has_board, has_product;
	bool is_checksum_bad;                        /* of the header or of an area */
	uint8_t chassis_type;                        /* SMBIOS type of enclosure */
	uint32_t board_made_minutes;                 /* since 1996-01-01; 0: unknown */
	char fields[FRU_FIELD_COUNT][IPMI_TEXT_MAX]; /* UTF-8; "": not given */
};

/* False: there is no common header of version 1. An area that is cut off keeps the fields before the cut. */
bool fru_decode(const uint8_t *data, size_t len, struct fru *ret);
/* Writes header and areas that fru has; returns the length, 0 when it does not fit. */
size_t fru_encode(const struct fru *fru, uint8_t *out, size_t size);
/* "Product Serial". Never NULL. */
const char *fru_field_name(enum fru_field field);

/* Get FRU Inventory Area Info (0Ah/10h): size, and whether offsets count words. Read FRU Data (0Ah/11h):
 * request {id, offset 2, count}, answer {count, data}. */
struct fru_read {
	uint8_t id;
	uint16_t offset; /* in bytes or words */
	uint8_t count;
};
enum { FRU_READ_LEN = 4, FRU_INFO_LEN = 3 };
bool fru_read_decode(const uint8_t *data, size_t len, struct fru_read *ret);
size_t fru_read_encode(const struct fru_read *read, uint8_t out[FRU_READ_LEN]);
bool fru_info_decode(const uint8_t *data, size_t len, uint16_t *ret_size_bytes, bool *ret_is_in_words);
size_t fru_info_encode(uint16_t size_bytes, bool is_in_words, uint8_t out[FRU_INFO_LEN]);
