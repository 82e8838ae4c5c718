/*
 * test_fiber_sockets: the proof that fibers carry the program: 10,000 of them wait on sockets at the
 * same time, two to a pair, then pass a token between the ends of each pair until it is used up.
 */
#include "lib/fiber.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/loop.h"
#include "tests/support/unit.h"
#include "tests/unit/lib/fiber_run.h"

#define WANTED_FIBERS 10000
#define LEAST_FIBERS  2000
#define SPARE_FILES   64
#define ROUNDS        10

struct peer {
	int fd;
	bool is_readable;
	struct cond cond;
};

static struct {
	unsigned fibers, waiting, reads;
	struct peer peers[WANTED_FIBERS];
} all;

static void on_readable(int events, void *arg)
{
	struct peer *peer = arg;

	assert(events & FD_READ);
	peer->is_readable = true;
	cond_signal(&peer->cond);
}

/* Reads one byte: 1, or 0 at the end of the stream. */
static int read_byte(struct peer *peer, unsigned char *byte)
{
	for (;;) {
		ssize_t count = read(peer->fd, byte, 1);
		if (count >= 0)
			return (int)count;
		assert(errno == EAGAIN);
		peer->is_readable = false;
		all.waiting++;
		while (!peer->is_readable)
			assert(cond_wait(&peer->cond, clock_ms() + 60000) == 0);
		all.waiting--;
	}
}

static void pass_token(void *arg)
{
	struct peer *peer = arg;
	unsigned char token;

	struct fd_watch *watch = fd_watch_new(peer->fd, on_readable, peer);
	fd_watch_set(watch, FD_READ);
	while (read_byte(peer, &token) == 1) {
		all.reads++;
		if (--token == 0)
			break;
		assert(write(peer->fd, &token, 1) == 1);
	}
	fd_watch_free(watch);
	close(peer->fd);
}

static void passes_tokens(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < all.fibers; i++)
		fiber_spawn("peer", pass_token, &all.peers[i]);
	while (all.waiting < all.fibers)
		assert(fiber_yield() == 0);
	assert(fiber_count() == all.fibers + 1);
	unsigned char token = ROUNDS;
	for (unsigned i = 0; i < all.fibers; i += 2)
		assert(write(all.peers[i].fd, &token, 1) == 1);
}

/* How many fibers the limit of open files allows, raised as far as it can be. */
static unsigned allowed_fibers(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	rlim_t wanted = WANTED_FIBERS + SPARE_FILES;
	if (limit.rlim_cur < wanted) {
		struct rlimit raised = { wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted };
		if (setrlimit(RLIMIT_NOFILE, &raised) < 0) {
			raised.rlim_cur = raised.rlim_max = limit.rlim_max;
			assert_int_equal(setrlimit(RLIMIT_NOFILE, &raised), 0);
		}
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	}
	return limit.rlim_cur >= wanted ? WANTED_FIBERS : (unsigned)(limit.rlim_cur - SPARE_FILES) & ~1u;
}

static void test_fiber__ten_thousand_wait_on_sockets__each_byte_arrives(void **state)
{
	(void)state;
	all.fibers = allowed_fibers();
	assert_true(all.fibers >= LEAST_FIBERS);
	for (unsigned i = 0; i < all.fibers; i += 2) {
		int ends[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
		all.peers[i].fd = ends[0];
		all.peers[i + 1].fd = ends[1];
	}
	int64_t begin = clock_ms();
	fiber_run(passes_tokens, NULL);
	assert_int_equal(all.reads, all.fibers / 2 * ROUNDS);
	print_message("%u fibers, %u reads, %d ms\n", all.fibers, all.reads, (int)(clock_ms() - begin));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fiber__ten_thousand_wait_on_sockets__each_byte_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
