/* Tests of lib/service.c: what a service manager hears. */
#include "lib/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

/* Binds a manager's socket in the abstract namespace and names it in the environment. */
static int manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[64];
	int len = snprintf(name, sizeof(name), "@ferrule-test-%d", (int)getpid());

	memcpy(address.sun_path, name, (size_t)len);
	address.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) < 0)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static bool hears(int fd, const char *expected)
{
	char heard[600];
	ssize_t len = recv(fd, heard, sizeof(heard) - 1, 0);

	heard[len > 0 ? len : 0] = '\0';
	return loop_test_same_text(heard, expected, __FILE__, __LINE__);
}

static void forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void states(void)
{
	int fd = manager();

	service_start();
	service_ready("two\nlines");
	CHECK(hears(fd, "READY=1\nSTATUS=two lines"));
	service_stopping();
	CHECK(hears(fd, "STOPPING=1\nSTATUS=Draining"));
	service_stop();
	close(fd);
	forget();
}

static void test_service__states__are_told(void **state)
{
	(void)state;
	loop_test(states);
}

static void watchdog(void)
{
	int fd = manager();
	int64_t begun_ms = clock_ms();

	setenv("WATCHDOG_USEC", "100000", 1);
	service_start();
	for (int i = 0; i < 4; i++) {
		CHECK(hears(fd, "WATCHDOG=1"));
		fiber_sleep(60);
	}
	CHECK(clock_ms() - begun_ms >= 150 && clock_ms() - begun_ms < 2000);
	service_stop();
	close(fd);
	forget();
}

static void test_service__watchdog__is_fed_in_half_the_time(void **state)
{
	(void)state;
	loop_test(watchdog);
}

static void silence(void)
{
	int fd = manager();
	char byte;

	setenv("WATCHDOG_USEC", "100000", 1);
	setenv("WATCHDOG_PID", "1", 1); /* another process's */
	service_start();
	fiber_sleep(150);
	CHECK_INT(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	service_stop();
	close(fd);
	service_ready("nobody listens"); /* and nothing happens */
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	service_start();
	service_ready("nobody listens");
	service_stop();
	setenv("NOTIFY_SOCKET", "relative", 1);
	service_start();
	service_stop();
	forget();
}

static void test_service__nobody_listens__does_no_harm(void **state)
{
	(void)state;
	loop_test(silence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service__states__are_told),
		cmocka_unit_test(test_service__watchdog__is_fed_in_half_the_time),
		cmocka_unit_test(test_service__nobody_listens__does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
