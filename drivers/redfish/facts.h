#pragma once
/* facts: what one look at the system tells. Source: DSP2046 ComputerSystem, SecureBoot, ServiceRoot. */
#include "drivers/driver.h"
#include "drivers/redfish/reader.h"

/* "bios", "uefi", or NULL. */
const char *redfish_boot_mode(const json_t *system);
SUSPENDS void redfish_facts_read(struct redfish_reader *reader, const json_t *system,
				 struct machine_facts *ret);
/* Of a management interface. */
SUSPENDS int redfish_facts_get(struct task *task, struct machine_facts *ret, struct error *err);
