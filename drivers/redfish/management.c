/* management: the redfish management interface: the table, and NMI. Behaviour as
 * ironic/drivers/modules/redfish/management.py. */
#include "drivers/redfish/redfish.h"

#include "drivers/redfish/bmc_clock.h"
#include "drivers/redfish/boot.h"
#include "drivers/redfish/boot_mode.h"
#include "drivers/redfish/facts.h"
#include "drivers/redfish/indicator.h"
#include "drivers/redfish/media.h"
#include "drivers/redfish/network.h"
#include "drivers/redfish/sensors.h"
#include "drivers/redfish/system.h"

static int inject_nmi(struct task *task, struct error *err)
{
	struct redfish_client client;
	char path[REDFISH_PATH_MAX];
	int rc = redfish_open(&client, task, err);

	if (rc < 0)
		return rc;
	rc = redfish_system_get(&client, path, sizeof(path), err);
	if (rc == 0)
		rc = redfish_system_reset(&client, path, "Nmi", POWER_UNKNOWN, err);
	rc = redfish_failed(&client, rc, "inject NMI", err);
	redfish_close(&client);
	return rc;
}

static const struct step steps[] = { { .name = "reset_secure_boot_keys_to_default",
				       .uses = STEP_CLEAN | STEP_DEPLOY,
				       .run = redfish_secure_boot_keys_reset },
				     { .name = "clear_secure_boot_keys",
				       .uses = STEP_CLEAN | STEP_DEPLOY,
				       .run = redfish_secure_boot_keys_clear },
				     { .name = "set_bmc_clock",
				       .uses = STEP_CLEAN,
				       .arguments = redfish_bmc_clock_arguments,
				       .run = redfish_bmc_clock_set },
				     { 0 } };

const struct management_interface redfish_management = {
	.base = { .type = INTERFACE_MANAGEMENT,
		  .name = "redfish",
		  .properties = redfish_properties,
		  .validate = redfish_validate,
		  .steps = steps },
	.boot_devices = redfish_boot_devices,
	.boot_device_get = redfish_boot_device_get,
	.boot_device_set = redfish_boot_device_set,
	.inject_nmi = inject_nmi,
	.boot_mode_set = redfish_boot_mode_set,
	.secure_boot_set = redfish_secure_boot_set,
	.facts_get = redfish_facts_get,
	.indicators_get = redfish_indicators_get,
	.indicator_get = redfish_indicator_get,
	.indicator_set = redfish_indicator_set,
	.sensors_get = redfish_sensors_get,
	.macs_get = redfish_macs_get,
	.vmedia_attach = redfish_vmedia_attach,
	.vmedia_detach = redfish_vmedia_detach,
	.vmedia_get = redfish_vmedia_get,
};
