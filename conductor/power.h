#pragma once
/* power: switching a node in the middle of other work; PUT states/power is an operation in power.c. */
#include "drivers/task.h"
#include "model/states.h"

/* Brings the task's node to power on or off, unless it is there, or reboots it; its row follows, and the
 * nodes whose power depends on it, or on which its own does, go first. -ERR_NODE_LOCKED: one of these.
 * -ERR_CONFLICT: it must not be powered off. */
SUSPENDS int power_bring(struct task *task, enum power_state target, unsigned timeout_s, struct error *err);

/* Forgets the ramdisk that ran on the node: address and token. After a change of power, and when its work is
 * done. */
void power_forget_agent(struct node *node);
