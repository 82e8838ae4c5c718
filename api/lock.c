/*
 * lock: GET and DELETE /v1/nodes/{id}/lock: who holds the node, for what and since when, who stands in line;
 * and breaking it. Not in Ironic, which shows the holder's host name alone. Source: docs/locks.rst,
 * section 5.
 */
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/server.h"
#include "db/lock.h"

static void write_text(struct buf *body, const char *name, const char *text)
{
	json_out_key(body, name);
	json_out_text(body, text, text ? strlen(text) : 0);
}

static void write_time(struct buf *body, const char *name, const char *text)
{
	json_out_key(body, name);
	json_out_time(body, text, text ? strlen(text) : 0);
}

static void write_seconds(struct buf *body, const char *name, double seconds)
{
	json_out_key(body, name);
	buf_printf(body, "%.3f", seconds > 0 ? seconds : 0);
}

/* What every open action has. */
static void write_common(struct buf *body, const struct lock_action *action)
{
	write_text(body, "action", action->uuid);
	write_text(body, "purpose", action->kind);
	write_text(body, "request_id", action->request_id);
	write_time(body, "asked_at", action->asked_at);
	write_seconds(body, "waited_s", action->waited_s);
}

static void write_running(struct buf *body, const struct lock_action *action)
{
	buf_putc(body, '{');
	write_text(body, "host", action->host ? server_host_shown(action->host) : NULL);
	write_text(body, "instance", action->instance);
	write_text(body, "instance_state", action->instance_state);
	write_common(body, action);
	write_time(body, "since", action->started_at);
	write_seconds(body, "age_s", action->age_s);
	json_out_key(body, "is_accepted");
	buf_puts(body, action->is_accepted ? "true" : "false");
	write_text(body, "stop_asked", action->stop_asked);
	buf_putc(body, '}');
}

/* Reserved by hand, or by something that is no action of ours. */
static void write_stranger(struct buf *body, const char *host)
{
	buf_putc(body, '{');
	write_text(body, "host", server_host_shown(host));
	write_text(body, "action", NULL);
	write_text(body, "purpose", NULL);
	buf_putc(body, '}');
}

static void write_queued(struct buf *body, const struct lock_action *action)
{
	buf_putc(body, '{');
	write_common(body, action);
	write_time(body, "start_by", action->start_by);
	buf_putc(body, '}');
}

static void write_list(struct buf *body, const char *name, const struct lock_action *actions, size_t count,
		       void (*write)(struct buf *body, const struct lock_action *action))
{
	json_out_key(body, name);
	buf_putc(body, '[');
	for (size_t i = 0; i < count; i++) {
		json_out_comma(body);
		write(body, &actions[i]);
	}
	buf_putc(body, ']');
}

static void write_view(struct api_request *request, const struct node *node, const struct lock_view *view)
{
	struct buf *body = &request->out->body;

	buf_putc(body, '{');
	write_text(body, "node_uuid", node_uuid(node));
	json_out_key(body, "epoch");
	buf_put_int(body, view->epoch);
	json_out_key(body, "holder");
	if (view->holder)
		write_running(body, view->holder);
	else if (view->reservation)
		write_stranger(body, view->reservation);
	else
		buf_puts(body, "null");
	write_list(body, "queue", view->line, view->line_count, write_queued);
	write_list(body, "beside", view->beside, view->beside_count, write_running);
	json_out_key(body, "links");
	json_out_item_links(body, request->base, "nodes", node_uuid(node), strlen(node_uuid(node)), "/lock");
	buf_putc(body, '}');
}

static int read_view(struct api_request *request, struct node *node, struct lock_view *view,
		     struct error *err)
{
	int rc = node_find_brief(request, request->ident[0], node, err);

	if (rc != 0)
		return rc;
	rc = lock_read(request->db, node->id, request->arena, view, err);
	return rc == -ERR_NOT_FOUND ? node_not_found(request->ident[0], err) : rc;
}

int lock_show(struct api_request *request, struct error *err)
{
	struct lock_view view;
	struct node node;

	node_init(&node);
	int rc = read_view(request, &node, &view, err);
	if (rc == 0) {
		reply_json(request, 200);
		write_view(request, &node, &view);
	}
	node_release(&node);
	return rc;
}

/* The epoch says which lock is meant: one taken later is not broken. */
static int break_it(struct api_request *request, const struct node *node, const struct lock_view *view,
		    struct error *err)
{
	struct dispatch dispatch = dispatch_of(request, node);

	if (!view->reservation)
		return fail(err, ERR_NOT_FOUND, "Node %s is not locked.", node_uuid(node));
	dispatch.args = json_pack("{s:I, s:s}", "epoch", (json_int_t)view->epoch, "who",
				  arena_printf(request->arena, "request %s", request->id));
	int rc = dispatch_reply(request, &dispatch, "/lock", err);
	json_decref(dispatch.args);
	return rc;
}

int lock_delete(struct api_request *request, struct error *err)
{
	struct lock_view view;
	struct node node;

	node_init(&node);
	int rc = read_view(request, &node, &view, err);
	if (rc == 0)
		rc = break_it(request, &node, &view, err);
	node_release(&node);
	return rc;
}
