#pragma once
/*
 * records: what the commands of the sensor data repository and of the event log have in common: what is
 * stored, and which piece of which record is wanted. Pure codec shared by the client and the BMC side; fuzzed
 * (fuzz_ipmi_records.c). A decoder looks at nothing past len and is false when that is too short.
 *
 * Sources: IPMI 2.0 sections 33.9, 33.12 (repository), 31.2, 31.5 (log).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The answer to Get SDR Repository Info (0Ah/20h) and Get SEL Info (0Ah/40h). Times: seconds since 1970. */
struct records_info {
	uint8_t version; /* 51h */
	uint16_t count, free_bytes;
	uint32_t added_at, erased_at;
	uint8_t flags; /* bit 7: overflow, 3: delete, 1: reserve, 0: allocation info */
};
enum { RECORDS_INFO_LEN = 14 };
bool records_info_decode(const uint8_t *data, size_t len, struct records_info *ret);
size_t records_info_encode(const struct records_info *info, uint8_t out[RECORDS_INFO_LEN]);

/* The request of Get SDR (0Ah/23h), Get Device SDR (04h/21h) and Get SEL Entry (0Ah/43h). */
struct records_get {
	uint16_t reservation; /* 0: none, for pieces that begin at offset 0 */
	uint16_t record;
	uint8_t offset;
	uint8_t count; /* FFh: all of the rest */
};
enum { RECORDS_GET_LEN = 6 };
bool records_get_decode(const uint8_t *data, size_t len, struct records_get *ret);
size_t records_get_encode(const struct records_get *get, uint8_t out[RECORDS_GET_LEN]);
