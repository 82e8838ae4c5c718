/* inspection_store: see inspection_store.h. */
#include "conductor/inspection_store.h"

#include <string.h>

#include "conductor/conductor.h"
#include "db/inspection.h"
#include "lib/json.h"
#include "model/field.h"

/* Of one document: a ramdisk's call, and what hooks and rules have added to it. */
#define DOCUMENT_MAX ((size_t)32 << 20)

/* ---- reading ---- */

static json_t *copy_node(struct node *node)
{
	json_t *object = json_object();

	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);
		const char *text = info->type == FIELD_OBJECT ? NULL : node_text(node, field);
		json_t *value = info->type == FIELD_OBJECT ? json_deep_copy(node_object(node, field))
							   : field_value(info, text, text ? strlen(text) : 0);

		json_object_set_new(object, info->name, value);
	}
	return object;
}

static int parse_value(const struct db_rows *rows, int column, json_t **ret, struct error *err)
{
	return json_parse(db_value(rows, 0, column), db_value_len(rows, 0, column), JSON_VALUE_DEPTH_MAX, ret,
			  err);
}

int inspection_store_open(struct job *job, json_t *inventory, json_t *plugin_data,
			  struct inspection_store *ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc;

	do
		rc = inspection_read(job->conductor->db, job->node.id, &rows, err);
	while (task_again(job, rc));
	if (rc == 0)
		rc = parse_value(rows, 0, &ret->ports, err);
	if (rc == 0)
		rc = parse_value(rows, 1, &ret->traits, err);
	db_rows_release(rows);
	if (rc < 0)
		return rc;
	ret->now =
		(struct inspected){ .node_uuid = node_uuid(&job->node),
				    .node = copy_node(&job->node),
				    .ports = json_deep_copy(ret->ports),
				    .traits = json_deep_copy(ret->traits),
				    .inventory = json_incref(inventory),
				    .plugin_data = plugin_data ? json_incref(plugin_data) : json_object() };
	ret->node = json_deep_copy(ret->now.node);
	return 0;
}

void inspection_store_release(struct inspection_store *store)
{
	inspected_release(&store->now);
	json_decref(store->node);
	json_decref(store->ports);
	json_decref(store->traits);
	*store = (struct inspection_store){ 0 };
}

/* ---- writing ---- */

/* What differs, and the times of this inspection: their change tells a repeat that all was written. */
static json_t *changed_fields(struct job *job, const struct inspection_store *store)
{
	json_t *changes = json_object();

	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		const char *name = node_field_info(field)->name;
		json_t *value = json_object_get(store->now.node, name);

		if (inspection_writes(field) && !json_equal(value, json_object_get(store->node, name)))
			json_object_set(changes, name, value);
	}
	json_object_set_new(changes, "inspection_started_at", json_null());
	if (node_text(&job->node, NODE_INSPECTION_FINISHED_AT))
		json_object_set_new(changes, "inspection_finished_at",
				    json_string(node_text(&job->node, NODE_INSPECTION_FINISHED_AT)));
	return changes;
}

static json_t *port_by_uuid(const json_t *ports, const json_t *port)
{
	json_t *uuid = json_object_get(port, "uuid"), *other;
	size_t i;

	json_array_foreach(ports, i, other)
	{
		if (json_equal(json_object_get(other, "uuid"), uuid))
			return other;
	}
	return NULL;
}

/* uuid, and what inspections may write. */
static json_t *writable_part(json_t *port)
{
	json_t *part = json_object(), *value;
	const char *name;

	json_object_foreach(port, name, value)
	{
		if (strcmp(name, "uuid") == 0 || inspection_writes_port(name))
			json_object_set(part, name, value);
	}
	return part;
}

/* Three new lists. */
static void compare_ports(const struct inspection_store *store, json_t **ret_changed, json_t **ret_new,
			  json_t **ret_dropped)
{
	json_t *port;
	size_t i;

	*ret_changed = json_array();
	*ret_new = json_array();
	*ret_dropped = json_array();
	json_array_foreach(store->now.ports, i, port)
	{
		const json_t *before = port_by_uuid(store->ports, port);

		if (!before)
			json_array_append(*ret_new, port);
		else if (!json_equal(before, port))
			json_array_append_new(*ret_changed, writable_part(port));
	}
	json_array_foreach(store->ports, i, port)
	{
		if (!port_by_uuid(store->now.ports, port))
			json_array_append(*ret_dropped, json_object_get(port, "uuid"));
	}
}

/* As text; NULL: an empty list, or no value. Takes the value. */
static const char *text_of(struct buf *buf, json_t *take_value)
{
	bool is_nothing = !take_value || (json_is_array(take_value) && json_array_size(take_value) == 0);

	if (!is_nothing)
		json_write(buf, take_value);
	json_decref(take_value);
	return is_nothing ? NULL : buf->data;
}

static int explain_conflict(const struct inspection_store *store, struct error *err)
{
	const json_t *node = store->now.node;

	if (strcmp(err->text, "nodes_name") == 0)
		return fail(err, ERR_CONFLICT, "A node with name %s already exists.",
			    json_string_value(json_object_get(node, "name")));
	if (strcmp(err->text, "ports_name") == 0)
		return fail(err, ERR_CONFLICT, "A port with the same name already exists.");
	return fail(err, ERR_CONFLICT,
		    "What the inspection has made of node %s is another node's already (%s).",
		    store->now.node_uuid, err->text);
}

/* The fields that were written are so in memory, and nothing that the end of the job writes again. */
static void load_fields(struct job *job, const json_t *changes)
{
	json_t *value;
	const char *name;

	json_object_foreach((json_t *)changes, name, value)
	{
		enum node_field field = node_field_find(name);
		const char *text;

		if (node_field_info(field)->type == FIELD_TIME)
			continue;
		text = field_text(node_field_info(field), value, &job->task.arena);
		node_load(&job->node, field, text, text ? strlen(text) : 0);
	}
}

enum { NODE, CHANGED, NEW, DROPPED, TRAITS, INVENTORY, PLUGIN_DATA, DOCUMENT_COUNT };

SUSPENDS static int write_documents(struct job *job, const struct inspection_store *store,
				    json_t *const documents[DOCUMENT_COUNT], struct error *err)
{
	const struct found_key key = { .node_id = job->node.id, .token = job->action.token };
	const char *texts[DOCUMENT_COUNT];
	struct buf bufs[DOCUMENT_COUNT];
	bool is_too_large = false;
	int rc;

	for (int i = 0; i < DOCUMENT_COUNT; i++) {
		buf_init(&bufs[i], DOCUMENT_MAX);
		texts[i] = text_of(&bufs[i], json_incref(documents[i]));
		is_too_large = is_too_large || bufs[i].overflow;
	}
	const struct inspection_rows rows = { .node = texts[NODE],
					      .changed_ports = texts[CHANGED],
					      .new_ports = texts[NEW],
					      .dropped_ports = texts[DROPPED],
					      .traits = documents[TRAITS] && !texts[TRAITS] ? "[]"
											    : texts[TRAITS],
					      .inventory = texts[INVENTORY],
					      .plugin_data = texts[PLUGIN_DATA] };
	if (is_too_large)
		rc = fail(err, ERR_TOO_LARGE, "What was found out about node %s is larger than %zu bytes",
			  node_uuid(&job->node), DOCUMENT_MAX);
	else
		do
			rc = inspection_write(job->conductor->db, &key, &rows, err);
		while (task_again(job, rc));
	for (int i = 0; i < DOCUMENT_COUNT; i++)
		buf_release(&bufs[i]);
	return rc == -ERR_CONFLICT ? explain_conflict(store, err) : rc;
}

int inspection_store_write(struct job *job, struct inspection_store *store, struct error *err)
{
	bool has_traits = !json_equal(store->now.traits, store->traits);
	json_t *documents[DOCUMENT_COUNT] = { [NODE] = changed_fields(job, store),
					      [TRAITS] = has_traits ? json_incref(store->now.traits) : NULL,
					      [INVENTORY] = json_incref(store->now.inventory),
					      [PLUGIN_DATA] = json_incref(store->now.plugin_data) };
	int rc;

	compare_ports(store, &documents[CHANGED], &documents[NEW], &documents[DROPPED]);
	rc = write_documents(job, store, documents, err);
	if (rc == 0)
		load_fields(job, documents[NODE]);
	else if (rc == -ERR_FENCED)
		task_fence(job);
	for (int i = 0; i < DOCUMENT_COUNT; i++)
		json_decref(documents[i]);
	return rc;
}
