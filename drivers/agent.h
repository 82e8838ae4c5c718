#pragma once
/*
 * agent: the "agent" inspect interface, of any hardware type: the machine boots a ramdisk from the network,
 * which posts what it finds to /v1/continue_inspection. Who serves the ramdisk (DHCP, TFTP, HTTP) is the
 * operator's: boot is not managed from here. Source: Ironic's in-band inspection, unmanaged.
 */
#include "drivers/driver.h"

/* Member of driver_internal_info while a ramdisk is awaited: the addresses of the node's BMC, by which its
 * call finds the node when no port does. */
#define AGENT_LOOKUP_ADDRESSES "lookup_bmc_addresses"

extern const struct inspect_interface agent_inspect;
extern const struct option agent_option_table[];

/* Ends the ramdisk: powers the node off or, where that is forbidden, reboots it, if [inspector] power_off. */
SUSPENDS int agent_stop(struct task *task, struct error *err);
