/* network: see network.h. */
#include "drivers/redfish/network.h"

#include <ctype.h>
#include <string.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/operation.h"

bool redfish_mac_parse(const char *text, char ret[18])
{
	char digits[13];
	size_t count = 0;

	for (; *text; text++) {
		if (strchr(":-. ", *text))
			continue;
		if (!isxdigit((unsigned char)*text) || count == 12)
			return false;
		digits[count++] = (char)tolower((unsigned char)*text);
	}
	digits[count] = '\0';
	/* nothing, a group, or everybody is no interface's address */
	if (count != 12 || !strcmp(digits, "000000000000") || strchr("13579bdf", digits[1]))
		return false;
	snprintf(ret, 18, "%.2s:%.2s:%.2s:%.2s:%.2s:%.2s", digits, digits + 2, digits + 4, digits + 6,
		 digits + 8, digits + 10);
	return true;
}

/* ---- interfaces ---- */

static bool is_known(const json_t *list, const char *mac)
{
	const json_t *item;
	size_t index;

	json_array_foreach((json_t *)list, index, item)
	{
		if (!strcmp(redfish_text(item, "mac_address"), mac))
			return true;
	}
	return false;
}

static void add(json_t *list, const char *address, const char *name, int64_t speed_mbps)
{
	char mac[18];
	json_t *item;

	if (!address || !redfish_mac_parse(address, mac) || is_known(list, mac))
		return;
	item = json_pack("{s:s, s:s?}", "mac_address", mac, "name", name);
	if (speed_mbps > 0)
		json_object_set_new(item, "speed_mbps", json_integer(speed_mbps));
	json_array_append_new(list, item);
}

/* The BMC's own end of a link inside the machine. */
static bool is_to_bmc(const json_t *interface)
{
	return json_object_get(json_object_get(interface, "Links"), "HostInterface");
}

static void add_interface(json_t *list, const json_t *interface)
{
	const char *address = redfish_text(interface, "MACAddress");
	const char *permanent = redfish_text(interface, "PermanentMACAddress");

	if (redfish_is_present(interface) && !is_to_bmc(interface))
		add(list, address && *address ? address : permanent, redfish_text(interface, "Id"),
		    redfish_number(interface, "SpeedMbps"));
}

/* Ports is the newer name. */
SUSPENDS static const json_t *ports_of(struct redfish_reader *reader, const json_t *adapter)
{
	const json_t *link = json_object_get(adapter, "Ports");

	return redfish_members(
		reader,
		redfish_follow_expanded(reader, link ? link : json_object_get(adapter, "NetworkPorts"), 1));
}

SUSPENDS static const json_t *adapters_of(struct redfish_reader *reader, const json_t *chassis)
{
	return redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(chassis, "NetworkAdapters"), 2));
}

static void add_port(json_t *list, const json_t *port)
{
	const json_t *ethernet = json_object_get(port, "Ethernet");
	const json_t *macs = json_object_get(ethernet, "AssociatedMACAddresses");

	if (!macs)
		macs = json_object_get(port, "AssociatedNetworkAddresses");
	if (redfish_is_present(port))
		add(list, json_string_value(json_array_get(macs, 0)), redfish_text(port, "Id"),
		    1000 * redfish_number(port, "CurrentSpeedGbps"));
}

SUSPENDS static void add_adapters(struct redfish_reader *reader, json_t *list, const json_t *chassis)
{
	const json_t *adapters = adapters_of(reader, chassis), *adapter, *port;
	size_t index, n;

	json_array_foreach((json_t *)adapters, index, adapter)
	{
		const json_t *ports = ports_of(reader, adapter);
		json_array_foreach((json_t *)ports, n, port) add_port(list, port);
	}
}

/* Some have no interfaces but adapters with ports (Cisco, OpenBMC). */
json_t *redfish_interfaces_read(struct redfish_reader *reader, const json_t *system)
{
	const json_t *collection =
		redfish_follow_expanded(reader, json_object_get(system, "EthernetInterfaces"), 1);
	const json_t *members = redfish_members(reader, collection), *item;
	json_t *list = json_array();
	size_t index;

	json_array_foreach((json_t *)members, index, item) add_interface(list, item);
	if (json_array_size(members))
		return list;
	members = redfish_chassis_of(reader, system, 0);
	json_array_foreach((json_t *)members, index, item) add_adapters(reader, list, item);
	return list;
}

/* ---- LLDP ---- */

static const struct {
	const char *name, *member;
} lldp_fields[] = {
	{ "switch_chassis_id", "ChassisId" },
	{ "switch_port_id", "PortId" },
	{ "switch_system_name", "SystemName" },
	{ "switch_system_description", "SystemDescription" },
};

static void add_neighbour(json_t *found, const json_t *port)
{
	const json_t *received = json_object_get(json_object_get(port, "Ethernet"), "LLDPReceive");
	const char *id = redfish_text(port, "Id");
	json_t *neighbour = json_object();

	for (size_t i = 0; i < sizeof(lldp_fields) / sizeof(lldp_fields[0]); i++) {
		const char *text = redfish_text(received, lldp_fields[i].member);
		if (text && *text)
			json_object_set_new(neighbour, lldp_fields[i].name, json_string(text));
	}
	if (id && json_object_size(neighbour))
		json_object_set(found, id, neighbour);
	json_decref(neighbour);
}

json_t *redfish_lldp_read(struct redfish_reader *reader, const json_t *system)
{
	const json_t *adapters =
		adapters_of(reader, json_array_get(redfish_chassis_of(reader, system, 0), 0));
	const json_t *adapter, *port;
	json_t *found = json_object();
	size_t index, n;

	json_array_foreach((json_t *)adapters, index, adapter)
	{
		/* only the newer model knows neighbours */
		const json_t *ports = json_object_get(adapter, "Ports") ? ports_of(reader, adapter) : NULL;
		json_array_foreach((json_t *)ports, n, port) add_neighbour(found, port);
	}
	return found;
}

/* ---- the interface ---- */

int redfish_macs_get(struct task *task, json_t **ret_list, struct error *err)
{
	struct redfish_operation operation;
	json_t *interfaces, *interface, *list;
	size_t index;
	int rc = redfish_operation_begin(&operation, task, "get MAC addresses", err);

	if (rc < 0)
		return rc;
	list = json_array();
	interfaces = redfish_interfaces_read(&operation.reader, operation.system);
	json_array_foreach(interfaces, index, interface)
		json_array_append(list, json_object_get(interface, "mac_address"));
	json_decref(interfaces);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc == 0)
		*ret_list = json_incref(list);
	json_decref(list);
	return rc;
}
