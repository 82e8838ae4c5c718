#include "api/resource.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "api/etag.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/patch.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/field.h"

/* Which fields an answer has, and where they stand. */
struct resource_view {
	const struct resource_rules *rules;
	bool has[RESOURCE_FIELD_MAX];
	int column[RESOURCE_FIELD_MAX];
};

size_t resource_index(const struct resource *resource, const char *name)
{
	size_t index = resource_field_find(resource, name);

	assert(index < resource->field_count);
	return index;
}

static const char *row_text(const struct resource_draft *draft, size_t field)
{
	return draft->rows && draft->column[field] >= 0 ? db_value(draft->rows, 0, draft->column[field])
							: NULL;
}

const char *resource_draft_text(const struct resource_draft *draft, const char *name)
{
	size_t field = resource_index(draft->resource, name);

	return draft->is_changed[field] ? draft->value[field] : row_text(draft, field);
}

void resource_draft_set(struct resource_draft *draft, const char *name, const char *value)
{
	size_t field = resource_index(draft->resource, name);

	draft->value[field] = value;
	draft->is_changed[field] = true;
}

bool resource_draft_changes(const struct resource_draft *draft, const char *name)
{
	return draft->is_changed[resource_index(draft->resource, name)];
}

json_t *resource_draft_value(const struct resource_draft *draft, const char *name)
{
	const char *text = resource_draft_text(draft, name);
	json_t *value = NULL;

	return text && json_parse(text, strlen(text), JSON_VALUE_DEPTH_MAX, &value, NULL) == 0 ? value : NULL;
}

static int not_found(const struct resource *resource, const char *ident, struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "%s %s could not be found.", resource->title, ident);
}

/* ---- answers ---- */

static void view_flagged(struct resource_view *view, unsigned flags, int version)
{
	const struct resource *resource = view->rules->resource;

	for (size_t i = 0; i < resource->field_count; i++)
		view->has[i] = version >= resource->fields[i].since &&
			       !(resource->fields[i].flags & FIELD_HIDDEN) &&
			       (!flags || (resource->fields[i].flags & flags) ||
				strcmp(resource->fields[i].name, "links") == 0);
}

static int view_fields(struct resource_view *view, const char *fields, int version, struct error *err)
{
	const struct resource *resource = view->rules->resource;

	char name[64]; /* longer than that of any field */

	memset(view->has, 0, sizeof view->has);
	while (query_word_lower(&fields, name, sizeof name)) {
		size_t field = resource_field_find(resource, name);

		if (field == resource->field_count || (resource->fields[field].flags & FIELD_HIDDEN))
			return fail(err, ERR_INVALID, "Field %s is not a valid field.", name);
		if (version < resource->fields[field].since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		view->has[field] = true;
	}
	view->has[resource_index(resource, "links")] = true;
	return 0;
}

static void write_list(struct buf *buf, const struct node_field_info *info, const char *text, size_t len)
{
	if (!text)
		buf_puts(buf, "null");
	else if (info->flags & FIELD_MASKED)
		json_out_masked(buf, text, len);
	else
		json_out_document(buf, text, len);
}

static void write_links(struct buf *buf, const struct api_request *request, const struct resource *resource,
			const struct node_field_info *info, const char *uuid)
{
	bool is_own = strcmp(info->name, "links") == 0;
	const char *suffix = is_own ? "" : arena_printf(request->arena, "/%s", info->name);

	json_out_item_links(buf, request->base, resource->link ? resource->link : resource_path(resource),
			    uuid, strlen(uuid), suffix);
}

static void write_value(struct buf *buf, const struct api_request *request, const struct resource_view *view,
			const struct db_rows *rows, int row, size_t field)
{
	const struct resource *resource = view->rules->resource;
	const struct node_field_info *info = &resource->fields[field];
	const char *uuid = db_value(rows, row, LIST_COLUMNS);
	const char *text = view->column[field] >= 0 ? db_value(rows, row, view->column[field]) : NULL;
	size_t len = text ? db_value_len(rows, row, view->column[field]) : 0;

	switch (info->type) {
	case FIELD_INT:
	case FIELD_TEXT:
	case FIELD_UUID:
	case FIELD_BOOL:
	case FIELD_TIME:
		json_out_value(buf, info->type, text, len);
		break;
	case FIELD_OBJECT:
		if (info->flags & FIELD_MASKED)
			json_out_masked(buf, text, len);
		else
			json_out_document(buf, text, len);
		break;
	case FIELD_LINKS:
		write_links(buf, request, resource, info, uuid);
		break;
	case FIELD_LIST:
		if (view->column[field] < 0)
			view->rules->write_special(buf, request, uuid);
		else
			write_list(buf, info, text, len);
		break;
	}
}

static void write_object(struct buf *buf, const struct api_request *request, const void *arg,
			 const struct db_rows *rows, int row)
{
	const struct resource_view *view = arg;
	const struct resource *resource = view->rules->resource;

	buf_putc(buf, '{');
	for (size_t i = 0; i < resource->field_count; i++) {
		if (!view->has[i])
			continue;
		json_out_key(buf, resource->fields[i].name);
		write_value(buf, request, view, rows, row, i);
	}
	buf_putc(buf, '}');
}

static const char *last_word(const char *name)
{
	const char *space = strrchr(name, ' ');

	return space ? space + 1 : name;
}

int resource_find(struct api_request *request, const struct resource_rules *rules, int *column,
		  struct db_rows **ret, struct error *err)
{
	const char *ident = request->ident[0];
	bool is_uuid = uuid_is_valid(ident);

	if (!is_uuid && !rules->has_name)
		return fail(err, ERR_INVALID, "Expected UUID for %s_uuid: %s",
			    last_word(rules->resource->name), ident);
	if (!is_uuid && !node_name_is_valid(ident)) {
		reply_router_refusal(request, 400,
				     arena_printf(request->arena, "Expected UUID or name for %s: %s",
						  rules->resource->name, ident));
		return 1;
	}
	if (!is_uuid && request->version < rules->names_since)
		return not_found(rules->resource, ident, err);
	int rc = resource_read(request->db, rules->resource, is_uuid ? ident : NULL, ident, column, ret, err);
	return rc == -ERR_NOT_FOUND ? not_found(rules->resource, ident, err) : rc;
}

/* Answers with the object of that uuid. */
SUSPENDS static int reply_object(struct api_request *request, const struct resource_rules *rules,
				 const char *uuid, int status, struct error *err)
{
	struct resource_view view = { .rules = rules };
	struct db_rows *rows = NULL;

	int rc = resource_read(request->db, rules->resource, uuid, NULL, view.column, &rows, err);
	if (rc < 0)
		return rc == -ERR_NOT_FOUND ? not_found(rules->resource, uuid, err) : rc;
	view_flagged(&view, 0, request->version);
	reply_json(request, status);
	write_object(&request->out->body, request, &view, rows, 0);
	etag_reply(request, db_value_int(rows, 0, LIST_ID), resource_version(rows));
	db_rows_release(rows);
	return 0;
}

int resource_show(struct api_request *request, const struct resource_rules *rules, struct error *err)
{
	const char *fields = query_text(&request->query, "fields");
	struct resource_view view = { .rules = rules };
	struct db_rows *rows = NULL;
	int rc = 0;

	view_flagged(&view, 0, request->version);
	if (fields)
		rc = view_fields(&view, fields, request->version, err);
	if (rc == 0)
		rc = resource_find(request, rules, view.column, &rows, err);
	if (rc != 0)
		return rc;
	reply_json(request, 200);
	write_object(&request->out->body, request, &view, rows, 0);
	etag_reply(request, db_value_int(rows, 0, LIST_ID), resource_version(rows));
	db_rows_release(rows);
	return 0;
}

/* ---- lists ---- */

static int set_order(struct page *page, const struct resource *resource, struct error *err)
{
	if (strcmp(page->sort_key, "id") == 0)
		return 0;
	size_t field = resource_field_find(resource, page->sort_key);
	if (field == resource->field_count || (resource->fields[field].flags & FIELD_UNSORTABLE))
		return fail(err, ERR_INVALID, "The sort_key value \"%s\" is an invalid field for sorting",
			    page->sort_key);
	if (page->request->version < resource->fields[field].since)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	resource_sort(&page->list, resource, field);
	return 0;
}

static int choose_view(struct page *page, struct resource_view *view, int detail, struct error *err)
{
	const char *fields = query_text(&page->request->query, "fields");
	const char *as_asked = query_text(&page->request->query, "detail");
	int version = page->request->version;

	if (fields && detail == 1)
		return fail(err, ERR_INVALID, "Can't fetch a subset of fields with 'detail' set");
	if (as_asked)
		page_argument(page, "detail", detail == 1 ? "True" : "False");
	if (fields) {
		page_argument(page, "fields", fields);
		return view_fields(view, fields, version, err);
	}
	view_flagged(view, detail == 1 ? 0 : FIELD_IN_LIST, version);
	return 0;
}

int resource_reply_list(struct page *page, const struct resource_rules *rules, int detail, struct error *err)
{
	struct resource_view view = { .rules = rules };

	page->collection = rules->resource->collection;
	page->uuid = "r.uuid";
	page->write = write_object;
	page->arg = &view;
	int rc = page_read(page, err);
	if (rc == 0)
		rc = set_order(page, rules->resource, err);
	if (rc == 0)
		rc = choose_view(page, &view, detail, err);
	if (rc < 0)
		return rc;
	resource_select(&page->list, rules->resource, view.has, view.column);
	rc = page_reply(page, err);
	return rc == -ERR_NOT_FOUND
		       ? not_found(rules->resource, query_text(&page->request->query, "marker"), err)
		       : rc;
}

/* ---- create ---- */

static int check_names(const struct api_request *request, const struct resource_rules *rules,
		       struct error *err)
{
	const struct resource *resource = rules->resource;
	const char *name;
	json_t *value;

	if (!json_is_object(request->body))
		return fail(err, ERR_INVALID, "Schema error for %s: the body is not of type 'object'",
			    resource->name);
	json_object_foreach(request->body, name, value)
	{
		size_t field = resource_field_find(resource, name);

		if (field == resource->field_count || !(resource->fields[field].flags & FIELD_IN_POST))
			return field_unknown(resource->name, name, err);
	}
	for (size_t i = 0; rules->required && rules->required[i]; i++) {
		if (!json_object_get(request->body, rules->required[i]))
			return fail(err, ERR_MISSING, "Schema error for %s: '%s' is a required property",
				    resource->name, rules->required[i]);
	}
	return 0;
}

static int read_members(struct resource_draft *draft, struct error *err)
{
	const struct resource *resource = draft->resource;
	const char *name;
	json_t *value;

	json_object_foreach(draft->request->body, name, value)
	{
		size_t field = resource_index(resource, name);
		const struct node_field_info *info = &resource->fields[field];

		int rc = field_check(info, value, resource->name, err);
		if (rc < 0)
			return rc;
		if (draft->request->version < info->since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		draft->value[field] = field_text(info, value, draft->request->arena);
		/* A null boolean means the column's default. */
		draft->is_changed[field] = info->type != FIELD_BOOL || draft->value[field];
	}
	return 0;
}

static size_t gather(const struct resource_draft *draft, struct change *changes)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->resource->field_count; i++) {
		struct change change = resource_change(draft->resource, i, draft->value[i]);

		if (draft->is_changed[i] && change.column)
			changes[count++] = change;
	}
	return count;
}

static const char *choose_uuid(struct resource_draft *draft)
{
	char *uuid = arena_alloc(draft->request->arena, UUID_TEXT);

	if (draft->value[0]) {
		for (size_t i = 0; i < UUID_TEXT; i++)
			uuid[i] = (char)tolower((unsigned char)draft->value[0][i]);
	} else {
		uuid_new(uuid);
	}
	draft->value[0] = uuid;
	draft->is_changed[0] = true;
	return uuid;
}

int resource_create(struct api_request *request, const struct resource_rules *rules, struct error *err)
{
	struct resource_draft draft = { .request = request, .resource = rules->resource };
	struct change changes[RESOURCE_FIELD_MAX];

	int rc = rules->prepare && json_is_object(request->body) ? rules->prepare(request, err) : 0;
	if (rc == 0)
		rc = check_names(request, rules, err);
	if (rc == 0)
		rc = read_members(&draft, err);
	if (rc != 0)
		return rc;
	draft.uuid = choose_uuid(&draft);
	rc = rules->check(&draft, true, err);
	if (rc < 0)
		return rc;
	size_t count = gather(&draft, changes);
	rc = rules->insert ? rules->insert(&draft, changes, count, err)
			   : resource_insert(request->db, rules->resource, changes, count, err);
	if (rc == -ERR_CONFLICT && !rules->insert)
		return rules->conflict(&draft, err);
	if (rc < 0)
		return rc;
	reply_location(request, "/v1/%s/%s", resource_path(rules->resource), draft.uuid);
	return reply_object(request, rules, draft.uuid, 201, err);
}

/* ---- patch ---- */

static int check_root(const json_t *operation, const struct resource *resource, int version,
		      struct error *err)
{
	char root[PATCH_ROOT_MAX];
	size_t field =
		patch_root(operation, root) ? resource_field_find(resource, root) : resource->field_count;
	struct buf list;

	if (field < resource->field_count && (resource->fields[field].flags & FIELD_IN_PATCH))
		return version >= resource->fields[field].since
			       ? 0
			       : fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	buf_init(&list, 1024);
	for (size_t i = 0; i < resource->field_count; i++) {
		if (resource->fields[i].flags & FIELD_IN_PATCH)
			buf_printf(&list, "%s%s", list.len ? ", " : "", resource->fields[i].name);
	}
	fail(err, ERR_INVALID, "Cannot patch %.200s. Only the following can be updated: %s",
	     json_string_value(json_object_get(operation, "path")), list.data);
	buf_release(&list);
	return -ERR_INVALID;
}

static json_t *make_document(const struct resource_draft *draft)
{
	json_t *document = json_object();

	for (size_t i = 0; i < draft->resource->field_count; i++) {
		const struct node_field_info *info = &draft->resource->fields[i];
		const char *text = row_text(draft, i);

		if (info->flags & FIELD_IN_PATCH)
			json_object_set_new(document, info->name,
					    field_value(info, text, text ? strlen(text) : 0));
	}
	return document;
}

static int take_changes(struct resource_draft *draft, const json_t *before, const json_t *after,
			struct error *err)
{
	for (size_t i = 0; i < draft->resource->field_count; i++) {
		const struct node_field_info *info = &draft->resource->fields[i];
		const json_t *value = json_object_get(after, info->name);
		int rc = 0;

		if (!(info->flags & FIELD_IN_PATCH) ||
		    (value && json_equal(value, json_object_get(before, info->name))))
			continue;
		if (!value && (info->flags & FIELD_NOT_NULL) && !(info->flags & FIELD_DEFAULT))
			return fail(err, ERR_INVALID, "Schema error for patch: '%s' is a required property",
				    info->name);
		if (value)
			rc = field_check(info, value, "patch", err);
		if (rc < 0)
			return rc;
		draft->value[i] = field_text(info, value, draft->request->arena);
		if (info->type == FIELD_BOOL && !draft->value[i])
			draft->value[i] = info->flags & FIELD_TRUE ? "t" : "f";
		draft->is_changed[i] = true;
	}
	return 0;
}

static int apply(struct resource_draft *draft, struct error *err)
{
	json_t *before = make_document(draft);
	json_t *after = json_deep_copy(before);

	int rc = patch_apply(after, draft->request->body, err);
	if (rc == 0)
		rc = take_changes(draft, before, after, err);
	json_decref(after);
	json_decref(before);
	return rc;
}

static int check_etag(const struct resource_draft *draft, struct error *err)
{
	const struct etag_row row = { draft->resource->title, draft->uuid,
				      db_value_int(draft->rows, 0, LIST_ID), resource_version(draft->rows) };

	return etag_check(draft->request, &row, err);
}

/* After a write that found no such row: waits for the node whose lock guards it. Then the row is read again,
 * which tells whether it is gone. */
static int wait_for_node(struct api_request *request, const struct resource_rules *rules,
			 const struct resource_draft *draft, struct node_wait *wait, struct error *err)
{
	struct node node;

	if (!rules->lock_column)
		return 0;
	node_init(&node);
	int rc = node_read(request->db, resource_draft_text(draft, rules->lock_column), NULL, 0, &node, err);
	if (rc == 0)
		rc = node_wait_free(request, wait, &node, err);
	else if (rc == -ERR_NOT_FOUND) /* and the row with it */
		rc = 0;
	node_release(&node);
	return rc;
}

static int write_draft(const struct resource_draft *draft, const struct resource_rules *rules, bool *is_done,
		       struct error *err)
{
	struct change changes[RESOURCE_FIELD_MAX];
	size_t count = gather(draft, changes);

	if (count == 0) {
		*is_done = true;
		return 0;
	}
	int rc = resource_update(draft->request->db, rules->resource, db_value_int(draft->rows, 0, LIST_ID),
				 resource_version(draft->rows), changes, count, is_done, err);
	return rc == -ERR_CONFLICT ? rules->conflict(draft, err) : rc;
}

static int patch_once(struct api_request *request, const struct resource_rules *rules, struct node_wait *wait,
		      bool *is_done, const char **ret_uuid, struct error *err)
{
	int column[RESOURCE_FIELD_MAX];
	struct db_rows *rows = NULL;
	struct resource_draft draft = { .request = request, .resource = rules->resource, .column = column };

	int rc = resource_find(request, rules, column, &rows, err);
	if (rc != 0)
		return rc;
	draft.rows = rows;
	draft.uuid = *ret_uuid = arena_strdup(request->arena, db_value(rows, 0, column[0]));
	rc = check_etag(&draft, err);
	if (rc == 0)
		rc = apply(&draft, err);
	if (rc == 0)
		rc = rules->check(&draft, false, err);
	if (rc == 0)
		rc = write_draft(&draft, rules, is_done, err);
	if (rc == 0 && !*is_done)
		rc = wait_for_node(request, rules, &draft, wait, err);
	db_rows_release(rows);
	return rc;
}

int resource_patch(struct api_request *request, const struct resource_rules *rules, struct error *err)
{
	struct node_wait wait = { 0 };
	const char *uuid = NULL;
	bool is_done = false;

	int rc = patch_check(request->body, request->version, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(request->body); i++)
		rc = check_root(json_array_get(request->body, i), rules->resource, request->version, err);
	while (rc == 0 && !is_done)
		rc = patch_once(request, rules, &wait, &is_done, &uuid, err);
	return rc == 0 ? reply_object(request, rules, uuid, 200, err) : rc;
}

/* ---- delete ---- */

static int remove_once(struct api_request *request, const struct resource_rules *rules,
		       struct node_wait *wait, bool *is_done, struct error *err)
{
	int column[RESOURCE_FIELD_MAX] = { 0 };
	struct db_rows *rows = NULL;
	struct resource_draft draft = { .request = request, .resource = rules->resource, .column = column };

	int rc = resource_find(request, rules, column, &rows, err);
	if (rc != 0)
		return rc;
	draft.rows = rows;
	draft.uuid = db_value(rows, 0, column[0]);
	rc = check_etag(&draft, err);
	if (rc == 0 && rules->check_delete)
		rc = rules->check_delete(request, rows, column, err);
	if (rc == 0)
		rc = resource_delete(request->db, rules->resource, db_value_int(rows, 0, LIST_ID),
				     resource_version(rows), is_done, err);
	if (rc == 0 && !*is_done)
		rc = wait_for_node(request, rules, &draft, wait, err);
	db_rows_release(rows);
	return rc;
}

int resource_remove(struct api_request *request, const struct resource_rules *rules, struct error *err)
{
	struct node_wait wait = { 0 };
	bool is_done = false;
	int rc = 0;

	if (rules->is_deleted_by_uuid && !uuid_is_valid(request->ident[0]))
		return reply_router_refusal(request, 400,
					    arena_printf(request->arena, "Expected UUID for %s_uuid: %s",
							 rules->resource->name, request->ident[0]));
	while (rc == 0 && !is_done)
		rc = remove_once(request, rules, &wait, &is_done, err);
	if (rc == -ERR_INVALID && rules->contains) /* another row still refers to it */
		return fail(err, ERR_INVALID,
			    "Cannot complete the requested action because %s %s contains %s.",
			    rules->resource->name, request->ident[0], rules->contains);
	if (rc == 0)
		reply_empty(request, 204);
	return rc;
}
