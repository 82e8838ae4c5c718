#pragma once
/*
 * step: cleaning, deploying and servicing are lists of steps, offered by the interfaces of a node and ordered
 * by priority, or named by the request. The list stands in driver_internal_info, with the index of the
 * step that runs; the node's clean_step (deploy_step, service_step) shows it. Both are stored before a step
 * begins, so that whoever looks after a crash knows which it was. Steps reserved by name: power_on,
 * power_off, reboot, wait, hold. Source: Ironic's steps (ironic-contract, sections 5.2 and 5.3).
 */
#include <jansson.h>

#include "drivers/driver.h"
#include "lib/config.h"
#include "model/node.h"

/* The three uses of steps. */
struct step_phase {
	unsigned use;                 /* STEP_CLEAN, ... */
	const char *word;             /* "clean" */
	enum node_field field;        /* NODE_CLEAN_STEP */
	const char *list, *index;     /* members of driver_internal_info */
	enum provision_state working, waiting, holding, failed;
	const char *fault;            /* of a node whose step failed, with maintenance; NULL: neither */
	const struct option_list *priorities; /* of the configuration; NULL: none */
};
extern const struct step_phase clean_phase, deploy_phase, service_phase;
/* The phase that one of its four states belongs to; NULL: none. */
const struct step_phase *step_phase_of(enum provision_state state);

/* All steps of the node's interfaces with a priority for the phase, highest first; of equal ones by
 * interface: vendor, power, management, firmware, deploy, bios, raid. A new list of {interface, step, args,
 * priority, abortable}. -ERR_INTERFACE. */
int steps_collect(struct task *task, const struct step_phase *phase, json_t **ret_list, struct error *err);
/* A request's steps in its order (or by their `order`, when all have one), each known and with arguments that
 * it takes. -ERR_INVALID naming the step. */
int steps_check(struct task *task, const struct step_phase *phase, const json_t *asked, json_t **ret_list,
		struct error *err);
/* The same put among the collected ones by their priority, replacing one of the same name; 0 removes it.
 * Those that [api] disallow_deploy_steps has are left out, as they are when collecting. */
int steps_merge(struct task *task, const struct step_phase *phase, const json_t *asked, json_t **ret_list,
		struct error *err);

/* What is wrong with deploy steps of the request, or of all templates together, before they are accepted: one
 * that stands there twice, arguments, deploy.deploy with a priority. Unknown steps are left to the work,
 * which fails then. -ERR_INVALID naming the step. */
int steps_check_deploy(struct task *task, const json_t *asked, struct error *err);

/* Makes the list the node's; nothing has run yet. */
void steps_set(struct node *node, const struct step_phase *phase, json_t *take_list);
/* Runs what has not run yet. 0: all is done. STEP_WAITS: the node is in the waiting or holding state now.
 * Negative: the step named in err failed. */
SUSPENDS int steps_run(struct task *task, const struct step_phase *phase, struct error *err);
/* Is a step shown as running? */
bool steps_is_in_one(struct node *node, const struct step_phase *phase);
/* "raid.delete_configuration (2 of 3)"; "" when none is. */
void steps_current(struct node *node, const struct step_phase *phase, char *text, size_t size);
/* Nothing runs any more: empties the list and the index. */
void steps_forget(struct node *node, const struct step_phase *phase);
