#pragma once
/*
 * target: what is known of a controller that answers commands, the BMC itself or one behind it: manufacturer,
 * quirks, and its sensor records, so that they are read once and not with each poll. Belongs to its BMC
 * (bmc.c) and is forgotten with it; used under the BMC's turn.
 */
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/bmc.h"

/* Sensor data records as they were read, one behind the other. */
struct sdr_cache {
	uint8_t *records; /* each: length 2, record */
	size_t len;
	uint32_t added_at, erased_at; /* of the repository when they were read */
	uint16_t count;               /* as the repository said */
	int64_t read_ms;              /* clock_ms() */
	bool is_full;                 /* all were read */
};

struct ipmi_target {
	struct ipmi_target *next;
	struct ipmi_route route;
	int64_t manufacturer; /* enterprise number; -1: not asked yet */
	uint32_t quirks;      /* found by probing */
	struct sdr_cache sdrs;
};

/* The one that the route leads to, made if it is new. *first: the BMC's list. */
struct ipmi_target *ipmi_target_find(struct ipmi_target **first, const struct ipmi_route *route);
void ipmi_targets_release(struct ipmi_target *first);

/* Whether the operation's target has the quirk: as set, found, or known of its manufacturer. */
bool ipmi_has_quirk(const struct ipmi_operation *operation, enum ipmi_quirk quirk);
void ipmi_found_quirk(struct ipmi_operation *operation, enum ipmi_quirk quirk);
/* Enterprise number of the target's manufacturer (Get Device ID, asked once). */
SUSPENDS int ipmi_manufacturer(struct ipmi_operation *operation, uint32_t *ret, struct error *err);
/* "Supermicro"; NULL for others than the common makers of servers. */
const char *ipmi_manufacturer_name(uint32_t manufacturer);

/* The next record of the cache; *offset begins at 0. NULL: that was the last. */
const uint8_t *sdr_cache_next(const struct sdr_cache *cache, size_t *offset, size_t *ret_len);

/* The target's records: from the cache while the repository says that it is unchanged, else all of them anew.
 * Valid until the operation ends. sdr_repository.c */
SUSPENDS int ipmi_sdrs_read(struct ipmi_operation *operation, const struct sdr_cache **ret,
			    struct error *err);
