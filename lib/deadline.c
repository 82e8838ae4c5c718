#include "lib/deadline.h"

#include <stdbool.h>

#include "lib/xalloc.h"

static struct {
	struct deadline **slots; /* from 1 on; a parent at n is not later than its children 2n and 2n+1 */
	size_t count, size;
	uint64_t order;
} heap;

static bool is_earlier(const struct deadline *a, const struct deadline *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void put(size_t place, struct deadline *deadline)
{
	heap.slots[place] = deadline;
	deadline->place = place;
}

static void sift_up(size_t place, struct deadline *deadline)
{
	for (; place > 1 && is_earlier(deadline, heap.slots[place / 2]); place /= 2)
		put(place, heap.slots[place / 2]);
	put(place, deadline);
}

static void sift_down(size_t place, struct deadline *deadline)
{
	for (size_t child; (child = place * 2) <= heap.count; place = child) {
		if (child < heap.count && is_earlier(heap.slots[child + 1], heap.slots[child]))
			child++;
		if (!is_earlier(heap.slots[child], deadline))
			break;
		put(place, heap.slots[child]);
	}
	put(place, deadline);
}

void deadline_set(struct deadline *deadline, int64_t at_ms)
{
	deadline_cancel(deadline);
	deadline->at_ms = at_ms;
	deadline->order = heap.order++;
	if (heap.count + 1 >= heap.size) {
		heap.size = heap.size ? heap.size * 2 : 64;
		heap.slots = xreallocarray(heap.slots, heap.size, sizeof(*heap.slots));
	}
	sift_up(++heap.count, deadline);
}

void deadline_cancel(struct deadline *deadline)
{
	size_t place = deadline->place;

	if (!place)
		return;
	deadline->place = 0;
	struct deadline *last = heap.slots[heap.count--];
	if (last == deadline)
		return;
	if (place > 1 && is_earlier(last, heap.slots[place / 2]))
		sift_up(place, last);
	else
		sift_down(place, last);
}

void deadline_run(int64_t now_ms)
{
	/* What a callback adds waits for the next run, or a timer of 0 ms would never let the loop poll. */
	uint64_t end = heap.order;

	while (heap.count && heap.slots[1]->at_ms <= now_ms && heap.slots[1]->order < end) {
		struct deadline *due = heap.slots[1];
		deadline_cancel(due);
		due->fn(due);
	}
}

int64_t deadline_next(void)
{
	return heap.count ? heap.slots[1]->at_ms : INT64_MAX;
}

void deadline_release(void)
{
	xfree(heap.slots);
	heap.slots = NULL;
	heap.count = heap.size = 0;
}
