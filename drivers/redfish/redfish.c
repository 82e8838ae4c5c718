/* redfish: the redfish hardware type. */
#include "drivers/redfish/redfish.h"

#include "drivers/agent.h"
#include "drivers/noop.h"
#include "drivers/redfish/bios.h"
#include "drivers/redfish/bmc.h"
#include "drivers/redfish/firmware.h"
#include "drivers/redfish/inspect.h"
#include "drivers/redfish/options.h"
#include "drivers/vendor.h"

const struct hardware_type redfish_hardware = {
	.name = "redfish",
	.class_name = "RedfishHardware",
	.options = redfish_option_table,
	.drain = redfish_drain,
	.interfaces = {
		[INTERFACE_BIOS]       = INTERFACES(&redfish_bios.base, &no_bios.base),
		[INTERFACE_CONSOLE]    = INTERFACES(&no_console.base),
		[INTERFACE_DEPLOY]     = INTERFACES(&noop_deploy.base),
		[INTERFACE_FIRMWARE]   = INTERFACES(&redfish_firmware.base, &no_firmware.base),
		[INTERFACE_INSPECT]    = INTERFACES(&redfish_inspect.base, &agent_inspect.base,
						    &no_inspect.base),
		[INTERFACE_MANAGEMENT] = INTERFACES(&redfish_management.base, &noop_management.base),
		[INTERFACE_NETWORK]    = INTERFACES(&noop_network.base),
		[INTERFACE_POWER]      = INTERFACES(&redfish_power.base),
		[INTERFACE_RAID]       = INTERFACES(&no_raid.base),
		[INTERFACE_RESCUE]     = INTERFACES(&no_rescue.base),
		[INTERFACE_STORAGE]    = INTERFACES(&noop_storage.base),
		[INTERFACE_VENDOR]     = INTERFACES(&redfish_vendor.base, &no_vendor.base),
	},
};
