#pragma once
/* bios_settings: what BIOS interfaces have in common: the argument of the step apply_configuration, and
 * values as texts. Source: Ironic's RedfishBIOS and FakeBIOS, BIOSSetting.value. */
#include <jansson.h>
#include <stdbool.h>

#include "drivers/driver.h"

#define BIOS_SETTING_NAME_MAX 255

extern const struct step_argument bios_settings_arguments[];
/* The argument "settings" must be a list of objects of a name and a value, no name twice. -ERR_INVALID. */
int bios_settings_check(const json_t *args, struct error *err);
/* Can it be stored: some bytes, and not too many? */
bool bios_setting_name_is_valid(const char *name);
/* A value as Ironic shows it: "Enabled", "5", "True"; new reference. Null for what is neither text, number
 * nor boolean. */
json_t *bios_setting_value(const json_t *value);
