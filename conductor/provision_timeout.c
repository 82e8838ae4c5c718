/* provision_timeout: nodes that wait for a call that does not come. See provision.h. */
#include "conductor/conductor.h"
#include "conductor/options.h"
#include "conductor/provision.h"
#include "conductor/provision_options.h"
#include "conductor/recover.h"
#include "db/provision.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define NODES_AT_A_TIME 100

/* The waits, and what is told of a node whose time is over, before and after its name. */
static const struct {
	enum provision_state state;
	const double *limit_s;
	const char *before, *after;
} waits[] = {
	{ PROVISION_DEPLOYWAIT, &provision_options.deploy_timeout_s,
	  "Timeout reached while waiting for callback for node", "" },
	{ PROVISION_CLEANWAIT, &provision_options.clean_timeout_s, "Timeout reached while cleaning the node",
	  ". Please check if the ramdisk responsible for the cleaning is running on the node." },
	{ PROVISION_SERVICEWAIT, &provision_options.service_timeout_s,
	  "Timeout reached while servicing the node",
	  ". Please check if the ramdisk responsible for the servicing is running on the node." },
	{ PROVISION_RESCUEWAIT, &provision_options.rescue_timeout_s,
	  "Timeout reached while waiting for rescue ramdisk callback for node", "" },
	{ PROVISION_INSPECTWAIT, &provision_options.inspect_timeout_s,
	  "Timeout reached while inspecting the node", "" },
};

#define WAIT_COUNT (sizeof(waits) / sizeof(waits[0]))

static void look(struct conductor *conductor)
{
	struct orphan_search search = { .group = conductor_group(),
					.drivers = (const char *const *)conductor->drivers,
					.driver_count = conductor->driver_count };
	struct orphan *nodes = xcalloc(NODES_AT_A_TIME, sizeof(*nodes));
	struct provision_limit limits[WAIT_COUNT];
	size_t limit_count = 0, count = 0;
	struct error err;

	for (size_t i = 0; i < WAIT_COUNT; i++) {
		if (*waits[i].limit_s > 0)
			limits[limit_count++] =
				(struct provision_limit){ provision_state_info(waits[i].state)->name,
							  *waits[i].limit_s };
	}
	if (limit_count > 0 && provision_overdue(conductor->db, &search, limits, limit_count, NODES_AT_A_TIME,
						 nodes, &count, &err) < 0)
		log_warning("the search for nodes that wait too long failed: %s", err.text);
	for (size_t i = 0; i < count; i++)
		recover_insert(conductor, "provision_timeout", nodes[i].node_id, nodes[i].uuid, search.group,
			       nodes[i].driver);
	xfree(nodes);
}

static void timeout_loop(struct conductor *conductor)
{
	while (!conductor->is_stopping) {
		conductor_pause(conductor, seconds_ms(provision_options.check_interval_s));
		if (!conductor->is_stopping && db_is_up(conductor->db) && !conductor->is_draining)
			look(conductor);
	}
}

void provision_timeout_start(struct conductor *conductor)
{
	if (provision_options.check_interval_s > 0)
		conductor_spawn(conductor, "provision timeouts", timeout_loop);
}

/* ---- the action ---- */

static int wait_of(const struct node *node)
{
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));

	for (size_t i = 0; i < WAIT_COUNT; i++) {
		if (waits[i].state == state)
			return (int)i;
	}
	return -1;
}

/* It may have gone on since it was found, and wait again. */
static int begin(struct job *job, struct error *err)
{
	int which = wait_of(&job->node);
	bool is_overdue = false;
	int rc = 0;

	if (which >= 0 && *waits[which].limit_s > 0)
		rc = provision_is_overdue(job->conductor->db, job->node.id, *waits[which].limit_s,
					  &is_overdue, err);
	if (rc == 0 && !is_overdue)
		return fail(err, ERR_CONFLICT, "Node %s has not waited too long.", node_uuid(&job->node));
	return rc;
}

static int run(struct job *job, struct error *err)
{
	int which = wait_of(&job->node);
	const struct step_phase *phase = step_phase_of(waits[which].state);
	struct error ignored;
	char step[256] = "";

	if (phase)
		steps_current(&job->node, phase, step, sizeof(step));
	if (phase == &deploy_phase) {
		provision_end_phase(job, phase, &ignored); /* as in Ironic, its power stays */
	} else if (phase) {
		provision_give_up(job, phase);
	} else if (waits[which].state == PROVISION_RESCUEWAIT) {
		provision_clean_up_rescue(job, &ignored);
	}
	return fail(err, ERR_TIMEOUT, "%s %s%s%s%s", waits[which].before, node_uuid(&job->node),
		    waits[which].after, step[0] ? " Failed on step " : "", step);
}

const struct operation provision_timeout_operations[] = { { .kind = "provision_timeout",
							    .lock = LOCK_EXCLUSIVE,
							    .is_async = true,
							    .begin = begin,
							    .run = run,
							    .undo = provision_undo,
							    .history = "provision" },
							  { 0 } };
