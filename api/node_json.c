#include "api/node_json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/fleet.h"
#include "api/json_out.h"
#include "api/server.h"
#include "db/node.h"
#include "model/states.h"

#define FIELD_NAME_MAX 64

static void clear(struct node_view *view)
{
	view->holder = NULL;
	memset(view->has, 0, sizeof view->has);
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++)
		view->column[field] = field < NODE_COLUMN_COUNT ? (int)field : -1;
	view->column[NODE_TRAITS] = NODE_ROW_TRAITS;
	view->column[NODE_CHASSIS_UUID] = NODE_ROW_CHASSIS_UUID;
	view->column[NODE_ALLOCATION_UUID] = NODE_ROW_ALLOCATION_UUID;
}

void node_view_all(struct node_view *view, int version)
{
	clear(view);
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++)
		view->has[field] = version >= node_field_info(field)->since;
}

void node_view_list(struct node_view *view, int version)
{
	clear(view);
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++)
		view->has[field] = (node_field_info(field)->flags & FIELD_IN_LIST) &&
				   version >= node_field_info(field)->since;
	view->has[NODE_LINKS] = true;
}

int node_view_fields(struct node_view *view, const char *fields, int version, struct error *err)
{
	clear(view);
	while (*fields) {
		char name[FIELD_NAME_MAX];
		size_t len = strcspn(fields, ",");

		for (size_t i = 0; i < len && i + 1 < sizeof name; i++)
			name[i] = (char)tolower((unsigned char)fields[i]);
		name[len < sizeof name ? len : sizeof name - 1] = '\0';
		enum node_field field = node_field_find(name);
		if (field == NODE_FIELD_COUNT)
			return fail(err, ERR_INVALID, "Field %s is not a valid field.", name);
		if (version < node_field_info(field)->since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		view->has[field] = true;
		fields += len;
		fields += *fields == ',';
	}
	view->has[NODE_LINKS] = true;
	return 0;
}

/* A row with the columns that the view names. */
struct source {
	const struct node_view *view;
	const struct db_rows *rows;
	int row;
};

static const char *value_of(const struct source *source, enum node_field field)
{
	return db_value(source->rows, source->row, source->view->column[field]);
}

static size_t len_of(const struct source *source, enum node_field field)
{
	return db_value_len(source->rows, source->row, source->view->column[field]);
}

static const char *links_suffix(enum node_field field)
{
	switch ((int)field) {
	case NODE_PORTS:
		return "/ports";
	case NODE_STATES:
		return "/states";
	case NODE_PORTGROUPS:
		return "/portgroups";
	case NODE_VOLUME:
		return "/volume";
	}
	return "";
}

/* Clients older than a state are shown what it was before. */
static void write_provision_state(struct buf *buf, const char *state, int version)
{
	enum provision_state value = state ? provision_state_find(state) : PROVISION_STATE_COUNT;

	if (value == PROVISION_AVAILABLE && version < 2)
		state = NULL;
	else if (value == PROVISION_INSPECTWAIT && version < 39)
		state = provision_state_info(PROVISION_INSPECTING)->name;
	json_out_text(buf, state, state ? strlen(state) : 0);
}

static void write_document(struct buf *buf, enum node_field field, const char *text, size_t len)
{
	if (field == NODE_INSTANCE_INFO)
		json_out_instance_info(buf, text, len);
	else if (node_field_info(field)->flags & FIELD_MASKED)
		json_out_masked(buf, text, len);
	else
		json_out_document(buf, text, len);
}

static void write_conductor(struct buf *buf, const struct api_request *request, const struct source *source)
{
	const char *host = fleet_host_of(request->registry, value_of(source, NODE_CONDUCTOR_GROUP),
					 value_of(source, NODE_DRIVER), value_of(source, NODE_UUID));

	json_out_text(buf, host, host ? strlen(host) : 0);
}

/* Empty stands for null in these alone. */
static bool is_interface_field(enum node_field field)
{
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		if (node_interface_field(type) == field)
			return true;
	}
	return false;
}

static void write_text(struct buf *buf, const struct api_request *request, const struct source *source,
		       enum node_field field)
{
	const char *text = value_of(source, field);
	size_t len = len_of(source, field);

	if (field == NODE_RESERVATION && !text && source->view->holder)
		json_out_text(buf, source->view->holder, strlen(source->view->holder));
	else if (field == NODE_RESERVATION && text)
		json_out_text(buf, server_host_shown(text), strlen(server_host_shown(text)));
	else if (field == NODE_PROVISION_STATE)
		write_provision_state(buf, text, request->version);
	else if (len == 0 && field != NODE_CONDUCTOR_GROUP && is_interface_field(field))
		json_out_text(buf, NULL, 0);
	else
		json_out_text(buf, text, len);
}

static void write_value(struct buf *buf, const struct api_request *request, const struct source *source,
			enum node_field field)
{
	const struct node_field_info *info = node_field_info(field);

	switch (info->type) {
	case FIELD_TEXT:
	case FIELD_UUID:
	case FIELD_INT:
		if (field == NODE_CONDUCTOR)
			write_conductor(buf, request, source);
		else
			write_text(buf, request, source, field);
		break;
	case FIELD_BOOL:
	case FIELD_TIME:
		json_out_value(buf, info->type, value_of(source, field), len_of(source, field));
		break;
	case FIELD_OBJECT:
		write_document(buf, field, value_of(source, field), len_of(source, field));
		break;
	case FIELD_LIST:
		if (value_of(source, field))
			json_out_document(buf, value_of(source, field), len_of(source, field));
		else
			buf_puts(buf, "[]");
		break;
	case FIELD_LINKS:
		json_out_item_links(buf, request->base, "nodes", value_of(source, NODE_UUID),
				    len_of(source, NODE_UUID), links_suffix(field));
		break;
	}
}

/* ',"power_state":' of each field, made once. */
static struct {
	char text[FIELD_NAME_MAX];
	size_t len;
} keys[NODE_FIELD_COUNT];

static void write_key(struct buf *buf, enum node_field field, bool is_first)
{
	if (keys[field].len == 0)
		keys[field].len = (size_t)snprintf(keys[field].text, sizeof keys[field].text, ",\"%s\":",
						   node_field_info(field)->name);
	buf_append(buf, keys[field].text + is_first, keys[field].len - is_first);
}

void node_json_write(struct buf *buf, const struct api_request *request, const struct node_view *view,
		     const struct db_rows *rows, int row)
{
	const struct source source = { view, rows, row };
	bool is_first = true;

	buf_putc(buf, '{');
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if (!view->has[field])
			continue;
		write_key(buf, field, is_first);
		write_value(buf, request, &source, field);
		is_first = false;
	}
	buf_putc(buf, '}');
}
