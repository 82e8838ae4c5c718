/* ipmi_machine: a simulated machine behind the plain BMC model. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/ipmi/boot_flags.h"
#include "drivers/ipmi/command.h"
#include "lib/clock.h"
#include "tools/bmcsim/ipmi_side.h"

static bool machine_is_on(void *arg)
{
	struct ipmi_machine *machine = arg;

	return bmc_is_on(machine->bmc);
}

/* Flags for one boot are forgotten when no Chassis Control comes within 60 seconds, unless parameter 3 says
 * that they stay. Source: IPMI 2.0 table 28-14, parameter 3. */
static void forget_boot(struct ipmi_machine *machine)
{
	struct bmc_boot *boot = &machine->bmc->boot;

	if (boot->persistence != BMC_BOOT_ONCE || machine->boot_set_ms == 0 ||
	    machine->model.boot_keep & BOOT_VALID_AFTER_TIMEOUT ||
	    clock_ms() - machine->boot_set_ms < 1000 * (int64_t)machine->side->bmc->boot_flags_s)
		return;
	boot->device = BMC_BOOT_NONE;
	boot->persistence = BMC_BOOT_DISABLED;
}

static int machine_control(void *arg, enum chassis_control control)
{
	static const enum bmc_reset resets[CHASSIS_CONTROL_COUNT] = {
		[CHASSIS_OFF] = BMC_RESET_FORCE_OFF, [CHASSIS_ON] = BMC_RESET_ON,
		[CHASSIS_CYCLE] = BMC_RESET_CYCLE,   [CHASSIS_RESET] = BMC_RESET_FORCE,
		[CHASSIS_NMI] = BMC_RESET_NMI,       [CHASSIS_SOFT_OFF] = BMC_RESET_SOFT_OFF,
	};
	struct ipmi_machine *machine = arg;

	forget_boot(machine);
	machine->boot_set_ms = clock_ms();
	return bmc_reset(machine->bmc, resets[control], NULL) < 0 ? COMPLETION_STATE : COMPLETION_OK;
}

/* ---- boot ---- */

/* The first selector of a device is what reading gives. */
static const struct {
	enum boot_selector selector;
	enum bmc_boot_device device;
} boot_devices[] = {
	{ BOOT_NONE, BMC_BOOT_NONE },          { BOOT_PXE, BMC_BOOT_PXE },
	{ BOOT_DISK, BMC_BOOT_DISK },          { BOOT_SAFE, BMC_BOOT_SAFE },
	{ BOOT_DIAGNOSTIC, BMC_BOOT_DIAG },    { BOOT_CDROM, BMC_BOOT_CDROM },
	{ BOOT_BIOS, BMC_BOOT_BIOS },          { BOOT_FLOPPY, BMC_BOOT_FLOPPY },
	{ BOOT_REMOTE_PRIMARY, BMC_BOOT_USB }, { BOOT_REMOTE_FLOPPY, BMC_BOOT_FLOPPY },
	{ BOOT_REMOTE_CDROM, BMC_BOOT_CDROM }, { BOOT_REMOTE_DISK, BMC_BOOT_DISK },
	{ BOOT_PXE, BMC_BOOT_UEFI_HTTP },
};
enum { BOOT_DEVICE_COUNT = sizeof(boot_devices) / sizeof(boot_devices[0]) };

static void machine_boot_get(void *arg, uint8_t data[BOOT_FLAGS_LEN])
{
	struct ipmi_machine *machine = arg;
	const struct bmc_boot *boot = &machine->bmc->boot;
	struct boot_flags flags = { .is_efi = boot->is_uefi };

	bmc_power(machine->bmc); /* a boot that is due uses up the device */
	forget_boot(machine);
	flags.is_valid = boot->persistence != BMC_BOOT_DISABLED;
	flags.is_persistent = boot->persistence == BMC_BOOT_CONTINUOUS;
	for (size_t i = 0; i < BOOT_DEVICE_COUNT; i++) {
		if (boot_devices[i].device == boot->device) {
			flags.selector = (uint8_t)boot_devices[i].selector;
			break;
		}
	}
	boot_flags_encode(&flags, data);
}

static int machine_boot_set(void *arg, const uint8_t data[BOOT_FLAGS_LEN])
{
	struct ipmi_machine *machine = arg;
	struct boot_flags flags;

	boot_flags_decode(data, &flags);
	for (size_t i = 0; i < BOOT_DEVICE_COUNT; i++) {
		if (boot_devices[i].selector != flags.selector)
			continue;
		machine->boot_set_ms = clock_ms();
		machine->bmc->boot = (struct bmc_boot){
			.device = boot_devices[i].device,
			.persistence = !flags.is_valid       ? BMC_BOOT_DISABLED
				       : flags.is_persistent ? BMC_BOOT_CONTINUOUS
							     : BMC_BOOT_ONCE,
			.is_uefi = flags.is_efi,
		};
		return COMPLETION_OK;
	}
	return COMPLETION_INVALID_FIELD;
}

/* ---- the rest ---- */

/* The firmware starts over: after a cold reset no session is left, and the answer never comes. */
static int machine_reset(void *arg, bool is_cold)
{
	struct ipmi_machine *machine = arg;

	if (machine != &machine->side->machine) /* a controller behind: the BMC and its sessions stay */
		return COMPLETION_OK;
	if (is_cold)
		ipmi_server_reset(machine->side->server);
	return is_cold ? -1 : COMPLETION_OK;
}

static uint32_t machine_time(void *arg)
{
	(void)arg;
	return (uint32_t)time(NULL);
}

static size_t machine_fru(void *arg, uint8_t id, uint8_t *out, size_t size)
{
	const struct ipmi_machine *machine = arg;

	return ipmi_inventory_fru(machine->bmc, id, out, size);
}

static const struct bmc_model_ops machine_ops = {
	.is_on = machine_is_on,
	.control = machine_control,
	.boot_get = machine_boot_get,
	.boot_set = machine_boot_set,
	.reset = machine_reset,
	.time = machine_time,
	.fru = machine_fru,
};

/* The UUID's bytes from the last to the first. Source: IPMI 2.0 section 20.8. */
static void set_guid(uint8_t guid[RMCPP_GUID], const char *uuid)
{
	size_t at = RMCPP_GUID;

	memset(guid, 0, RMCPP_GUID);
	for (const char *c = uuid; *c != '\0' && c[1] != '\0' && at > 0; c += 2) {
		if (*c == '-')
			c++;
		char pair[3] = { c[0], c[1], '\0' };
		guid[--at] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

void ipmi_machine_profile(struct ipmi_machine *machine)
{
	machine->model.manufacturer_id = machine->bmc->profile->ipmi_manufacturer_id;
	machine->model.product_id = machine->bmc->profile->ipmi_product_id;
}

void ipmi_machine_init(struct ipmi_machine *machine, struct ipmi_side *side, struct bmc *bmc, uint8_t address)
{
	*machine = (struct ipmi_machine){
		.bmc = bmc,
		.side = side,
		.model = {
			.ops = &machine_ops,
			.arg = machine,
			.address = address,
			.is_satellite = address != IPMI_BMC_ADDRESS,
			.firmware_major = 1,
			.mac = { 0x02, 0x00 },
			.suites = side->bmc->cipher_suites,
			.auth_types = side->bmc->auth_types,
			.system_name = bmc->name,
			.records = ipmi_inventory_records,
			.record_count = ipmi_inventory_record_count,
			.sel_erase_ms = 300,
			.global_enables = 0x08, /* the event log is on */
		},
	};
	ipmi_machine_profile(machine);
	set_guid(machine->model.guid, bmc->system_uuid);
}
