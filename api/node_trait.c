/* node_trait: the traits of a node: names that schedulers ask for. */
#include <string.h>

#include "api/handlers.h"
#include "api/node.h"
#include "db/node_write.h"
#include "lib/json.h"
#include "model/trait.h"

static int read_traits(struct api_request *request, const struct node *node, json_t **ret, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = node_traits_read(request->db, node->id, &rows, err);
	if (rc == 0)
		rc = json_parse(db_value(rows, 0, 0), db_value_len(rows, 0, 0), 2, ret, err);
	db_rows_release(rows);
	return rc;
}

static long find_trait(const json_t *traits, const char *trait)
{
	for (size_t i = 0; i < json_array_size(traits); i++) {
		if (strcmp(json_string_value(json_array_get(traits, i)), trait) == 0)
			return (long)i;
	}
	return -1;
}

/* Changes a list as it is now. 0: write it. */
typedef int edit_fn(json_t *traits, const struct node *node, const char *trait, struct error *err);

static int add(json_t *traits, const struct node *node, const char *trait, struct error *err)
{
	if (find_trait(traits, trait) >= 0)
		return 0;
	if (json_array_size(traits) >= TRAITS_MAX)
		return fail(err, ERR_INVALID, "Node %s has %d traits already, the most a node can have.",
			    node_uuid(node), TRAITS_MAX);
	json_array_append_new(traits, json_string(trait));
	return 0;
}

static int drop(json_t *traits, const struct node *node, const char *trait, struct error *err)
{
	long index = find_trait(traits, trait);

	if (index < 0)
		return fail(err, ERR_NOT_FOUND, "Node %s doesn't have a trait '%s'", node_uuid(node), trait);
	json_array_remove(traits, (size_t)index);
	return 0;
}

static int write_list(struct api_request *request, const struct node *node, const json_t *traits,
		      bool *is_done, struct error *err)
{
	struct buf text;

	buf_init(&text, TRAITS_MAX * (TRAIT_MAX_LEN + 4));
	json_write(&text, traits);
	int rc = node_traits_write(request->db, node->id, node->version, text.data, is_done, err);
	buf_release(&text);
	return rc;
}

/* Replaces the list, or edits the present one (list NULL), when the node is free. */
static int change(struct api_request *request, json_t *list, edit_fn *edit, const char *trait,
		  struct error *err)
{
	struct node_wait wait = { 0 };
	struct node node;
	bool is_done = false;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	while (rc == 0 && !is_done) {
		json_t *traits = json_incref(list);

		rc = node_check_etag(request, &node, err);
		if (rc == 0 && !traits)
			rc = read_traits(request, &node, &traits, err);
		if (rc == 0 && edit && !node_text(&node, NODE_RESERVATION))
			rc = edit(traits, &node, trait, err);
		if (rc == 0)
			rc = write_list(request, &node, traits, &is_done, err);
		json_decref(traits);
		if (rc == 0 && !is_done)
			rc = node_wait_free(request, &wait, &node, err);
	}
	if (rc == 0)
		reply_empty(request, 204);
	node_release(&node);
	return rc;
}

int node_traits_get(struct api_request *request, struct error *err)
{
	struct node node;
	struct db_rows *rows = NULL;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = node_traits_read(request->db, node.id, &rows, err);
	if (rc == 0 && rows) {
		reply_json(request, 200);
		buf_printf(&request->out->body, "{\"traits\":%s}", db_value(rows, 0, 0));
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}

int node_traits_set(struct api_request *request, struct error *err)
{
	json_t *traits = json_object_get(request->body, "traits");

	int rc = trait_check_list(traits, err);
	return rc < 0 ? rc : change(request, traits, NULL, NULL, err);
}

int node_traits_clear(struct api_request *request, struct error *err)
{
	json_t *none = json_array();

	int rc = change(request, none, NULL, NULL, err);
	json_decref(none);
	return rc;
}

int node_trait_add(struct api_request *request, struct error *err)
{
	const char *trait = request->ident[1];

	int rc = trait_check_added(trait, request->body, err);
	if (rc < 0)
		return rc;
	rc = change(request, NULL, add, trait, err);
	if (rc == 0 && request->out->status == 204)
		reply_location(request, "/v1/nodes/%s/traits/%s", request->ident[0], trait);
	return rc;
}

int node_trait_remove(struct api_request *request, struct error *err)
{
	return change(request, NULL, drop, request->ident[1], err);
}
