/* http_link: see http_link.h. */
#include "lib/http_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/xalloc.h"

/* What one step reads at most before others have their turn. */
#define READ_BYTES ((size_t)16 * 1024)
#define READS_MAX  64

static void step(struct http_link *link);

/* ---- the end of a transfer ---- */

static void finish(struct http_link *link, int rc)
{
	struct http_transfer *transfer = link->transfer;

	transfer->rc = rc;
	transfer->link = NULL;
	transfer->is_done = true;
	link->transfer = NULL;
	deadline_cancel(&link->deadline);
	cond_signal(&transfer->done);
}

/* Ends the transfer with a sentence and the connection with it. */
static void give_up(struct http_link *link, enum errcode code, const char *cause, const char *detail)
{
	struct http_transfer *transfer = link->transfer;
	bool has_detail = detail && *detail;

	finish(link, fail(&transfer->err, code, "Request to %s failed: %s%s%s", transfer->place.where, cause,
			  has_detail ? ": " : "", has_detail ? detail : ""));
	http_link_close(link);
}

/* The connection ended or broke under a request. */
static void give_up_broken(struct http_link *link, const char *cause, int error)
{
	link->transfer->is_stale = link->requests > 1 && !link->transfer->answer.has_begun;
	give_up(link, ERR_BMC_UNREACHABLE, cause, error ? strerrordesc_np(error) : NULL);
}

static void complete(struct http_link *link)
{
	const struct http_transfer *transfer = link->transfer;
	bool is_kept = transfer->answer.is_keepable && !transfer->fetch->is_last &&
		       link->sent == transfer->out.len && !(link->ssl && SSL_pending(link->ssl) > 0);

	transfer->fetch->status = transfer->answer.status;
	finish(link, 0);
	if (is_kept) {
		link->state = LINK_IDLE;
		fd_watch_set(link->watch, FD_READ);
		http_links_put(link);
	} else {
		http_link_close(link);
	}
}

/* ---- TLS sessions ---- */

static void keep_session(SSL *ssl, SSL_SESSION *take_session)
{
	struct http_link *link = SSL_get_app_data(ssl);
	struct http_peer *peer = link->peer;

	SSL_SESSION_free(peer->session);
	peer->session = take_session;
	peer->session_serial = http_trust_serial(SSL_get_SSL_CTX(ssl));
}

static void prepare_tls(struct http_link *link)
{
	struct http_peer *peer = link->peer;

	SSL_set_app_data(link->ssl, link);
	SSL_set_connect_state(link->ssl);
	if (peer->is_ip) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(link->ssl), peer->host);
	} else {
		SSL_set_tlsext_host_name(link->ssl, peer->host);
		SSL_set1_host(link->ssl, peer->host);
	}
	if (peer->session && peer->session_serial == http_trust_serial(SSL_get_SSL_CTX(link->ssl)))
		SSL_set_session(link->ssl, peer->session);
}

/* ---- bytes ---- */

enum flow { FLOW_BYTES, FLOW_WANTS_READ, FLOW_WANTS_WRITE, FLOW_END, FLOW_BROKEN };

static enum flow tls_flow(const struct http_link *link, int rc, int *ret_error)
{
	int reason = SSL_get_error(link->ssl, rc);

	*ret_error = reason == SSL_ERROR_SYSCALL ? errno : 0;
	if (reason == SSL_ERROR_WANT_READ)
		return FLOW_WANTS_READ;
	if (reason == SSL_ERROR_WANT_WRITE)
		return FLOW_WANTS_WRITE;
	return reason == SSL_ERROR_ZERO_RETURN || (reason == SSL_ERROR_SYSCALL && !*ret_error) ? FLOW_END
											       : FLOW_BROKEN;
}

static enum flow receive(struct http_link *link, char *data, size_t size, size_t *ret_len, int *ret_error)
{
	ssize_t len;

	if (link->ssl) {
		enum flow flow = FLOW_BYTES;
		ERR_clear_error();
		if (SSL_read_ex(link->ssl, data, size, ret_len) != 1) {
			flow = tls_flow(link, 0, ret_error);
			ERR_clear_error();
		}
		return flow;
	}
	len = recv(link->fd, data, size, 0);
	if (len > 0) {
		*ret_len = (size_t)len;
		return FLOW_BYTES;
	}
	*ret_error = errno;
	if (len == 0)
		return FLOW_END;
	return errno == EAGAIN || errno == EINTR ? FLOW_WANTS_READ : FLOW_BROKEN;
}

static enum flow transmit(struct http_link *link, const char *data, size_t len, size_t *ret_len,
			  int *ret_error)
{
	ssize_t sent;

	if (link->ssl) {
		enum flow flow = FLOW_BYTES;
		ERR_clear_error();
		if (SSL_write_ex(link->ssl, data, len, ret_len) != 1) {
			flow = tls_flow(link, 0, ret_error);
			ERR_clear_error();
		}
		return flow;
	}
	sent = send(link->fd, data, len, MSG_NOSIGNAL);
	if (sent >= 0) {
		*ret_len = (size_t)sent;
		return FLOW_BYTES;
	}
	*ret_error = errno;
	return errno == EAGAIN || errno == EINTR ? FLOW_WANTS_WRITE : FLOW_BROKEN;
}

/* ---- connecting ---- */

static void on_ready(int events, void *arg)
{
	(void)events;
	step(arg);
}

static void drop_socket(struct http_link *link)
{
	fd_watch_free(link->watch);
	link->watch = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static socklen_t sockaddr_of(const char *address, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *ip4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, address, &ip4->sin_addr) == 1) {
		ip4->sin_family = AF_INET;
		ip4->sin_port = htons((uint16_t)port);
		return sizeof(*ip4);
	}
	inet_pton(AF_INET6, address, &ip6->sin6_addr);
	ip6->sin6_family = AF_INET6;
	ip6->sin6_port = htons((uint16_t)port);
	return sizeof(*ip6);
}

/* The next address of the host gets its share of the time that is left. */
static void set_connect_deadline(struct http_link *link)
{
	const struct http_transfer *transfer = link->transfer;
	int64_t now_ms = clock_ms();
	int left = transfer->address_count - transfer->address_next + 1;

	deadline_set(&link->deadline, now_ms + (transfer->connect_end_ms - now_ms) / left);
}

/* 0: under way; else errno. */
static int connect_to(struct http_link *link, const char *address)
{
	const struct http_transfer *transfer = link->transfer;
	unsigned timeout_ms = (unsigned)transfer->fetch->tcp_user_timeout_ms;
	struct sockaddr_storage target;
	socklen_t len = sockaddr_of(address, transfer->place.port, &target);
	int on = 1;

	link->fd = socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return errno;
	setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (timeout_ms)
		setsockopt(link->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	if (connect(link->fd, (struct sockaddr *)&target, len) < 0 && errno != EINPROGRESS)
		return errno;
	link->watch = fd_watch_new(link->fd, on_ready, link);
	fd_watch_set(link->watch, FD_WRITE);
	return 0;
}

static void connect_next(struct http_link *link, int error)
{
	struct http_transfer *transfer = link->transfer;

	do {
		drop_socket(link);
		if (transfer->address_next == transfer->address_count) {
			give_up(link, ERR_BMC_UNREACHABLE, "the connection failed", strerrordesc_np(error));
			return;
		}
		set_connect_deadline(link);
		error = connect_to(link, transfer->addresses[transfer->address_next++]);
	} while (error);
}

static bool step_connecting(struct http_link *link)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (link->fd < 0) {
		connect_next(link, 0);
		return false;
	}
	getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		connect_next(link, error);
		return false;
	}
	deadline_set(&link->deadline, link->transfer->connect_end_ms);
	if (link->ssl) {
		SSL_set_fd(link->ssl, link->fd);
		link->state = LINK_SHAKING;
	} else {
		link->state = LINK_SENDING;
	}
	return true;
}

/* ---- TLS handshake ---- */

static void give_up_shaking(struct http_link *link, enum flow flow, int error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());
	bool is_distrust = SSL_get_verify_mode(link->ssl) != SSL_VERIFY_NONE &&
			   SSL_get_verify_result(link->ssl) != X509_V_OK;
	char text[128] = "";

	if (error)
		snprintf(text, sizeof(text), "%s", strerrordesc_np(error));
	else if (flow == FLOW_END)
		snprintf(text, sizeof(text), "the connection was closed");
	else if (reason)
		snprintf(text, sizeof(text), "%s", reason);
	ERR_clear_error();
	if (is_distrust) {
		link->transfer->fetch->is_untrusted = true;
		give_up(link, ERR_BMC_UNREACHABLE, "the TLS certificate is not trusted",
			http_trust_problem(link->ssl));
	} else {
		give_up(link, ERR_BMC_UNREACHABLE, "the TLS handshake failed", text);
	}
}

static bool step_shaking(struct http_link *link)
{
	int error = 0, rc;
	enum flow flow;

	ERR_clear_error();
	rc = SSL_do_handshake(link->ssl);
	if (rc == 1) {
		link->was_resumed = SSL_session_reused(link->ssl);
		link->state = LINK_SENDING;
		return true;
	}
	flow = tls_flow(link, rc, &error);
	if (flow == FLOW_WANTS_READ || flow == FLOW_WANTS_WRITE)
		fd_watch_set(link->watch, flow == FLOW_WANTS_READ ? FD_READ : FD_WRITE);
	else
		give_up_shaking(link, flow, error);
	return false;
}

/* ---- the request ---- */

/* Asks the one who fetches, right before the first byte leaves. False: refused, and over. */
static bool may_leave(struct http_link *link)
{
	struct http_transfer *transfer = link->transfer;
	struct http_fetch *fetch = transfer->fetch;
	unsigned attempt = transfer->attempt++;
	int rc;

	transfer->err.code = ERR_NONE;
	transfer->err.text[0] = '\0';
	rc = fetch->may_send ? fetch->may_send(fetch->may_send_arg, attempt, &transfer->err) : 0;
	if (rc == 0) {
		fetch->is_sent = true;
		fetch->is_reused = link->requests++ > 0;
		fetch->is_resumed = !fetch->is_reused && link->was_resumed;
		return true;
	}
	finish(link, rc < 0 ? rc : -rc);
	http_link_close(link);
	return false;
}

static bool step_sending(struct http_link *link)
{
	struct http_transfer *transfer = link->transfer;
	enum flow flow = FLOW_BYTES;
	size_t len = 0;
	int error = 0;

	if (!link->sent && !transfer->is_leaving) {
		if (!may_leave(link))
			return false;
		transfer->is_leaving = true;
		deadline_set(&link->deadline, transfer->end_ms);
	}
	while (link->sent < transfer->out.len && flow == FLOW_BYTES) {
		flow = transmit(link, transfer->out.data + link->sent, transfer->out.len - link->sent, &len,
				&error);
		if (flow == FLOW_BYTES)
			link->sent += len;
	}
	if (link->sent == transfer->out.len) {
		link->state = LINK_RECEIVING;
		fd_watch_set(link->watch, FD_READ);
		return false;
	}
	if (flow == FLOW_END || flow == FLOW_BROKEN) {
		give_up_broken(link, "sending failed", error);
		return false;
	}
	/* some answer, and close, before they have heard all */
	fd_watch_set(link->watch, FD_READ | FD_WRITE);
	return true;
}

/* ---- the answer ---- */

static void take_end(struct http_link *link)
{
	struct http_answer *answer = &link->transfer->answer;

	if (!answer->has_begun) {
		give_up_broken(link, "the connection was closed without an answer", 0);
	} else if (http_answer_finish(answer) == HTTP_ANSWER_COMPLETE) {
		answer->is_keepable = false;
		complete(link);
	} else {
		give_up_broken(link, "the answer was cut short", 0);
	}
}

static void give_up_large(struct http_link *link)
{
	const struct http_fetch *fetch = link->transfer->fetch;
	bool is_head = fetch->header_text.overflow;
	char text[80];

	snprintf(text, sizeof(text), "the %s of the answer exceeds %zu bytes", is_head ? "head" : "body",
		 is_head ? fetch->header_text.max : fetch->max_body_bytes);
	give_up(link, ERR_TOO_LARGE, text, NULL);
}

/* True: more may be read now. */
static bool take_bytes(struct http_link *link, const char *data, size_t len)
{
	struct http_answer *answer = &link->transfer->answer;
	size_t used;

	switch (http_answer_feed(answer, data, len, &used)) {
	case HTTP_ANSWER_MORE:
		return true;
	case HTTP_ANSWER_COMPLETE:
		answer->is_keepable &= used == len;
		complete(link);
		break;
	case HTTP_ANSWER_BAD:
		give_up(link, ERR_BMC_UNREACHABLE, "the answer is not HTTP", NULL);
		break;
	case HTTP_ANSWER_TOO_LARGE:
		give_up_large(link);
		break;
	}
	return false;
}

static void step_receiving(struct http_link *link)
{
	static char data[READ_BYTES]; /* one loop, one step at a time */
	int error = 0;
	size_t len;

	for (int reads = 0; reads < READS_MAX || (link->ssl && SSL_has_pending(link->ssl)); reads++) {
		switch (receive(link, data, sizeof(data), &len, &error)) {
		case FLOW_BYTES:
			if (!take_bytes(link, data, len))
				return;
			break;
		case FLOW_WANTS_READ:
		case FLOW_WANTS_WRITE: /* a key update: rare, and its answer is small */
			return;
		case FLOW_END:
			take_end(link);
			return;
		case FLOW_BROKEN:
			give_up_broken(link, "receiving failed", error);
			return;
		}
	}
}

/* An idle connection has something to say: new TLS sessions, or its end. Unasked bytes end it as well. */
static void step_idle(struct http_link *link)
{
	char byte;
	size_t len;
	int error;

	if (receive(link, &byte, 1, &len, &error) != FLOW_WANTS_READ)
		http_link_close(link);
}

/* ---- the machine ---- */

static void step(struct http_link *link)
{
	bool is_on = true;

	while (is_on) {
		switch (link->state) {
		case LINK_CONNECTING:
			is_on = step_connecting(link);
			break;
		case LINK_SHAKING:
			is_on = step_shaking(link);
			break;
		case LINK_SENDING:
			is_on = step_sending(link);
			if (is_on)
				step_receiving(link);
			return;
		case LINK_RECEIVING:
			step_receiving(link);
			return;
		case LINK_IDLE:
			step_idle(link);
			return;
		}
	}
}

static void on_step(struct deferred *deferred)
{
	step((struct http_link *)((char *)deferred - offsetof(struct http_link, step)));
}

static void on_deadline(struct deadline *deadline)
{
	struct http_link *link =
		(struct http_link *)((char *)deadline - offsetof(struct http_link, deadline));
	const struct http_transfer *transfer = link->transfer;
	int connect_ms = transfer->connect_timeout_ms < transfer->timeout_ms ? transfer->connect_timeout_ms
									     : transfer->timeout_ms;
	char text[80];

	if (link->state == LINK_CONNECTING && transfer->address_next < transfer->address_count) {
		connect_next(link, ETIMEDOUT);
		return;
	}
	if (transfer->fetch->is_sent)
		snprintf(text, sizeof(text), "no complete answer within %d ms", transfer->timeout_ms);
	else
		snprintf(text, sizeof(text), "no connection within %d ms", connect_ms);
	give_up(link, transfer->fetch->is_sent ? ERR_TIMEOUT : ERR_BMC_UNREACHABLE, text, NULL);
}

struct http_link *http_link_new(struct http_peer *peer, SSL_CTX *context)
{
	struct http_link *link = xcalloc(1, sizeof(*link));

	http_trust_on_session = keep_session;
	link->fd = -1;
	link->peer = peer;
	peer->users++;
	link->deadline.fn = on_deadline;
	link->step.fn = on_step;
	if (context) {
		link->ssl = SSL_new(context);
		if (!link->ssl)
			abort(); /* out of memory, as everywhere */
		prepare_tls(link);
	}
	return link;
}

void http_link_start(struct http_link *link, struct http_transfer *transfer)
{
	if (link->state == LINK_IDLE) {
		http_links_take(link);
		link->state = LINK_SENDING;
	}
	link->transfer = transfer;
	link->sent = 0;
	transfer->link = link;
	deadline_set(&link->deadline, transfer->connect_end_ms);
	loop_defer(&link->step);
}

void http_link_close(struct http_link *link)
{
	struct http_transfer *transfer = link->transfer;

	if (link->state == LINK_IDLE)
		http_links_take(link);
	if (transfer) {
		transfer->link = NULL;
		transfer->is_done = true;
	}
	deadline_cancel(&link->deadline);
	loop_defer_cancel(&link->step);
	/* a session that was not closed is not resumed by some versions of the library */
	if (link->ssl && SSL_is_init_finished(link->ssl))
		SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(link->ssl);
	drop_socket(link);
	http_peer_give(link->peer);
	xfree(link);
}
