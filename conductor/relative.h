#pragma once
/*
 * relative: steps on other nodes for the sake of a node's work: execute_on_child_nodes, children that are
 * turned off before their parent, the parent that a child's power comes from. Each is an action of its own,
 * of kind "related_step", in the line of the other node: any conductor that serves that node takes its lock
 * and does it, whatever becomes of who asked. Who asked holds its own lock and waits, but lends its slot
 * meanwhile. Nobody waits longer for a lock than a request would, so two that want each other's fail.
 * Source: docs/provision.rst, "Children".
 */
#include "conductor/step.h"
#include "db/relative.h"

/* Runs the step (interface, step, args) on the relatives of the task's node, one after another; only: a JSON
 * list of the UUIDs that it is limited to, or NULL. phase: whose steps; NULL: the reserved ones alone. The
 * first failure ends it, with a sentence that names step and node: -ERR_NODE_LOCKED (somebody else holds the
 * other node), -ERR_NO_WORKER (nobody serves it), or what the step failed with. A task without a conductor
 * has no relatives. */
SUSPENDS int relatives_run(struct task *task, const struct step_phase *phase, enum relation relation,
			   const json_t *only, const json_t *step, struct error *err);
/* Before a change of power is promised: waits as long as a request would, but at most 5 s, until no relative
 * that has to be switched with the node is locked. -ERR_NODE_LOCKED. */
SUSPENDS int relatives_await_power(struct task *task, enum power_state target, struct error *err);
/* Switches those relatives: children go off before the node does, its parent on. */
SUSPENDS int relatives_power(struct task *task, enum power_state target, struct error *err);
