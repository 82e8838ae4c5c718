#pragma once
/* power: the states of a node's power as rows say them. */
#include "drivers/task.h"
#include "model/states.h"

/* Records a state that a change has reached: power_state, no target, the time in driver_internal_info. */
void power_reached(struct node *node, enum power_state state);
