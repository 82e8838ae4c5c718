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

static void write_seconds(struct buf *body, const char *name, double seconds)
{
	json_out_key(body, name);
	buf_printf(body, "%.3f", seconds > 0 ? seconds : 0);
}

/* What every open action has. */
static void write_common(struct buf *body, const struct lock_action *action)
{
	json_out_member(body, "action", FIELD_TEXT, action->uuid);
	json_out_member(body, "purpose", FIELD_TEXT, action->kind);
	json_out_member(body, "request_id", FIELD_TEXT, action->request_id);
	json_out_member(body, "asked_at", FIELD_TIME, action->asked_at);
	write_seconds(body, "waited_s", action->waited_s);
}

static void write_running(struct buf *body, const struct lock_action *action)
{
	buf_putc(body, '{');
	json_out_member(body, "host", FIELD_TEXT, action->host ? server_host_shown(action->host) : NULL);
	json_out_member(body, "instance", FIELD_TEXT, action->instance);
	json_out_member(body, "instance_state", FIELD_TEXT, action->instance_state);
	write_common(body, action);
	json_out_member(body, "since", FIELD_TIME, action->started_at);
	write_seconds(body, "age_s", action->age_s);
	json_out_key(body, "is_accepted");
	buf_puts(body, action->is_accepted ? "true" : "false");
	json_out_member(body, "stop_asked", FIELD_TEXT, action->stop_asked);
	buf_putc(body, '}');
}

/* Reserved by hand, or by something that is no action of ours. */
static void write_stranger(struct buf *body, const char *host)
{
	buf_putc(body, '{');
	json_out_member(body, "host", FIELD_TEXT, server_host_shown(host));
	json_out_member(body, "action", FIELD_TEXT, NULL);
	json_out_member(body, "purpose", FIELD_TEXT, NULL);
	buf_putc(body, '}');
}

static void write_queued(struct buf *body, const struct lock_action *action)
{
	buf_putc(body, '{');
	write_common(body, action);
	json_out_member(body, "start_by", FIELD_TIME, action->start_by);
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
	json_out_member(body, "node_uuid", FIELD_TEXT, node_uuid(node));
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
