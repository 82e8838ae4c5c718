#include "conductor/power_schedule.h"

#include <assert.h>

#include "lib/xalloc.h"

#define NO_PLACE SIZE_MAX

/* ---- a heap ---- */

static void set(struct power_queue *queue, size_t place, struct power_target *target)
{
	queue->items[place] = target;
	target->place = place;
}

static void rise(struct power_queue *queue, size_t place)
{
	struct power_target *target = queue->items[place];

	while (place > 0 && queue->items[(place - 1) / 2]->due_ms > target->due_ms) {
		set(queue, place, queue->items[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	set(queue, place, target);
}

static void sink(struct power_queue *queue, size_t place)
{
	struct power_target *target = queue->items[place];

	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < queue->count && queue->items[child + 1]->due_ms < queue->items[child]->due_ms)
			child++;
		if (child >= queue->count || queue->items[child]->due_ms >= target->due_ms)
			break;
		set(queue, place, queue->items[child]);
		place = child;
	}
	set(queue, place, target);
}

static void push(struct power_queue *queue, struct power_target *target)
{
	if (queue->count == queue->size) {
		queue->size = queue->size ? 2 * queue->size : 64;
		queue->items = xreallocarray(queue->items, queue->size, sizeof(struct power_target *));
	}
	queue->items[queue->count] = target;
	rise(queue, queue->count++);
}

static void leave(struct power_queue *queue, struct power_target *target)
{
	size_t place = target->place;
	struct power_target *last = queue->items[--queue->count];

	target->place = NO_PLACE;
	if (last == target)
		return;
	set(queue, place, last);
	rise(queue, place);
	sink(queue, last->place);
}

/* ---- targets ---- */

void power_schedule_release(struct power_schedule *schedule)
{
	size_t cursor = 0;
	int64_t id;

	for (struct power_target *target; (target = map_next(&schedule->targets, &cursor, &id));)
		xfree(target);
	map_release(&schedule->targets);
	for (size_t i = 0; i < POWER_CLASS_COUNT; i++)
		xfree(schedule->queues[i].items);
	*schedule = (struct power_schedule){ 0 };
}

struct power_target *power_schedule_find(const struct power_schedule *schedule, int64_t node_id)
{
	return map_get(&schedule->targets, node_id);
}

struct power_target *power_schedule_add(struct power_schedule *schedule, int64_t node_id,
					enum power_class class, int64_t due_ms)
{
	struct power_target *target = xcalloc(1, sizeof(*target));

	assert(!power_schedule_find(schedule, node_id));
	*target = (struct power_target){ .node_id = node_id, .class = class, .due_ms = due_ms };
	map_put(&schedule->targets, node_id, target);
	push(&schedule->queues[class], target);
	return target;
}

void power_schedule_put(struct power_schedule *schedule, struct power_target *target, enum power_class class,
			int64_t due_ms)
{
	assert(!target->is_running);
	leave(&schedule->queues[target->class], target);
	target->class = class;
	target->due_ms = due_ms;
	push(&schedule->queues[class], target);
}

int64_t power_schedule_due_ms(const struct power_schedule *schedule, enum power_class class)
{
	const struct power_queue *queue = &schedule->queues[class];

	return queue->count ? queue->items[0]->due_ms : INT64_MAX;
}

struct power_target *power_schedule_take(struct power_schedule *schedule, enum power_class class,
					 int64_t now_ms)
{
	struct power_queue *queue = &schedule->queues[class];
	struct power_target *target;

	if (queue->count == 0 || queue->items[0]->due_ms > now_ms)
		return NULL;
	target = queue->items[0];
	leave(queue, target);
	target->is_running = true;
	return target;
}

void power_schedule_drop(struct power_schedule *schedule, struct power_target *target)
{
	map_take(&schedule->targets, target->node_id);
	if (target->is_running) {
		target->is_gone = true;
		return;
	}
	leave(&schedule->queues[target->class], target);
	xfree(target);
}

void power_schedule_end(struct power_schedule *schedule, struct power_target *target, enum power_class class,
			int64_t due_ms)
{
	if (target->is_gone) {
		xfree(target);
		return;
	}
	target->is_running = false;
	target->class = class;
	target->due_ms = due_ms;
	push(&schedule->queues[class], target);
}

void power_schedule_sweep(struct power_schedule *schedule, uint64_t round)
{
	struct power_target **old =
		xreallocarray(NULL, schedule->targets.count + 1, sizeof(struct power_target *));
	size_t cursor = 0, count = 0;
	int64_t id;

	/* The map must not change while it is walked. */
	for (struct power_target *target; (target = map_next(&schedule->targets, &cursor, &id));) {
		if (target->round != round)
			old[count++] = target;
	}
	for (size_t i = 0; i < count; i++)
		power_schedule_drop(schedule, old[i]);
	xfree(old);
}

int64_t power_schedule_phase_ms(int64_t node_id, int64_t interval_ms)
{
	uint64_t hash = (uint64_t)node_id * 0x9e3779b97f4a7c15u; /* consecutive ids lie far apart */

	return (int64_t)((double)(hash >> 11) / 9007199254740992.0 * (double)interval_ms);
}
