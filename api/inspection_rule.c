/* inspection_rule: what is done with the data of an inspection: actions, under conditions. */
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"

#define PRIORITY_DEFAULT "0"
#define PHASE_DEFAULT    "main"

static const char *const conditions[] = { "eq",      "ne",       "lt",      "gt",       "le",
					  "ge",      "is-empty", "in-net",  "is-true",  "is-false",
					  "is-none", "one-of",   "matches", "contains", NULL };
static const char *const actions[] = {
	"fail",
	"set-attribute",
	"extend-attribute",
	"del-attribute",
	"set-port-attribute",
	"extend-port-attribute",
	"del-port-attribute",
	"add-trait",
	"remove-trait",
	"set-capability",
	"unset-capability",
	"set-plugin-data",
	"extend-plugin-data",
	"unset-plugin-data",
	"log",
	"api-call",
	NULL,
};

/* What an item of either list may be. */
struct item_rules {
	const char *list;
	const char *const *ops;
	bool is_invertible; /* "!eq" */
	bool has_multiple;  /* how the results of a loop are joined */
};
static const struct item_rules condition_rules = { "conditions", conditions, true, true };
static const struct item_rules action_rules = { "actions", actions, false, false };

static bool is_op(const struct item_rules *rules, const char *op)
{
	bool is_found = false;

	if (op && rules->is_invertible && *op == '!')
		op += 1 + strspn(op + 1, " ");
	for (size_t i = 0; op && rules->ops[i]; i++)
		is_found = is_found || strcmp(rules->ops[i], op) == 0;
	return is_found;
}

static bool is_multiple(const json_t *value)
{
	static const char *const words[] = { "any", "all", "first", "last" };
	const char *text = json_string_value(value);
	bool is_found = !value;

	for (size_t i = 0; text && i < sizeof words / sizeof words[0]; i++)
		is_found = is_found || strcmp(words[i], text) == 0;
	return is_found;
}

static int check_item(const json_t *item, const struct item_rules *rules, struct error *err)
{
	const char *op = json_string_value(json_object_get(item, "op"));
	const json_t *args = json_object_get(item, "args");
	const json_t *loop = json_object_get(item, "loop");
	const json_t *multiple = rules->has_multiple ? json_object_get(item, "multiple") : NULL;
	size_t known = 2 + (loop != NULL) + (multiple != NULL);

	if (!is_op(rules, op))
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: '%s' is not a valid op in %s",
			    op ? op : "None", rules->list);
	if (!json_is_object(args) && !json_is_array(args))
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: args of %s is not of type 'object', 'array'",
			    op);
	if (loop && !json_is_object(loop) && !json_is_array(loop))
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: loop of %s is not of type 'object', 'array'",
			    op);
	if (!is_multiple(multiple))
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: multiple of %s is not one of any, all, first, "
			    "last",
			    op);
	return json_object_size(item) == known
		       ? 0
		       : fail(err, ERR_INVALID,
			      "Schema error for inspection_rule: Additional properties are not allowed in %s",
			      op);
}

static int check_list(const struct resource_draft *draft, const struct item_rules *rules, struct error *err)
{
	json_auto_t *list = NULL;
	int rc = 0;

	if (!resource_draft_changes(draft, rules->list))
		return 0;
	list = resource_draft_value(draft, rules->list);
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
		rc = check_item(json_array_get(list, i), rules, err);
	if (rc == 0 && rules == &action_rules && json_array_size(list) == 0)
		rc = fail(err, ERR_INVALID, "Schema error for inspection_rule: actions is empty");
	return rc;
}

static bool is_true(const char *text)
{
	return text && text[0] == 't';
}

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	static const char *const phases[] = { "early", "main", NULL };
	int rc = 0;

	if (resource_draft_changes(draft, "phase") && !resource_draft_text(draft, "phase"))
		resource_draft_set(draft, "phase", PHASE_DEFAULT);
	if (resource_draft_changes(draft, "priority") && !resource_draft_text(draft, "priority"))
		resource_draft_set(draft, "priority", PRIORITY_DEFAULT);
	if (resource_draft_changes(draft, "phase"))
		rc = resource_check_word(draft, "phase", phases, err);
	if (rc == 0)
		rc = check_list(draft, &condition_rules, err);
	if (rc == 0)
		rc = check_list(draft, &action_rules, err);
	/* A change to false is from true. */
	if (rc == 0 && !is_new && resource_draft_changes(draft, "sensitive") &&
	    !is_true(resource_draft_text(draft, "sensitive")))
		rc = fail(err, ERR_PATCH, "Inspection rules cannot have the sensitive flag unset.");
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	return resource_conflict(draft, "inspection rule", "UUID", "uuid", err);
}

const struct resource_rules inspection_rule_rules = {
	.resource = &inspection_rule_resource,
	.required = (const char *const[]){ "actions", NULL },
	.filters = (const struct resource_filter[]){ { "phase", RESOURCE_FILTER_PLAIN }, { 0 } },
	.check = check,
	.conflict = conflict,
};

int inspection_rule_delete_all(struct api_request *request, struct error *err)
{
	int rc = resource_delete_all(request->db, &inspection_rule_resource, err);

	if (rc == 0)
		reply_empty(request, 204);
	return rc;
}
