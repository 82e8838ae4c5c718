/* openapi_schema: the components of the document: field tables as JSON schemas (draft 2020-12). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/openapi.h"
#include "api/resource.h"
#include "api/version.h"
#include "lib/arena.h"

#define NAME_MAX_LEN 64

json_t *openapi_ref(const char *kind, const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

json_t *openapi_type(const char *type, bool is_nullable)
{
	return is_nullable ? json_pack("{s:[s, s]}", "type", type, "null") : json_pack("{s:s}", "type", type);
}

void openapi_since(json_t *object, int since)
{
	if (since > VERSION_MIN)
		json_object_set_new(object, "x-since", json_sprintf("1.%d", since));
}

/* "Volume connector" is the component "VolumeConnector". */
static void component_name(const char *title, const char *suffix, char name[NAME_MAX_LEN])
{
	size_t len;

	name[0] = '\0';
	for (const char *word = title; *word; word += len, word += *word == ' ') {
		size_t used = strlen(name);

		len = strcspn(word, " ");
		snprintf(name + used, NAME_MAX_LEN - used, "%c%.*s", toupper((unsigned char)word[0]),
			 (int)len - 1, word + 1);
	}
	size_t used = strlen(name);
	snprintf(name + used, NAME_MAX_LEN - used, "%s", suffix);
}

json_t *openapi_resource_ref(const struct resource *resource, const char *suffix)
{
	char name[NAME_MAX_LEN];

	component_name(resource->title, suffix, name);
	return openapi_ref("schemas", name);
}

/* ---- fields ---- */

static json_t *text_schema(const struct node_field_info *info, bool is_nullable)
{
	json_t *schema = openapi_type("string", is_nullable);

	if (info->type == FIELD_UUID && !(info->flags & FIELD_BY_NAME))
		json_object_set_new(schema, "format", json_string("uuid"));
	if (info->type == FIELD_TIME)
		json_object_set_new(schema, "format", json_string("date-time"));
	if (info->flags & FIELD_NOT_EMPTY)
		json_object_set_new(schema, "minLength", json_integer(1));
	if (info->max_len)
		json_object_set_new(schema, "maxLength", json_integer(info->max_len));
	return schema;
}

static json_t *links_schema(void)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", openapi_ref("schemas", "Link"));
}

/* Requests may name most booleans by a word. */
static json_t *bool_schema(const struct node_field_info *info, bool is_request, bool is_nullable)
{
	json_t *schema = openapi_type("boolean", is_nullable);

	if (is_request && !(info->flags & FIELD_NO_WORDS)) {
		json_t *types = json_pack("[s, s]", "boolean", "string");

		if (is_nullable)
			json_array_append_new(types, json_string("null"));
		json_object_set_new(schema, "type", types);
	}
	return schema;
}

static json_t *field_schema(const struct node_field_info *info, bool is_request)
{
	bool is_nullable =
		!(info->flags & FIELD_NOT_NULL) || (is_request && (info->flags & FIELD_MADE));

	switch (info->type) {
	case FIELD_TEXT:
	case FIELD_UUID:
	case FIELD_TIME:
		return text_schema(info, is_nullable);
	case FIELD_BOOL:
		return bool_schema(info, is_request, is_nullable || is_request);
	case FIELD_OBJECT:
		return openapi_type("object", is_request && is_nullable);
	case FIELD_LIST:
		return openapi_type("array", is_nullable);
	case FIELD_INT:
		return json_pack("{s:o, s:i, s:I}", "type",
				 is_nullable && is_request ? json_pack("[s, s]", "integer", "null")
							   : json_string("integer"),
				 "minimum", 0, "maximum", (json_int_t)INT32_MAX);
	case FIELD_LINKS:
		break;
	}
	return links_schema();
}

static json_t *answer_field(const struct node_field_info *info)
{
	json_t *schema = strcmp(info->name, "links") == 0 ? links_schema() : field_schema(info, false);

	openapi_since(schema, info->since);
	if (!(info->flags & (FIELD_IN_POST | FIELD_IN_PATCH)))
		json_object_set_new(schema, "readOnly", json_true());
	if (info->flags & FIELD_IN_PATCH)
		json_object_set_new(schema, "x-patch", json_true());
	if (info->flags & FIELD_IN_LIST)
		json_object_set_new(schema, "x-in-lists", json_true());
	if (!(info->flags & FIELD_UNSORTABLE))
		json_object_set_new(schema, "x-sort-key", json_true());
	return schema;
}

/* ---- objects ---- */

static json_t *answer_schema(const struct resource *resource)
{
	json_t *properties = json_object();

	for (size_t i = 0; i < resource->field_count; i++) {
		if (!(resource->fields[i].flags & FIELD_HIDDEN))
			json_object_set_new(properties, resource->fields[i].name,
					    answer_field(&resource->fields[i]));
	}
	return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

static json_t *create_schema(const struct resource *resource, const char *const *required)
{
	json_t *properties = json_object(), *names = json_array();

	for (size_t i = 0; i < resource->field_count; i++) {
		const struct node_field_info *info = &resource->fields[i];

		if (!(info->flags & FIELD_IN_POST))
			continue;
		json_t *schema = field_schema(info, true);
		openapi_since(schema, info->since);
		json_object_set_new(properties, info->name, schema);
	}
	for (size_t i = 0; required && required[i]; i++)
		json_array_append_new(names, json_string(required[i]));
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "properties",
			 properties, "required", names);
}

static json_t *list_schema(const struct resource *resource)
{
	return json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:s, s:s}}, s:[s]}", "type", "object", "properties",
			 resource->collection, "type", "array", "items", openapi_resource_ref(resource, ""),
			 "next", "type", "string", "format", "uri", "required", resource->collection);
}

static void add_resource(json_t *schemas, const struct resource *resource, const char *const *required)
{
	char name[NAME_MAX_LEN];

	component_name(resource->title, "", name);
	json_object_set_new(schemas, name, answer_schema(resource));
	component_name(resource->title, "Create", name);
	json_object_set_new(schemas, name, create_schema(resource, required));
	component_name(resource->title, "List", name);
	json_object_set_new(schemas, name, list_schema(resource));
}

static void add_node(json_t *schemas)
{
	static const char *const required[] = { "driver", NULL };
	const struct resource node = { .name = "node",
				       .title = "Node",
				       .collection = "nodes",
				       .fields = node_field_info(0),
				       .field_count = NODE_FIELD_COUNT };

	add_resource(schemas, &node, required);
}

static json_t *patch_schema(void)
{
	return json_pack("{s:s, s:{s:s, s:[s, s], s:{s:{s:s, s:[s, s, s]}, s:{s:s, s:s}, s:{}}}}", "type",
			 "array", "items", "type", "object", "required", "op", "path", "properties", "op",
			 "type", "string", "enum", "add", "replace", "remove", "path", "type", "string",
			 "pattern", "^(/[^/]+)+$", "value");
}

json_t *openapi_schemas_new(void)
{
	static const struct resource_rules *const rules[] = {
		&port_rules,           &portgroup_rules,  &chassis_rules,         &volume_connector_rules,
		&volume_target_rules,  &allocation_rules, &deploy_template_rules, &runbook_rules,
		&inspection_rule_rules
	};
	json_t *schemas = json_object();

	add_node(schemas);
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		add_resource(schemas, rules[i]->resource, rules[i]->required);
	json_object_set_new(schemas, "JsonPatch", patch_schema());
	json_object_set_new(schemas, "Link",
			    json_pack("{s:s, s:{s:{s:s, s:s}, s:{s:s}, s:{s:s}}, s:[s, s]}", "type", "object",
				      "properties", "href", "type", "string", "format", "uri", "rel", "type",
				      "string", "type", "type", "string", "required", "href", "rel"));
	json_object_set_new(
		schemas, "Error",
		json_pack("{s:s, s:{s:{s:s, s:s}}, s:[s]}", "type", "object", "properties", "error_message",
			  "type", "string", "description",
			  "A JSON document in a string: faultcode, faultstring and debuginfo, or code, "
			  "title and description.",
			  "required", "error_message"));
	return schemas;
}
