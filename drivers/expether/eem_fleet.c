/* eem_fleet: see eem_fleet.h. */
#include "drivers/expether/eem_fleet.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define NO_MAC "00:00:00:00:00:00"

void eem_fleet_init(struct eem_fleet *fleet)
{
	fleet->devices = json_object();
}

void eem_fleet_release(struct eem_fleet *fleet)
{
	json_decref(fleet->devices);
	fleet->devices = NULL;
}

const char *eem_text(const json_t *device, const char *name)
{
	const char *text = json_string_value(json_object_get(device, name));

	return text ? text : "";
}

static bool is(const json_t *device, const char *name, const char *text)
{
	return strcmp(eem_text(device, name), text) == 0;
}

static void set(json_t *device, const char *name, const char *text)
{
	json_object_set_new(device, name, json_string(text));
}

bool eem_id_is_valid(const char *id)
{
	return strlen(id) == 14 && strncmp(id, "0x", 2) == 0 && strspn(id + 2, "0123456789abcdef") == 12;
}

json_t *eem_fleet_find(const struct eem_fleet *fleet, const char *id)
{
	return json_object_get(fleet->devices, id);
}

bool eem_is_host(const json_t *device)
{
	return is(device, "status", "eesv");
}

bool eem_is_alive(const json_t *device)
{
	static const char *const names[] = { "notification_status0", "notification_status1" };

	for (size_t i = 0; i < 2; i++) {
		const json_t *list = json_object_get(device, names[i]);

		for (size_t n = 0; n < json_array_size(list); n++) {
			const char *text = json_string_value(json_array_get(list, n));

			if (text && strcmp(text, "up") == 0)
				return true;
		}
	}
	return false;
}

void eem_device_touch(json_t *device)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, clock_wall_ms());
	set(device, "update_time", text);
}

/* ---- boards ---- */

static void mac_of_id(const char *id, char mac[18])
{
	for (size_t i = 0; i < 6; i++) {
		memcpy(mac + 3 * i, id + 2 + 2 * i, 2);
		mac[3 * i + 2] = i < 5 ? ':' : '\0';
	}
}

static json_t *new_ports(int count)
{
	json_t *ports = json_array();

	for (int i = 0; i < count; i++) {
		char id[12];

		snprintf(id, sizeof(id), "%d", i);
		json_array_append_new(ports, json_pack("{s:s, s:s, s:s}", "downstream_port_id", id,
						       "eeio_connection_status", "down", "eeio_mac_address",
						       NO_MAC));
	}
	return ports;
}

static json_t *common_members(const char *id, bool is_40g)
{
	char mac[18];

	mac_of_id(id, mac);
	return json_pack("{s:s, s:s, s:s, s:s, s:[s, s], s:[s, s], s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
			 " s:s, s:s, s:s, s:s}",
			 "id", id, "mac_address", mac, "admin_status", "enabled", "monitoring_status",
			 "enabled", "notification_status0", "up", "up", "notification_status1", "down",
			 "down", "link_status0", "up", "link_status1", "down", "power_status", "on",
			 "uid_switch_status", "off", "ee_version", is_40g ? "v2.0" : "v1.0", "device_id",
			 is_40g ? "0x1d" : "0x0a", "revision", "0x01", "fpga_version", "0x00000105",
			 "eeprom_data_version", "0x01", "interrupt_vector", "0x00000000", "pcie_link_width",
			 "x8", "serial_number", "");
}

static void add_40g_members(json_t *device)
{
	json_t *encryption = json_array();

	for (int i = 0; i < 16; i++)
		json_array_append_new(encryption, json_string("disabled"));
	set(device, "vlan_tagging", "enabled");
	set(device, "multi_mac_addresses", "disabled");
	json_object_set_new(device, "encryption", encryption);
}

static void add_host_members(json_t *device, bool is_40g)
{
	set(device, "model", is_40g ? "ExpEther Board (40G)" : "ExpEther Board (10G)");
	set(device, "group_id", EEM_GROUP_NO_EESV);
	set(device, "max_eeio_count", is_40g ? "16" : "8");
	set(device, "eesv_type", "na");
	set(device, "host_serial_number", "");
	set(device, "host_model", "");
	if (is_40g)
		json_object_set_new(device, "compatibility", json_array());
	else
		set(device, "power_off_inhibition_status", "off");
	json_object_set_new(device, "downstream_ports", new_ports(is_40g ? 16 : 8));
}

static void add_card_members(json_t *device, bool is_40g)
{
	set(device, "model", is_40g ? "EE I/O Expansion Unit (40G)-4S" : "EE I/O Expansion Unit (10G)");
	set(device, "group_id", EEM_GROUP_NO_EEIO);
	set(device, "path_status0", "down");
	set(device, "path_status1", "down");
	set(device, "eesv_connection_status", "down");
	set(device, "eesv_mac_address", NO_MAC);
	set(device, "pcie_connection_status", "up");
	if (is_40g)
		set(device, "resource_id", "0x00");
	else
		set(device, "power_interlock_status", "off");
}

void eem_fleet_add(struct eem_fleet *fleet, const char *id, json_t *take_members)
{
	bool is_40g = !json_object_get(take_members, "type") || is(take_members, "type", "40g");
	json_t *device = common_members(id, is_40g);

	set(device, "type", "40g");
	if (is_40g)
		add_40g_members(device);
	if (eem_is_host(take_members))
		add_host_members(device, is_40g);
	else
		add_card_members(device, is_40g);
	set(device, "status", "eeio");
	json_object_update(device, take_members);
	json_decref(take_members);
	eem_device_touch(device);
	json_object_set_new(fleet->devices, id, device);
}

void eem_fleet_remove(struct eem_fleet *fleet, const char *id)
{
	json_object_del(fleet->devices, id);
}

/* ---- groups ---- */

static bool is_assigned(const char *group)
{
	long number = strtol(group, NULL, 10);

	return number >= EEM_GROUP_MIN && number <= EEM_GROUP_MAX;
}

/* The first host of the group: with several, the others see nothing. */
static json_t *host_of(const struct eem_fleet *fleet, const char *group)
{
	const char *id;
	json_t *device;

	if (!is_assigned(group))
		return NULL;
	json_object_foreach(fleet->devices, id, device)
	{
		if (eem_is_host(device) && is(device, "group_id", group))
			return device;
	}
	return NULL;
}

bool eem_fleet_has_group(const struct eem_fleet *fleet, const char *group)
{
	return host_of(fleet, group) != NULL;
}

bool eem_fleet_is_full(const struct eem_fleet *fleet, const char *group)
{
	const json_t *host = host_of(fleet, group);
	long count = 0;
	const char *id;
	json_t *device;

	json_object_foreach(fleet->devices, id, device) count +=
		!eem_is_host(device) && is(device, "group_id", group);
	return count >= strtol(eem_text(host, "max_eeio_count"), NULL, 10);
}

bool eem_fleet_pick_group(const struct eem_fleet *fleet, char group[8])
{
	bool is_taken[EEM_GROUP_MAX + 1] = { false };
	const char *id;
	json_t *device;

	json_object_foreach(fleet->devices, id, device)
	{
		const char *text = eem_text(device, "group_id");

		if (is_assigned(text))
			is_taken[strtol(text, NULL, 10)] = true;
	}
	for (int number = EEM_GROUP_MIN; number <= EEM_GROUP_MAX; number++) {
		if (!is_taken[number]) {
			snprintf(group, 8, "%hd", (short)number);
			return true;
		}
	}
	return false;
}

static json_t *device_of_mac(const struct eem_fleet *fleet, const char *mac)
{
	char id[15] = "0x";

	for (size_t i = 0; i < 6 && strlen(mac) == 17; i++)
		memcpy(id + 2 + 2 * i, mac + 3 * i, 2);
	return eem_fleet_find(fleet, id);
}

/* Ports of cards that left the group are free again; a card that is gone or silent stays known, as down. */
static void derive_ports(const struct eem_fleet *fleet, json_t *host)
{
	json_t *port;
	size_t index;

	json_array_foreach(json_object_get(host, "downstream_ports"), index, port)
	{
		const json_t *card = device_of_mac(fleet, eem_text(port, "eeio_mac_address"));
		bool is_here = card && is(card, "group_id", eem_text(host, "group_id"));

		if (card && !is_here)
			set(port, "eeio_mac_address", NO_MAC);
		set(port, "eeio_connection_status", is_here && eem_is_alive(card) ? "up" : "down");
	}
}

static json_t *port_for(json_t *host, const char *mac)
{
	json_t *ports = json_object_get(host, "downstream_ports"), *port;
	size_t index;

	json_array_foreach(ports, index, port)
	{
		if (is(port, "eeio_mac_address", mac))
			return port;
	}
	json_array_foreach(ports, index, port)
	{
		if (is(port, "eeio_mac_address", NO_MAC))
			return port;
	}
	return NULL;
}

static void derive_card(const struct eem_fleet *fleet, json_t *card)
{
	json_t *host = host_of(fleet, eem_text(card, "group_id"));
	json_t *port = host ? port_for(host, eem_text(card, "mac_address")) : NULL;
	const char *status = port && eem_is_alive(card) ? "up" : "down";

	set(card, "eesv_mac_address", port ? eem_text(host, "mac_address") : NO_MAC);
	set(card, "eesv_connection_status", status);
	set(card, "path_status0", status);
	set(card, "path_status1", "down");
	if (port) {
		set(port, "eeio_mac_address", eem_text(card, "mac_address"));
		set(port, "eeio_connection_status", status);
	}
}

void eem_fleet_derive(struct eem_fleet *fleet)
{
	const char *id;
	json_t *device;

	json_object_foreach(fleet->devices, id, device)
	{
		if (eem_is_host(device))
			derive_ports(fleet, device);
	}
	json_object_foreach(fleet->devices, id, device)
	{
		if (!eem_is_host(device) &&
		    (is_assigned(eem_text(device, "group_id")) || !is(device, "eesv_mac_address", NO_MAC)))
			derive_card(fleet, device);
	}
}

/* ---- fleets ---- */

static void add_card(struct eem_fleet *fleet, const char *id, const char *class_code, const char *vendor,
		     const char *device)
{
	eem_fleet_add(fleet, id,
		      json_pack("{s:s, s:s, s:s, s:s}", "status", "eeio", "pcie_class_code", class_code,
				"pcie_vendor_id", vendor, "pcie_device_id", device));
}

void eem_fleet_seed(struct eem_fleet *fleet)
{
	json_object_clear(fleet->devices);
	eem_fleet_add(fleet, "0x111111111111",
		      json_pack("{s:s, s:s, s:s, s:s}", "status", "eesv", "serial_number", "EESV0001",
				"host_serial_number", "HOST0001", "host_model", "Express5800/R120h-1M"));
	eem_fleet_add(fleet, "0x222222222222",
		      json_pack("{s:s, s:s, s:s}", "status", "eesv", "group_id", "1234", "serial_number",
				"EESV0002"));
	eem_fleet_add(fleet, "0x333333333333",
		      json_pack("{s:s, s:s, s:s}", "status", "eesv", "type", "10g", "max_eeio_count", "2"));
	add_card(fleet, "0xa00000000001", "0x010802", "0x8086", "0x0953");
	add_card(fleet, "0xa00000000002", "0x020000", "0x8086", "0x1521");
	add_card(fleet, "0xa00000000003", "0x030200", "0x10de", "0x1db4");
	add_card(fleet, "0xa00000000004", "0x040300", "0x10de", "0x10f0");
	add_card(fleet, "0xa00000000005", "0x0c0330", "0x1912", "0x0014");
	add_card(fleet, "0xa00000000006", "0x120000", "0x10ee", "0x903f");
	add_card(fleet, "0xa00000000007", "0x060400", "0x10b5", "0x8747");
	add_card(fleet, "0xa00000000008", "0xff0000", "0x1172", "0x0004");
	eem_fleet_add(fleet, "0xa00000000009", json_pack("{s:s, s:s}", "status", "eeio", "type", "10g"));
	add_card(fleet, "0xa0000000000a", "0x020000", "0x8086", "0x1521");
	json_object_set_new(eem_fleet_find(fleet, "0xa0000000000a"), "notification_status0",
			    json_pack("[s, s]", "down", "down"));
	add_card(fleet, "0xa0000000000b", "0x010802", "0x8086", "0x0a54");
	set(eem_fleet_find(fleet, "0xa0000000000b"), "group_id", "1234");
	eem_fleet_derive(fleet);
}

void eem_fleet_fill(struct eem_fleet *fleet, unsigned cards)
{
	static const char *const classes[] = { "0x010802", "0x020000", "0x030200" };
	char id[16];

	json_object_clear(fleet->devices);
	for (unsigned i = 0; i < (cards + 15) / 16; i++) {
		snprintf(id, sizeof(id), "0xb0%010x", i + 1);
		eem_fleet_add(fleet, id, json_pack("{s:s}", "status", "eesv"));
	}
	for (unsigned i = 0; i < cards; i++) {
		snprintf(id, sizeof(id), "0xa0%010x", i + 1);
		add_card(fleet, id, classes[i % 3], "0x8086", "0x0953");
	}
}
