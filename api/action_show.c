/* action_show: GET /v1/actions/{uuid}: what became of a request that was answered 202. Not in Ironic. */
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "db/action.h"

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

static void write_result(struct buf *body, const struct action_view *view)
{
	bool is_json = view->result_type && strcmp(view->result_type, "application/json") == 0;

	write_text(body, "result_type", view->result_type);
	json_out_key(body, "result");
	if (view->result && is_json)
		buf_append(body, view->result, view->result_len);
	else
		buf_puts(body, "null");
}

static void write_action(struct buf *body, const struct api_request *request, const struct action_view *view)
{
	buf_putc(body, '{');
	write_text(body, "uuid", view->uuid);
	write_text(body, "node_uuid", view->node_uuid);
	write_text(body, "kind", view->kind);
	write_text(body, "state", action_state_name(view->state));
	write_text(body, "request_id", view->request_id);
	write_time(body, "created_at", view->created_at);
	write_time(body, "started_at", view->started_at);
	write_time(body, "accepted_at", view->accepted_at);
	write_time(body, "finished_at", view->finished_at);
	write_text(body, "error", view->error);
	json_out_key(body, "error_code");
	if (view->error_code)
		buf_put_int(body, view->error_code);
	else
		buf_puts(body, "null");
	write_result(body, view);
	json_out_key(body, "links");
	json_out_item_links(body, request->base, "actions", view->uuid, strlen(view->uuid), "");
	buf_putc(body, '}');
}

int action_show(struct api_request *request, struct error *err)
{
	const char *uuid = request->ident[0];
	struct action_view view = { 0 };

	if (!uuid_is_valid(uuid))
		return fail(err, ERR_INVALID, "Expected UUID for action: %s", uuid);
	int rc = action_read_uuid(request->db, uuid, &view, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Action %s could not be found.", uuid);
	if (rc < 0)
		return rc;
	reply_json(request, 200);
	write_action(&request->out->body, request, &view);
	action_view_release(&view);
	return 0;
}
