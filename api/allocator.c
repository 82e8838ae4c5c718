#include "api/allocator.h"

#include <inttypes.h>

#include "db/allocation.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "model/options.h"

#define IDLE_MS  5000 /* for allocations of processes that died */
#define RETRY_MS 250  /* while all nodes that match are held */
#define ROUND    100  /* allocations read at once */

static struct {
	struct db *db;
	struct cond wake; /* also when stopping, and when stopped */
	bool is_awake, is_running, is_stopping;
} allocator;

/* The sentence for an allocation without a node; false: it may get one yet. */
static bool explain(const struct db_rows *rows, struct error *ret)
{
	const char *class = db_value(rows, 0, ALLOCATION_WHY_RESOURCE_CLASS);
	const char *uuid = db_value(rows, 0, ALLOCATION_WHY_UUID);
	int64_t suitable = db_value_int(rows, 0, ALLOCATION_WHY_SUITABLE);
	const char *failed = "Failed to process allocation";

	if (db_value_int(rows, 0, ALLOCATION_WHY_MATCHING) == 0) {
		if (db_value_bool(rows, 0, ALLOCATION_WHY_HAS_CANDIDATES))
			fail(ret, ERR_CONFLICT,
			     "%s %s: none of the requested nodes are available and match the resource class "
			     "%s.",
			     failed, uuid, class);
		else
			fail(ret, ERR_CONFLICT, "%s %s: no available nodes match the resource class %s.",
			     failed, uuid, class);
	} else if (suitable == 0) {
		fail(ret, ERR_CONFLICT, "%s %s: no suitable nodes have the requested traits %s.", failed,
		     uuid, db_value(rows, 0, ALLOCATION_WHY_TRAITS));
	} else if (db_value_int(rows, 0, ALLOCATION_WHY_AGE_MS) >= common_lock_wait_ms()) {
		fail(ret, ERR_CONFLICT, "%s %s: could not reserve any of %" PRId64 " suitable nodes.", failed,
		     uuid, suitable);
	} else {
		return false;
	}
	return true;
}

/* 0: answered. 1: later again. */
static int answer(const char *id, struct error *err)
{
	struct db_rows *rows = NULL;
	struct error why;
	bool is_done = false;

	int rc = allocation_take(allocator.db, id, &is_done, err);
	if (rc == -ERR_CONFLICT)
		return allocation_fail(allocator.db, id,
				       "Failed to process allocation: a node has its UUID as instance_uuid.",
				       err);
	if (rc < 0 || is_done)
		return rc;
	rc = allocation_why(allocator.db, id, &rows, err);
	if (rc == 0 && db_rows_count(rows) > 0) {
		if (explain(rows, &why)) {
			log_info("%s", why.text);
			rc = allocation_fail(allocator.db, id, why.text, err);
		} else {
			rc = 1;
		}
	}
	db_rows_release(rows);
	return rc;
}

/* 0: all open ones are answered. */
static int answer_all(struct error *err)
{
	struct db_rows *rows = NULL;
	int left = 0;

	int rc = allocation_open(allocator.db, ROUND, &rows, err);
	for (int i = 0; rc >= 0 && i < db_rows_count(rows) && !allocator.is_stopping; i++) {
		rc = answer(db_value(rows, i, 0), err);
		left += rc == 1;
	}
	if (rc >= 0 && db_rows_count(rows) == ROUND)
		left++;
	db_rows_release(rows);
	return rc < 0 ? rc : left;
}

static void run(void *arg)
{
	struct error err;

	(void)arg;
	while (!allocator.is_stopping) {
		allocator.is_awake = false;
		int rc = db_is_up(allocator.db) ? answer_all(&err) : 0;

		if (rc < 0)
			log_warning("Allocations: %s", err.text);
		if (!allocator.is_awake && !allocator.is_stopping)
			cond_wait(&allocator.wake, clock_ms() + (rc == 0 ? IDLE_MS : RETRY_MS));
	}
	allocator.is_running = false;
	cond_broadcast(&allocator.wake);
}

void allocator_start(struct db *db)
{
	allocator.db = db;
	allocator.is_running = true;
	fiber_spawn("allocator", run, NULL);
}

void allocator_stop(void)
{
	allocator.is_stopping = true;
	cond_broadcast(&allocator.wake);
	while (allocator.is_running)
		cond_wait(&allocator.wake, DEADLINE_NEVER);
}

void allocator_wake(void)
{
	allocator.is_awake = true;
	cond_broadcast(&allocator.wake);
}
