/* inspection_rule: what is done with the data of an inspection: actions, under conditions. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"
#include "model/rule.h"

#define PRIORITY_DEFAULT "0"
#define PHASE_DEFAULT    "main"
#define PRIORITY_MAX     9999

static bool is_multiple(const json_t *value)
{
	static const char *const words[] = { "any", "all", "first", "last" };
	const char *text = json_string_value(value);
	bool is_found = !value;

	for (size_t i = 0; text && i < sizeof words / sizeof words[0]; i++)
		is_found = is_found || strcmp(words[i], text) == 0;
	return is_found;
}

/* What rule_check leaves open: loops, and members that are too many. */
static int check_item(const json_t *item, bool is_action, struct error *err)
{
	const json_t *loop = json_object_get(item, "loop");
	const json_t *multiple = is_action ? NULL : json_object_get(item, "multiple");
	const char *op = json_string_value(json_object_get(item, "op"));
	size_t known = 2 + (loop != NULL) + (multiple != NULL);

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

static int check_list(const struct resource_draft *draft, bool is_action, struct error *err)
{
	const char *name = is_action ? "actions" : "conditions";
	json_auto_t *list = NULL;
	int rc;

	if (!resource_draft_changes(draft, name))
		return 0;
	list = resource_draft_value(draft, name);
	rc = rule_check(is_action ? NULL : list, is_action ? list : NULL, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
		rc = check_item(json_array_get(list, i), is_action, err);
	if (rc == 0 && is_action && json_array_size(list) == 0)
		rc = fail(err, ERR_INVALID, "Schema error for inspection_rule: actions is empty");
	return rc;
}

static int check_priority(const struct resource_draft *draft, struct error *err)
{
	const char *priority = resource_draft_text(draft, "priority");

	return priority && strtol(priority, NULL, 10) > PRIORITY_MAX
		       ? fail(err, ERR_INVALID, "Priority must be between 0 and %d for user-defined rules.",
			      PRIORITY_MAX)
		       : 0;
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
		rc = check_priority(draft, err);
	if (rc == 0)
		rc = check_list(draft, false, err);
	if (rc == 0)
		rc = check_list(draft, true, err);
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
