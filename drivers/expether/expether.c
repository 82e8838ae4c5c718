/* expether: what the hardware type is composed of. */
#include "drivers/expether/expether.h"

#include "drivers/expether/attach.h"
#include "drivers/expether/inventory.h"
#include "drivers/expether/options.h"
#include "drivers/expether/pci_names.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/noop.h"
#include "drivers/redfish/redfish.h"
#include "drivers/vendor.h"

static double sync_interval(void)
{
	return expether_options.is_sync_enabled ? expether_options.sync_interval_s : 0;
}

static const struct pool_driver pool = {
	.sync_interval = sync_interval,
	.inventory = inventory_read,
	.release = attachment_release,
	.tear_down = attachment_tear_down,
};

SUSPENDS static void drain(int64_t deadline_ms)
{
	(void)deadline_ms;
	pci_names_release();
}

const struct hardware_type expether_hardware = {
	.name = "expether",
	.class_name = "ExpEtherHardware",
	.options = expether_option_table,
	.pool = &pool,
	.drain = drain,
	.interfaces = {
		[INTERFACE_BIOS]       = INTERFACES(&no_bios.base),
		[INTERFACE_CONSOLE]    = INTERFACES(&no_console.base),
		[INTERFACE_DEPLOY]     = INTERFACES(&noop_deploy.base),
		[INTERFACE_FIRMWARE]   = INTERFACES(&no_firmware.base),
		[INTERFACE_INSPECT]    = INTERFACES(&expether_inspect.base, &no_inspect.base),
		[INTERFACE_MANAGEMENT] = INTERFACES(&noop_management.base, &ipmitool_management.base,
						    &redfish_management.base),
		[INTERFACE_NETWORK]    = INTERFACES(&noop_network.base),
		[INTERFACE_POWER]      = INTERFACES(&expether_power.base, &ipmitool_power.base,
						    &redfish_power.base),
		[INTERFACE_RAID]       = INTERFACES(&no_raid.base),
		[INTERFACE_RESCUE]     = INTERFACES(&no_rescue.base),
		[INTERFACE_STORAGE]    = INTERFACES(&noop_storage.base),
		[INTERFACE_VENDOR]     = INTERFACES(&expether_vendor.base, &no_vendor.base),
	},
};
