/* Tests of api/chunk.c: who has a place, who loses it, in which order. */
#include "api/chunk.h"

#include "tests/support/unit.h"
#include "tests/unit/lib/fiber_run.h"

#define LISTS 20

/* A list that takes a place and has it until `go`. */
struct list {
	struct chunk chunk;
	int turn; /* the how-manieth to have a place; 0: none yet */
	struct cond go;
};

static struct list lists[LISTS];
static int turns;

static void run_list(void *arg)
{
	struct list *list = arg;

	assert(chunk_take(&list->chunk, NULL) == 0);
	list->turn = ++turns;
	assert(cond_wait(&list->go, DEADLINE_NEVER) == 0);
	chunk_give(&list->chunk);
	chunk_give(&list->chunk); /* harmless */
}

static int start_lists(void)
{
	turns = 0;
	for (int i = 0; i < LISTS; i++) {
		lists[i] = (struct list){ 0 };
		fiber_spawn("list", run_list, &lists[i]);
	}
	fiber_sleep(1);
	return turns;
}

static void end_lists(int first)
{
	for (int i = first; i < LISTS; i++) {
		assert(lists[i].turn == i + 1); /* in the order in which they came */
		cond_signal(&lists[i].go);
		fiber_sleep(1);
	}
}

static void take_more_than_there_are(void *arg)
{
	int count = start_lists();

	(void)arg;
	assert(count > 1 && count < LISTS / 2);
	cond_signal(&lists[0].go);
	fiber_sleep(1);
	assert(turns == count + 1);
	end_lists(1);
}

static void test_chunk_take__more_lists_than_places__stand_in_line(void **state)
{
	(void)state;
	fiber_run(take_more_than_there_are, NULL);
}

static void offer(void *arg)
{
	int count = start_lists();

	(void)arg;
	/* Others stand in line: it goes at once. */
	chunk_offer(&lists[0].chunk);
	fiber_sleep(1);
	assert(turns == count + 1 && !chunk_keep(&lists[0].chunk));
	cond_signal(&lists[0].go); /* it has nothing to give */
	fiber_sleep(1);
	assert(turns == count + 1);
	end_lists(1);
}

static void test_chunk_offer__somebody_in_line__has_the_place(void **state)
{
	(void)state;
	fiber_run(offer, NULL);
}

static void offer_to_nobody(void *arg)
{
	struct chunk chunks[LISTS] = { 0 };
	int count = 0, kept = 0;

	(void)arg;
	/* Of offered chunks there are never more than places: the longest offered go first. */
	for (; count < LISTS; count++) {
		assert(chunk_take(&chunks[count], NULL) == 0);
		chunk_offer(&chunks[count]);
	}
	for (int i = 0; i < LISTS; i++) {
		bool is_kept = chunk_keep(&chunks[i]);
		assert(is_kept || kept == 0);
		kept += is_kept;
	}
	assert(kept > 1 && kept < LISTS / 2);
	for (int i = 0; i < LISTS; i++)
		chunk_give(&chunks[i]);
	assert(start_lists() == kept); /* none was lost on the way */
	end_lists(0);
}

static void test_chunk_offer__nobody_in_line__stays_until_taken(void **state)
{
	(void)state;
	fiber_run(offer_to_nobody, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunk_take__more_lists_than_places__stand_in_line),
		cmocka_unit_test(test_chunk_offer__somebody_in_line__has_the_place),
		cmocka_unit_test(test_chunk_offer__nobody_in_line__stays_until_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
