/* inspection_ports: the hooks that make ports of network interfaces. See inspection_hooks.h. */
#include <string.h>

#include "conductor/inspection_hooks.h"
#include "conductor/inspection_options.h"
#include "lib/log.h"
#include "lib/netaddr.h"
#include "lib/xalloc.h"

/* Members of plugin_data that later hooks and rules read. */
#define ALL   "all_interfaces"
#define VALID "valid_interfaces"
#define MACS  "macs"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : NULL;
}

/* ---- which interfaces there are ---- */

/* "52:54:..", or pxelinux' "01-52-54-..", in lower case. False: not told. */
static bool pxe_mac(const json_t *inventory, char mac[MAC_TEXT])
{
	const char *text = text_of(json_object_get(inventory, "boot"), "pxe_interface");
	size_t len = text ? strlen(text) : 0;

	if (text && len > MAC_TEXT - 1 && text[2] == '-') {
		text += 3;
		len -= 3;
	}
	if (len != MAC_TEXT - 1)
		return false;
	memcpy(mac, text, MAC_TEXT);
	for (char *p = mac; *p; p++)
		*p = *p == '-' ? ':' : *p;
	netaddr_lower(mac);
	return netaddr_is_mac(mac);
}

/* "fe80::1%eth0" loses its zone. */
static json_t *without_zone(const char *address)
{
	return address ? json_stringn(address, strcspn(address, "%")) : json_null();
}

/* As it is kept: address in lower case, whether it was booted from. */
static json_t *describe(const json_t *interface, const char *pxe)
{
	json_t *copy = json_copy((json_t *)interface);
	char mac[MAC_TEXT];

	memcpy(mac, text_of(interface, "mac_address"), sizeof(mac));
	netaddr_lower(mac);
	json_object_set_new(copy, "mac_address", json_string(mac));
	json_object_set_new(copy, "pxe_enabled", json_boolean(pxe && strcmp(mac, pxe) == 0));
	json_object_set_new(copy, "ipv6_address", without_zone(text_of(interface, "ipv6_address")));
	return copy;
}

static json_t *all_interfaces(const struct inspected *inspected, const char *pxe)
{
	const json_t *list = json_object_get(inspected->inventory, "interfaces"), *interface;
	json_t *all = json_object();
	size_t i;

	json_array_foreach(list, i, interface)
	{
		const char *name = text_of(interface, "name"), *mac = text_of(interface, "mac_address");

		if (!name || !mac || !netaddr_is_mac(mac))
			log_warning("an interface of node %s has no name or no MAC address and is left out",
				    inspected->node_uuid);
		else
			json_object_set_new(all, name, describe(interface, pxe));
	}
	return all;
}

/* Is it one that gets a port? */
static bool is_wanted(const char *name, const json_t *interface, bool is_pxe_known)
{
	const char *ip = text_of(interface, "ipv4_address");
	const char *which = inspection_options.add_ports;

	ip = ip ? ip : text_of(interface, "ipv6_address");
	if (strcmp(name, "lo") == 0 || (ip && netaddr_is_loopback(ip)))
		return false;
	if (strcmp(which, "pxe") == 0 && is_pxe_known)
		return json_is_true(json_object_get(interface, "pxe_enabled"));
	return strcmp(which, "active") != 0 || ip;
}

int hook_validate_interfaces(struct inspected *inspected, struct error *err)
{
	json_t *all, *interface, *valid = json_object(), *macs = json_array();
	char pxe[MAC_TEXT];
	bool is_pxe_known = pxe_mac(inspected->inventory, pxe);
	const char *name;

	all = all_interfaces(inspected, is_pxe_known ? pxe : NULL);
	json_object_foreach(all, name, interface)
	{
		if (is_wanted(name, interface, is_pxe_known)) {
			json_object_set(valid, name, interface);
			json_array_append(macs, json_object_get(interface, "mac_address"));
		}
	}
	json_object_set_new(inspected->plugin_data, ALL, all);
	json_object_set_new(inspected->plugin_data, VALID, valid);
	json_object_set_new(inspected->plugin_data, MACS, macs);
	if (json_object_size(all) == 0)
		return inspection_invalid(inspected, "no valid network interfaces", err);
	if (json_object_size(valid) == 0)
		return fail(err, ERR_INVALID,
			    "Inventory for node %s is invalid: no network interfaces match the configuration "
			    "(add_ports set to \"%s\").",
			    inspected->node_uuid, inspection_options.add_ports);
	return 0;
}

/* ---- ports ---- */

static void set_client_id(json_t *port, const json_t *interface)
{
	const char *id = text_of(interface, "client_id");
	json_t *extra = json_object_get(port, "extra");

	if (id && json_is_object(extra))
		json_object_set_new(extra, "client-id", json_string(id));
}

static const json_t *interface_of(const json_t *interfaces, const json_t *port)
{
	json_t *interface;
	const char *name;

	json_object_foreach((json_t *)interfaces, name, interface)
	{
		if (json_equal(json_object_get(interface, "mac_address"), json_object_get(port, "address")))
			return interface;
	}
	return NULL;
}

static bool is_kept(const struct inspected *inspected, const json_t *port)
{
	const char *which = inspection_options.keep_ports;

	if (strcmp(which, "all") == 0)
		return true;
	return interface_of(
		       json_object_get(inspected->plugin_data, strcmp(which, "added") == 0 ? VALID : ALL),
		       port) != NULL;
}

static void drop_ports(struct inspected *inspected)
{
	for (size_t i = json_array_size(inspected->ports); i-- > 0;) {
		if (!is_kept(inspected, json_array_get(inspected->ports, i)))
			json_array_remove(inspected->ports, i);
	}
}

int hook_ports(struct inspected *inspected, struct error *err)
{
	json_t *all = json_object_get(inspected->plugin_data, ALL);
	json_t *valid = json_object_get(inspected->plugin_data, VALID), *interface, *port;
	const char *name;
	size_t i;

	(void)err;
	if (strcmp(inspection_options.add_ports, "disabled") != 0) {
		json_object_foreach(valid, name, interface)
			json_object_set(inspected_add_port(inspected, text_of(interface, "mac_address")),
					"pxe_enabled", json_object_get(interface, "pxe_enabled"));
	}
	drop_ports(inspected);
	json_array_foreach(inspected->ports, i, port)
	{
		const json_t *found = interface_of(all, port);
		json_t *pxe = json_object_get(found, "pxe_enabled");

		if (inspection_options.is_pxe_enabled_updated)
			json_object_set_new(port, "pxe_enabled", json_boolean(json_is_true(pxe)));
		if (found)
			set_client_id(port, found);
	}
	return 0;
}

/* ---- physical networks ---- */

/* Of the net that has the address. NULL: none, or it is no address. */
static const char *network_of(const char *address)
{
	const struct option_list *map = &inspection_options.network_map;
	const char *found = NULL;

	for (size_t i = 0; address && !found && i < map->count; i++) {
		const char *colon = strrchr(map->items[i], ':');
		char *net = xstrndup(map->items[i], (size_t)(colon - map->items[i]));
		bool is_in = false;

		if (netaddr_is_in(address, net, &is_in, NULL) == 0 && is_in)
			found = colon + 1;
		xfree(net);
	}
	return found;
}

int hook_physical_network(struct inspected *inspected, struct error *err)
{
	json_t *interface;
	const char *name;

	(void)err;
	json_object_foreach(json_object_get(inspected->plugin_data, ALL), name, interface)
	{
		json_t *port = inspected_port(inspected, text_of(interface, "mac_address"));
		const char *network = network_of(text_of(interface, "ipv4_address"));

		if (!network)
			network = network_of(text_of(interface, "ipv6_address"));
		if (port && network)
			json_object_set_new(port, "physical_network", json_string(network));
	}
	return 0;
}
