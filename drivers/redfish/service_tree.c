/* service_tree: see service_tree.h. */
#include "drivers/redfish/service_tree.h"

#include "lib/json.h"
#include "lib/xalloc.h"

struct service_tree {
	json_t *texts; /* path to text */
};

struct service_tree *service_tree_new(void)
{
	struct service_tree *tree = xcalloc(1, sizeof(*tree));

	tree->texts = json_object();
	return tree;
}

void service_tree_free(struct service_tree *tree)
{
	if (!tree)
		return;
	json_decref(tree->texts);
	xfree(tree);
}

bool service_tree_put(struct service_tree *tree, const char *path, const char *text, size_t len)
{
	return json_object_set_new(tree->texts, path, json_stringn(text, len)) == 0;
}

size_t service_tree_count(const struct service_tree *tree)
{
	return json_object_size(tree->texts);
}

const char *service_tree_text(const struct service_tree *tree, const char *path, size_t *ret_len)
{
	const json_t *text = json_object_get(tree->texts, path);

	*ret_len = json_string_length(text);
	return json_string_value(text);
}

json_t *service_tree_document(const struct service_tree *tree, const char *path)
{
	json_t *document;
	size_t len;
	const char *text = service_tree_text(tree, path, &len);

	if (!text || json_parse(text, len, JSON_VALUE_DEPTH_MAX, &document, NULL) < 0)
		return NULL;
	if (json_is_object(document))
		return document;
	json_decref(document);
	return NULL;
}
