#pragma once
/* network: the machine's interfaces. Source: DSP2046 EthernetInterface, NetworkAdapter, Port. */
#include "drivers/redfish/reader.h"

/* "aa:bb:cc:dd:ee:ff" of what BMCs write for it. False: no address that a port could have. */
bool redfish_mac_parse(const char *text, char ret[18]);

/* Interfaces: a list of {"mac_address", "name", "speed_mbps"}; new reference. Only those with an address, not
 * those that lead to the BMC, nor those that are disabled. */
SUSPENDS json_t *redfish_interfaces_read(struct redfish_reader *reader, const json_t *system);
/* What the switch says at each port: {port: {"switch_chassis_id", ...}}; new reference. */
SUSPENDS json_t *redfish_lldp_read(struct redfish_reader *reader, const json_t *system);

/* Of a management interface. */
SUSPENDS int redfish_macs_get(struct task *task, json_t **ret_list, struct error *err);
