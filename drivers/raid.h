#pragma once
/* raid: what RAID interfaces do with RAID documents. Source: ironic-contract, section 8.6; Ironic's
 * filter_target_raid_config and update_raid_info. */
#include "drivers/driver.h"

extern const struct step_argument raid_create_arguments[];
/* The node's target as the step's arguments create_root_volume and create_nonroot_volumes want it: a new
 * document. -ERR_MISSING when there is none, or nothing is left of it; -ERR_INVALID. */
int raid_target(struct task *task, const json_t *args, json_t **ret_config, struct error *err);
/* What there is now becomes the node's raid_config, with the time. A root volume also tells in properties:
 * local_gb, root_device if its hint is known, the capability raid_level. {}: there is nothing. */
void raid_store(struct task *task, json_t *take_config);
