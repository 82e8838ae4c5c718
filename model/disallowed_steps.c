/* disallowed_steps: see disallowed_steps.h. */
#include "model/disallowed_steps.h"

#include <stdio.h>
#include <string.h>

#include "lib/config.h"

#define STEP_NAME_MAX 256

static struct option_list clean, deploy, service;

static const struct {
	const char *list, *word;
	const struct option_list *disallowed;
} phases[] = {
	{ "clean_steps", "clean", &clean },
	{ "deploy_steps", "deploy", &deploy },
	{ "service_steps", "service", &service },
};

#define STEPS(option, list, text)                                                                            \
	{                                                                                                    \
		.section = "api", .name = (option), .type = OPTION_LIST, .target = &(list),                  \
		.preset = "vendor.send_raw", .help = (text)                                                  \
	}

static const struct option table[] = {
	STEPS("disallow_clean_steps", clean,
	      "Steps (interface.step) that cleaning does not run, whoever names them. The conductor reads "
	      "this too."),
	STEPS("disallow_deploy_steps", deploy, "The same for deploying."),
	STEPS("disallow_service_steps", service, "The same for servicing."),
	{ 0 }
};

void disallowed_steps_register(void)
{
	config_register(table);
}

static size_t phase_of(const char *list)
{
	size_t i = 0;

	while (i + 1 < sizeof(phases) / sizeof(phases[0]) && strcmp(phases[i].list, list) != 0)
		i++;
	return i;
}

bool disallowed_steps_has(const char *list, const json_t *step)
{
	const char *interface = json_string_value(json_object_get(step, "interface"));
	const char *name = json_string_value(json_object_get(step, "step"));
	char text[STEP_NAME_MAX];

	if (!interface || !name || strlen(interface) + strlen(name) + 2 > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%s.%s", interface, name);
	return option_list_has(phases[phase_of(list)].disallowed, text);
}

int disallowed_steps_check(const char *list, const json_t *steps, struct error *err)
{
	const char *word = phases[phase_of(list)].word;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (disallowed_steps_has(list, step))
			return fail(err, ERR_INVALID,
				    "%s step '%s.%s' is not allowed. Disallowed by operator configuration "
				    "[api]disallow_%s_steps.",
				    word, json_string_value(json_object_get(step, "interface")),
				    json_string_value(json_object_get(step, "step")), word);
	}
	return 0;
}
