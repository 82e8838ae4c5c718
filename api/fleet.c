#include "api/fleet.h"

#include <stdio.h>
#include <string.h>

#include "db/action.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/rendezvous.h"

#define REFRESH_MS 2000
#define SILENCE_MS 12000 /* a beat unchanged for so long: nobody is sent there, and it is shown as dead */
#define READS_MS   6000  /* own reads further apart: everybody starts over */
#define BEAT_MAX   1024
#define POOL_TEXT  512

/* A snapshot with its users; registry first, so that a pointer to it is a pointer to the snapshot. */
struct snapshot {
	struct registry registry;
	unsigned users; /* the current one has one user more */
};

static struct {
	struct db *db;
	struct snapshot *current;
	struct cond changed; /* a notification came, or stop */
	struct cond stopped;
	bool is_changed;
	bool is_stopping;
	bool is_running;
} fleet;

/* When this process first saw the present beat of each live instance, by its own clock. */
static struct {
	struct sighting {
		struct lease_beat beat;
		int64_t since_ms;
	} rows[BEAT_MAX];
	size_t count;
	int64_t read_ms;
} sightings;

static int64_t first_seen(const struct lease_beat *beat, int64_t now)
{
	for (size_t i = 0; i < sightings.count && now - sightings.read_ms < READS_MS; i++) {
		const struct sighting *row = &sightings.rows[i];

		if (row->beat.beat == beat->beat && strcmp(row->beat.instance, beat->instance) == 0)
			return row->since_ms;
	}
	return now;
}

/* Reads the beats and keeps when each was seen first. */
static int watch_beats(struct error *err)
{
	static struct sighting next[BEAT_MAX];
	struct lease_beat *beats = xcalloc(BEAT_MAX, sizeof *beats);
	char timeline[9];
	size_t count = 0;

	int rc = lease_read(fleet.db, beats, BEAT_MAX, &count, timeline, err);
	if (rc == 0) {
		int64_t now = clock_ms();

		for (size_t i = 0; i < count; i++)
			next[i] =
				(struct sighting){ .beat = beats[i], .since_ms = first_seen(&beats[i], now) };
		memcpy(sightings.rows, next, count * sizeof next[0]);
		sightings.count = count;
		sightings.read_ms = now;
	}
	xfree(beats);
	return rc;
}

/* Conductors that have died with nobody to declare it. */
static void bury_silent(struct registry *registry)
{
	for (size_t i = 0; i < sightings.count; i++) {
		if (sightings.read_ms - sightings.rows[i].since_ms < SILENCE_MS)
			continue;
		for (size_t j = 0; j < registry->conductor_count; j++) {
			if (strcmp(registry->conductors[j].instance, sightings.rows[i].beat.instance) == 0)
				registry->conductors[j].is_alive = false;
		}
	}
}

static void put_snapshot(struct snapshot *snapshot)
{
	if (snapshot && --snapshot->users == 0) {
		registry_release(&snapshot->registry);
		xfree(snapshot);
	}
}

static void publish(struct snapshot *snapshot)
{
	struct snapshot *old = fleet.current;

	snapshot->users = 1;
	fleet.current = snapshot;
	put_snapshot(old);
}

int fleet_refresh(struct error *err)
{
	struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);

	int rc = watch_beats(err);
	if (rc == 0)
		rc = registry_load(fleet.db, &snapshot->registry, err);
	if (rc < 0) {
		xfree(snapshot);
		return rc;
	}
	bury_silent(&snapshot->registry);
	publish(snapshot);
	return 0;
}

static void keep(void *arg)
{
	struct error err;
	bool was_failing = false;

	(void)arg;
	while (!fleet.is_stopping) {
		fleet.is_changed = false;
		bool is_failing = fleet_refresh(&err) < 0;
		if (is_failing && !was_failing)
			log_warning("Cannot read what conductors are alive: %s", err.text);
		was_failing = is_failing;

		int64_t deadline = clock_ms() + REFRESH_MS;
		while (!fleet.is_changed && !fleet.is_stopping && cond_wait(&fleet.changed, deadline) == 0)
			;
	}
	fleet.is_running = false;
	cond_broadcast(&fleet.stopped);
}

static void on_notify(const char *payload, void *arg)
{
	(void)payload;
	(void)arg;
	fleet.is_changed = true;
	cond_broadcast(&fleet.changed);
}

void fleet_start(struct db *db)
{
	fleet.db = db;
	fleet.is_stopping = false;
	fleet.is_running = true;
	publish(xcalloc(1, sizeof *fleet.current));
	db_listen(db, CONDUCTOR_CHANNEL, on_notify, NULL);
	fiber_spawn("fleet", keep, NULL);
}

void fleet_stop(void)
{
	fleet.is_stopping = true;
	cond_broadcast(&fleet.changed);
	while (fleet.is_running)
		cond_wait(&fleet.stopped, DEADLINE_NEVER);
	put_snapshot(fleet.current);
	fleet.current = NULL;
}

struct registry *fleet_get(void)
{
	fleet.current->users++;
	return &fleet.current->registry;
}

void fleet_put(struct registry *registry)
{
	put_snapshot((struct snapshot *)registry);
}

const char *fleet_host_of(const struct registry *registry, const char *group, const char *driver,
			  const char *node_uuid)
{
	const char *hosts[FLEET_HOST_MAX];
	char pool[POOL_TEXT];

	snprintf(pool, sizeof pool, "%s:%s", group, driver);
	size_t count = registry_hosts(registry, pool, hosts, FLEET_HOST_MAX);
	return count ? hosts[rendezvous_pick(hosts, count, node_uuid)] : NULL;
}

int fleet_check_pool(const struct registry *registry, const char *group, const char *driver,
		     struct error *err)
{
	bool is_any = false;

	if (registry_has_driver(registry, driver, group))
		return 0;
	for (size_t i = 0; i < registry->conductor_count; i++)
		is_any = is_any || registry->conductors[i].is_alive;
	if (!is_any)
		return fail(err, ERR_NO_CONDUCTOR,
			    "Resource temporarily unavailable, please retry. Reason: no conductor is "
			    "registered.");
	return fail(err, ERR_NO_VALID_HOST,
		    "No valid host was found. Reason: No conductor service registered which supports driver "
		    "%s for "
		    "conductor group \"%s\". Ensure the driver is valid and enabled.",
		    driver, group);
}
