/* ledger: what one process records and the next one finds. */
#include "drivers/ipmi/ledger.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/ipmi/options.h"
#include "lib/loop.h"
#include "tests/support/unit.h"

static char path[] = "/tmp/ledger-test-XXXXXX";

static int setup(void **state)
{
	(void)state;
	loop_init();
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	close(mkstemp(path));
	ipmi_options.session_ledger = path;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ledger_release();
	loop_release();
	unlink(path);
	ipmi_options.session_ledger = NULL;
	return 0;
}

/* As when the process is killed and another one starts. */
static void restart(void)
{
	ledger_release();
}

static struct udp_address peer_of(const char *text, uint16_t port)
{
	struct udp_address peer;

	assert_true(udp_address_parse(text, port, &peer));
	return peer;
}

static void test_ledger__killed__successor_finds_sessions(void **state)
{
	struct udp_address four = peer_of("10.0.0.1", 623), other = peer_of("10.0.0.1", 624);
	struct udp_address six = peer_of("fe80::7", 623);

	(void)state;
	ledger_record(1, &four, 0x11);
	ledger_record(2, &six, 0x22);
	ledger_record(3, &four, 0x33);
	ledger_record(4, &other, 0x44);
	ledger_clear(4);
	assert_int_equal(ledger_orphan_count(), 0);
	restart();
	assert_int_equal(ledger_find(&four)->session_id, 0x11);
	assert_int_equal(ledger_orphan_count(), 3);
	assert_int_equal(ledger_find(&six)->session_id, 0x22);
	assert_null(ledger_find(&other));
	/* they stay until they are settled, whatever the lines do now */
	ledger_record(1, &other, 0x55);
	restart();
	assert_int_equal(ledger_find(&four)->session_id, 0x11);
	assert_int_equal(ledger_orphan_count(), 4);
	ledger_settle(ledger_find(&four));
	assert_int_equal(ledger_find(&four)->session_id, 0x33);
	ledger_settle(ledger_find(&four));
	assert_null(ledger_find(&four));
	restart();
	assert_null(ledger_find(&four));
	assert_int_equal(ledger_find(&six)->session_id, 0x22);
	assert_int_equal(ledger_find(&other)->session_id, 0x55);
}

static void test_ledger__orphaned_by_this_process__found_at_once(void **state)
{
	struct udp_address peer = peer_of("10.0.0.1", 623);

	(void)state;
	assert_null(ledger_find(&peer));
	for (uint32_t id = 1; id <= 20; id++)
		ledger_orphan(&peer, id);
	assert_int_equal(ledger_orphan_count(), 8); /* the oldest have ended by themselves */
	assert_int_equal(ledger_find(&peer)->session_id, 13);
	restart();
	assert_int_equal(ledger_find(&peer)->session_id, 13);
	assert_int_equal(ledger_orphan_count(), 8);
}

static void scribble(long offset, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, len, offset), (ssize_t)len);
	close(fd);
}

static void test_ledger__torn_or_foreign__ignored(void **state)
{
	struct udp_address peer = peer_of("10.0.0.1", 623);
	static const uint8_t junk[64] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
					  11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

	(void)state;
	ledger_record(1, &peer, 0x11);
	ledger_record(2, &peer, 0x22);
	restart();
	scribble(32 + 32 * 1 + 3, junk, 2); /* in the record of line 1 */
	assert_int_equal(ledger_find(&peer)->session_id, 0x22);
	assert_int_equal(ledger_orphan_count(), 1);
	restart();
	scribble(0, junk, sizeof(junk)); /* no file of ours */
	assert_null(ledger_find(&peer));
	assert_int_equal(ledger_orphan_count(), 0);
	/* it is one again */
	ledger_record(1, &peer, 0x33);
	restart();
	assert_int_equal(ledger_find(&peer)->session_id, 0x33);
}

static void test_ledger__written_long_ago__ignored(void **state)
{
	struct udp_address peer = peer_of("10.0.0.1", 623);
	static const int64_t long_ago = 1000;

	(void)state;
	ledger_record(1, &peer, 0x11);
	restart();
	scribble(16, &long_ago, sizeof(long_ago));
	assert_null(ledger_find(&peer));
	restart();
	assert_null(ledger_find(&peer));
}

static void test_ledger__in_use_or_impossible__goes_without(void **state)
{
	struct udp_address peer = peer_of("10.0.0.1", 623);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	ledger_record(1, &peer, 0x11);
	ledger_orphan(&peer, 0x22);
	assert_int_equal(ledger_find(&peer)->session_id, 0x22);
	ledger_settle(ledger_find(&peer));
	ledger_clear(1);
	close(fd);
	restart();
	assert_null(ledger_find(&peer));
	restart();
	ipmi_options.session_ledger = (char[]){ "/nowhere/at/all" };
	ledger_record(1, &peer, 0x11);
	assert_null(ledger_find(&peer));
}

static void test_ledger__file__private_and_whole(void **state)
{
	struct udp_address peer = peer_of("10.0.0.1", 623);
	struct stat status;

	(void)state;
	unlink(path);
	ledger_record(65535, &peer, 0xffffffff);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(status.st_blocks * 512 >= status.st_size);
	restart();
	assert_int_equal(ledger_find(&peer)->session_id, 0xffffffff);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_ledger__killed__successor_finds_sessions),
		CASE(test_ledger__orphaned_by_this_process__found_at_once),
		CASE(test_ledger__torn_or_foreign__ignored),
		CASE(test_ledger__written_long_ago__ignored),
		CASE(test_ledger__in_use_or_impossible__goes_without),
		CASE(test_ledger__file__private_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
