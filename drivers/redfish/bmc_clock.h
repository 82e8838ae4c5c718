#pragma once
/* bmc_clock: the BMC's date and time, as a step. Source: DSP2046 Manager.DateTime. */
#include "drivers/driver.h"

extern const struct step_argument redfish_bmc_clock_arguments[];
/* target_datetime: ISO 8601 with an offset; datetime_local_offset: "+02:00". The clock must show it within a
 * second afterwards. */
SUSPENDS int redfish_bmc_clock_set(struct task *task, const json_t *args, struct error *err);

/* Seconds since 1970 of "2026-11-20T13:41:07[.5](Z|+02:00)". False: it is none. */
bool redfish_time_parse(const char *text, int64_t *ret_seconds);
/* "+02:00", "-11:30", "Z" is none: minutes. */
bool redfish_offset_parse(const char *text, int *ret_minutes);
