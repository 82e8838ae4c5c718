#include "lib/service.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/loop.h"

#define MESSAGE_MAX 512

static struct {
	int fd; /* -1: nobody listens */
	struct loop_timer *timer;
	int64_t interval_ms;
} service = { .fd = -1 };

/* The manager reads with a queue of its own; a full one loses this message, not us. */
static void say(const char *message)
{
	if (service.fd >= 0)
		(void)!send(service.fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "/run/..." or, in the abstract namespace, "@...". */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void on_timer(void *arg)
{
	(void)arg;
	say("WATCHDOG=1");
	loop_timer_set(service.timer, service.interval_ms);
}

/* Half of what the unit allows; 0: no watchdog, or not ours. */
static int64_t watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long value = usec ? strtoll(usec, NULL, 10) : 0;

	if (pid && strtoll(pid, NULL, 10) != (long long)getpid())
		return 0;
	return value >= 2000 ? value / 2000 : 0;
}

void service_start(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	service.fd = path ? connect_to(path) : -1;
	service.interval_ms = watchdog_ms();
	if (service.fd < 0 || service.interval_ms == 0)
		return;
	service.timer = loop_timer_new(on_timer, NULL);
	on_timer(NULL);
}

void service_ready(const char *status)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "READY=1\nSTATUS=%.400s", status);
	for (char *c = message + strlen("READY=1\n"); *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	say(message);
}

void service_stopping(void)
{
	say("STOPPING=1\nSTATUS=Draining");
}

void service_stop(void)
{
	if (service.timer)
		loop_timer_free(service.timer);
	service.timer = NULL;
	if (service.fd >= 0)
		close(service.fd);
	service.fd = -1;
}
