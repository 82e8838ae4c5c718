#include "lib/resolve.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#define AT_ONCE         4
#define HOST_TIMEOUT_MS 30000

/* One question. It outlives the fiber that asked when that stops waiting first. */
struct question {
	uv_getaddrinfo_t request;
	struct cond answered;
	bool is_answered;
	bool is_abandoned; /* nobody waits: the answer frees it */
	int rc;            /* libuv's */
	int count;
	char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];
};

/* Given back by the answer, not by the asker: the pool's thread is busy until then. */
static struct semaphore slots = { .free = AT_ONCE };

static bool is_numeric(const char *host)
{
	unsigned char address[16];

	return uv_inet_pton(AF_INET, host, address) == 0 || uv_inet_pton(AF_INET6, host, address) == 0;
}

static int print_address(const struct addrinfo *info, char *address)
{
	if (info->ai_family == AF_INET)
		return uv_ip4_name((const struct sockaddr_in *)info->ai_addr, address, RESOLVE_ADDRESS_MAX);
	if (info->ai_family == AF_INET6)
		return uv_ip6_name((const struct sockaddr_in6 *)info->ai_addr, address, RESOLVE_ADDRESS_MAX);
	return UV_EINVAL;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct question *question = request->data;

	semaphore_give(&slots);
	if (question->is_abandoned) {
		uv_freeaddrinfo(found);
		xfree(question);
		return;
	}
	question->rc = status;
	for (const struct addrinfo *info = found; info != NULL && question->count < RESOLVE_COUNT_MAX;
	     info = info->ai_next) {
		if (print_address(info, question->addresses[question->count]) == 0)
			question->count++;
	}
	uv_freeaddrinfo(found);
	question->is_answered = true;
	cond_signal(&question->answered);
}

/* Asks, and waits. 0 with the question answered, or the wait's error. */
static int ask(struct question *question, const char *host, int64_t deadline_ms)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };

	question->request.data = question;
	question->rc = uv_getaddrinfo(loop_uv(), &question->request, on_answer, host, NULL, &hints);
	if (question->rc != 0) {
		semaphore_give(&slots);
		question->is_answered = true;
	}
	while (!question->is_answered) {
		int rc = cond_wait(&question->answered, deadline_ms);

		if (rc < 0 && !question->is_answered)
			return rc;
	}
	return 0;
}

static int report(struct question *question, const char *host,
		  char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX], struct error *err)
{
	int count = question->count, rc = question->rc;

	memcpy(addresses, question->addresses, sizeof(question->addresses));
	xfree(question);
	if (rc == 0 && count > 0)
		return count;
	return fail(err, ERR_BMC_UNREACHABLE, "The host name %s does not resolve: %s", host,
		    rc != 0 ? uv_strerror(rc) : "no addresses");
}

int resolve_all(const char *host, int64_t deadline_ms, char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX],
		struct error *err)
{
	struct question *question;
	int rc;

	if (is_numeric(host)) {
		snprintf(addresses[0], RESOLVE_ADDRESS_MAX, "%s", host);
		return 1;
	}
	rc = semaphore_take(&slots, deadline_ms);
	if (rc == 0) {
		question = xcalloc(1, sizeof(*question));
		rc = ask(question, host, deadline_ms);
		if (rc == 0)
			return report(question, host, addresses, err);
		question->is_abandoned = true;
	}
	if (rc == -ERR_TIMEOUT)
		return fail(err, ERR_BMC_UNREACHABLE, "The host name %s did not resolve in time", host);
	return fail(err, ERR_CANCELLED, "Resolving the host name %s was cancelled", host);
}

int resolve_host(const char *host, char *address, size_t size, struct error *err)
{
	char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];
	int rc = resolve_all(host, clock_ms() + HOST_TIMEOUT_MS, addresses, err);

	if (rc < 0)
		return rc;
	snprintf(address, size, "%s", addresses[0]);
	return 0;
}
