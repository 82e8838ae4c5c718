/* device_sync: see device_sync.h. Source of the rules: OpenStack Valence's sync (docs/expether.rst). */
#include "conductor/device_sync.h"

#include <stdlib.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/operation.h"
#include "conductor/options.h"
#include "db/action.h"
#include "db/device.h"
#include "db/pod_manager.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/xalloc.h"

#define LOOK_MS         1000 /* how often what is due is looked for */
#define SYNC_MS         INT64_C(120000)
#define AT_A_TIME       64
#define RELEASE_RUN_S   300
#define RELEASE_WAIT_MS 60000

/* ---- one manager ---- */

/* Records and what is shown, both by resource id. */
struct merge {
	struct device **devices;
	size_t device_count;
	const struct device_store *shown;
	size_t shown_count;
	struct device_store *changes;
	size_t change_count;
};

static bool is_same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

/* What a dead conductor has left: the device is the node's if its host has it now. */
static bool is_kept(const struct device *device, const struct device_store *shown)
{
	if (!device->is_held || strcmp(shown->group_id, DEVICE_FREE_GROUP) == 0)
		return false;
	if (device->intent)
		return !device->host_id || !shown->host_id || strcmp(device->host_id, shown->host_id) == 0;
	return strcmp(device->group_id, shown->group_id) == 0;
}

static bool is_changed(const struct device *device, const struct device_store *shown)
{
	return device->intent || !device->is_present || !is_same(device->group_id, shown->group_id) ||
	       !is_same(device->host_id, shown->host_id) || !is_same(device->type, shown->type) ||
	       !is_same(device->properties, shown->properties) || !is_same(device->extra, shown->extra);
}

static void merge_shown(struct merge *merge, const struct device *device, const struct device_store *shown)
{
	struct device_store *change;

	if (!is_changed(device, shown))
		return;
	change = &merge->changes[merge->change_count++];
	*change = *shown;
	change->id = device->id;
	change->version = device->version;
	change->is_kept = is_kept(device, shown);
}

/* A device that somebody holds may come back; others are forgotten. */
static void merge_absent(struct merge *merge, const struct device *device)
{
	if (device->is_held && !device->is_present && !device->intent)
		return;
	merge->changes[merge->change_count++] = (struct device_store){
		.id = device->id,
		.version = device->version,
		.is_gone = !device->is_held,
		.resource_id = device->resource_id,
		.type = device->type,
		.group_id = device->group_id,
		.host_id = device->host_id,
		.is_kept = true,
		.properties = device->properties,
		.extra = device->extra,
	};
}

/* shown NULL: it is not there. */
static void merge_recorded(struct merge *merge, const struct device *device, const struct device_store *shown)
{
	if (shown)
		merge_shown(merge, device, shown);
	else
		merge_absent(merge, device);
}

static void merge_all(struct merge *merge)
{
	size_t recorded = 0, shown = 0;

	while (recorded < merge->device_count || shown < merge->shown_count) {
		const struct device *device =
			recorded < merge->device_count ? merge->devices[recorded] : NULL;
		const struct device_store *card = shown < merge->shown_count ? &merge->shown[shown] : NULL;
		int order = !device ? 1 : !card ? -1 : strcmp(device->resource_id, card->resource_id);

		if (device && order <= 0 &&
		    !(device->intent && device->is_busy)) /* else its action settles it */
			merge_recorded(merge, device, order == 0 ? card : NULL);
		else if (card && order > 0)
			merge->changes[merge->change_count++] = *card;
		recorded += order <= 0;
		shown += order >= 0;
	}
}

static int compare(const void *one, const void *other)
{
	return strcmp((*(struct device *const *)one)->resource_id,
		      (*(struct device *const *)other)->resource_id);
}

SUSPENDS static int store(struct db *db, struct task *task, const struct pod_manager *manager,
			  struct device *devices, size_t count, const struct device_store *shown,
			  size_t shown_count, struct error *err)
{
	struct merge merge = {
		.devices = arena_alloc(&task->arena, (count + 1) * sizeof(*merge.devices)),
		.device_count = count,
		.shown = shown,
		.shown_count = shown_count,
		.changes = arena_alloc(&task->arena, (count + shown_count + 1) * sizeof(*merge.changes)),
	};

	for (size_t i = 0; i < count; i++)
		merge.devices[i] = &devices[i];
	qsort(merge.devices, count, sizeof(merge.devices[0]), compare);
	merge_all(&merge);
	return device_store(db, manager->id, merge.changes, merge.change_count, err);
}

/* The records are read before the manager is: what is claimed after that has another version then. */
int device_sync_run(struct db *db, struct task *task, const struct pod_manager *manager, struct error *err)
{
	const struct device_filter filter = { .pod_manager_id = manager->id, .is_absent_shown = true };
	struct device_store *shown;
	struct device *devices;
	size_t count, shown_count;
	struct error failure;
	int rc = device_list(db, &filter, 0, &task->arena, &devices, &count, err);

	if (rc < 0)
		return rc;
	rc = task->hardware->pool->inventory(task, manager, &shown, &shown_count, &failure);
	if (rc < 0) {
		if (rc != -ERR_CANCELLED)
			pod_manager_note(db, manager->id, failure.text, false, NULL);
		return fail(err, failure.code, "%s", failure.text);
	}
	rc = store(db, task, manager, devices, count, shown, shown_count, err);
	return rc < 0 ? rc : pod_manager_note(db, manager->id, NULL, true, err);
}

/* ---- all managers ---- */

struct syncer {
	struct conductor *conductor;
	struct map running; /* of struct sync, by the manager's id */
};

struct sync {
	struct syncer *syncer;
	const struct hardware_type *hardware;
	struct fiber *fiber;
	int64_t manager_id;
};

static bool is_over(const struct syncer *syncer)
{
	return syncer->conductor->is_stopping || syncer->conductor->is_draining;
}

SUSPENDS static void sync_one(void *arg)
{
	struct sync *sync = arg;
	struct conductor *conductor = sync->syncer->conductor;
	struct task task = { .hardware = sync->hardware,
			     .deadline_ms = clock_ms() + SYNC_MS,
			     .ops = &gate_closed_ops };
	struct pod_manager manager = { 0 };
	struct error err;
	int rc;

	arena_init(&task.arena);
	rc = pod_manager_read(conductor->db, sync->manager_id, &task.arena, &manager, &err);
	if (rc == 0)
		rc = device_sync_run(conductor->db, &task, &manager, &err);
	if (rc < 0 && rc != -ERR_CANCELLED && rc != -ERR_NOT_FOUND && !is_same(manager.last_error, err.text))
		log_warning("the devices of pod manager %s could not be read: %s", manager.name, err.text);
	task_release(&task);
	map_take(&sync->syncer->running, sync->manager_id);
	cond_broadcast(&conductor->loop_ended);
	xfree(sync);
}

static void start(struct syncer *syncer, const struct hardware_type *hardware, int64_t manager_id)
{
	struct sync *sync;

	if (map_get(&syncer->running, manager_id))
		return; /* still at it */
	sync = xmalloc(sizeof(*sync));
	*sync = (struct sync){ .syncer = syncer, .hardware = hardware, .manager_id = manager_id };
	map_put(&syncer->running, manager_id, sync);
	sync->fiber = fiber_spawn("device sync", sync_one, sync);
}

SUSPENDS static void ask_release(struct conductor *conductor, const struct hardware_type *hardware,
				 int64_t manager_id)
{
	char uuid[UUID_TEXT];
	char *pool = xasprintf("%s:%s", conductor_group(), hardware->name);
	char *args =
		xasprintf("{\"driver\": \"%s\", \"manager\": %lld}", hardware->name, (long long)manager_id);
	struct action_request request = { .uuid = uuid,
					  .kind = "device_release",
					  .on_crash = "repeat",
					  .pool = pool,
					  .target = conductor->hostname,
					  .args = args,
					  .wait_ms = RELEASE_WAIT_MS,
					  .run_s = RELEASE_RUN_S };
	struct error err;
	int64_t id;

	uuid_new(uuid);
	if (action_insert(conductor->db, &request, &id, &err) < 0)
		log_warning("devices of deleted nodes could not be released: %s", err.text);
	xfree(pool);
	xfree(args);
}

SUSPENDS static void look(struct syncer *syncer, const struct hardware_type *hardware)
{
	struct db *db = syncer->conductor->db;
	double interval_s = hardware->pool->sync_interval();
	int64_t ids[AT_A_TIME];
	size_t count;
	struct error err;

	if (pod_manager_take_due(db, hardware->name, interval_s, AT_A_TIME, ids, &count, &err) == 0) {
		for (size_t i = 0; i < count; i++)
			start(syncer, hardware, ids[i]);
	}
	if (pod_manager_take_orphaned(db, hardware->name, AT_A_TIME, ids, &count, &err) == 0) {
		for (size_t i = 0; i < count; i++)
			ask_release(syncer->conductor, hardware, ids[i]);
	}
}

static bool has_pool(const struct hardware_type *hardware)
{
	return hardware->pool && hardware_type_is_enabled(hardware);
}

static void end_all(struct syncer *syncer)
{
	size_t cursor = 0;
	int64_t id;

	for (struct sync *sync; (sync = map_next(&syncer->running, &cursor, &id));)
		fiber_cancel(sync->fiber);
	while (syncer->running.count)
		cond_wait(&syncer->conductor->loop_ended, clock_ms() + 1000);
	map_release(&syncer->running);
	xfree(syncer);
}

static void sync_loop(struct conductor *conductor)
{
	struct syncer *syncer = xcalloc(1, sizeof(*syncer));

	syncer->conductor = conductor;
	while (!is_over(syncer)) {
		for (size_t i = 0; hardware_types[i] && db_is_up(conductor->db); i++) {
			if (has_pool(hardware_types[i]))
				look(syncer, hardware_types[i]);
		}
		conductor_pause(conductor, LOOK_MS);
	}
	end_all(syncer);
}

void device_sync_start(struct conductor *conductor)
{
	for (size_t i = 0; hardware_types[i]; i++) {
		if (has_pool(hardware_types[i])) {
			conductor_spawn(conductor, "device sync", sync_loop);
			return;
		}
	}
}

/* ---- the action ---- */

static int begin(struct job *job, struct error *err)
{
	job->task.hardware = hardware_type_find(job_text(job, "driver"));
	if (!job->task.hardware || !has_pool(job->task.hardware))
		return fail(err, ERR_NOT_FOUND, "This conductor has no such driver with pooled devices.");
	return 0;
}

static int run(struct job *job, struct error *err)
{
	int64_t id = json_integer_value(json_object_get(job->args, "manager"));
	struct pod_manager manager;
	int rc = pod_manager_read(job->conductor->db, id, &job->task.arena, &manager, err);

	return rc < 0 ? rc : job->task.hardware->pool->release(&job->task, &manager, err);
}

const struct operation device_operations[] = {
	{ .kind = "device_release", .lock = LOCK_SHARED, .is_nodeless = true, .begin = begin, .run = run },
	{ 0 }
};
