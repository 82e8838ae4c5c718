/* Tests of conductor/watch.c: who is silent, by this clock alone. */
#include "conductor/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SILENCE_MS 10000

static struct watch watch;
static struct lease_beat beats[] = { { "11111111-1111-4111-8111-111111111111", 5 },
				     { "22222222-2222-4222-8222-222222222222", 9 } };

static int set_up(void **state)
{
	(void)state;
	memset(&watch, 0, sizeof(watch));
	beats[0].beat = 5;
	beats[1].beat = 9;
	return 0;
}

/* Notes both rows each second from from_ms to to_ms; the second one's beat moves. */
static void live(int64_t from_ms, int64_t to_ms, const char *timeline)
{
	for (int64_t now = from_ms; now <= to_ms; now += 1000) {
		beats[1].beat++;
		watch_note(&watch, beats, 2, timeline, now);
	}
}

static void test_silence__of_one__is_found_after_watch(void **state)
{
	(void)state;
	live(100000, 109000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
	live(110000, 110000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), 0);
	watch_forget(&watch, 0);
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
}

static void test_silence__after_a_fail_over__starts_over(void **state)
{
	(void)state;
	live(100000, 109000, "00000001");
	live(110000, 119000, "00000002");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
	live(120000, 120000, "00000002");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), 0);
}

/* This process was stopped: the others may have lived all the while. */
static void test_silence__after_a_gap__starts_over(void **state)
{
	(void)state;
	live(100000, 105000, "00000001");
	live(108000, 117000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
}

/* A beat that goes backwards (a restored database) is a sign of life too. */
static void test_beat__that_differs__is_life(void **state)
{
	(void)state;
	live(100000, 109000, "00000001");
	beats[0].beat--;
	live(110000, 110000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
}

static void test_rows__that_come_and_go__do_not_inherit(void **state)
{
	(void)state;
	live(100000, 105000, "00000001");
	watch_note(&watch, &beats[1], 1, "00000001", 106000);
	live(107000, 112000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), WATCH_MAX);
	live(113000, 117000, "00000001");
	assert_int_equal(watch_silent(&watch, SILENCE_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_silence__of_one__is_found_after_watch, set_up),
		cmocka_unit_test_setup(test_silence__after_a_fail_over__starts_over, set_up),
		cmocka_unit_test_setup(test_silence__after_a_gap__starts_over, set_up),
		cmocka_unit_test_setup(test_beat__that_differs__is_life, set_up),
		cmocka_unit_test_setup(test_rows__that_come_and_go__do_not_inherit, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
