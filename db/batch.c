/* batch: see batch.h. Each kind has one queue in each struct db; no two batches of a kind are in flight. */
#include "db/batch.h"

#include <assert.h>

#include "db/pool.h"
#include "lib/xalloc.h"

/* A fiber in the queue, on its own stack. */
struct asker {
	struct batch_entry entry;
	struct asker *next;
	size_t weight;
	bool is_taken;  /* in the batch in flight */
	bool is_leader; /* it is this one's turn to run a batch */
	bool is_done;
	struct cond cond;
};

struct batcher {
	struct batcher *next;
	const struct batch_kind *kind;
	struct asker *first, *last;
	bool is_running;
};

static struct batcher *batcher_of(struct db *db, const struct batch_kind *kind)
{
	struct batcher *batcher = db->batchers;

	while (batcher != NULL && batcher->kind != kind)
		batcher = batcher->next;
	if (batcher != NULL)
		return batcher;
	batcher = xcalloc(1, sizeof(*batcher));
	batcher->kind = kind;
	batcher->next = db->batchers;
	db->batchers = batcher;
	return batcher;
}

void batchers_free(struct batcher *batchers)
{
	while (batchers != NULL) {
		struct batcher *next = batchers->next;
		assert(batchers->first == NULL);
		xfree(batchers);
		batchers = next;
	}
}

static void queue_put(struct batcher *batcher, struct asker *asker)
{
	if (batcher->last != NULL)
		batcher->last->next = asker;
	else
		batcher->first = asker;
	batcher->last = asker;
}

static void queue_remove(struct batcher *batcher, const struct asker *asker)
{
	struct asker *before = NULL, *at = batcher->first;

	while (at != asker) {
		before = at;
		at = at->next;
	}
	if (before == NULL)
		batcher->first = asker->next;
	else
		before->next = asker->next;
	if (batcher->last == asker)
		batcher->last = before;
}

static bool is_one_entrys_fault(int rc)
{
	return rc < 0 && rc != -ERR_DATABASE && rc != -ERR_UNKNOWN_OUTCOME && rc != -ERR_TIMEOUT;
}

static void fail_entry(struct batch_entry *entry, int rc, const struct error *err)
{
	entry->rc = rc;
	if (entry->err != NULL)
		*entry->err = *err;
}

SUSPENDS static void run_alone(struct db *db, const struct batch_kind *kind, struct batch_entry *entry)
{
	struct error err = { 0 };
	int rc = kind->run(db, &entry, 1, &err);

	if (rc < 0)
		fail_entry(entry, rc, &err);
}

SUSPENDS static void run_entries(struct db *db, const struct batch_kind *kind, struct batch_entry **entries,
				 size_t count)
{
	struct error err = { 0 };
	int rc = kind->run(db, entries, count, &err);

	for (size_t i = 0; i < count && rc < 0; i++) {
		if (count > 1 && is_one_entrys_fault(rc))
			run_alone(db, kind, entries[i]);
		else
			fail_entry(entries[i], rc, &err);
	}
}

static size_t take(struct batcher *batcher, struct asker *askers[BATCH_MAX])
{
	size_t count = 0, weight = 0;

	while (batcher->first != NULL && count < BATCH_MAX && (count == 0 || weight < BATCH_WEIGHT_MAX)) {
		struct asker *asker = batcher->first;
		batcher->first = asker->next;
		if (batcher->first == NULL)
			batcher->last = NULL;
		asker->is_taken = true;
		weight += asker->weight;
		askers[count++] = asker;
	}
	return count;
}

SUSPENDS static void lead(struct db *db, struct batcher *batcher)
{
	struct asker *askers[BATCH_MAX];
	struct batch_entry *entries[BATCH_MAX];
	size_t count = take(batcher, askers);

	for (size_t i = 0; i < count; i++)
		entries[i] = &askers[i]->entry;
	run_entries(db, batcher->kind, entries, count);
	for (size_t i = 0; i < count; i++) {
		askers[i]->is_done = true;
		cond_signal(&askers[i]->cond);
	}
	batcher->is_running = batcher->first != NULL;
	if (batcher->is_running) {
		batcher->first->is_leader = true;
		cond_signal(&batcher->first->cond);
	}
}

/* Until the entry is done or its fiber must lead. False: cancelled before it was taken. */
SUSPENDS static bool wait_turn(struct batcher *batcher, struct asker *asker)
{
	while (!asker->is_done && !asker->is_leader) {
		if (cond_wait(&asker->cond, DEADLINE_NEVER) != -ERR_CANCELLED || asker->is_done ||
		    asker->is_leader)
			continue;
		if (!asker->is_taken) {
			queue_remove(batcher, asker);
			return false;
		}
		fiber_shield_begin();
		while (!asker->is_done)
			cond_wait(&asker->cond, DEADLINE_NEVER);
		fiber_shield_end();
	}
	return true;
}

int batch_submit(struct db *db, const struct batch_kind *kind, void *item, size_t weight, struct error *err)
{
	struct batcher *batcher = batcher_of(db, kind);
	struct asker asker = { .entry = { .item = item, .err = err }, .weight = weight };

	queue_put(batcher, &asker);
	if (batcher->is_running) {
		if (!wait_turn(batcher, &asker))
			return fail(err, ERR_CANCELLED, "The work was cancelled");
		if (asker.is_done)
			return asker.entry.rc;
	}
	batcher->is_running = true;
	fiber_shield_begin();
	/* Others of this tick come along. One who was handed the lead has waited already. */
	if (!asker.is_leader)
		fiber_yield();
	lead(db, batcher);
	fiber_shield_end();
	return asker.entry.rc;
}
