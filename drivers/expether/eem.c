/* eem: see eem.h. */
#include "drivers/expether/eem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "drivers/expether/options.h"
#include "drivers/trip.h"
#include "lib/clock.h"
#include "lib/http_client.h"
#include "lib/json.h"
#include "lib/xalloc.h"

#define DEPTH_MAX   8
#define FLIGHT_MS   3000 /* longest life of an unacknowledged write: as [conductor] flight */
#define RETRY_MS    500
#define MESSAGE_MAX 200

void eem_open(struct eem *eem, struct task *task, const struct pod_manager *manager)
{
	*eem = (struct eem){ .task = task, .manager = *manager };
}

/* ---- answers ---- */

/* The manager's own sentence, if it can be shown. */
static const char *message_of(struct eem *eem, const json_t *body)
{
	const char *text = json_string_value(json_object_get(body, "message"));
	const char *password = eem->manager.password;

	if (!text || (password && strstr(text, password)))
		return "";
	for (const char *c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			return "";
	return arena_printf(&eem->task->arena, ": %.*s", MESSAGE_MAX, text);
}

static void keep_code(struct eem *eem, const json_t *body)
{
	const char *code = json_string_value(json_object_get(body, "code"));

	if (code && strlen(code) < sizeof(eem->code) && strspn(code, "0123456789") == strlen(code))
		snprintf(eem->code, sizeof(eem->code), "%s", code);
}

static enum errcode code_of_refusal(int status)
{
	switch (status) {
	case 400:
		return ERR_CONFLICT;
	case 401:
	case 403:
		return ERR_BMC_AUTH;
	case 404:
		return ERR_NOT_FOUND;
	default:
		return ERR_BMC;
	}
}

static int refused(struct eem *eem, const char *what, const json_t *body, struct error *err)
{
	enum errcode code = code_of_refusal(eem->status);

	if (code == ERR_BMC_AUTH)
		return fail(err, code, "The ExpEther manager %s rejected the credentials", eem->manager.url);
	return fail(err, code, "The ExpEther manager %s answered %s with status %d%s%s%s", eem->manager.url,
		    what, eem->status, *eem->code ? ", code " : "", eem->code, message_of(eem, body));
}

int eem_reply_read(struct eem *eem, const char *what, int status, const char *body, size_t len, json_t **ret,
		   struct error *err)
{
	json_t *value = NULL;
	int rc = 0;

	eem->status = status;
	eem->code[0] = '\0';
	if (len && status != 204 && json_parse(body, len, DEPTH_MAX, &value, NULL) == 0 &&
	    !json_is_object(value)) {
		json_decref(value);
		value = NULL;
	}
	if (status != 200 && status != 204) {
		keep_code(eem, value);
		rc = refused(eem, what, value, err);
	} else if (len && status == 200 && !value) {
		rc = fail(err, ERR_BMC, "What the ExpEther manager %s answered to %s is not a JSON object",
			  eem->manager.url, what);
	}
	if (rc == 0 && ret)
		*ret = value;
	else
		json_decref(value);
	return rc;
}

/* ---- requests ---- */

struct request {
	struct eem *eem;
	const char *method, *path, *what;
	const char *body; /* NULL: none */
	size_t body_len;
	bool is_write;
};

/* Where the bytes leave. Setting and clearing a group twice does what once does, so a second sending on a
 * new connection may pass. */
static int may_send(void *arg, unsigned attempt, struct error *err)
{
	struct request *request = arg;
	int rc;

	(void)attempt;
	if (!request->is_write)
		return 0;
	rc = task_gate_check(request->eem->task, request->what, err);
	if (rc == 0)
		request->eem->may_have_left = true;
	return rc;
}

/* What is left of the time, at most as long as the option says; 0: nothing. */
static int time_left(const struct task *task, double option_s)
{
	int64_t left = task->deadline_ms == DEADLINE_NEVER ? INT32_MAX : task->deadline_ms - clock_ms();
	int64_t longest = (int64_t)(option_s * 1000);

	if (left <= 0)
		return 0;
	return (int)(left < longest ? left : longest);
}

SUSPENDS static int fetch(struct request *request, struct http_fetch *ret, struct error *err)
{
	const struct pod_manager *manager = &request->eem->manager;
	const char *headers[] = { "Accept: application/json",
				  request->body ? "Content-Type: application/json" : NULL, NULL };
	const char *verify = manager->verify_ca;
	bool is_unverified = verify && strcmp(verify, "false") == 0;
	int64_t begun_ns = clock_ns();
	int rc;

	*ret = (struct http_fetch){
		.method = request->method,
		.url = arena_printf(&request->eem->task->arena, "%s%s", manager->url, request->path),
		.headers = headers,
		.body = request->body,
		.body_len = request->body_len,
		.user = manager->username,
		.password = manager->password,
		.is_tls_unverified = is_unverified,
		.ca_path = is_unverified ? NULL : verify,
		.connect_timeout_ms = time_left(request->eem->task, expether_options.connect_timeout_s),
		.timeout_ms = time_left(request->eem->task, expether_options.read_timeout_s),
		.tcp_user_timeout_ms = FLIGHT_MS,
		.max_body_bytes = EEM_REPLY_MAX,
		.may_send = may_send,
		.may_send_arg = request,
	};
	if (!ret->timeout_ms)
		return fail(err, ERR_TIMEOUT, "No time is left for %s at %s", request->what, manager->url);
	rc = http_fetch(ret, err);
	trip_ended("expether", begun_ns,
		   rc < 0               ? rc
		   : ret->status >= 300 ? -(int)code_of_refusal(ret->status)
					: 0);
	return rc;
}

static int unanswered(const struct request *request, int rc, struct error *err)
{
	if (rc != -ERR_BMC_UNREACHABLE && rc != -ERR_TIMEOUT)
		return rc;
	if (request->is_write && request->eem->may_have_left)
		return fail(err, ERR_UNKNOWN_OUTCOME,
			    "%s may have been carried out by the ExpEther manager %s, but no answer came",
			    request->what, request->eem->manager.url);
	if (!err)
		return -ERR_BMC_UNREACHABLE;
	err->code = ERR_BMC_UNREACHABLE;
	return fail_prefix(err, "No answer of the ExpEther manager %s", request->eem->manager.url);
}

SUSPENDS static int try_once(struct request *request, json_t **ret, struct error *err)
{
	struct eem *eem = request->eem;
	struct http_fetch answer = { 0 };
	int rc = request->is_write ? task_gate_wait(eem->task, err) : 0;

	eem->status = 0;
	eem->code[0] = '\0';
	if (rc == 0)
		rc = fetch(request, &answer, err);
	if (rc == 0) {
		eem->may_have_left = false; /* what became of it is known now */
		rc = eem_reply_read(eem, request->what, answer.status, answer.answer.data, answer.answer.len,
				    ret, err);
	} else {
		rc = unanswered(request, rc, err);
	}
	http_fetch_release(&answer);
	return rc;
}

SUSPENDS static int perform(struct eem *eem, const char *method, const char *path, const char *body,
			    json_t **ret, struct error *err)
{
	struct request request = {
		.eem = eem,
		.method = method,
		.path = path,
		.what = arena_printf(&eem->task->arena, "%s %s", method, path),
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.is_write = strcmp(method, "GET") != 0,
	};
	int rc;

	if (ret)
		*ret = NULL;
	for (long attempt = 1;; attempt++) {
		eem->may_have_left = false;
		rc = try_once(&request, ret, err);
		if (rc != -ERR_BMC_UNREACHABLE || request.is_write || attempt >= expether_options.attempts ||
		    time_left(eem->task, 1) < RETRY_MS || fiber_sleep(RETRY_MS) < 0)
			return rc;
	}
}

int eem_get(struct eem *eem, const char *path, json_t **ret, struct error *err)
{
	return perform(eem, "GET", path, NULL, ret, err);
}

int eem_put(struct eem *eem, const char *path, const json_t *body, json_t **ret, struct error *err)
{
	struct buf text;
	int rc;

	buf_init(&text, 4096);
	if (body)
		json_write(&text, body);
	rc = perform(eem, "PUT", path, text.data, ret, err);
	buf_release(&text);
	return rc;
}

int eem_delete(struct eem *eem, const char *path, struct error *err)
{
	return perform(eem, "DELETE", path, NULL, NULL, err);
}
