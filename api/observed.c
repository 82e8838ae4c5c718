/*
 * observed: GET /v1/nodes/{id}/states/observed: how old the node's power state is, where it comes from, and
 * why it is not newer. An address of its own, so that the answers which Ironic's clients read stay as they
 * are.
 */
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "db/power_sync.h"

static void write_observed(struct buf *body, const struct power_observed *observed)
{
	buf_putc(body, '{');
	json_out_member(body, "power_state", FIELD_TEXT, observed->power_state);
	json_out_member(body, "observed_at", FIELD_TIME, observed->observed_at);
	json_out_key(body, "age_s");
	if (observed->observed_at)
		buf_printf(body, "%.3f", observed->age_s > 0 ? observed->age_s : 0);
	else
		buf_puts(body, "null");
	json_out_member(body, "source", FIELD_TEXT, observed->source);
	json_out_key(body, "failures");
	buf_put_int(body, observed->failures);
	json_out_member(body, "failed_at", FIELD_TIME, observed->failed_at);
	json_out_member(body, "failure", FIELD_TEXT, observed->failure);
	buf_putc(body, '}');
}

int observed_show(struct api_request *request, struct error *err)
{
	struct power_observed observed;
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0) {
		rc = power_sync_observed(request->db, node.id, request->arena, &observed, err);
		if (rc == -ERR_NOT_FOUND)
			rc = node_not_found(request->ident[0], err);
		else if (rc == 0) {
			reply_json(request, 200);
			write_observed(&request->out->body, &observed);
		}
	}
	node_release(&node);
	return rc;
}
