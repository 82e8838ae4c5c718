/* node_bios: the settings of a node's BIOS, as conductors have read them. Source: ironic-contract,
 * sections 2.2 and 3.4. */
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/query.h"
#include "db/node_found.h"
#include "lib/url.h"

enum type { IS_TEXT, IS_NUMBER, IS_BOOL, IS_LIST };

/* Members of a setting beside its times and links, which are always there. */
static const struct {
	const char *name;
	int column;
	enum type type;
	bool is_basic; /* shown also without its registry's words */
} members[] = {
	{ "name", BIOS_NAME, IS_TEXT, true },
	{ "value", BIOS_VALUE, IS_TEXT, true },
	{ "attribute_type", BIOS_ATTRIBUTE_TYPE, IS_TEXT, false },
	{ "allowable_values", BIOS_ALLOWABLE_VALUES, IS_LIST, false },
	{ "lower_bound", BIOS_LOWER_BOUND, IS_NUMBER, false },
	{ "max_length", BIOS_MAX_LENGTH, IS_NUMBER, false },
	{ "min_length", BIOS_MIN_LENGTH, IS_NUMBER, false },
	{ "read_only", BIOS_READ_ONLY, IS_BOOL, false },
	{ "reset_required", BIOS_RESET_REQUIRED, IS_BOOL, false },
	{ "unique", BIOS_UNIQUE, IS_BOOL, false },
	{ "upper_bound", BIOS_UPPER_BOUND, IS_NUMBER, false },
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

#define ALL ((1U << MEMBER_COUNT) - 1)

static unsigned basic_view(void)
{
	unsigned view = 0;

	for (unsigned i = 0; i < MEMBER_COUNT; i++)
		view |= members[i].is_basic ? 1U << i : 0;
	return view;
}

static bool is_word(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && strncmp(name, text, len) == 0;
}

/* The bit of a member that can be asked for; 0: it is shown anyway; false: there is none. */
static bool find_member(const char *text, size_t len, unsigned *ret_bit)
{
	static const char *const always[] = { "created_at", "updated_at", "links" };

	*ret_bit = 0;
	for (unsigned i = 0; i < MEMBER_COUNT; i++) {
		if (is_word(members[i].name, text, len)) {
			*ret_bit = 1U << i;
			return true;
		}
	}
	return is_word(always[0], text, len) || is_word(always[1], text, len) ||
	       is_word(always[2], text, len);
}

static int view_of_fields(const char *fields, unsigned *ret_view, struct error *err)
{
	unsigned view = 0, bit;
	const char *word;
	size_t len;

	while ((word = query_word(&fields, &len))) {
		if (!find_member(word, len, &bit))
			return fail(err, ERR_INVALID, "Field(s) \"%.*s\" are not valid.",
				    (int)(len < 64 ? len : 64), word);
		view |= bit;
	}
	*ret_view = view;
	return 0;
}

/* Which members a list shows, a bit each. */
static int read_view(const struct api_request *request, unsigned *ret_view, struct error *err)
{
	const char *fields = query_text(&request->query, "fields");
	bool is_detail = query_bool(&request->query, "detail") == 1;

	if (fields && request->version < 74)
		return fail(err, ERR_INVALID, "Invalid query parameter ?fields=%s received.", fields);
	if (fields && is_detail)
		return fail(err, ERR_INVALID, "Can not specify ?detail=True and fields in the same request.");
	if (fields)
		return view_of_fields(fields, ret_view, err);
	*ret_view = is_detail ? ALL : basic_view();
	return 0;
}

static void write_member(struct buf *buf, enum type type, const char *text, size_t len)
{
	switch (type) {
	case IS_TEXT:
		json_out_text(buf, text, len);
		break;
	case IS_NUMBER:
		buf_puts(buf, text ? text : "null");
		break;
	case IS_BOOL:
		json_out_bool(buf, text);
		break;
	case IS_LIST:
		buf_puts(buf, text ? text : "[]");
		break;
	}
}

/* A name is the BMC's own word: any text. */
static void write_links(const struct api_request *request, const char *ident, const char *name)
{
	struct buf path;

	buf_init(&path, 4096);
	buf_printf(&path, "nodes/%s/bios/", ident);
	url_encode(&path, name, "");
	json_out_links(&request->out->body, request->base, path.data);
	buf_release(&path);
}

/* ident: of the node, for links. */
static void write_setting(const struct api_request *request, const char *ident, unsigned view,
			  const struct db_rows *rows, int row)
{
	struct buf *buf = &request->out->body;

	buf_putc(buf, '{');
	json_out_key(buf, "created_at");
	json_out_time(buf, db_value(rows, row, BIOS_CREATED_AT), db_value_len(rows, row, BIOS_CREATED_AT));
	json_out_key(buf, "updated_at");
	json_out_time(buf, db_value(rows, row, BIOS_UPDATED_AT), db_value_len(rows, row, BIOS_UPDATED_AT));
	for (unsigned i = 0; i < MEMBER_COUNT; i++) {
		if (!(view & 1U << i))
			continue;
		json_out_key(buf, members[i].name);
		write_member(buf, members[i].type, db_value(rows, row, members[i].column),
			     db_value_len(rows, row, members[i].column));
	}
	json_out_key(buf, "links");
	write_links(request, ident, db_value(rows, row, BIOS_NAME));
	buf_putc(buf, '}');
}

/* The node's settings; name: the one of that name, NULL: all. The rows are released by the caller. */
SUSPENDS static int find_settings(struct api_request *request, const char *name, struct node *node,
				  struct db_rows **ret_rows, struct error *err)
{
	int rc = node_find_brief(request, request->ident[0], node, err);

	return rc == 0 ? node_bios_read(request->db, node->id, name, ret_rows, err) : rc;
}

int node_bios_list(struct api_request *request, struct error *err)
{
	struct db_rows *rows = NULL;
	struct node node;
	unsigned view = 0;

	node_init(&node);
	int rc = read_view(request, &view, err);
	if (rc == 0)
		rc = find_settings(request, NULL, &node, &rows, err);
	if (rc == 0) {
		reply_json(request, 200);
		buf_puts(&request->out->body, "{\"bios\":[");
		for (int row = 0; row < db_rows_count(rows); row++) {
			json_out_comma(&request->out->body);
			write_setting(request, request->ident[0], view, rows, row);
		}
		buf_puts(&request->out->body, "]}");
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}

int node_bios_show(struct api_request *request, struct error *err)
{
	struct db_rows *rows = NULL;
	struct node node;

	node_init(&node);
	int rc = find_settings(request, request->ident[1], &node, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "Node %s doesn't have a BIOS setting '%s'", node_uuid(&node),
			  request->ident[1]);
	if (rc == 0) {
		reply_json(request, 200);
		buf_putc(&request->out->body, '{');
		json_out_text(&request->out->body, request->ident[1], strlen(request->ident[1]));
		buf_putc(&request->out->body, ':');
		write_setting(request, node_uuid(&node), request->version >= 74 ? ALL : basic_view(), rows,
			      0);
		buf_putc(&request->out->body, '}');
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}
