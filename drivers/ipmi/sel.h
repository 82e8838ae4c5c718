#pragma once
/*
 * sel: records of the system event log, and the command that clears it. Pure codec shared by the client
 * (passthru get_sel) and the BMC side; fuzzed (fuzz_ipmi_records.c).
 *
 * Sources: IPMI 2.0 sections 31.9 (Clear SEL), 32 (records), 41, 42 (events).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SEL_RECORD_LEN = 16,
	SEL_FIRST = 0x0000, /* Get SEL Entry: the first */
	SEL_LAST = 0xffff,  /* Get SEL Entry: the last; as "next": there is none */
	SEL_SYSTEM = 0x02,
	SEL_OEM_TIMED = 0xc0,  /* C0h-DFh: time, manufacturer, 6 bytes */
	SEL_OEM_UNTIMED = 0xe0 /* E0h-FFh: 13 bytes */
};

struct sel_record {
	uint16_t id;
	uint8_t type;
	uint32_t time; /* seconds since 1970; below 20000000h: since the start of the BMC. FFFFFFFFh: unknown
			*/
	/* type SEL_SYSTEM */
	uint16_t generator; /* low byte: address or software id; high: channel and LUN */
	uint8_t format;     /* EvMRev: 04h */
	uint8_t sensor_type, sensor_number;
	bool is_deassertion;
	uint8_t event_type; /* 7 bits */
	uint8_t data[3];
	/* OEM */
	uint32_t manufacturer; /* timed: 24 bits */
	uint8_t oem[13];       /* timed: 6 of them */
};
/* Any 16 bytes are a record. */
void sel_record_decode(const uint8_t data[SEL_RECORD_LEN], struct sel_record *ret);
void sel_record_encode(const struct sel_record *record, uint8_t out[SEL_RECORD_LEN]);
static inline bool sel_has_time(const struct sel_record *record)
{
	return record->type < SEL_OEM_UNTIMED;
}

/* What happened: "Upper Critical going high", "Power off", "Event 6fh/05h". Never NULL; ret has room for
 * SEL_EVENT_MAX. */
enum { SEL_EVENT_MAX = 96 };
void sel_event_name(const struct sel_record *record, char ret[SEL_EVENT_MAX]);

/* The request of Clear SEL (0Ah/47h): reservation, "CLR", what. */
enum sel_clear_action { SEL_CLEAR_POLL = 0x00, SEL_CLEAR_BEGIN = 0xaa };
enum { SEL_CLEAR_LEN = 6, SEL_ERASED = 1 /* low nibble of the answer: done */ };
/* False: not "CLR", another action, or too short. */
bool sel_clear_decode(const uint8_t *data, size_t len, uint16_t *ret_reservation,
		      enum sel_clear_action *ret_action);
size_t sel_clear_encode(uint16_t reservation, enum sel_clear_action action, uint8_t out[SEL_CLEAR_LEN]);
