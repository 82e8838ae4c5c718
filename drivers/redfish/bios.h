#pragma once
/* bios: the redfish BIOS interface. Source: DSP2046 Bios, DSP0266 section 9.10 (settings resources);
 * behaviour as ironic/drivers/modules/redfish/bios.py. */
#include "drivers/driver.h"
#include "drivers/redfish/operation.h"

extern const struct bios_interface redfish_bios;

/* The Bios resource, one with attributes; NULL: there is none, or the reading has ended. */
SUSPENDS const json_t *redfish_bios_read(struct redfish_reader *reader, const json_t *system);
/* A list of settings as settings_get gives it: new reference, empty without such a resource. */
SUSPENDS json_t *redfish_bios_settings(struct redfish_reader *reader, const json_t *system);
/* "The BMC shows none": -ERR_UNSUPPORTED, unless the reading has ended: 0. */
int redfish_bios_missing(struct redfish_operation *operation, struct error *err);

/* Steps: bios_steps.c. */
SUSPENDS int redfish_bios_apply(struct task *task, const json_t *args, struct error *err);
SUSPENDS int redfish_bios_factory_reset(struct task *task, const json_t *args, struct error *err);
