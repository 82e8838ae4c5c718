#pragma once
/* fru_inventory: reads a target's FRU inventories, as much of them as the areas that we know take. Source:
 * IPMI 2.0 sections 34.1, 34.2. */
#include "drivers/ipmi/fru.h"
#include "drivers/ipmi/target.h"

/* *ret_is_there: the device answers and has a common header. What a BMC refuses is not there; errors are
 * those of ipmi_request. */
SUSPENDS int ipmi_fru_read(struct ipmi_operation *operation, uint8_t id, struct fru *ret, bool *ret_is_there,
			   struct error *err);
