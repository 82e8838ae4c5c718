/* ipmi: what the hardware type is composed of. */
#include "drivers/ipmi/ipmi.h"

#include "drivers/agent.h"
#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/options.h"
#include "drivers/noop.h"
#include "drivers/vendor.h"

/* Closing a session takes a few datagrams, answered or not; many are closed at once. */
SUSPENDS static void drain(int64_t deadline_ms)
{
	(void)deadline_ms;
	ipmi_client_release();
}

const struct hardware_type ipmi_hardware = {
	.name = "ipmi",
	.class_name = "IPMIHardware",
	.options = ipmi_option_table,
	.drain = drain,
	.interfaces = {
		[INTERFACE_BIOS]       = INTERFACES(&no_bios.base),
		[INTERFACE_CONSOLE]    = INTERFACES(&ipmitool_socat.base, &no_console.base),
		[INTERFACE_DEPLOY]     = INTERFACES(&noop_deploy.base),
		[INTERFACE_FIRMWARE]   = INTERFACES(&no_firmware.base),
		[INTERFACE_INSPECT]    = INTERFACES(&no_inspect.base, &ipmitool_inspect.base,
						    &agent_inspect.base),
		[INTERFACE_MANAGEMENT] = INTERFACES(&ipmitool_management.base, &noop_management.base),
		[INTERFACE_NETWORK]    = INTERFACES(&noop_network.base),
		[INTERFACE_POWER]      = INTERFACES(&ipmitool_power.base),
		[INTERFACE_RAID]       = INTERFACES(&no_raid.base),
		[INTERFACE_RESCUE]     = INTERFACES(&no_rescue.base),
		[INTERFACE_STORAGE]    = INTERFACES(&noop_storage.base),
		[INTERFACE_VENDOR]     = INTERFACES(&ipmitool_vendor.base, &no_vendor.base),
	},
};
