#pragma once
/*
 * profile: what a make of BMC is and does differently, as one const table. A rack file names a row by
 * `profile = generic`; the protocol sides read only their columns.
 */
#include <stdint.h>

#include "drivers/redfish/service.h"

struct bmc_profile {
	const char *name;             /* "generic" */
	const char *manufacturer;     /* of the system */
	const char *model;
	/* IPMI */
	uint32_t ipmi_manufacturer_id;/* IANA enterprise number */
	uint16_t ipmi_product_id;
	/* Redfish */
	int on_conflict_ms;           /* On answers 409 so long after a power-off (iDRAC10); 0: never */
	struct redfish_quirks redfish;
};

/* Ends with a NULL name. */
extern const struct bmc_profile bmc_profiles[];
/* NULL when there is none of that name. */
const struct bmc_profile *bmc_profile_find(const char *name);
