/* power_sync: see power_sync.h. */
#include "conductor/power_sync.h"

#include <stdlib.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/observation.h"
#include "conductor/options.h"
#include "conductor/power_judge.h"
#include "conductor/power_schedule.h"
#include "db/conductor.h"
#include "db/power_sync.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/metrics.h"
#include "lib/xalloc.h"
#include "model/rendezvous.h"

#define PAGE      500
#define HOSTS_MAX 256
/* The list of nodes follows joins and departures of conductors, new nodes and changes of state this soon. */
#define REFRESH_MS INT64_C(5000)
/* A reading that lasts longer gives its place among the healthy to others. */
#define SLOW_MS INT64_C(5000)
/* A node that somebody works on is looked at again so soon, if that is less than the interval. */
#define BUSY_MS INT64_C(5000)
/* Nodes that do not answer, and those in maintenance, share so much of the places each. */
#define ASIDE_SHARE 4
#define ASIDE_MIN   8
/* Each time is drawn from this last part of the interval, so that nodes do not keep in step. */
#define JITTER 0.05

struct poll;

struct power_sync {
	struct conductor *conductor;
	struct power_schedule schedule;
	unsigned running[POWER_CLASS_COUNT]; /* that hold a place */
	struct cond wake;
	struct poll *first, *last; /* running, in the order of their start */
	struct poll *quick;        /* the first of these that is not slow yet */
	uint64_t round;
	bool is_listing; /* refresh_loop runs */
};

/* A reading under way. */
struct poll {
	struct power_sync *sync;
	struct power_target *target;
	struct fiber *fiber;
	enum power_class place; /* whose place it holds; POWER_CLASS_COUNT: none any more */
	int64_t begun_ms;
	struct poll *previous, *next;
};

/* ---- metrics ---- */

enum sync_metric { NODES, READING, READINGS, AGE };

static const struct metric table[] = {
	[NODES] = { "ferrule_power_sync_nodes",
		    "Nodes whose power this conductor reads: healthy, suspect (the last two readings "
		    "failed), recover (in maintenance for a power failure).",
		    METRIC_GAUGE,
		    { "class" } },
	[READING] = { "ferrule_power_sync_reading", "Readings under way.", METRIC_GAUGE },
	[READINGS] = { "ferrule_power_sync_readings_total",
		       "Readings that ended: read, unread, skipped (somebody works on the node).",
		       METRIC_COUNTER,
		       { "result" } },
	[AGE] = { "ferrule_power_sync_age_seconds",
		  "Time since the last reading that worked, by class; quantile 1 is the oldest.",
		  METRIC_GAUGE,
		  { "class", "quantile" } },
};
static const char *const class_names[] = {
	[POWER_HEALTHY] = "healthy", [POWER_SUSPECT] = "suspect", [POWER_RECOVER] = "recover"
};
static const char *const verdict_names[] = { [POWER_READ] = "read",
					     [POWER_UNREAD] = "unread",
					     [POWER_SKIPPED] = "skipped",
					     [POWER_UNWATCHED] = "unwatched" };

static void collect(void *arg);
static struct metrics metrics = { .table = table,
				  .count = sizeof table / sizeof table[0],
				  .collect = collect };

static int compare_ages(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

static void set_age(enum power_class class, const char *quantile, int64_t age_ms)
{
	const char *labels[] = { class_names[class], quantile };

	metric_set(metric_at(&metrics, AGE, labels), (double)age_ms / 1000);
}

static void collect_class(const struct power_sync *sync, enum power_class class)
{
	int64_t *ages = xreallocarray(NULL, sync->schedule.targets.count + 1, sizeof(*ages));
	int64_t id, now_ms = clock_ms();
	size_t cursor = 0, count = 0;

	for (const struct power_target *target; (target = map_next(&sync->schedule.targets, &cursor, &id));) {
		if (target->class == class)
			ages[count++] = now_ms - target->read_ms;
	}
	qsort(ages, count, sizeof(*ages), compare_ages);
	metric_set(metric_at(&metrics, NODES, (const char *[]){ class_names[class] }), (double)count);
	set_age(class, "0.5", count ? ages[count / 2] : 0);
	set_age(class, "0.99", count ? ages[count * 99 / 100] : 0);
	set_age(class, "1", count ? ages[count - 1] : 0);
	xfree(ages);
}

static void collect(void *arg)
{
	const struct power_sync *sync = arg;
	unsigned reading = 0;

	if (!sync)
		return;
	for (enum power_class class = 0; class < POWER_CLASS_COUNT; class ++)
		collect_class(sync, class);
	for (const struct poll *poll = sync->first; poll; poll = poll->next)
		reading++;
	metric_set(metric_at(&metrics, READING, NULL), reading);
}

/* ---- when ---- */

static bool is_over(const struct power_sync *sync)
{
	return sync->conductor->is_stopping || sync->conductor->is_draining;
}

static int64_t interval_of(enum power_class class)
{
	return seconds_ms(class == POWER_RECOVER ? conductor_options.power_recovery_interval_s
						 : conductor_options.power_sync_interval_s);
}

static unsigned places_of(enum power_class class)
{
	unsigned all = (unsigned)conductor_options.power_sync_workers;

	if (class == POWER_HEALTHY)
		return all;
	return all / ASIDE_SHARE > ASIDE_MIN ? all / ASIDE_SHARE : ASIDE_MIN;
}

static int64_t jitter(int64_t interval_ms)
{
	return (int64_t)((double)interval_ms * JITTER * (double)random() / (double)RAND_MAX);
}

/* One interval after it was due, or soon when it took longer than that. */
static int64_t next_due(const struct power_target *target, enum power_class class, enum power_verdict verdict)
{
	int64_t now_ms = clock_ms();
	int64_t interval_ms = interval_of(class);
	int64_t due_ms = target->due_ms + interval_ms - jitter(interval_ms);

	if (verdict == POWER_SKIPPED)
		return now_ms + (interval_ms < BUSY_MS ? interval_ms : BUSY_MS);
	return due_ms > now_ms ? due_ms : now_ms + interval_ms / ASIDE_SHARE;
}

/* One failure may be an accident, a lost datagram or a BMC's restart: the next try is still among the
 * healthy, and does not wait behind the dead. */
static enum power_class next_class(const struct power_target *target, enum power_verdict verdict)
{
	if (target->class == POWER_RECOVER || verdict == POWER_SKIPPED)
		return target->class;
	return verdict == POWER_UNREAD && target->failures > 1 ? POWER_SUSPECT : POWER_HEALTHY;
}

/* ---- readings ---- */

static void give_place(struct poll *poll)
{
	if (poll->place == POWER_CLASS_COUNT)
		return;
	poll->sync->running[poll->place]--;
	poll->place = POWER_CLASS_COUNT;
	cond_broadcast(&poll->sync->wake);
}

static void list(struct power_sync *sync, struct poll *poll)
{
	poll->previous = sync->last;
	*(sync->last ? &sync->last->next : &sync->first) = poll;
	sync->last = poll;
	if (!sync->quick)
		sync->quick = poll;
}

static void unlist(struct power_sync *sync, struct poll *poll)
{
	*(poll->previous ? &poll->previous->next : &sync->first) = poll->next;
	*(poll->next ? &poll->next->previous : &sync->last) = poll->previous;
	if (sync->quick == poll)
		sync->quick = poll->next;
}

static void run_poll(void *arg)
{
	struct poll *poll = arg;
	struct power_sync *sync = poll->sync;
	struct power_target *target = poll->target;
	enum power_verdict verdict = power_judge(sync->conductor, target);
	enum power_class class = next_class(target, verdict);

	metric_add(metric_at(&metrics, READINGS, (const char *[]){ verdict_names[verdict] }), 1);
	if (verdict == POWER_UNWATCHED && !target->is_gone)
		power_schedule_drop(&sync->schedule, target); /* the next refresh knows what it is now */
	power_schedule_end(&sync->schedule, target, class, next_due(target, class, verdict));
	give_place(poll);
	unlist(sync, poll);
	cond_broadcast(&sync->conductor->loop_ended);
	xfree(poll);
}

static void start_poll(struct power_sync *sync, struct power_target *target)
{
	struct poll *poll = xmalloc(sizeof(*poll));

	*poll = (struct poll){
		.sync = sync, .target = target, .place = target->class, .begun_ms = clock_ms()
	};
	sync->running[target->class]++;
	list(sync, poll);
	poll->fiber = fiber_spawn("power poll", run_poll, poll);
}

/* Starts what is due and has a place; returns when there is more to do at the latest. */
static int64_t start_due(struct power_sync *sync)
{
	int64_t now_ms = clock_ms();
	int64_t next_ms = INT64_MAX;

	for (enum power_class class = 0; class < POWER_CLASS_COUNT; class ++) {
		struct power_target *target;

		while (sync->running[class] < places_of(class) &&
		       (target = power_schedule_take(&sync->schedule, class, now_ms)))
			start_poll(sync, target);
		if (sync->running[class] < places_of(class) &&
		    power_schedule_due_ms(&sync->schedule, class) < next_ms)
			next_ms = power_schedule_due_ms(&sync->schedule, class);
	}
	return next_ms;
}

/* The healthy do not wait for those that take long: who falls silent would else fill all places before it is
 * known as suspect. */
static void part_from_slow(struct power_sync *sync)
{
	int64_t slow_ms = clock_ms() - SLOW_MS;

	for (; sync->quick && sync->quick->begun_ms <= slow_ms; sync->quick = sync->quick->next) {
		if (sync->quick->place == POWER_HEALTHY)
			give_place(sync->quick);
	}
}

/* ---- which nodes ---- */

/* Nodes of each pool belong to one of its live hosts. */
static bool is_ours(const struct conductor *conductor, const struct registry *registry,
		    const struct power_sync_row *row)
{
	const char *hosts[HOSTS_MAX];
	size_t count = registry_hosts(registry, conductor->pools[row->driver], hosts, HOSTS_MAX);

	return count > 0 && strcmp(hosts[rendezvous_pick(hosts, count, row->uuid)], conductor->hostname) == 0;
}

int power_sync_each(struct conductor *conductor, enum power_sync_kind kind, const struct registry *registry,
		    void (*each)(void *arg, const struct power_sync_row *row), void *arg, struct error *err)
{
	struct power_sync_search search = {
		.kind = kind,
		.group = conductor_group(),
		.drivers = (const char *const *)conductor->drivers,
		.driver_count = conductor->driver_count,
	};
	struct power_sync_row *rows = xcalloc(PAGE, sizeof(*rows));
	size_t count = PAGE;
	int64_t after = 0;
	int rc = 0;

	while (rc == 0 && count == PAGE) {
		rc = power_sync_page(conductor->db, &search, after, PAGE, rows, &count, err);
		for (size_t i = 0; rc == 0 && i < count; i++) {
			after = rows[i].id;
			if (is_ours(conductor, registry, &rows[i]))
				each(arg, &rows[i]);
		}
	}
	xfree(rows);
	return rc;
}

static void note(struct power_sync *sync, int64_t id, enum power_class class)
{
	struct power_target *target = power_schedule_find(&sync->schedule, id);
	int64_t due_ms = clock_ms() + power_schedule_phase_ms(id, interval_of(class));

	if (!target) {
		target = power_schedule_add(&sync->schedule, id, class, due_ms);
		target->read_ms = clock_ms();
	} else if (!target->is_running && (target->class == POWER_RECOVER) != (class == POWER_RECOVER)) {
		target->failures = 0;
		power_schedule_put(&sync->schedule, target, class, due_ms);
	}
	target->round = sync->round;
}

static void note_watched(void *arg, const struct power_sync_row *row)
{
	note(arg, row->id, POWER_HEALTHY);
}

static void note_failed(void *arg, const struct power_sync_row *row)
{
	note(arg, row->id, POWER_RECOVER);
}

static void refresh(struct power_sync *sync)
{
	struct registry registry;
	struct error err;

	if (!db_is_up(sync->conductor->db))
		return;
	int rc = registry_load(sync->conductor->db, &registry, &err);
	sync->round++;
	if (rc == 0) {
		if (conductor_options.power_sync_interval_s > 0)
			rc = power_sync_each(sync->conductor, POWER_SYNC_POLL, &registry, note_watched, sync,
					     &err);
		if (rc == 0 && conductor_options.power_recovery_interval_s > 0)
			rc = power_sync_each(sync->conductor, POWER_SYNC_RECOVER, &registry, note_failed,
					     sync, &err);
		registry_release(&registry);
	}
	if (rc == 0)
		power_schedule_sweep(&sync->schedule, sync->round);
	else
		log_warning("the nodes to poll could not be read: %s", err.text);
}

/* Short intervals are followed closely. */
static int64_t refresh_ms(void)
{
	int64_t poll_ms = interval_of(POWER_HEALTHY), recover_ms = interval_of(POWER_RECOVER);
	int64_t least_ms = poll_ms > 0 && (poll_ms < recover_ms || recover_ms == 0) ? poll_ms : recover_ms;

	return least_ms < REFRESH_MS ? least_ms : REFRESH_MS;
}

static void refresh_loop(struct conductor *conductor)
{
	struct power_sync *sync = conductor->power_sync;

	while (!is_over(sync)) {
		refresh(sync);
		cond_broadcast(&sync->wake);
		conductor_pause(conductor, refresh_ms());
	}
	sync->is_listing = false;
	cond_broadcast(&conductor->loop_ended);
}

/* ---- the loop ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void poll_loop(struct conductor *conductor)
{
	struct power_sync *sync = conductor->power_sync;

	while (!is_over(sync)) {
		int64_t next_ms = db_is_up(conductor->db) ? start_due(sync) : INT64_MAX;

		cond_wait(&sync->wake, sooner(next_ms, clock_ms() + 1000));
		part_from_slow(sync);
	}
	for (struct poll *poll = sync->first; poll; poll = poll->next)
		fiber_cancel(poll->fiber);
	while (sync->first || sync->is_listing)
		cond_wait(&conductor->loop_ended, clock_ms() + 1000);
	metrics.arg = NULL;
	power_schedule_release(&sync->schedule);
	conductor->power_sync = NULL;
	xfree(sync);
}

void power_sync_start(struct conductor *conductor)
{
	struct power_sync *sync;

	observation_start(conductor);
	if (conductor_options.power_sync_interval_s <= 0 && conductor_options.power_recovery_interval_s <= 0)
		return;
	sync = xcalloc(1, sizeof(*sync));
	sync->conductor = conductor;
	sync->is_listing = true;
	conductor->power_sync = sync;
	metrics.arg = sync;
	metrics_register(&metrics);
	conductor_spawn(conductor, "power list", refresh_loop);
	conductor_spawn(conductor, "power sync", poll_loop);
}
