/*
 * ramdisk_inspection: POST /v1/continue_inspection: a ramdisk reports what it has found in its machine. The
 * node is found by its uuid, its network cards and its BMC, which must not contradict each other; a conductor
 * does the rest (conductor/inspection.h). Source: ironic-contract, section 2.8.
 */
#include <string.h>
#include <strings.h>

#include "api/argument.h"
#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/ramdisk.h"
#include "db/address_owner.h"
#include "lib/buf.h"
#include "lib/config.h"
#include "lib/log.h"
#include "lib/netaddr.h"
#include "model/states.h"

#define INSPECTION_SINCE 84
#define DISCOVERED       "auto_discovered"
#define LIST_MAX         (RAMDISK_ADDRESSES_MAX * MAC_TEXT)

static struct {
	bool is_enabled;
	char *driver;
} discovery;

static const struct option table[] = {
	{ .section = "auto_discovery",
	  .name = "enabled",
	  .type = OPTION_BOOL,
	  .preset = "false",
	  .target = &discovery.is_enabled,
	  .help = "Whether a machine that nobody knows gets a node when a ramdisk reports its inventory. "
		  "Whoever "
		  "reaches the API can make nodes then, without a login." },
	{ .section = "auto_discovery",
	  .name = "driver",
	  .type = OPTION_TEXT,
	  .target = &discovery.driver,
	  .help = "The driver of such nodes; inspection rules may give them another." },
	{ 0 }
};

void ramdisk_config_register(void)
{
	config_register(table);
}

int ramdisk_check_config(struct error *err)
{
	return discovery.is_enabled && !discovery.driver
		       ? fail(err, ERR_INVALID, "[auto_discovery] enabled needs driver.")
		       : 0;
}

/* ---- the body ---- */

static int wrong_type(const char *name, const char *types, struct error *err)
{
	return fail(err, ERR_INVALID, "Schema error for data: %s is not of type %s", name, types);
}

static int required(const char *name, struct error *err)
{
	return fail(err, ERR_MISSING, "Schema error for data: '%s' is a required property", name);
}

static int check_interfaces(const json_t *interfaces, struct error *err)
{
	const json_t *interface;
	size_t i;

	if (!interfaces)
		return required("interfaces", err);
	if (!json_is_array(interfaces))
		return wrong_type("inventory.interfaces", "'array'", err);
	if (json_array_size(interfaces) == 0)
		return fail(err, ERR_INVALID,
			    "Schema error for data: [] is too short (inventory.interfaces)");
	json_array_foreach(interfaces, i, interface)
	{
		const json_t *address = json_object_get(interface, "mac_address");

		if (!json_is_object(interface))
			return wrong_type("an item of inventory.interfaces", "'object'", err);
		if (!address)
			return required("mac_address", err);
		if (!json_is_string(address))
			return wrong_type("inventory.interfaces.mac_address", "'string'", err);
	}
	return 0;
}

static int check_body(const json_t *body, struct error *err)
{
	static const char *const bmc_names[] = { "bmc_address", "bmc_v6address" };
	const json_t *inventory = json_object_get(body, "inventory");

	if (!json_is_object(body))
		return wrong_type("the body", "'object'", err);
	if (!inventory)
		return required("inventory", err);
	if (!json_is_object(inventory))
		return wrong_type("inventory", "'object'", err);
	for (size_t i = 0; i < sizeof bmc_names / sizeof bmc_names[0]; i++) {
		const json_t *address = json_object_get(inventory, bmc_names[i]);

		if (address && !json_is_string(address) && !json_is_null(address))
			return wrong_type(bmc_names[i], "'string', 'null'", err);
	}
	return check_interfaces(json_object_get(inventory, "interfaces"), err);
}

/* ---- whose it is ---- */

/* What an inventory tells of its machine, as comma-separated lists. */
struct traces {
	const char *uuid; /* NULL: not told */
	const char *macs, *bmc_addresses;
};

static const char *list_macs(struct api_request *request, const json_t *interfaces)
{
	const json_t *interface;
	const char *macs;
	struct buf list;
	size_t i;

	buf_init(&list, LIST_MAX);
	json_array_foreach(interfaces, i, interface)
	{
		const char *address = argument_text(interface, "mac_address");

		if (netaddr_is_mac(address))
			buf_printf(&list, "%s%s", list.len ? "," : "", address);
	}
	macs = ramdisk_addresses(request, list.data ? list.data : "");
	buf_release(&list);
	return macs;
}

static bool is_usable(const char *address)
{
	return address && *address && !strchr(address, ',') && !netaddr_is_loopback(address);
}

static const char *list_bmc(struct api_request *request, const json_t *inventory)
{
	const char *four = argument_text(inventory, "bmc_address");
	const char *six = argument_text(inventory, "bmc_v6address");

	if (is_usable(four) && is_usable(six))
		return arena_printf(request->arena, "%s,%s", four, six);
	return is_usable(four) ? four : is_usable(six) ? six : "";
}

static bool is_of(const struct db_rows *rows, int row, const char *uuid)
{
	return strcasecmp(db_value(rows, row, INSPECTED_OWNER_UUID), uuid) == 0;
}

/* The one node that all traces lead to, or NULL: traces that lead to several, or *ret_is_new: none at all. */
static const char *judge(const struct db_rows *rows, const char *uuid, bool *ret_is_new)
{
	const char *by_mac = uuid, *by_bmc = NULL;
	int bmc_count = 0, bmc_hits = 0;

	*ret_is_new = !uuid && db_rows_count(rows) == 0;
	for (int i = 0; i < db_rows_count(rows); i++) {
		if (db_value_bool(rows, i, INSPECTED_OWNER_BY_BMC))
			continue;
		if (by_mac && !is_of(rows, i, by_mac))
			return NULL;
		by_mac = db_value(rows, i, INSPECTED_OWNER_UUID);
	}
	for (int i = 0; i < db_rows_count(rows); i++) {
		if (!db_value_bool(rows, i, INSPECTED_OWNER_BY_BMC))
			continue;
		bmc_count++;
		bmc_hits += by_mac && is_of(rows, i, by_mac);
		by_bmc = db_value(rows, i, INSPECTED_OWNER_UUID);
	}
	if (by_mac) /* BMCs behind one name are several nodes' */
		return bmc_count > 0 && bmc_hits == 0 ? NULL : by_mac;
	return bmc_count == 1 ? by_bmc : NULL;
}

/* The report says of itself that nobody has known the machine: rules may ask for it. */
static int discover(struct api_request *request, const struct traces *traces, struct node *ret,
		    struct error *err)
{
	int rc = node_enroll(request, discovery.driver, ret, err);

	if (rc < 0) {
		log_warning("A discovered machine (%s) gets no node: %s", traces->macs, err->text);
		return fail(err, ERR_INTERNAL, "The node could not be enrolled.");
	}
	log_info("Node %s is a discovered machine (%s).", node_uuid(ret), traces->macs);
	json_object_set_new(request->body, DISCOVERED, json_true());
	return 0;
}

static int find_node(struct api_request *request, const struct traces *traces, struct node *ret,
		     struct error *err)
{
	struct db_rows *rows = NULL;
	const char *uuid;
	bool is_new;

	int rc = address_inspected_owners(request->db, traces->macs, traces->bmc_addresses, &rows, err);
	if (rc < 0)
		return rc;
	uuid = judge(rows, traces->uuid, &is_new);
	rc = uuid ? node_read(request->db, arena_strdup(request->arena, uuid), NULL, 0, ret, err)
		  : -ERR_NOT_FOUND;
	db_rows_release(rows);
	if (is_new && discovery.is_enabled)
		return discover(request, traces, ret, err);
	if (rc == 0 && provision_state_find(node_text(ret, NODE_PROVISION_STATE)) != PROVISION_INSPECTWAIT)
		rc = -ERR_NOT_FOUND;
	return rc == -ERR_NOT_FOUND ? ramdisk_not_found(err) : rc;
}

/* ---- what becomes of it ---- */

static int hand_over(struct api_request *request, const struct node *node, struct error *err)
{
	json_t *plugin_data = json_copy(request->body);
	struct dispatch dispatch = dispatch_of(request, node);

	json_object_del(plugin_data, "inventory");
	dispatch.args = json_pack("{s:O, s:o}", "inventory", json_object_get(request->body, "inventory"),
				  "plugin_data", plugin_data);
	int rc = dispatch_run(request, &dispatch, NULL, err);
	json_decref(dispatch.args);
	return rc;
}

/* Clients of the time before versions know the uuid alone. */
static int reply(struct api_request *request, const struct node *node, const char *token, struct error *err)
{
	if (request->version >= INSPECTION_SINCE)
		return ramdisk_reply(request, node, token, 202, err);
	reply_json(request, 202);
	buf_printf(&request->out->body, "{\"uuid\":\"%s\"}", node_uuid(node));
	return 0;
}

int ramdisk_continue_inspection(struct api_request *request, struct error *err)
{
	const json_t *inventory = json_object_get(request->body, "inventory");
	struct traces traces = { .uuid = query_text(&request->query, "node_uuid") };
	const char *token = NULL;
	struct node node;

	if (request->version < INSPECTION_SINCE && (request->version > 1 || traces.uuid))
		return fail(err, ERR_NOT_FOUND, "API version 1.%d or newer is required", INSPECTION_SINCE);
	int rc = check_body(request->body, err);
	if (rc < 0)
		return rc;
	json_object_del(request->body, DISCOVERED);
	traces.macs = list_macs(request, json_object_get(inventory, "interfaces"));
	traces.bmc_addresses = list_bmc(request, inventory);
	if (!traces.uuid && !traces.macs[0] && !traces.bmc_addresses[0])
		return fail(err, ERR_INVALID, "No lookup information provided");
	node_init(&node);
	rc = find_node(request, &traces, &node, err);
	if (rc == 0 && request->version >= INSPECTION_SINCE)
		rc = ramdisk_give_token(request, &node, &token, err);
	if (rc == 0)
		rc = hand_over(request, &node, err);
	if (rc == 0)
		rc = reply(request, &node, token, err);
	node_release(&node);
	return rc;
}
