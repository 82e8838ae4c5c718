#pragma once
/* step_private: what the files of step share. */
#include "conductor/step.h"

/* What the reserved step "hold" returns beyond STEP_WAITS. */
enum { STEP_HOLDS = STEP_WAITS + 1 };

/* Steps that every node has, by name alone. Ends with a NULL name. */
extern const struct step reserved_steps[];

/* Runs the step that an entry names on the task's node. Negative, 0, STEP_WAITS or STEP_HOLDS. */
SUSPENDS int step_run(struct task *task, const struct step_phase *phase, const json_t *entry,
		      struct error *err);
/* Does the entry run on the node's children, and not on the node? */
bool step_is_of_children(const json_t *entry);
/* The step that an entry names: a reserved one, or the node's interface's. -ERR_INVALID, -ERR_INTERFACE. */
int step_find(struct task *task, const struct step_phase *phase, const json_t *entry,
	      const struct step **ret, struct error *err);
