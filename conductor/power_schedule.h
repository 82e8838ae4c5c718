#pragma once
/*
 * power_schedule: which node's power is read when. A heap by due time for each class, so that nodes whose
 * BMCs do not answer wait among themselves. Data alone: nothing here suspends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"

enum power_class {
	POWER_HEALTHY, /* the last reading worked */
	POWER_SUSPECT, /* the last two readings failed */
	POWER_RECOVER, /* in maintenance for a power failure */
	POWER_CLASS_COUNT
};

/* A node to be read. */
struct power_target {
	int64_t node_id;
	enum power_class class;
	int64_t due_ms;    /* clock_ms() */
	int64_t read_ms;   /* of the last reading that worked; at first, when the node was first seen */
	unsigned failures; /* in a row */
	bool is_running;   /* being read: in no queue */
	bool is_gone;      /* not ours any more: freed when its reading ends */
	uint64_t round;    /* of the refresh that listed it last */
	size_t place;      /* in its queue */
};

struct power_schedule {
	struct map targets; /* by node id; owned */
	struct power_queue {
		struct power_target **items;
		size_t count, size;
	} queues[POWER_CLASS_COUNT];
};

void power_schedule_release(struct power_schedule *schedule);
struct power_target *power_schedule_find(const struct power_schedule *schedule, int64_t node_id);
/* A new target, queued. */
struct power_target *power_schedule_add(struct power_schedule *schedule, int64_t node_id,
					enum power_class class, int64_t due_ms);
/* Queues a target, or moves it, to that class and time. */
void power_schedule_put(struct power_schedule *schedule, struct power_target *target, enum power_class class,
			int64_t due_ms);
/* When the first of the class is due; INT64_MAX: none. */
int64_t power_schedule_due_ms(const struct power_schedule *schedule, enum power_class class);
/* Takes the first of the class out of its queue and marks it running; NULL: none is due. */
struct power_target *power_schedule_take(struct power_schedule *schedule, enum power_class class,
					 int64_t now_ms);
/* Forgets a target that is queued; one that is running is marked gone. */
void power_schedule_drop(struct power_schedule *schedule, struct power_target *target);
/* A running target's reading has ended: queues it again, or frees it when it is gone. */
void power_schedule_end(struct power_schedule *schedule, struct power_target *target, enum power_class class,
			int64_t due_ms);
/* Drops all that the round has not listed. */
void power_schedule_sweep(struct power_schedule *schedule, uint64_t round);

/* A time within the interval, the same for a node each time: spreads nodes that are seen at once. */
int64_t power_schedule_phase_ms(int64_t node_id, int64_t interval_ms);
