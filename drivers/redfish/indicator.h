#pragma once
/* indicator: LEDs of the system, its chassis and its drives. Source: DSP2046 IndicatorLED,
 * LocationIndicatorActive; names as in ironic/drivers/modules/redfish/management.py. */
#include "drivers/driver.h"
#include "drivers/redfish/reader.h"

/* One that was found. Texts live in the task's arena, the document in the reader. */
struct redfish_indicator {
	struct indicator shown;
	const json_t *owner; /* of the LED */
};
/* All; ends with a NULL name. */
SUSPENDS struct redfish_indicator *redfish_indicators_read(struct redfish_reader *reader,
							   const json_t *system);

/* Of a management interface. */
SUSPENDS int redfish_indicators_get(struct task *task, const struct indicator **ret, struct error *err);
SUSPENDS int redfish_indicator_get(struct task *task, const struct indicator *which, const char **ret_state,
				   struct error *err);
SUSPENDS int redfish_indicator_set(struct task *task, const struct indicator *which, const char *state,
				   struct error *err);
