/* manual: see manual.h. Only the interfaces that have code behind them are listed. */
#include "drivers/manual/manual.h"

#include "drivers/agent.h"
#include "drivers/fake/fake.h"
#include "drivers/noop.h"
#include "drivers/vendor.h"

const struct hardware_type manual_hardware = {
	.name = "manual-management",
	.class_name = "ManualManagementHardware",
	.interfaces = {
		[INTERFACE_BIOS]       = INTERFACES(&no_bios.base),
		[INTERFACE_CONSOLE]    = INTERFACES(&no_console.base),
		[INTERFACE_DEPLOY]     = INTERFACES(&noop_deploy.base),
		[INTERFACE_FIRMWARE]   = INTERFACES(&no_firmware.base),
		[INTERFACE_INSPECT]    = INTERFACES(&no_inspect.base, &agent_inspect.base),
		[INTERFACE_MANAGEMENT] = INTERFACES(&noop_management.base, &fake_management.base),
		[INTERFACE_NETWORK]    = INTERFACES(&noop_network.base),
		[INTERFACE_POWER]      = INTERFACES(&fake_power.base),
		[INTERFACE_RAID]       = INTERFACES(&no_raid.base),
		[INTERFACE_RESCUE]     = INTERFACES(&no_rescue.base),
		[INTERFACE_STORAGE]    = INTERFACES(&noop_storage.base),
		[INTERFACE_VENDOR]     = INTERFACES(&no_vendor.base),
	},
};
