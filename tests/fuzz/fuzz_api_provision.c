/*
 * fuzz_api_provision: a body of PUT states/provision for every verb. What is accepted has steps that a
 * conductor can read: objects with an interface and a name, with an object for arguments.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "api/node_provision.h"
#include "lib/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const json_t *steps)
{
	assert(!steps || json_is_null(steps) || !json_is_array(steps) || json_array_size(steps) <= 1000);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i), *args = json_object_get(step, "args");

		assert(json_string_length(json_object_get(step, "interface")) > 0);
		assert(json_string_length(json_object_get(step, "step")) > 0);
		assert(!args || json_is_object(args));
	}
}

static void check_verb(const json_t *body, enum provision_event event, int version)
{
	struct error err;

	err.text[0] = '\0';
	if (node_provision_check_drive(body, event, version, &err) < 0 ||
	    node_provision_check_body(body, event, version, &err) < 0) {
		assert(err.text[0]);
		return;
	}
	check_accepted(json_object_get(body, "clean_steps"));
	check_accepted(json_object_get(body, "service_steps"));
	check_accepted(json_object_get(body, "deploy_steps"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *body = NULL;

	if (json_parse((const char *)data, size, JSON_DEPTH_MAX, &body, NULL) == 0 && json_is_object(body)) {
		for (enum provision_event event = 0; event < EVENT_COUNT; event++) {
			check_verb(body, event, 1);
			check_verb(body, event, 115);
		}
	}
	json_decref(body);
	return 0;
}
