/* valence_schema: see valence_schema.h. Source: Valence's request schemas. */
#include "api/valence_schema.h"

#include <string.h>
#include <strings.h>

#define URL_MAX 512

/* ---- the tables ---- */

#define TEXT(text)  .name = text, .type = SCHEMA_TEXT
#define TEXTS(text) .name = text, .type = SCHEMA_TEXTS
#define ANY(text)   .name = text, .type = SCHEMA_ANY

/* clang-format off */
static const struct schema auth_items[] = {
	{ .name = "username", .type = SCHEMA_TEXT, .is_required = true },
	{ .name = "password", .type = SCHEMA_TEXT, .is_required = true },
	{ 0 }
};
static const struct schema authentication[] = {
	{ .name = "type", .type = SCHEMA_TEXT, .is_required = true },
	{ .name = "auth_items", .type = SCHEMA_OBJECT, .is_required = true, .members = auth_items },
	{ 0 }
};
const struct schema schema_pod_manager[] = {
	{ .name = "name", .type = SCHEMA_TEXT, .is_required = true },
	{ .name = "url", .type = SCHEMA_URL, .is_required = true },
	{ TEXT("driver") },
	{ .name = "authentication", .type = SCHEMA_OBJECTS, .is_required = true, .members = authentication },
	{ 0 }
};
/* What is only shown may come back: clients send what they were given. */
const struct schema schema_pod_manager_patch[] = {
	{ TEXT("name") }, { TEXT("driver") },
	{ .name = "authentication", .type = SCHEMA_OBJECTS, .members = authentication },
	{ ANY("uuid") }, { ANY("url") }, { ANY("status") },
	{ ANY("created_at") }, { ANY("updated_at") },
	{ 0 }
};

static const struct schema memory[] = {
	{ TEXT("capacity_mib") }, { TEXT("type") }, { 0 }
};
static const struct schema processor[] = {
	{ TEXT("total_cores") }, { TEXT("model") }, { 0 }
};
static const struct schema pci_device[] = { { TEXTS("type") }, { 0 } };
static const struct schema properties[] = {
	{ .name = "memory", .type = SCHEMA_OBJECT, .members = memory },
	{ .name = "processor", .type = SCHEMA_OBJECT, .members = processor },
	{ .name = "pci_device", .type = SCHEMA_OBJECT, .members = pci_device },
	{ 0 }
};
const struct schema schema_flavor[] = {
	{ .name = "name", .type = SCHEMA_TEXT, .is_required = true },
	{ TEXT("description") },
	{ .name = "properties", .type = SCHEMA_OBJECT, .is_required = true, .members = properties },
	{ 0 }
};
const struct schema schema_flavor_patch[] = {
	{ TEXT("name") }, { TEXT("description") },
	{ .name = "properties", .type = SCHEMA_OBJECT, .members = properties },
	{ ANY("uuid") }, { ANY("created_at") }, { ANY("updated_at") },
	{ 0 }
};
const struct schema schema_compose[] = {
	{ .name = "name", .type = SCHEMA_TEXT, .is_required = true },
	{ TEXT("description") }, { TEXT("podm_id") }, { TEXT("flavor_id") },
	{ .name = "properties", .type = SCHEMA_OBJECT, .members = properties },
	{ 0 }
};
const struct schema schema_manage[] = {
	{ .name = "node_index", .type = SCHEMA_TEXT, .is_required = true }, { TEXT("podm_id") }, { 0 }
};

static const char *const boot_times[] = { "Once", "Continuous", NULL };
static const char *const boot_targets[] = { "Pxe", "Hdd", "None", NULL };
static const char *const reset_types[] = { "On", "ForceOn", "ForceOff", "GracefulRestart", NULL };
static const struct schema boot[] = {
	{ .name = "Enabled", .type = SCHEMA_WORD, .is_required = true, .words = boot_times },
	{ .name = "Target", .type = SCHEMA_WORD, .is_required = true, .words = boot_targets },
	{ 0 }
};
static const struct schema reset[] = {
	{ .name = "Type", .type = SCHEMA_WORD, .is_required = true, .words = reset_types }, { 0 }
};
static const struct schema device[] = {
	{ .name = "resource_id", .type = SCHEMA_TEXT, .is_required = true }, { 0 }
};
const struct schema schema_action[] = {
	{ .name = "Boot", .type = SCHEMA_OBJECT, .members = boot },
	{ .name = "Reset", .type = SCHEMA_OBJECT, .members = reset },
	{ .name = "attach", .type = SCHEMA_OBJECT, .members = device },
	{ .name = "detach", .type = SCHEMA_OBJECT, .members = device },
	{ 0 }
};
const struct schema schema_register[] = {
	{ ANY("driver_info") }, { TEXT("mac") }, { TEXT("driver") }, { 0 }
};
const struct schema schema_podm[] = { { TEXT("podm_id") }, { ANY("show_detail") }, { 0 } };
/* clang-format on */

/* ---- the walk ---- */

static int wrong(const struct schema *row, const char *what, struct error *err)
{
	return fail(err, ERR_INVALID, "Invalid input for field/attribute '%s': it is not %s", row->name,
		    what);
}

static bool is_url(const char *text)
{
	static const char alphanumeric[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *rest = strstr(text, "://");
	size_t authority_len;

	if (!rest || (strncasecmp(text, "http:", 5) != 0 && strncasecmp(text, "https:", 6) != 0) ||
	    strlen(text) > URL_MAX)
		return false;
	rest += 3;
	authority_len = strcspn(rest, "/");
	if (authority_len == 0 || rest[0] == ':')
		return false;
	for (const char *p = rest; *p; p++) {
		if (!strchr(alphanumeric, *p) && !strchr(p < rest + authority_len ? "-._:[]" : "/-._~", *p))
			return false;
	}
	return true;
}

static bool is_word(const struct schema *row, const json_t *value)
{
	const char *text = json_string_value(value);

	for (const char *const *word = row->words; text && *word; word++) {
		if (strcmp(*word, text) == 0)
			return true;
	}
	return false;
}

static bool is_texts(const json_t *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return false;
	}
	return json_is_array(value);
}

/* NOLINTBEGIN(misc-no-recursion): the tables bound the depth. */
static int check_members(const json_t *object, const struct schema *members, struct error *err);

static int check_objects(const struct schema *row, const json_t *value, struct error *err)
{
	const json_t *item;
	size_t i;

	if (json_array_size(value) == 0)
		return wrong(row, "a list of at least one object", err);
	json_array_foreach(value, i, item)
	{
		int rc = json_is_object(item) ? check_members(item, row->members, err)
					      : wrong(row, "a list of objects", err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_value(const struct schema *row, const json_t *value, struct error *err)
{
	switch (row->type) {
	case SCHEMA_TEXT:
		return json_is_string(value) ? 0 : wrong(row, "of type 'string'", err);
	case SCHEMA_URL:
		return json_is_string(value) && is_url(json_string_value(value)) ? 0
										 : wrong(row, "a 'uri'", err);
	case SCHEMA_WORD:
		return is_word(row, value) ? 0 : wrong(row, "one of the words that are known", err);
	case SCHEMA_OBJECT:
		return json_is_object(value) ? check_members(value, row->members, err)
					     : wrong(row, "of type 'object'", err);
	case SCHEMA_TEXTS:
		return is_texts(value) ? 0 : wrong(row, "a list of type 'string'", err);
	case SCHEMA_OBJECTS:
		return check_objects(row, value, err);
	case SCHEMA_ANY:
		break;
	}
	return 0;
}

static int check_members(const json_t *object, const struct schema *members, struct error *err)
{
	size_t known = 0;

	for (const struct schema *row = members; row->name; row++) {
		const json_t *value = json_object_get(object, row->name);
		int rc = value ? check_value(row, value, err) : 0;

		if (rc < 0)
			return rc;
		if (!value && row->is_required)
			return fail(err, ERR_INVALID, "'%s' is a required property", row->name);
		known += value != NULL;
	}
	if (known < json_object_size(object))
		return fail(err, ERR_INVALID, "Additional properties are not allowed");
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

int schema_check(const json_t *body, const struct schema *members, struct error *err)
{
	if (!json_is_object(body))
		return fail(err, ERR_INVALID, "The request body is not of type 'object'");
	return check_members(body, members, err);
}
