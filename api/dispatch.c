#include "api/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/etag.h"
#include "api/fleet.h"
#include "api/idempotency.h"
#include "api/metrics.h"
#include "api/node.h"
#include "api/prefer.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "model/options.h"

#define ARGS_MAX        BODY_PROVISION_BYTES
#define POOL_TEXT       512
#define ACCEPT_MS       10000 /* a started action is accepted or refused within */
#define RESULT_SLACK_MS 5000
#define EXPIRY_MS       70000 /* a row whose API process died is cancelled by others within */
#define POLL_FIRST_MS   100   /* looks at the row, should a notification be lost */
#define POLL_LAST_MS    1000

/* ---- who waits for which action ---- */

#define BUCKET_COUNT 1024
#define RECENT_COUNT 1024

struct waiter {
	int64_t id;
	const char *uuid;
	struct cond cond;
	bool wants_end; /* acceptance is no news to it */
	bool is_told;
	char said;    /* what of struct action_news was said of this very action: 'a', 'd', or 0 */
	char *result; /* with 'd' */
	size_t result_len;
	struct waiter *next;
};

static struct waiter *buckets[BUCKET_COUNT];
/* A notification may overtake the answer to its INSERT: the last ones that nobody waited for. */
static int64_t recent[RECENT_COUNT];
static unsigned recent_next;
static char reply_channel[ACTION_CHANNEL_MAX];

static void tell(struct waiter *waiter)
{
	waiter->is_told = true;
	cond_broadcast(&waiter->cond);
}

/* An item without the uuid may speak of another row: a database that crashed gives ids again. */
static void hear(struct waiter *waiter, const struct action_news *news)
{
	bool is_this = strcmp(news->uuid, waiter->uuid) == 0;

	if (is_this && news->what == 'd' && waiter->said != 'd') {
		waiter->result = xstrndup(news->result, news->result_len);
		waiter->result_len = news->result_len;
	}
	if (is_this && (news->what == 'd' || (news->what == 'a' && !waiter->said)))
		waiter->said = news->what;
	if (news->what != 'a' || !waiter->wants_end)
		tell(waiter);
}

static void tell_news(const struct action_news *news)
{
	bool is_awaited = false;

	for (struct waiter *waiter = buckets[(uint64_t)news->id % BUCKET_COUNT]; waiter;
	     waiter = waiter->next) {
		if (waiter->id == news->id) {
			hear(waiter, news);
			is_awaited = true;
		}
	}
	if (!is_awaited)
		recent[recent_next++ % RECENT_COUNT] = news->id;
}

static void tell_all(void)
{
	for (size_t i = 0; i < BUCKET_COUNT; i++) {
		for (struct waiter *waiter = buckets[i]; waiter; waiter = waiter->next)
			tell(waiter);
	}
}

static void on_notify(const char *payload, void *arg)
{
	struct action_news news;

	(void)arg;
	if (!payload)
		tell_all();
	while (action_news_next(&payload, &news))
		tell_news(&news);
}

static void waiter_add(struct waiter *waiter, int64_t id, const char *uuid, bool wants_end)
{
	struct waiter **bucket = &buckets[(uint64_t)id % BUCKET_COUNT];

	*waiter = (struct waiter){ .id = id, .uuid = uuid, .wants_end = wants_end, .next = *bucket };
	*bucket = waiter;
	for (size_t i = 0; i < RECENT_COUNT; i++)
		waiter->is_told = waiter->is_told || recent[i] == id;
}

static void waiter_remove(struct waiter *waiter)
{
	struct waiter **at = &buckets[(uint64_t)waiter->id % BUCKET_COUNT];

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	xfree(waiter->result);
}

void dispatch_start(struct db *db)
{
	char uuid[UUID_TEXT];

	uuid_new(uuid);
	snprintf(reply_channel, sizeof reply_channel, "api_%.8s%.4s%.4s%.4s%.12s", uuid, uuid + 9, uuid + 14,
		 uuid + 19, uuid + 24);
	db_listen(db, reply_channel, on_notify, NULL);
}

/* ---- one action ---- */

/* An action in flight, as its request sees it. */
struct flight {
	struct api_request *request;
	const struct dispatch *dispatch;
	char uuid[UUID_TEXT];
	struct waiter waiter;
	int64_t start_by_ms; /* clock_ms() when a queued row is given up */
	int64_t limit_ms;    /* clock_ms() when we stop waiting for a running one */
	bool is_keyed;       /* whoever leaves may ask for it again by its key: it stays in line */
	bool is_anothers;    /* made by an earlier request, which gives it up, not we */
	struct action_view *view;
};

static bool is_finished(const struct action_view *view)
{
	return view->state != ACTION_QUEUED && view->state != ACTION_RUNNING;
}

/* What the client is answered when its action ended without being done. */
static int refuse(const struct flight *flight, struct error *err)
{
	const struct action_view *view = flight->view;

	flight->request->fault_status = view->error_code ? view->error_code : 500;
	return fail(err, view->state == ACTION_UNKNOWN ? ERR_UNKNOWN_OUTCOME : ERR_INTERNAL, "%s",
		    view->error ? view->error : "The action failed without a reason.");
}

static int refuse_locked(struct flight *flight, struct error *err)
{
	struct api_request *request = flight->request;
	struct node node;

	node_init(&node);
	if (flight->dispatch->node &&
	    node_read(request->db, NULL, NULL, flight->dispatch->node->id, &node, NULL) == 0 &&
	    node_text(&node, NODE_RESERVATION)) {
		node_locked(&node, err);
		node_release(&node);
		return -ERR_NODE_LOCKED;
	}
	node_release(&node);
	return fail(err, ERR_NO_WORKER,
		    "No conductor has started the request in time: requested action %s will not run. Please "
		    "retry.",
		    flight->uuid);
}

/* Gives the action up if nobody has started it. 1: it runs, wait on. */
static int give_up(struct flight *flight, struct error *err)
{
	bool is_cancelled = false;

	int rc = action_cancel(flight->request->db, flight->waiter.id, flight->uuid, &is_cancelled, err);
	if (rc < 0)
		return rc;
	flight->waiter.is_told = true;
	return is_cancelled ? refuse_locked(flight, err) : 1;
}

/* An insert does not wait for the disk, so a crash of the database may take it back, acceptance never; the
 * sequence then gives its id to another row. */
static int refuse_forgotten(struct flight *flight, struct error *err)
{
	return fail(err, ERR_DATABASE,
		    "The database has lost the requested action %s, which will not run. Please retry.",
		    flight->uuid);
}

/* What was said of the action is all that the answer needs. */
static bool is_said(struct flight *flight)
{
	struct waiter *waiter = &flight->waiter;

	if (waiter->said == 'a')
		return flight->dispatch->reply == REPLY_ACCEPTED;
	if (waiter->said != 'd')
		return false;
	flight->view->result = waiter->result;
	flight->view->result_len = waiter->result_len;
	flight->view->result_type = xstrdup("application/json");
	waiter->result = NULL;
	return true;
}

/* 0: the client may be answered. 1: not yet. A database that is away for a while answers nothing. */
static int look(struct flight *flight, struct error *err)
{
	struct action_view *view = flight->view;

	action_view_release(view);
	if (is_said(flight))
		return 0;
	int rc = action_read(flight->request->db, flight->waiter.id, view, err);
	if (rc == -ERR_DATABASE)
		return 1;
	if (rc == -ERR_NOT_FOUND || (rc == 0 && strcmp(view->uuid, flight->uuid) != 0))
		return refuse_forgotten(flight, err);
	if (rc < 0)
		return rc;
	if (flight->dispatch->reply == REPLY_ACCEPTED && view->is_accepted)
		return 0;
	if (!is_finished(view))
		return 1;
	if (view->state == ACTION_CANCELLED)
		return refuse_locked(flight, err);
	return view->state == ACTION_DONE ? 0 : refuse(flight, err);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Is it time to take the action out of the line? */
static bool leaves_line(const struct flight *flight, bool is_late)
{
	return is_late || (!flight->is_keyed && http_response_is_gone(flight->request->out));
}

static int wait_for_outcome(struct flight *flight, struct error *err)
{
	int64_t poll_ms = POLL_FIRST_MS;
	bool is_given_up = false;
	int rc = 1;

	while (rc == 1) {
		int64_t now = clock_ms();
		bool is_late = now >= flight->start_by_ms;

		if (now >= flight->limit_ms)
			return fail(err, ERR_TIMEOUT,
				    "The action %s has not ended in time; it goes on, see /v1/actions/%s.",
				    flight->uuid, flight->uuid);
		if (flight->is_anothers && http_response_is_gone(flight->request->out))
			return fail(err, ERR_CANCELLED, "The request was given up.");
		if (!is_given_up && leaves_line(flight, is_late)) {
			rc = give_up(flight, err);
			is_given_up = rc != -ERR_DATABASE;
			if (rc < 0 && is_given_up)
				return rc;
		}
		int64_t next = earlier(now + poll_ms, is_late ? flight->limit_ms : flight->start_by_ms);
		while (!flight->waiter.is_told && cond_wait(&flight->waiter.cond, next) == 0)
			;
		if (fiber_is_cancelled(fiber_self()))
			return fail(err, ERR_CANCELLED, "The service is stopping; see /v1/actions/%s.",
				    flight->uuid);
		flight->waiter.is_told = false;
		poll_ms = earlier(poll_ms * 2, POLL_LAST_MS);
		rc = look(flight, err);
	}
	return rc;
}

/* Pool and target of the action. */
static int find_conductor(const struct api_request *request, const struct dispatch *dispatch,
			  char pool[POOL_TEXT], const char **ret_target, struct error *err)
{
	const char *group = dispatch->node ? node_text(dispatch->node, NODE_CONDUCTOR_GROUP) : NULL;
	const char *driver = dispatch->node ? node_text(dispatch->node, NODE_DRIVER) : dispatch->driver;

	if (dispatch->node) {
		int rc = fleet_check_pool(request->registry, group, driver, err);
		if (rc < 0)
			return rc;
		snprintf(pool, POOL_TEXT, "%s:%s", group, driver);
		*ret_target = fleet_host_of(request->registry, group, driver, node_uuid(dispatch->node));
		return 0;
	}
	for (size_t i = 0; i < request->registry->conductor_count; i++) {
		const struct conductor_row *row = &request->registry->conductors[i];

		for (size_t j = 0; row->is_alive && j < row->driver_count; j++) {
			if (strcmp(row->drivers[j], driver) == 0) {
				snprintf(pool, POOL_TEXT, "%s:%s", row->group, driver);
				*ret_target = row->hostname;
				return 0;
			}
		}
	}
	return fail(err, ERR_NOT_FOUND, "The driver '%s' is unknown.", driver);
}

/* What was asked on condition may wait in line: under the lock the conductor compares the version again. */
static void write_args(struct buf *args, const struct flight *flight)
{
	const struct dispatch *dispatch = flight->dispatch;

	if (dispatch->node && etag_is_expected(flight->request)) {
		json_auto_t *conditional = dispatch->args ? json_copy(dispatch->args) : json_object();

		json_object_set_new(conditional, "if_version", json_integer(dispatch->node->version));
		json_write(args, conditional);
	} else if (dispatch->args) {
		json_write(args, dispatch->args);
	}
}

/* An action that is there already: the request that made it gives it up or sees it start. Should its process
 * have died, the row expires. */
static void join(struct flight *flight, const struct action_keyed *keyed)
{
	flight->is_anothers = true;
	memcpy(flight->uuid, keyed->uuid, sizeof flight->uuid);
	flight->limit_ms += EXPIRY_MS;
	flight->start_by_ms = flight->limit_ms;
}

SUSPENDS static int insert_keyed(struct flight *flight, const struct action_request *row, int64_t *ret_id,
				 struct error *err)
{
	struct action_keyed keyed;

	int rc = action_insert_keyed(flight->request->db, row, &keyed, err);
	if (rc < 0)
		return rc;
	flight->is_keyed = true;
	*ret_id = keyed.id;
	if (!keyed.is_new)
		join(flight, &keyed);
	return 0;
}

static int check_etag(const struct flight *flight, struct error *err)
{
	const struct dispatch *dispatch = flight->dispatch;
	bool is_again = false;
	int rc = 0;

	if (!dispatch->node || !etag_is_expected(flight->request))
		return 0;
	if (dispatch->is_whole)
		rc = idempotency_is_again(flight->request, &is_again, err);
	return rc < 0 || is_again ? rc : node_check_etag(flight->request, dispatch->node, err);
}

static int insert(struct flight *flight, struct error *err)
{
	struct api_request *request = flight->request;
	const struct dispatch *dispatch = flight->dispatch;
	char pool[POOL_TEXT];
	const char *target = NULL;
	struct buf args;
	int64_t id = 0;

	int rc = check_etag(flight, err);
	if (rc == 0)
		rc = find_conductor(request, dispatch, pool, &target, err);
	if (rc < 0)
		return rc;
	buf_init(&args, ARGS_MAX);
	write_args(&args, flight);
	struct action_request row = {
		.uuid = flight->uuid,
		.node_id = dispatch->node ? dispatch->node->id : 0,
		.node_uuid = dispatch->node ? node_uuid(dispatch->node) : NULL,
		.kind = dispatch->kind,
		.is_exclusive = dispatch->is_exclusive,
		.on_crash = dispatch->on_crash,
		.pool = pool,
		.target = target,
		.reply = reply_channel,
		.args = args.data,
		.wait_ms = prefer_wait_ms(request),
		.run_s = dispatch->run_s,
		.request_id = request->id,
	};
	flight->start_by_ms = clock_ms() + row.wait_ms;
	flight->limit_ms =
		flight->start_by_ms + (dispatch->reply == REPLY_ACCEPTED
					       ? ACCEPT_MS
					       : dispatch->run_s * (int64_t)1000 + RESULT_SLACK_MS);
	rc = dispatch->is_whole ? idempotency_read(request, &row, err) : 0;
	if (rc == 0)
		rc = row.idem_key ? insert_keyed(flight, &row, &id, err)
				  : action_insert(request->db, &row, &id, err);
	buf_release(&args);
	if (rc == 0) {
		waiter_add(&flight->waiter, id, flight->uuid, dispatch->reply != REPLY_ACCEPTED);
		flight->waiter.is_told |= flight->is_anothers;
	} else if (rc == -ERR_DATABASE)
		request->fault_status = 500; /* 503 would promise that it never runs */
	return rc;
}

struct dispatch dispatch_of(const struct api_request *request, const struct node *node)
{
	const struct route_action *row = &request->route->action;

	return (struct dispatch){ .kind = row->kind,
				  .reply = row->reply,
				  .is_exclusive = row->is_exclusive,
				  .on_crash = row->on_crash,
				  .run_s = row->run_s,
				  .node = node,
				  .is_whole = true };
}

static const char *outcome_label(int rc)
{
	if (rc == 0)
		return "done";
	if (rc == -ERR_NODE_LOCKED)
		return "locked";
	return rc == -ERR_NO_WORKER ? "no_worker" : "refused";
}

int dispatch_run(struct api_request *request, const struct dispatch *dispatch, struct action_view *view,
		 struct error *err)
{
	struct action_view own = { 0 };
	struct flight flight = { .request = request, .dispatch = dispatch, .view = view ? view : &own };
	int64_t begun_ns = clock_ns();

	uuid_new(flight.uuid);
	int rc = insert(&flight, err);
	if (rc < 0)
		return rc;
	http_response_header(request->out, "Ferrule-Action", "/v1/actions/%s", flight.uuid);
	rc = wait_for_outcome(&flight, err);
	waiter_remove(&flight.waiter);
	api_metrics_dispatched(dispatch->kind, outcome_label(rc), begun_ns);
	if (rc < 0 && view)
		action_view_release(view);
	action_view_release(&own);
	return rc;
}

static void reply_result(struct api_request *request, const struct action_view *view)
{
	if (view->result_type && strcmp(view->result_type, "application/json") != 0) {
		request->out->status = 200;
		http_response_header(request->out, "Content-Type", "%s", view->result_type);
		buf_append(&request->out->body, view->result, view->result_len);
		return;
	}
	reply_json(request, 200);
	if (view->result)
		buf_append(&request->out->body, view->result, view->result_len);
	else
		buf_puts(&request->out->body, "null");
}

int dispatch_reply(struct api_request *request, const struct dispatch *dispatch, const char *location,
		   struct error *err)
{
	struct action_view view = { 0 };

	int rc = dispatch_run(request, dispatch, &view, err);
	if (rc < 0)
		return rc;
	switch (dispatch->reply) {
	case REPLY_ACCEPTED:
		if (location)
			reply_location(request, "/v1/nodes/%s%s", request->ident[0], location);
		reply_empty(request, 202);
		break;
	case REPLY_RESULT:
		reply_result(request, &view);
		break;
	case REPLY_NO_CONTENT:
		reply_empty(request, 204);
		break;
	}
	action_view_release(&view);
	return 0;
}

int dispatch_on_node(struct api_request *request, json_t *take_args, const char *location, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0) {
		struct dispatch dispatch = dispatch_of(request, &node);

		dispatch.args = take_args;
		rc = dispatch_reply(request, &dispatch, location, err);
	}
	json_decref(take_args);
	node_release(&node);
	return rc;
}
