#pragma once
/*
 * quirks: what BMCs do otherwise than the specification says, and how it is worked around: one table, which
 * says of each row how it is chosen. What needs no choice (tolerant parsing, other cipher suites, lower
 * privileges) is not here: docs/ipmi.rst lists it.
 *
 * Where FreeIPMI or ipmitool have a name for a work-around, it is theirs.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

enum ipmi_quirk {
	/* login */
	QUIRK_HIGHEST_PRIVILEGE,  /* ask for the highest privilege (0) instead of a certain one */
	QUIRK_NAME_AND_PRIVILEGE, /* the user is found by name and privilege */
	QUIRK_PADDED_NAME,        /* the user name is 16 bytes long everywhere, with zeros */
	QUIRK_NO_RAKP4_CODE,      /* RAKP 4 is not checked where the suite has no integrity code */
	/* in a session */
	QUIRK_ID_ZERO,     /* answers carry session id 0 */
	QUIRK_NO_CHECKSUM, /* checksums of messages are not looked at */
	/* IPMI 1.5 */
	QUIRK_SWAPPED_SEQUENCE,   /* sequence numbers are big-endian */
	QUIRK_EACH_MESSAGE,       /* every message is authenticated though the BMC says that none need be */
	QUIRK_ANY_CODE,           /* authentication codes of answers are not looked at */
	QUIRK_PLAIN_CAPABILITIES, /* Get Channel Authentication Capabilities without the bit that asks for 2.0
				   */
	/* commands */
	QUIRK_UEFI_DISK_REMOTE, /* UEFI boots the disk by "primary remote media" */
	QUIRK_SHORT_READS,      /* records and inventories are read in pieces of 8 bytes */
	QUIRK_NO_RESERVATION,   /* repositories are read without a reservation */
	QUIRK_COUNT
};

enum quirk_choice {
	QUIRK_BY_NAME,        /* only by driver_info ipmi_workarounds */
	QUIRK_BY_PROBING,     /* also when the BMC is seen to have it, until it is forgotten */
	QUIRK_BY_MANUFACTURER /* also for BMCs of this manufacturer */
};

struct ipmi_quirk_row {
	const char *name; /* in ipmi_workarounds; rows with the same name are chosen together */
	enum quirk_choice choice;
	uint32_t manufacturers[4]; /* enterprise numbers; ends with 0 */
	const char *help;
};
/* Indexed by enum ipmi_quirk. */
extern const struct ipmi_quirk_row ipmi_quirks[QUIRK_COUNT];

/* Sets of quirks: bit n is enum ipmi_quirk n. */
static inline bool quirk_is_in(uint32_t quirks, enum ipmi_quirk quirk)
{
	return quirks >> quirk & 1;
}

/* Reads a list of names, divided by commas or blanks. -ERR_INVALID names the word and all names. */
int ipmi_quirks_parse(const char *text, uint32_t *ret_quirks, struct error *err);
/* What a manufacturer's BMCs are known for. */
uint32_t ipmi_quirks_of(uint32_t manufacturer);
