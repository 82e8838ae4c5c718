#pragma once
/* ipmi_records: the methods of the ipmitool vendor interface that read and clear what a BMC records: event
 * log, sensor records, sensors. */
#include "passthru/passthru.h"

SUSPENDS int ipmi_get_sel(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err);
int ipmi_get_sel_validate(struct task *task, const struct passthru_call *call, struct error *err);
SUSPENDS int ipmi_clear_sel(struct task *task, const struct passthru_call *call,
			    struct passthru_result *result, struct error *err);
SUSPENDS int ipmi_get_sdr(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err);
SUSPENDS int ipmi_get_sensors(struct task *task, const struct passthru_call *call,
			      struct passthru_result *result, struct error *err);

extern const struct passthru_argument ipmi_get_sel_arguments[];
