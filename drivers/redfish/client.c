/* client: see client.h. Source of the rules: DSP0266 sections 6.5, 7 and 8; the makes are named where a rule
 * is theirs. */
#include "drivers/redfish/client.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/redfish/options.h"
#include "drivers/redfish/problem.h"
#include "drivers/redfish/session.h"
#include "drivers/redfish/task_monitor.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/xalloc.h"

/* Answers by which a BMC asks for patience. */
#define BUSY_ATTEMPTS     10
#define BUSY_INTERVAL_MS  3000
#define RETRY_AFTER_MAX_S 30

int redfish_open(struct redfish_client *client, struct task *task, struct error *err)
{
	struct redfish_info info;
	int rc = redfish_info_parse(node_object(task->node, NODE_DRIVER_INFO), node_uuid(task->node),
				    &task->arena, &info, err);

	if (rc < 0)
		return rc;
	redfish_open_info(client, task, &info);
	return 0;
}

void redfish_open_info(struct redfish_client *client, struct task *task, const struct redfish_info *info)
{
	*client = (struct redfish_client){ .task = task, .info = *info, .bmc = redfish_bmc_take(info) };
	if (task->node)
		snprintf(client->bmc->node_uuid, sizeof(client->bmc->node_uuid), "%s", node_uuid(task->node));
}

void redfish_close(struct redfish_client *client)
{
	http_fetch_release(&client->fetch);
	redfish_bmc_give(client->bmc);
	client->bmc = NULL;
}

const char *redfish_node_uuid(const struct redfish_client *client)
{
	return client->task->node ? node_uuid(client->task->node) : "(none)";
}

int redfish_pause(struct redfish_client *client, int64_t ms)
{
	int64_t deadline_ms = client->task->deadline_ms;

	if (deadline_ms != DEADLINE_NEVER && clock_ms() + ms > deadline_ms)
		return -ERR_TIMEOUT;
	return fiber_sleep(ms);
}

/* ---- one try ---- */

struct call {
	struct redfish_client *client;
	const char *method;
	char path[REDFISH_PATH_MAX];
	const char *body;
	size_t body_len;
	const char *if_match;
	bool is_write;
	bool is_repeatable;           /* sending it twice does what sending it once does */
	unsigned connection_failures; /* of the budget [redfish] connection_attempts */
	unsigned busy_answers;
	bool is_login_renewed;
	bool was_unanswered; /* an earlier sending may have left and got no answer */
};

static bool is_refused_twice(const struct call *call, unsigned attempt)
{
	return attempt > 0 && !call->is_repeatable;
}

/* Where the bytes leave. What a dead kept connection did not answer is sent again on a new one: not a POST.
 */
static int may_send(void *arg, unsigned attempt, struct error *err)
{
	struct call *call = arg;
	struct task *task = call->client->task;
	int rc;

	if (!call->is_write)
		return 0;
	if (is_refused_twice(call, attempt))
		return fail(err, ERR_UNKNOWN_OUTCOME, "The connection ended before an answer to %s %s came",
			    call->method, call->path);
	call->was_unanswered |= attempt > 0;
	rc = task_gate_check(task, arena_printf(&task->arena, "%s %s", call->method, call->path), err);
	if (rc == 0)
		call->client->may_have_left = true;
	return rc;
}

static bool is_printable(const char *text)
{
	while (isprint((unsigned char)*text))
		text++;
	return !*text;
}

static void take_answer(struct redfish_client *client, const struct call *call)
{
	client->status = client->fetch.status;
	client->may_have_left = false; /* what became of it is known now */
	client->etag[0] = client->etag_path[0] = '\0';
	if (!strcmp(call->method, "GET") && client->status == 200 &&
	    http_fetch_header(&client->fetch, "ETag", client->etag, sizeof(client->etag)) &&
	    is_printable(client->etag))
		snprintf(client->etag_path, sizeof(client->etag_path), "%s", call->path);
}

SUSPENDS static int try_once(struct call *call, char *token, size_t token_size, struct error *err)
{
	struct redfish_client *client = call->client;
	struct redfish_request request = {
		.method = call->method,
		.path = call->path,
		.body = call->body,
		.body_len = call->body_len,
		.if_match = call->if_match,
		.is_write = call->is_write,
		.deadline_ms = client->task->deadline_ms,
		.may_send = may_send,
		.may_send_arg = call,
	};
	int rc = redfish_session_ensure(client->bmc, request.deadline_ms, err);

	if (rc == 0 && call->is_write)
		rc = task_gate_wait(client->task, err);
	if (rc < 0)
		return rc;
	/* The session may be replaced while this request is under way: it keeps the token that it went with.
	 */
	snprintf(token, token_size, "%s", client->bmc->token ? client->bmc->token : "");
	request.token = *token ? token : NULL;
	request.is_basic = redfish_session_is_basic(client->bmc);
	http_fetch_release(&client->fetch);
	client->status = 0;
	rc = redfish_exchange(client->bmc, &request, &client->fetch, err);
	if (rc == 0)
		take_answer(client, call);
	return rc;
}

/* ---- again or not ---- */

bool redfish_answer_has(const struct redfish_client *client, const char *word)
{
	const struct buf *answer = &client->fetch.answer;

	return answer->len && memmem(answer->data, answer->len, word, strlen(word));
}

/* Whether a BMC's answer means "not now": any 5xx to a GET; SYS518 of iDRAC (its data sources are away) and
 * iLO's InvalidOperationForSystemState to anything. */
static bool is_busy(const struct call *call)
{
	const struct redfish_client *client = call->client;
	bool is_asking = client->status >= 500 || (call->is_write && client->status == 400);

	if (!is_asking)
		return false;
	if (!call->is_write)
		return true;
	return redfish_answer_has(client, "SYS518") ||
	       (redfish_answer_has(client, "iLO") &&
		redfish_answer_has(client, "InvalidOperationForSystemState") && client->status >= 500);
}

static int64_t busy_pause_ms(const struct redfish_client *client)
{
	char text[16];
	long seconds;

	if (!http_fetch_header(&client->fetch, "Retry-After", text, sizeof(text)))
		return BUSY_INTERVAL_MS;
	seconds = strtol(text, NULL, 10);
	if (seconds < 1)
		return BUSY_INTERVAL_MS;
	return 1000 * (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S);
}

/* After a try without an answer. True: try again. A time-out costs a minute each, so it counts double. */
SUSPENDS static bool again_after_failure(struct call *call, int rc)
{
	bool has_left = call->is_write && call->client->may_have_left;

	if (rc != -ERR_BMC_UNREACHABLE && rc != -ERR_TIMEOUT)
		return false;
	if ((has_left && !call->is_repeatable) || call->client->bmc->is_untrusted)
		return false;
	call->was_unanswered |= has_left;
	call->connection_failures += rc == -ERR_TIMEOUT ? 2 : 1;
	if (call->connection_failures >= (unsigned long)redfish_options.connection_attempts)
		return false;
	return redfish_pause(call->client, (int64_t)(redfish_options.connection_retry_interval_s * 1000)) ==
	       0;
}

static unsigned busy_attempts(const struct call *call)
{
	return call->client->patience && !call->is_write ? call->client->patience : BUSY_ATTEMPTS;
}

/* After an answer. True: try again. */
SUSPENDS static bool again_after_answer(struct call *call, const char *token)
{
	struct redfish_client *client = call->client;

	if ((client->status == 401 || client->status == 403) && *token && !call->is_login_renewed) {
		call->is_login_renewed = true;
		/* 401: the BMC has forgotten the session. 403 may also mean a right that the user lacks. */
		redfish_session_drop(client->bmc, token, client->status == 403, client->task->deadline_ms);
		return true;
	}
	if (is_busy(call) && ++call->busy_answers < busy_attempts(call))
		return redfish_pause(client, busy_pause_ms(client)) == 0;
	return false;
}

/* ---- outcomes ---- */

static int fail_status(const struct call *call, struct error *err)
{
	const struct redfish_client *client = call->client;
	bool is_auth = client->status == 401 || client->status == 403;
	struct redfish_problem problem;

	redfish_problem_read(client->fetch.answer.data, client->fetch.answer.len, &problem);
	redfish_problem_mask(&problem, client->info.password);
	redfish_problem_mask(&problem, client->bmc->token);
	if (client->status >= 300 && client->status < 400)
		return fail(err, ERR_BMC,
			    "HTTP %s %s%s was answered with a redirection (status %d), which is not followed",
			    call->method, client->info.address, call->path, client->status);
	return fail(err, is_auth ? ERR_BMC_AUTH : ERR_BMC, "HTTP %s %s%s returned code %d%s%s%s%s",
		    call->method, client->info.address, call->path, client->status, *problem.code ? ". " : "",
		    problem.code, *problem.text ? ": " : "", problem.text);
}

static int fail_unanswered(const struct call *call, int rc, struct error *err)
{
	if (rc != -ERR_BMC_UNREACHABLE && rc != -ERR_TIMEOUT)
		return rc;
	if (call->is_write && call->client->may_have_left)
		return fail(err, ERR_UNKNOWN_OUTCOME,
			    "HTTP %s %s%s may have been carried out, but no answer came", call->method,
			    call->client->info.address, call->path);
	if (!err)
		return -ERR_BMC_UNREACHABLE;
	err->code = ERR_BMC_UNREACHABLE;
	return fail_prefix(err, "Redfish connection failed for node %s", redfish_node_uuid(call->client));
}

SUSPENDS static int perform(struct call *call, struct error *err)
{
	struct redfish_client *client = call->client;
	char token[REDFISH_TOKEN_MAX];
	bool is_again;
	int rc;

	client->may_have_left = false;
	do {
		rc = try_once(call, token, sizeof(token), err);
		is_again = rc < 0 ? again_after_failure(call, rc) : again_after_answer(call, token);
	} while (is_again);
	explicit_bzero(token, sizeof(token));
	if (rc < 0)
		return fail_unanswered(call, rc, err);
	return client->status >= 200 && client->status < 300 ? 0 : fail_status(call, err);
}

/* ---- the methods ---- */

static int call_init(struct call *call, struct redfish_client *client, const char *method, const char *path,
		     struct error *err)
{
	*call = (struct call){ .client = client, .method = method, .is_write = strcmp(method, "GET") != 0 };
	call->is_repeatable = strcmp(method, "POST") != 0;
	return redfish_path_of_link(client->bmc, path, call->path, sizeof(call->path), err);
}

int redfish_get(struct redfish_client *client, const char *path, struct error *err)
{
	struct call call;
	int rc = call_init(&call, client, "GET", path, err);

	return rc < 0 ? rc : perform(&call, err);
}

int redfish_delete(struct redfish_client *client, const char *path, struct error *err)
{
	struct call call;
	int rc = call_init(&call, client, "DELETE", path, err);

	if (rc == 0)
		rc = perform(&call, err);
	/* the sending whose answer was lost has done it */
	if (rc == -ERR_BMC && client->status == 404 && call.was_unanswered)
		return 0;
	return rc < 0 ? rc : redfish_task_wait(client, err);
}

static void call_set_body(struct call *call, const json_t *body, struct buf *text)
{
	buf_init(text, 1 << 20);
	if (!body)
		return;
	json_write(text, body);
	call->body = text->data;
	call->body_len = text->len;
}

int redfish_post(struct redfish_client *client, const char *path, const json_t *body, struct error *err)
{
	int rc = redfish_start(client, path, body, err);

	return rc < 0 ? rc : redfish_task_wait(client, err);
}

int redfish_start(struct redfish_client *client, const char *path, const json_t *body, struct error *err)
{
	struct call call;
	struct buf text;
	int rc = call_init(&call, client, "POST", path, err);

	if (rc < 0)
		return rc;
	call_set_body(&call, body, &text);
	rc = perform(&call, err);
	buf_release(&text);
	return rc;
}

/* 412: the tag that was sent did not match. BMCs that send weak tags want them bare (If-Match compares
 * strongly), and some compare with another resource's tag (Gigabyte): then without. */
SUSPENDS static int patch_without_match(struct call *call, struct error *err)
{
	int rc = -ERR_BMC;

	if (!strncmp(call->if_match, "W/", 2)) {
		call->if_match += 2;
		rc = perform(call, err);
	}
	if (rc == -ERR_BMC && call->client->status == 412) {
		call->if_match = NULL;
		rc = perform(call, err);
	}
	return rc;
}

/* 428: the BMC wants a tag, and none was known. */
SUSPENDS static int patch_with_tag(struct call *call, char *etag, size_t size, struct error *err)
{
	struct call get;
	int rc = call_init(&get, call->client, "GET", call->path, err);

	if (rc == 0)
		rc = perform(&get, err);
	if (rc < 0)
		return rc;
	snprintf(etag, size, "%s", call->client->etag);
	call->if_match = *etag ? etag : NULL;
	return perform(call, err);
}

int redfish_stage(struct redfish_client *client, const char *path, const json_t *body, struct error *err)
{
	char etag[sizeof(client->etag)] = "";
	struct call call;
	struct buf text;
	int rc = call_init(&call, client, "PATCH", path, err);

	if (rc < 0)
		return rc;
	call_set_body(&call, body, &text);
	if (!strcmp(client->etag_path, call.path))
		snprintf(etag, sizeof(etag), "%s", client->etag);
	call.if_match = *etag ? etag : NULL;
	rc = perform(&call, err);
	if (rc == -ERR_BMC && client->status == 428 && !call.if_match)
		rc = patch_with_tag(&call, etag, sizeof(etag), err);
	if (rc == -ERR_BMC && client->status == 412 && call.if_match)
		rc = patch_without_match(&call, err);
	buf_release(&text);
	return rc;
}

int redfish_patch(struct redfish_client *client, const char *path, const json_t *body, struct error *err)
{
	int rc = redfish_stage(client, path, body, err);

	return rc < 0 ? rc : redfish_task_wait(client, err);
}

/* ---- the answer ---- */

int redfish_object(struct redfish_client *client, json_t **ret, struct error *err)
{
	const struct buf *answer = &client->fetch.answer;
	struct error reason;
	json_t *value;

	if (json_parse_large(answer->data ? answer->data : "", answer->len, JSON_DEPTH_MAX, &value, &reason) <
	    0)
		return fail(err, ERR_BMC, "%s answered what is not JSON: %s", client->info.address,
			    reason.text);
	if (!json_is_object(value)) {
		json_decref(value);
		return fail(err, ERR_BMC, "%s answered JSON that is not an object", client->info.address);
	}
	*ret = value;
	return 0;
}

bool redfish_scan_text(const struct redfish_client *client, const char *const *path, char *text, size_t size)
{
	const struct buf *answer = &client->fetch.answer;
	const char *raw;
	size_t len;

	return answer->len && json_scan(answer->data, answer->len, path, &raw, &len) &&
	       json_unquote(raw, len, text, size);
}
