/* node_record: what has been found out about a node: history, firmware, inventory. */
#include <inttypes.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/page.h"
#include "db/node_found.h"
#include "db/node_record.h"
#include "lib/uuid.h"

/* Members of a history entry. */
static const struct {
	const char *name;
	int column;
	int since;
	enum field_type type;
	bool is_detail;
} history_fields[] = {
	{ "uuid", HISTORY_UUID, 1, FIELD_TEXT, false },
	{ "created_at", HISTORY_CREATED_AT, 1, FIELD_TIME, false },
	{ "severity", HISTORY_SEVERITY, 1, FIELD_TEXT, false },
	{ "event", HISTORY_EVENT, 1, FIELD_TEXT, false },
	{ "event_type", HISTORY_EVENT_TYPE, 1, FIELD_TEXT, true },
	{ "conductor", HISTORY_CONDUCTOR, 1, FIELD_TEXT, true },
	{ "user", HISTORY_USER, 1, FIELD_TEXT, true },
	{ "project", HISTORY_PROJECT, 113, FIELD_TEXT, true },
	{ "state", HISTORY_STATE, 115, FIELD_TEXT, true },
	{ "target_provision_state", HISTORY_TARGET_PROVISION_STATE, 115, FIELD_TEXT, true },
	{ "duration_seconds", HISTORY_DURATION_SECONDS, 115, FIELD_INT, true },
};

/* How entries are written. */
struct history_view {
	const char *node_uuid;
	bool is_detail;
};

static void write_entry(struct buf *buf, const struct api_request *request, const void *arg,
			const struct db_rows *rows, int row)
{
	const struct history_view *view = arg;

	buf_putc(buf, '{');
	for (size_t i = 0; i < sizeof history_fields / sizeof history_fields[0]; i++) {
		int column = history_fields[i].column;

		if ((history_fields[i].is_detail && !view->is_detail) ||
		    request->version < history_fields[i].since)
			continue;
		json_out_key(buf, history_fields[i].name);
		json_out_value(buf, history_fields[i].type, db_value(rows, row, column),
			       db_value_len(rows, row, column));
	}
	buf_printf(buf, ",\"links\":[{\"href\":\"%s/v1/nodes/%s/history/%s\",\"rel\":\"self\"}]}",
		   request->base, view->node_uuid, db_value(rows, row, HISTORY_UUID));
}

static int list_history(struct api_request *request, const struct node *node, bool is_detail,
			struct error *err)
{
	struct history_view view = { .node_uuid = node_uuid(node), .is_detail = is_detail };
	struct page page;

	page_init(&page, request);
	history_list_init(&page.list, arena_printf(request->arena, "%" PRId64, node->id), NULL);
	page.collection = "history";
	page.url = arena_printf(request->arena, "/v1/nodes/%s/history", request->ident[0]);
	page.uuid = "h.uuid";
	page.write = write_entry;
	page.arg = &view;
	int rc = page_read(&page, err);
	if (rc == 0 && strcmp(page.sort_key, "id") != 0)
		rc = fail(err, ERR_INVALID, "The sort_key value \"%s\" is an invalid field for sorting",
			  page.sort_key);
	if (rc == 0)
		rc = page_reply(&page, err);
	if (rc == -ERR_NOT_FOUND)
		rc = fail(err, ERR_NOT_FOUND, "Node history record %s could not be found.",
			  query_text(&request->query, "marker"));
	page_release(&page);
	return rc;
}

static int find_and_list(struct api_request *request, bool is_detail, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = list_history(request, &node, is_detail, err);
	node_release(&node);
	return rc;
}

int node_history_list(struct api_request *request, struct error *err)
{
	return find_and_list(request, query_bool(&request->query, "detail") == 1, err);
}

/* Where ironicclient looks for `node history list --long`. */
int node_history_list_detail(struct api_request *request, struct error *err)
{
	return find_and_list(request, true, err);
}

static int no_such_entry(const char *uuid, struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "Node history record %s could not be found.", uuid);
}

static int show_history(struct api_request *request, const struct node *node, struct error *err)
{
	const char *uuid = request->ident[1];
	struct history_view view = { .node_uuid = node_uuid(node), .is_detail = true };
	struct db_rows *rows = NULL;
	struct list list;

	if (!uuid_is_valid(uuid))
		return no_such_entry(uuid, err);
	history_list_init(&list, arena_printf(request->arena, "%" PRId64, node->id), uuid);
	int rc = list_next(&list, request->db, 1, &rows, err);
	list_release(&list);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = no_such_entry(uuid, err);
	if (rc == 0) {
		reply_json(request, 200);
		write_entry(&request->out->body, request, &view, rows, 0);
	}
	db_rows_release(rows);
	return rc;
}

int node_history_show(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = show_history(request, &node, err);
	node_release(&node);
	return rc;
}

/* ---- firmware ---- */

/* Members of a component, in Ironic's order. */
static const struct {
	const char *name;
	int column;
	int since;
	bool is_time;
} firmware_fields[] = {
	{ "created_at", FIRMWARE_CREATED_AT, 86, true },
	{ "updated_at", FIRMWARE_UPDATED_AT, 86, true },
	{ "component", FIRMWARE_COMPONENT, 86, false },
	{ "initial_version", FIRMWARE_INITIAL_VERSION, 86, false },
	{ "current_version", FIRMWARE_CURRENT_VERSION, 86, false },
	{ "last_version_flashed", FIRMWARE_LAST_VERSION_FLASHED, 86, false },
	{ "vendor", FIRMWARE_VENDOR, 114, false },
	{ "model", FIRMWARE_MODEL, 114, false },
	{ "serial_number", FIRMWARE_SERIAL_NUMBER, 114, false },
};
#define FIRMWARE_FIELD_COUNT (sizeof firmware_fields / sizeof firmware_fields[0])
#define FIRMWARE_ALWAYS      3U /* the first two, whatever fields says */

static size_t firmware_field(const char *name, size_t len, int version)
{
	size_t index = 0;

	while (index < FIRMWARE_FIELD_COUNT && (strlen(firmware_fields[index].name) != len ||
						strncmp(firmware_fields[index].name, name, len) != 0 ||
						version < firmware_fields[index].since))
		index++;
	return index;
}

/* Which members are shown, a bit each. */
static int firmware_view(const struct api_request *request, unsigned *ret_view, struct error *err)
{
	const char *fields = query_text(&request->query, "fields"), *word;
	unsigned view = FIRMWARE_ALWAYS;
	size_t len;

	if (fields && query_bool(&request->query, "detail") == 1)
		return fail(err, ERR_INVALID, "Can not specify ?detail=True and fields in the same request.");
	if (!fields)
		view = (1U << FIRMWARE_FIELD_COUNT) - 1;
	while (fields && (word = query_word(&fields, &len))) {
		size_t index = firmware_field(word, len, request->version);

		if (index == FIRMWARE_FIELD_COUNT)
			return fail(err, ERR_INVALID, "Field(s) \"%.*s\" are not valid.",
				    (int)(len < 64 ? len : 64), word);
		view |= 1U << index;
	}
	*ret_view = view;
	return 0;
}

static void write_component(struct buf *buf, int version, unsigned view, const struct db_rows *rows, int row)
{
	json_out_comma(buf);
	buf_putc(buf, '{');
	for (size_t i = 0; i < FIRMWARE_FIELD_COUNT; i++) {
		const char *text = db_value(rows, row, firmware_fields[i].column);
		size_t len = db_value_len(rows, row, firmware_fields[i].column);

		if (!(view & 1U << i) || version < firmware_fields[i].since)
			continue;
		json_out_key(buf, firmware_fields[i].name);
		if (firmware_fields[i].is_time)
			json_out_time(buf, text, len);
		else
			json_out_text(buf, text, len);
	}
	buf_putc(buf, '}');
}

int node_firmware_list(struct api_request *request, struct error *err)
{
	struct db_rows *rows = NULL;
	struct node node;
	unsigned view = 0;

	node_init(&node);
	int rc = firmware_view(request, &view, err);
	if (rc == 0)
		rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = node_firmware_read(request->db, node.id, &rows, err);
	if (rc == 0) {
		reply_json(request, 200);
		buf_puts(&request->out->body, "{\"firmware\":[");
		for (int row = 0; row < db_rows_count(rows); row++)
			write_component(&request->out->body, request->version, view, rows, row);
		buf_puts(&request->out->body, "]}");
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}

/* ---- inventory ---- */

int node_inventory_show(struct api_request *request, struct error *err)
{
	struct db_rows *rows = NULL;
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = node_inventory_read(request->db, node.id, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND,
			  "Node inventory record for node %" PRId64 " could not be found.", node.id);
	if (rc == 0) {
		reply_json(request, 200);
		buf_puts(&request->out->body, "{\"inventory\":");
		json_out_document(&request->out->body, db_value(rows, 0, 0), db_value_len(rows, 0, 0));
		buf_puts(&request->out->body, ",\"plugin_data\":");
		json_out_document(&request->out->body, db_value(rows, 0, 1), db_value_len(rows, 0, 1));
		buf_putc(&request->out->body, '}');
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}
