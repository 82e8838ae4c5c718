/* bios_settings: see bios_settings.h. */
#include "drivers/bios_settings.h"

#include <string.h>

const struct step_argument bios_settings_arguments[] = {
	{ "settings", true, "A list of objects, each with a name and a value." }, { 0 }
};

bool bios_setting_name_is_valid(const char *name)
{
	return name && *name && strlen(name) <= BIOS_SETTING_NAME_MAX;
}

static bool is_scalar(const json_t *value)
{
	return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static int check_one(const json_t *setting, size_t at, json_t *seen, struct error *err)
{
	const char *name = json_string_value(json_object_get(setting, "name"));

	if (!bios_setting_name_is_valid(name) || !is_scalar(json_object_get(setting, "value")) ||
	    json_object_size(setting) != 2)
		return fail(err, ERR_INVALID,
			    "Item %zu of the BIOS settings must be an object of a \"name\" and a \"value\", "
			    "and nothing else",
			    at + 1);
	if (json_object_get(seen, name))
		return fail(err, ERR_INVALID, "The BIOS setting %s is given twice", name);
	json_object_set_new(seen, name, json_true());
	return 0;
}

int bios_settings_check(const json_t *args, struct error *err)
{
	const json_t *settings = json_object_get(args, "settings");
	json_t *seen;
	int rc = 0;

	if (!json_array_size(settings))
		return fail(err, ERR_INVALID, "\"settings\" must be a list of BIOS settings");
	seen = json_object();
	for (size_t i = 0; rc == 0 && i < json_array_size(settings); i++)
		rc = check_one(json_array_get(settings, i), i, seen, err);
	json_decref(seen);
	return rc;
}

json_t *bios_setting_value(const json_t *value)
{
	if (json_is_string(value))
		return json_incref((json_t *)value);
	if (json_is_integer(value))
		return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return json_sprintf("%.15g", json_real_value(value));
	return json_is_boolean(value) ? json_string(json_is_true(value) ? "True" : "False") : json_null();
}
