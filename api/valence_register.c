/*
 * valence_register: Valence hands a node to Ironic. Here it is one already, so what is left is to say how its
 * BMC is reached: driver_info, the interfaces that speak to it, and a port.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"
#include "api/valence.h"

#define DRIVER_PRESET "pxe_ipmitool"

/* clang-format off */
/* By a word in the name of Ironic's driver, old or new. */
static const struct bmc {
	const char *word;
	const char *interface;  /* power and management */
	const char *prefix;     /* of its members in driver_info */
} bmcs[] = {
	{ "ipmi",     "ipmitool", "ipmi_" },
	{ "redfish",  "redfish",  "redfish_" },
	{ "expether", NULL,       "expether_" },
	{ 0 }
};
/* clang-format on */

static void add_operation(json_t *patch, json_t *path, json_t *take_value)
{
	json_array_append_new(patch,
			      json_pack("{s:s, s:o, s:o}", "op", "add", "path", path, "value", take_value));
}

/* Valence's documentation leaves prefixes out: "address". */
static void add_driver_info(json_t *patch, const struct bmc *bmc, json_t *driver_info)
{
	static const char *const bare[] = { "address", "username", "password" };
	const char *name;
	json_t *value;

	json_object_foreach(driver_info, name, value)
	{
		const char *prefix = "";

		for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++)
			prefix = strcmp(bare[i], name) == 0 ? bmc->prefix : prefix;
		add_operation(patch, json_sprintf("/driver_info/%s%s", prefix, name), json_incref(value));
	}
}

static json_t *patch_new(const struct pooled_node *node, const struct bmc *bmc, json_t *driver_info)
{
	json_t *patch = json_array();

	add_driver_info(patch, bmc, driver_info);
	if (bmc->interface) {
		add_operation(patch, json_string("/power_interface"), json_string(bmc->interface));
		add_operation(patch, json_string("/management_interface"), json_string(bmc->interface));
	}
	add_operation(patch, json_string("/extra/valence"),
		      json_pack("{s:s, s:s}", "name", node->name, "managed_by", "ironic"));
	return patch;
}

static int create_port(struct api_request *request, struct error *err)
{
	return resource_create(request, &port_rules, err);
}

/* The same address again is no failure: the request may be a repeated one. */
static int add_port(struct api_request *request, const struct pooled_node *node, struct error *err)
{
	const char *mac = argument_text(request->body, "mac");

	if (!mac || !mac[0])
		return 0;
	int rc = valence_run_handler(request, create_port, NULL,
				     json_pack("{s:s, s:s}", "node_uuid", node->uuid, "address", mac), err);
	return rc == -ERR_CONFLICT && node->managed_by ? 0 : rc;
}

static const struct bmc *find_bmc(const char *driver)
{
	const struct bmc *bmc = bmcs;

	while (bmc->word && !strstr(driver, bmc->word))
		bmc++;
	return bmc->word ? bmc : NULL;
}

int valence_node_register(struct api_request *request, struct error *err)
{
	const char *driver, *uuid = request->ident[0];
	struct pooled_node node;
	json_t *driver_info;

	int rc = valence_check_body(request, schema_register, err);
	if (rc == 0)
		rc = valence_find_node(request, uuid, &node, err);
	if (rc < 0)
		return rc;
	driver = argument_text(request->body, "driver");
	driver_info = json_object_get(request->body, "driver_info");
	const struct bmc *bmc = find_bmc(driver ? driver : DRIVER_PRESET);
	if (!bmc)
		return valence_fail(request, VALENCE_NO_DRIVER, err, "The driver %s is not supported.",
				    driver);
	if (json_object_size(driver_info) == 0)
		return valence_fail(request, VALENCE_BAD_REQUEST, err, "Missing driver_info in params %s",
				    uuid);
	rc = valence_run_handler(request, node_patch, uuid, patch_new(&node, bmc, driver_info), err);
	if (rc == 0)
		rc = add_port(request, &node, err);
	if (rc == 0)
		rc = valence_find_node(request, uuid, &node, err);
	if (rc == 0)
		valence_reply(request, valence_whole_node(&node));
	return rc;
}
