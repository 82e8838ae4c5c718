/* runbook: named lists of steps that operators run by hand, and the traits of nodes that may run them. */
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"
#include "api/step.h"
#include "db/runbook.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "model/trait.h"

#define FREE_NAMES_SINCE 112 /* before, a name is a trait */
#define LIST_MAX_BYTES   65536

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	int rc = 0;

	(void)is_new;
	if (resource_draft_changes(draft, "name"))
		rc = draft->request->version < FREE_NAMES_SINCE
			     ? trait_check(resource_draft_text(draft, "name"), "runbook", err)
			     : resource_check_name(draft, err);
	if (rc == 0 && resource_draft_changes(draft, "steps")) {
		json_auto_t *steps = resource_draft_value(draft, "steps");

		rc = step_check_list(steps, "runbook", "order", err);
	}
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "runbooks_name") == 0)
		return resource_conflict(draft, "runbook", "name", "name", err);
	return resource_conflict(draft, "runbook", "UUID", "uuid", err);
}

const struct resource_rules runbook_rules = {
	.resource = &runbook_resource,
	.has_name = true,
	.required = (const char *const[]){ "steps", "name", NULL },
	.check = check,
	.conflict = conflict,
};

/* ---- traits ---- */

/* The id of the runbook of the path, as text. 1: the answer is made. */
static int find(struct api_request *request, const char **ret_id, struct error *err)
{
	int column[RESOURCE_FIELD_MAX];
	struct db_rows *rows = NULL;

	int rc = resource_find(request, &runbook_rules, column, &rows, err);
	if (rc == 0)
		*ret_id = arena_strdup(request->arena, db_value(rows, 0, LIST_ID));
	db_rows_release(rows);
	return rc;
}

int runbook_traits_get(struct api_request *request, struct error *err)
{
	int column[RESOURCE_FIELD_MAX];
	struct db_rows *rows = NULL;

	int rc = resource_find(request, &runbook_rules, column, &rows, err);
	if (rc != 0)
		return rc;
	reply_json(request, 200);
	buf_printf(&request->out->body, "{\"traits\":%s}",
		   db_value(rows, 0, column[resource_index(&runbook_resource, "traits")]));
	db_rows_release(rows);
	return 0;
}

static int change(struct api_request *request, enum runbook_change how, const char *value, struct error *err)
{
	const char *id;

	int rc = find(request, &id, err);
	if (rc == 0)
		rc = runbook_change_traits(request->db, id, how, value, err);
	if (rc == -ERR_NOT_FOUND && !err->text[0] && how == RUNBOOK_TRAITS_REMOVE)
		rc = 0; /* unlike with nodes, what is not there is removed already */
	if (rc == -ERR_NOT_FOUND && !err->text[0])
		return fail(err, ERR_NOT_FOUND, "Runbook %s could not be found.", request->ident[0]);
	if (rc == 0)
		reply_empty(request, 204);
	return rc;
}

int runbook_traits_set(struct api_request *request, struct error *err)
{
	const json_t *traits = json_object_get(request->body, "traits");
	struct buf text;

	int rc = trait_check_list(traits, err);
	if (rc < 0)
		return rc;
	buf_init(&text, LIST_MAX_BYTES);
	json_write(&text, traits);
	rc = change(request, RUNBOOK_TRAITS_SET, text.data, err);
	buf_release(&text);
	return rc;
}

int runbook_traits_clear(struct api_request *request, struct error *err)
{
	return change(request, RUNBOOK_TRAITS_SET, "[]", err);
}

int runbook_trait_add(struct api_request *request, struct error *err)
{
	const char *trait = request->ident[1];

	int rc = trait_check_added(trait, request->body, err);
	if (rc == 0)
		rc = change(request, RUNBOOK_TRAITS_ADD, trait, err);
	if (rc == 0)
		reply_location(request, "/v1/runbooks/%s/traits/%s", request->ident[0], trait);
	return rc;
}

int runbook_trait_remove(struct api_request *request, struct error *err)
{
	return change(request, RUNBOOK_TRAITS_REMOVE, request->ident[1], err);
}
