/* recover: see recover.h. Source: Ironic's orphan check (ironic-contract, section 6.3). */
#include "conductor/recover.h"

#include "conductor/conductor.h"
#include "conductor/operation.h"
#include "conductor/options.h"
#include "conductor/provision.h"
#include "db/action.h"
#include "db/changes.h"
#include "db/conductor.h"
#include "db/node.h"
#include "db/orphan.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "model/fsm.h"

#define ORPHANS_AT_A_TIME  100
#define PURGE_AT_A_TIME    2000 /* 1,000 a second */
#define PURGE_MS           2000
#define CHANGES_AT_A_TIME  ((size_t)2000)
#define CHANGES_TIMES      10
#define CONDUCTOR_PURGE_MS INT64_C(3600000)
/* Longest time in line and at work of a recovery; a node that stays held is found again. */
#define RECOVER_WAIT_MS 60000
#define RECOVER_RUN_S   120

void recover_insert(struct conductor *conductor, const char *kind, int64_t node_id,
		    const char *node_uuid_text, const char *group, const char *driver)
{
	char uuid[UUID_TEXT];
	char *pool = xasprintf("%s:%s", group ? group : "", driver);
	struct action_request request = { .uuid = uuid,
					  .node_id = node_id,
					  .node_uuid = node_uuid_text,
					  .kind = kind,
					  .is_exclusive = true,
					  .on_crash = "repeat",
					  .pool = pool,
					  .target = conductor->hostname,
					  .wait_ms = RECOVER_WAIT_MS,
					  .run_s = RECOVER_RUN_S };
	struct error err;
	int64_t id;

	uuid_new(uuid);
	if (action_insert(conductor->db, &request, &id, &err) == 0)
		log_warning("node %s was left in the middle of something: %s", node_uuid_text, kind);
	xfree(pool);
}

void recover_orphans(struct conductor *conductor)
{
	const char *states[PROVISION_STATE_COUNT];
	struct orphan_search search = {
		.group = conductor_group(),
		.drivers = (const char *const *)conductor->drivers,
		.driver_count = conductor->driver_count,
		.provision_states = states,
	};
	struct orphan *orphans = xcalloc(ORPHANS_AT_A_TIME, sizeof(*orphans));
	size_t count = 0;
	struct error err;

	for (enum provision_state state = 0; state < PROVISION_STATE_COUNT; state++) {
		if (fsm_needs_worker(state))
			states[search.state_count++] = provision_state_info(state)->name;
	}
	if (orphan_find(conductor->db, &search, ORPHANS_AT_A_TIME, orphans, &count, &err) < 0)
		log_warning("the search for orphaned nodes failed: %s", err.text);
	for (size_t i = 0; i < count; i++)
		recover_insert(conductor, "recover", orphans[i].node_id, orphans[i].uuid, search.group,
			       orphans[i].driver);
	xfree(orphans);
}

void recover_node(struct conductor *conductor, int64_t node_id)
{
	struct error err;
	struct node node;

	node_init(&node);
	if (node_read(conductor->db, NULL, NULL, node_id, &node, &err) == 0)
		recover_insert(conductor, "recover", node_id, node_uuid(&node),
			       node_text(&node, NODE_CONDUCTOR_GROUP), node_text(&node, NODE_DRIVER));
	node_release(&node);
}

static void orphan_loop(struct conductor *conductor)
{
	while (!conductor->is_stopping) {
		if (db_is_up(conductor->db) && !conductor->is_draining)
			recover_orphans(conductor);
		conductor_pause(conductor, seconds_ms(conductor_options.orphan_interval_s));
	}
}

/* As fast as they come: a busy fleet makes some thousand a second. */
static void purge_changes(struct conductor *conductor)
{
	int64_t keep_s = (int64_t)conductor_options.changes_kept_s;
	size_t count = CHANGES_AT_A_TIME;
	struct error err;

	for (int i = 0; i < CHANGES_TIMES && count == CHANGES_AT_A_TIME && !conductor->is_stopping; i++) {
		if (changes_purge(conductor->db, keep_s, CHANGES_AT_A_TIME, &count, &err) < 0) {
			log_warning("old changes could not be removed: %s", err.text);
			return;
		}
	}
}

static void purge_loop(struct conductor *conductor)
{
	int64_t conductors_ms = clock_ms();
	struct error err;
	size_t count;
	int rows;

	while (!conductor->is_stopping) {
		conductor_pause(conductor, PURGE_MS);
		if (conductor->is_stopping || !db_is_up(conductor->db))
			continue;
		if (action_purge(conductor->db, PURGE_AT_A_TIME, &count, &err) < 0)
			log_warning("old actions could not be removed: %s", err.text);
		purge_changes(conductor);
		if (clock_ms() >= conductors_ms && conductor_purge(conductor->db, &rows, &err) == 0)
			conductors_ms = clock_ms() + CONDUCTOR_PURGE_MS;
	}
}

void recover_start(struct conductor *conductor)
{
	conductor_spawn(conductor, "orphans", orphan_loop);
	conductor_spawn(conductor, "purge", purge_loop);
}

/* ---- the action ---- */

/* The lost conductor may have sent anything: what the BMC says now is the truth. Unreadable: the power poll
 * goes on from there. */
static void read_power(struct job *job)
{
	const struct interface *power;
	enum power_state state;
	struct error err;

	if (job_interface(job, INTERFACE_POWER, &power, &err) < 0 ||
	    power_interface(power)->get(&job->task, &state, &err) < 0)
		return;
	node_set_text(&job->node, NODE_POWER_STATE, power_state_name(state));
}

/* Names the step, if there was one. */
static const char *describe(struct job *job, const struct step_phase *phase)
{
	char step[256] = "";

	if (phase)
		steps_current(&job->node, phase, step, sizeof(step));
	if (!step[0])
		return "The conductor that was working on this node was lost; the operation has failed.";
	return arena_printf(&job->task.arena,
			    "The conductor that was working on this node was lost during %s step %s; the "
			    "operation has failed.",
			    phase->word, step);
}

static int run(struct job *job, struct error *err)
{
	enum provision_state state = provision_state_find(node_text(&job->node, NODE_PROVISION_STATE));
	bool was_switching = node_text(&job->node, NODE_TARGET_POWER_STATE) != NULL;

	(void)err;
	if (was_switching && !node_text(&job->node, NODE_LAST_ERROR))
		node_set_text(&job->node, NODE_LAST_ERROR,
			      "The conductor that was changing the power state was lost; "
			      "whether the change took place is not known.");
	read_power(job);
	node_set_text(&job->node, NODE_TARGET_POWER_STATE, NULL);
	if (fsm_needs_worker(state)) {
		job->event = describe(job, step_phase_of(state));
		provision_fail(&job->node, job->event);
	}
	return 0;
}

const struct operation recover_operations[] = {
	{ .kind = "recover", .lock = LOCK_EXCLUSIVE, .run = run, .history = "provision" }, { 0 }
};
