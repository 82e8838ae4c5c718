#include "lib/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/http_fault.h"
#include "lib/http_transfer.h"
#include "lib/loop.h"

/* Kept-alive connections to all BMCs together. */
#define MAX_CONNECTIONS 256
/* Easy handles kept for the next fetch. */
#define POOL_MAX 64
/* libcurl ends a transfer in time; this is the longest that it may be late. */
#define LATE_MS 10000

static struct {
	CURLM *multi;
	struct loop_timer *timer;
	CURL *pool[POOL_MAX];
	unsigned pool_count;
	unsigned running;
} client;

/* ---- libcurl on the loop ---- */

static void take_finished(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client.multi, &left)) != NULL) {
		struct http_transfer *transfer;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		transfer->code = message->data.result;
		transfer->is_done = true;
		cond_signal(&transfer->done);
	}
}

static void act(curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(client.multi, fd, events, &running);
	take_finished();
}

static void on_timer(void *arg)
{
	(void)arg;
	act(CURL_SOCKET_TIMEOUT, 0);
}

/* A watch does not know its descriptor: it travels as the argument. */
static void on_ready(int events, void *arg)
{
	int curl_events =
		(events & FD_READ ? CURL_CSELECT_IN : 0) | (events & FD_WRITE ? CURL_CSELECT_OUT : 0);

	act((curl_socket_t)(intptr_t)arg, curl_events);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct fd_watch *watch = socket_arg;

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		fd_watch_free(watch);
		return 0;
	}
	if (watch == NULL) {
		watch = fd_watch_new(fd, on_ready, (void *)(intptr_t)fd);
		curl_multi_assign(client.multi, fd, watch);
	}
	fd_watch_set(watch, (what & CURL_POLL_IN ? FD_READ : 0) | (what & CURL_POLL_OUT ? FD_WRITE : 0));
	return 0;
}

/* libcurl must not be called back from here: a delay of 0 waits for the next tick as well. */
static int on_timeout_changed(CURLM *multi, long timeout_ms, void *arg)
{
	(void)multi;
	(void)arg;
	loop_timer_set(client.timer, timeout_ms);
	return 0;
}

void http_client_init(void)
{
	assert(client.multi == NULL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	client.multi = curl_multi_init();
	client.timer = loop_timer_new(on_timer, NULL);
	curl_multi_setopt(client.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client.multi, CURLMOPT_TIMERFUNCTION, on_timeout_changed);
	curl_multi_setopt(client.multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
	curl_multi_setopt(client.multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

void http_client_release(void)
{
	assert(client.running == 0);
	while (client.pool_count > 0)
		curl_easy_cleanup(client.pool[--client.pool_count]);
	curl_multi_cleanup(client.multi);
	client.multi = NULL;
	loop_timer_free(client.timer);
	client.timer = NULL;
	curl_global_cleanup();
}

/* ---- one fetch ---- */

static CURL *take_easy(void)
{
	return client.pool_count > 0 ? client.pool[--client.pool_count] : curl_easy_init();
}

static void give_easy(CURL *easy)
{
	curl_easy_reset(easy); /* it points into the fetch that is over */
	if (client.pool_count == POOL_MAX)
		curl_easy_cleanup(easy);
	else
		client.pool[client.pool_count++] = easy;
}

/* Runs the transfer to its end. 0 when libcurl has ended it, else the wait's error. */
static int wait_done(struct http_transfer *transfer, int64_t deadline_ms)
{
	while (!transfer->is_done) {
		int rc = cond_wait(&transfer->done, deadline_ms);

		if (rc < 0 && !transfer->is_done)
			return rc;
	}
	return 0;
}

static void read_facts(struct http_transfer *transfer)
{
	struct http_fetch *fetch = transfer->fetch;
	long status = 0, connects = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &transfer->os_errno);
	fetch->status = (int)status;
	fetch->is_reused = fetch->is_sent && connects == 0;
	fetch->is_untrusted = transfer->code == CURLE_PEER_FAILED_VERIFICATION;
}

static int run(struct http_transfer *transfer, struct error *err)
{
	int64_t deadline_ms = clock_ms() + transfer->timeout_ms + LATE_MS;
	int rc;

	if (curl_multi_add_handle(client.multi, transfer->easy) != CURLM_OK)
		return fail(err, ERR_INTERNAL, "libcurl refused a transfer to %s", transfer->where);
	client.running++;
	rc = wait_done(transfer, deadline_ms);
	if (rc == 0)
		read_facts(transfer);
	client.running--;
	curl_multi_remove_handle(client.multi, transfer->easy);
	if (rc == -ERR_CANCELLED)
		return fail(err, ERR_CANCELLED, "The request to %s was cancelled", transfer->where);
	if (rc < 0)
		transfer->code = CURLE_OPERATION_TIMEDOUT;
	return http_fault(transfer, err);
}

int http_fetch(struct http_fetch *fetch, struct error *err)
{
	struct http_transfer transfer;
	int rc;

	assert(client.multi != NULL);
	http_transfer_init(&transfer, fetch);
	rc = http_transfer_locate(&transfer, err);
	if (rc == 0) {
		transfer.easy = take_easy();
		http_transfer_set_options(&transfer);
		rc = run(&transfer, err);
		give_easy(transfer.easy);
	}
	http_transfer_release(&transfer);
	return rc;
}

/* ---- the answer ---- */

static bool copy_value(const char *value, const char *end, char *text, size_t size)
{
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	if ((size_t)(end - value) >= size)
		return false;
	memcpy(text, value, (size_t)(end - value));
	text[end - value] = '\0';
	return true;
}

bool http_fetch_header(const struct http_fetch *fetch, const char *name, char *text, size_t size)
{
	const char *line = fetch->header_text.data;
	size_t name_len = strlen(name);

	while (line != NULL && *line != '\0') {
		const char *end = strchr(line, '\n');

		if (end == NULL)
			end = line + strlen(line);
		if ((size_t)(end - line) > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0)
			return copy_value(line + name_len + 1, end, text, size);
		line = *end == '\n' ? end + 1 : end;
	}
	return false;
}

void http_fetch_release(struct http_fetch *fetch)
{
	buf_release(&fetch->answer);
	buf_release(&fetch->header_text);
}
