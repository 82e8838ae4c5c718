#include "model/inspected.h"

#include <string.h>
#include <strings.h>

#include "lib/uuid.h"

void inspected_release(struct inspected *inspected)
{
	json_decref(inspected->node);
	json_decref(inspected->ports);
	json_decref(inspected->traits);
	json_decref(inspected->inventory);
	json_decref(inspected->plugin_data);
	*inspected = (struct inspected){ 0 };
}

static bool is_text(const json_t *value, const char *text)
{
	return json_is_string(value) && strcasecmp(json_string_value(value), text) == 0;
}

json_t *inspected_port(const struct inspected *inspected, const char *ident)
{
	json_t *port;
	size_t i;

	json_array_foreach(inspected->ports, i, port)
	{
		if (is_text(json_object_get(port, "address"), ident) ||
		    is_text(json_object_get(port, "uuid"), ident))
			return port;
	}
	return NULL;
}

json_t *inspected_add_port(struct inspected *inspected, const char *address)
{
	json_t *port = inspected_port(inspected, address);
	char uuid[UUID_TEXT];

	if (port)
		return port;
	uuid_new(uuid);
	port = json_pack("{s:s, s:s, s:b, s:{}, s:{}}", "uuid", uuid, "address", address, "pxe_enabled", 1,
			 "extra", "local_link_connection");
	json_array_append_new(inspected->ports, port);
	return port;
}

json_t *inspected_object(struct inspected *inspected, const char *field)
{
	json_t *object = json_object_get(inspected->node, field);

	if (!json_is_object(object)) {
		object = json_object();
		json_object_set_new(inspected->node, field, object);
	}
	return object;
}
