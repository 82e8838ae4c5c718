/* valence_flavor: what composed nodes shall have, by name. */
#include <string.h>

#include "api/valence.h"
#include "api/valence_schema.h"
#include "db/flavor.h"
#include "lib/json.h"

static json_t *flavor_json(const struct flavor *flavor)
{
	json_t *properties = NULL;

	if (json_parse(flavor->properties, strlen(flavor->properties), JSON_VALUE_DEPTH_MAX, &properties,
		       NULL) < 0)
		properties = json_object();
	json_t *object = json_pack("{s:s, s:s, s:o}", "uuid", flavor->uuid, "name", flavor->name,
				   "properties", properties);
	if (flavor->description)
		json_object_set_new(object, "description", json_string(flavor->description));
	valence_put_times(object, flavor->created_at, flavor->updated_at);
	return object;
}

static int not_found(struct api_request *request, const char *uuid, struct error *err)
{
	return valence_fail(request, VALENCE_NOT_FOUND, err, "Flavor %s not found.", uuid);
}

int valence_find_flavor(struct api_request *request, const char *uuid, struct flavor *ret, struct error *err)
{
	struct flavor *flavors;
	size_t count = 0;

	int rc = uuid_is_valid(uuid) ? flavor_list(request->db, uuid, request->arena, &flavors, &count, err)
				     : 0;
	if (rc < 0)
		return rc;
	if (count == 0)
		return not_found(request, uuid, err);
	*ret = flavors[0];
	return 0;
}

static int reply_one(struct api_request *request, const char *uuid, struct error *err)
{
	struct flavor flavor;

	int rc = valence_find_flavor(request, uuid, &flavor, err);
	if (rc == 0)
		valence_reply(request, flavor_json(&flavor));
	return rc;
}

int valence_flavor_list(struct api_request *request, struct error *err)
{
	json_t *list = json_array();
	struct flavor *flavors;
	size_t count = 0;

	int rc = flavor_list(request->db, NULL, request->arena, &flavors, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		json_array_append_new(list, flavor_json(&flavors[i]));
	if (rc == 0)
		valence_reply(request, json_incref(list));
	json_decref(list);
	return rc;
}

int valence_flavor_show(struct api_request *request, struct error *err)
{
	return reply_one(request, request->ident[0], err);
}

/* The body's members, checked; the others are NULL. */
static int read_body(struct api_request *request, const struct schema *schema, struct flavor *ret,
		     struct error *err)
{
	const json_t *properties;
	struct buf text;

	int rc = valence_check_body(request, schema, err);
	if (rc < 0)
		return rc;
	ret->name = argument_text(request->body, "name");
	ret->description = argument_text(request->body, "description");
	properties = json_object_get(request->body, "properties");
	if (properties) {
		buf_init(&text, BODY_DEFAULT_BYTES);
		json_write(&text, properties);
		ret->properties = arena_strdup(request->arena, text.data);
		buf_release(&text);
	}
	return 0;
}

int valence_flavor_create(struct api_request *request, struct error *err)
{
	struct flavor flavor = { 0 };

	int rc = read_body(request, schema_flavor, &flavor, err);
	if (rc < 0)
		return rc;
	uuid_new(flavor.uuid);
	rc = flavor_insert(request->db, &flavor, err);
	return rc < 0 ? rc : reply_one(request, flavor.uuid, err);
}

int valence_flavor_update(struct api_request *request, struct error *err)
{
	const char *uuid = request->ident[0];
	struct flavor flavor = { 0 };
	bool is_done = false;

	int rc = read_body(request, schema_flavor_patch, &flavor, err);
	if (rc < 0)
		return rc;
	if (uuid_is_valid(uuid)) {
		memcpy(flavor.uuid, uuid, UUID_TEXT);
		rc = flavor_update(request->db, &flavor, &is_done, err);
	}
	return rc < 0 ? rc : reply_one(request, uuid, err);
}

int valence_flavor_delete(struct api_request *request, struct error *err)
{
	const char *uuid = request->ident[0];
	bool is_done = false;

	int rc = uuid_is_valid(uuid) ? flavor_delete(request->db, uuid, &is_done, err) : 0;
	if (rc < 0)
		return rc;
	if (!is_done)
		return not_found(request, uuid, err);
	valence_reply_confirmation(
		request, "DELETED",
		arena_printf(request->arena, "This flavor %s has been deleted successfully", uuid));
	return 0;
}
