/* provision_check: what a request's steps are refused for before it is accepted. See provision.h. */
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/provision.h"
#include "db/stored_steps.h"
#include "lib/json.h"
#include "lib/xalloc.h"
#include "model/disallowed_steps.h"

int provision_read_templates(struct job *job, json_t **ret_steps, struct error *err)
{
	const json_t *traits = json_object_get(node_object(&job->node, NODE_INSTANCE_INFO), "traits");
	const char **names = arena_alloc(&job->task.arena, (json_array_size(traits) + 1) * sizeof(*names));
	size_t count = 0;
	char *text;
	int rc;

	for (size_t i = 0; i < json_array_size(traits); i++) {
		if (json_is_string(json_array_get(traits, i)))
			names[count++] = json_string_value(json_array_get(traits, i));
	}
	if (count == 0) {
		*ret_steps = json_array();
		return 0;
	}
	rc = stored_template_steps(job->conductor->db, names, count, &text, err);
	if (rc < 0)
		return rc;
	rc = json_parse(text, strlen(text), JSON_VALUE_DEPTH_MAX, ret_steps, err);
	xfree(text);
	return rc;
}

/* The API has looked at this too, but its configuration may be another. */
int provision_check_steps(struct job *job, struct provision *provision, struct error *err)
{
	static const struct step_phase *const phases[] = { &clean_phase, &deploy_phase, &service_phase };
	int rc = 0;

	(void)provision;
	for (size_t i = 0; rc == 0 && i < sizeof(phases) / sizeof(phases[0]); i++)
		rc = disallowed_steps_check(phases[i]->list, json_object_get(job->args, phases[i]->list),
					    err);
	return rc;
}

int provision_check_deploy(struct job *job, struct provision *provision, struct error *err)
{
	json_t *templates = NULL;
	int rc = provision_check_steps(job, provision, err);

	if (rc < 0)
		return rc;
	rc = provision_read_templates(job, &templates, err);
	if (rc == 0)
		rc = steps_check_deploy(&job->task, templates, err);
	if (rc == 0)
		rc = steps_check_deploy(&job->task, json_object_get(job->args, "deploy_steps"), err);
	json_decref(templates);
	if (rc < 0)
		return fail_prefix(err, "Failed to validate deploy or power info for node %s",
				   node_uuid(&job->node));
	return provision_store_config_drive(job, provision, err);
}
