/* conductor: start, drain and stop. See conductor.h. */
#include "conductor/conductor.h"

#include <string.h>

#include "conductor/action.h"
#include "conductor/bmc_session.h"
#include "conductor/console_keep.h"
#include "conductor/device_sync.h"
#include "conductor/history.h"
#include "conductor/lease.h"
#include "conductor/options.h"
#include "conductor/power_sync.h"
#include "conductor/provision.h"
#include "conductor/recover.h"
#include "conductor/registration.h"
#include "conductor/sensor_data.h"
#include "conductor/task.h"
#include "db/conductor.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* What a cancelled job gets to store its end; then the lease lapses and others finish it. */
#define CANCEL_MS       10000
#define LEAVE_MS        3000
#define DRIVER_DRAIN_MS 3000

struct loop {
	struct conductor *conductor;
	void (*fn)(struct conductor *conductor);
};

static void run_loop(void *arg)
{
	struct loop *loop = arg;
	struct conductor *conductor = loop->conductor;

	loop->fn(conductor);
	xfree(loop);
	conductor->loops--;
	cond_broadcast(&conductor->loop_ended);
}

void conductor_spawn(struct conductor *conductor, const char *name, void (*fn)(struct conductor *conductor))
{
	struct loop *loop = xmalloc(sizeof(*loop));

	*loop = (struct loop){ .conductor = conductor, .fn = fn };
	conductor->loops++;
	fiber_spawn(name, run_loop, loop);
}

void conductor_pause(struct conductor *conductor, int64_t ms)
{
	int64_t end_ms = clock_ms() + ms;

	while (!conductor->is_stopping && clock_ms() < end_ms) {
		if (cond_wait(&conductor->stopping, end_ms) == -ERR_CANCELLED)
			return;
	}
}

int conductor_start(struct conductor *conductor, struct db *db, const char *hostname, struct error *err)
{
	int rc;

	memset(conductor, 0, sizeof(*conductor));
	conductor->db = db;
	conductor->hostname = hostname;
	conductor->free_slots = (int)conductor_options.workers;
	registration_init(conductor);
	rc = registration_register(conductor, err);
	if (rc < 0) {
		registration_release(conductor);
		return rc;
	}
	conductor->session = db_session_new(db);
	lease_start(conductor);
	bmc_session_start(conductor);
	action_start(conductor);
	recover_start(conductor);
	provision_timeout_start(conductor);
	history_start(conductor);
	power_sync_start(conductor);
	sensor_data_start(conductor);
	device_sync_start(conductor);
	console_keep_start(conductor);
	log_info("conductor %s (instance %s) serves %zu hardware types", hostname, conductor->instance,
		 conductor->driver_count);
	return 0;
}

static void wait_for_jobs(struct conductor *conductor, int64_t deadline_ms)
{
	while (conductor->jobs && clock_ms() < deadline_ms)
		cond_wait(&conductor->job_ended, deadline_ms);
}

/* The slots of starts that are under way count too: they become jobs. */
static void wait_for_slots(struct conductor *conductor, int64_t deadline_ms)
{
	while (conductor->free_slots < (int)conductor_options.workers && clock_ms() < deadline_ms)
		cond_wait(&conductor->job_ended, deadline_ms);
}

static void drain(struct conductor *conductor, int64_t deadline_ms)
{
	struct error err;

	conductor->is_draining = true;
	if (db_is_up(conductor->db) && conductor_drain(conductor->db, conductor->instance, &err) < 0)
		log_warning("draining could not be announced: %s", err.text);
	wait_for_slots(conductor, deadline_ms);
	for (struct job *job = conductor->jobs; job; job = job->next)
		task_leave(job);
	wait_for_jobs(conductor, clock_ms() + CANCEL_MS);
}

void conductor_stop(struct conductor *conductor, int64_t deadline_ms)
{
	struct error err;

	drain(conductor, deadline_ms);
	conductor->is_stopping = true;
	cond_broadcast(&conductor->stopping);
	cond_broadcast(&conductor->poll_asked);
	cond_broadcast(&conductor->lease_changed);
	while (conductor->loops > 0)
		cond_wait(&conductor->loop_ended, clock_ms() + 1000);
	drivers_drain(clock_ms() + DRIVER_DRAIN_MS);
	bmc_session_stop();
	if (conductor->jobs)
		log_warning("some actions did not end: another conductor takes them over");
	else if (db_wait_ready(conductor->db, clock_ms() + LEAVE_MS, &err) < 0 ||
		 conductor_leave(conductor->db, conductor->instance, &err) < 0)
		log_warning("leaving could not be announced: %s", err.text);
	db_session_free(conductor->session);
	if (conductor->jobs)
		return; /* their fibers still use what follows */
	wait_for_slots(conductor, clock_ms() + LEAVE_MS);
	action_release_all(conductor);
	registration_release(conductor);
}
