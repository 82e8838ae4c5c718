/* deploy_template: steps that a deployment runs for the traits that an instance asks for. */
#include <string.h>

#include "api/resource.h"
#include "api/step.h"
#include "model/trait.h"

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	int rc = 0;

	(void)is_new;
	if (resource_draft_changes(draft, "name"))
		rc = trait_check(resource_draft_text(draft, "name"), "deploy_template", err);
	if (rc == 0 && resource_draft_changes(draft, "steps")) {
		json_auto_t *steps = resource_draft_value(draft, "steps");

		rc = step_check_list(steps, "deploy_template", "priority", err);
	}
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "deploy_templates_name") == 0)
		return resource_conflict(draft, "deploy template", "name", "name", err);
	return resource_conflict(draft, "deploy template", "UUID", "uuid", err);
}

const struct resource_rules deploy_template_rules = {
	.resource = &deploy_template_resource,
	.has_name = true,
	.required = (const char *const[]){ "steps", "name", NULL },
	.check = check,
	.conflict = conflict,
};
