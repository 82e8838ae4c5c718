#pragma once
/* expether: what the files of the expether vendor interface share. */
#include "drivers/expether/board.h"
#include "model/device.h"
#include "passthru/passthru.h"

/* Ends with a NULL name: expether_driver.c. */
extern const struct passthru_method expether_driver_methods[];

/* The arguments type, state and status. -ERR_INVALID. */
int expether_check_filters(struct task *task, const struct passthru_call *call, struct error *err);
/* Whether a card is of the type and state that the call asks for. */
bool expether_fits(const struct passthru_call *call, const struct board *card);
/* A record for clients; new reference. group NULL: as recorded. */
json_t *expether_record_json(const struct device *device, const char *group, const char *host_id,
			     const char *node);
