#include "api/node_json.h"

#include <stdio.h>
#include <string.h>

#include "api/fleet.h"
#include "api/json_out.h"
#include "api/server.h"
#include "db/node.h"
#include "model/states.h"

#define FIELD_NAME_MAX 64

/* How a member's value is written. */
enum form {
	FORM_VALUE,     /* by its type */
	FORM_INTERFACE, /* empty stands for null */
	FORM_PROVISION_STATE,
	FORM_RESERVATION,
	FORM_DOCUMENT,
	FORM_MASKED,
	FORM_INSTANCE_INFO,
	FORM_LINKS, /* from here on: no column */
	FORM_CONDUCTOR,
};

/* What there is to know of a member before its rows are there: a page of 1,000 nodes has 69,000. */
static struct member {
	enum form form;
	enum field_type type;
	const char *links_suffix;
	size_t key_len;                /* of text: up to the value */
	size_t len;                    /* of text */
	char text[FIELD_NAME_MAX + 8]; /* ,"power_state":null as it stands where the column is NULL */
} members[NODE_FIELD_COUNT];

static const struct {
	enum node_field field;
	enum form form;
	const char *links_suffix;
} special[] = {
	{ NODE_PROVISION_STATE, FORM_PROVISION_STATE, NULL },
	{ NODE_RESERVATION, FORM_RESERVATION, NULL },
	{ NODE_CONDUCTOR, FORM_CONDUCTOR, NULL },
	{ NODE_INSTANCE_INFO, FORM_INSTANCE_INFO, NULL },
	{ NODE_PORTS, FORM_LINKS, "/ports" },
	{ NODE_STATES, FORM_LINKS, "/states" },
	{ NODE_PORTGROUPS, FORM_LINKS, "/portgroups" },
	{ NODE_VOLUME, FORM_LINKS, "/volume" },
};

static void learn_member(struct member *member, const struct node_field_info *info)
{
	static const struct {
		enum form form;
		const char *null;
	} forms[] = {
		[FIELD_TEXT] = { FORM_VALUE, "null" },    [FIELD_UUID] = { FORM_VALUE, "null" },
		[FIELD_BOOL] = { FORM_VALUE, "null" },    [FIELD_TIME] = { FORM_VALUE, "null" },
		[FIELD_OBJECT] = { FORM_DOCUMENT, "{}" }, [FIELD_LIST] = { FORM_DOCUMENT, "[]" },
		[FIELD_LINKS] = { FORM_LINKS, "" },       [FIELD_INT] = { FORM_VALUE, "null" },
	};
	const char *null = forms[info->type].null;
	int len = snprintf(member->text, sizeof member->text, ",\"%s\":%s", info->name, null);

	member->len = (size_t)len;
	member->key_len = member->len - strlen(null);
	member->type = info->type;
	member->form = forms[info->type].form;
	if (member->form == FORM_DOCUMENT && (info->flags & FIELD_MASKED))
		member->form = FORM_MASKED;
	member->links_suffix = "";
}

static void __attribute__((constructor)) learn_members(void)
{
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++)
		learn_member(&members[field], node_field_info(field));
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++)
		members[node_interface_field(type)].form = FORM_INTERFACE;
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
		members[special[i].field].form = special[i].form;
		members[special[i].field].links_suffix = special[i].links_suffix;
	}
}

/* ---- views ---- */

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
	char name[FIELD_NAME_MAX];

	clear(view);
	while (query_word_lower(&fields, name, sizeof name)) {
		enum node_field field = node_field_find(name);

		if (field == NODE_FIELD_COUNT)
			return fail(err, ERR_INVALID, "Field %s is not a valid field.", name);
		if (version < node_field_info(field)->since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		view->has[field] = true;
	}
	view->has[NODE_LINKS] = true;
	return 0;
}

/* ---- rows ---- */

/* A row with the columns that the view names. */
struct source {
	const struct api_request *request;
	const struct node_view *view;
	const struct db_rows *rows;
	int row;
};

static const char *value_of(const struct source *source, enum node_field field, size_t *ret_len)
{
	return db_cell(source->rows, source->row, source->view->column[field], ret_len);
}

/* Clients older than a state are shown what it was before. */
static void write_provision_state(struct buf *buf, const char *state, size_t len, int version)
{
	if (version < 39) {
		enum provision_state value = provision_state_find(state);

		if (value == PROVISION_AVAILABLE && version < 2)
			state = NULL;
		else if (value == PROVISION_INSPECTWAIT)
			state = provision_state_info(PROVISION_INSPECTING)->name;
		len = state ? strlen(state) : 0;
	}
	json_out_text(buf, state, len);
}

static void write_conductor(struct buf *buf, const struct source *source)
{
	size_t len;
	const char *group = value_of(source, NODE_CONDUCTOR_GROUP, &len);
	const char *driver = value_of(source, NODE_DRIVER, &len);
	const char *host =
		fleet_host_of(source->request->registry, group, driver, value_of(source, NODE_UUID, &len));

	json_out_text(buf, host, host ? strlen(host) : 0);
}

/* What is no column. */
static void write_computed(struct buf *buf, const struct source *source, const struct member *member)
{
	size_t len;
	const char *uuid = value_of(source, NODE_UUID, &len);

	if (member->form == FORM_CONDUCTOR)
		write_conductor(buf, source);
	else
		json_out_item_links(buf, source->request->base, "nodes", uuid, len, member->links_suffix);
}

/* text: not NULL. */
static void write_value(struct buf *buf, const struct source *source, const struct member *member,
			const char *text, size_t len)
{
	switch (member->form) {
	case FORM_VALUE:
		json_out_value(buf, member->type, text, len);
		break;
	case FORM_INTERFACE:
		json_out_text(buf, len > 0 ? text : NULL, len);
		break;
	case FORM_PROVISION_STATE:
		write_provision_state(buf, text, len, source->request->version);
		break;
	case FORM_RESERVATION:
		json_out_text(buf, server_host_shown(text), strlen(server_host_shown(text)));
		break;
	case FORM_DOCUMENT:
		json_out_document(buf, text, len);
		break;
	case FORM_MASKED:
		json_out_masked(buf, text, len);
		break;
	case FORM_INSTANCE_INFO:
		json_out_instance_info(buf, text, len);
		break;
	case FORM_LINKS:
	case FORM_CONDUCTOR:
		break; /* have no column */
	}
}

static void write_member(struct buf *buf, const struct source *source, enum node_field field)
{
	const struct member *member = &members[field];
	const char *holder = field == NODE_RESERVATION ? source->view->holder : NULL;
	bool is_column = member->form < FORM_LINKS;
	size_t len = 0;
	const char *text = is_column ? value_of(source, field, &len) : NULL;

	if (is_column && !text && !holder) {
		buf_append(buf, member->text, member->len);
		return;
	}
	buf_append(buf, member->text, member->key_len);
	if (!is_column)
		write_computed(buf, source, member);
	else if (text)
		write_value(buf, source, member, text, len);
	else
		json_out_text(buf, holder, strlen(holder));
}

void node_json_write(struct buf *buf, const struct api_request *request, const struct node_view *view,
		     const struct db_rows *rows, int row)
{
	const struct source source = { request, view, rows, row };
	size_t begin = buf->len;

	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if (view->has[field])
			write_member(buf, &source, field);
	}
	/* Each member begins with a comma; the first one's opens the object. */
	if (buf->len > begin)
		buf->data[begin] = '{';
	else
		buf_putc(buf, '{');
	buf_putc(buf, '}');
}
