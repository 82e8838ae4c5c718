/* bmc: the machine behind a simulated BMC, and the faults of its requests. */
#include "tools/bmcsim/bmc.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/lan15.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

const char *const bmc_boot_names[BMC_BOOT_COUNT] = {
	[BMC_BOOT_NONE] = "none",          [BMC_BOOT_PXE] = "pxe",   [BMC_BOOT_DISK] = "disk",
	[BMC_BOOT_CDROM] = "cdrom",        [BMC_BOOT_BIOS] = "bios", [BMC_BOOT_SAFE] = "safe",
	[BMC_BOOT_DIAG] = "diag",          [BMC_BOOT_USB] = "usb",   [BMC_BOOT_FLOPPY] = "floppy",
	[BMC_BOOT_UEFI_HTTP] = "uefihttp",
};

const char *const bmc_protocol_names[BMC_PROTOCOL_COUNT] = {
	[BMC_REDFISH] = "redfish",
	[BMC_IPMI] = "ipmi",
	[BMC_EEM] = "eem",
};

const char *const bmc_persistence_names[3] = {
	[BMC_BOOT_DISABLED] = "disabled",
	[BMC_BOOT_ONCE] = "once",
	[BMC_BOOT_CONTINUOUS] = "continuous",
};

static const char *const fault_names[BMC_FAULT_COUNT] = {
	[BMC_FAULT_STATUS] = "status",
	[BMC_FAULT_DROP] = "drop",
	[BMC_FAULT_LOST_REPLY] = "lost_reply",
	[BMC_FAULT_RESET] = "reset",
	[BMC_FAULT_HTML] = "html",
	[BMC_FAULT_TRUNCATE] = "truncate",
	[BMC_FAULT_DEEP] = "deep",
	[BMC_FAULT_HUGE] = "huge",
	[BMC_FAULT_REDIRECT] = "redirect",
	[BMC_FAULT_BAD_CHECKSUM] = "bad_checksum",
	[BMC_FAULT_BAD_AUTHCODE] = "bad_authcode",
};

const char *bmc_fault_name(enum bmc_fault_kind kind)
{
	return fault_names[kind];
}

void bmc_init(struct bmc *bmc, const char *name)
{
	*bmc = (struct bmc){
		.name = xstrdup(name),
		.profile = &bmc_profiles[0],
		.is_on = true,
		.boot = { .is_uefi = true },
		.booted = BMC_BOOT_DISK,
		.session_limit = 16,
		.session_idle_s = 60,
		.boot_flags_s = 60,
		.auth_types = 1U << LAN15_MD5 | 1U << LAN15_PASSWORD,
		.cipher_suites = 1U << 3 | 1U << 17,
	};
}

static void fault_free(struct bmc_fault *fault)
{
	xfree(fault->match);
	xfree(fault->text);
	xfree(fault);
}

void bmc_faults_clear(struct bmc *bmc)
{
	while (bmc->faults) {
		struct bmc_fault *next = bmc->faults->next;
		fault_free(bmc->faults);
		bmc->faults = next;
	}
}

void bmc_fault_add(struct bmc *bmc, const struct bmc_fault *fault)
{
	struct bmc_fault *added = xmalloc(sizeof(*added));

	*added = *fault;
	added->match = xstrdup_or_null(fault->match);
	added->text = xstrdup_or_null(fault->text);
	added->next = bmc->faults;
	bmc->faults = added;
}

void bmc_release(struct bmc *bmc)
{
	bmc_faults_clear(bmc);
	xfree(bmc->name);
	xfree(bmc->address);
	xfree(bmc->user);
	xfree_secret(bmc->password);
	xfree(bmc->system_uuid);
	xfree(bmc->tls_cert);
	xfree(bmc->tls_key);
	xfree_secret(bmc->kg_key);
	xfree_secret(bmc->users);
	xfree(bmc->targets);
	*bmc = (struct bmc){ 0 };
}

void bmc_copy(struct bmc *bmc, const struct bmc *other)
{
	char *name = bmc->name;

	*bmc = *other;
	bmc->name = name;
	bmc->address = NULL;
	bmc->system_uuid = NULL;
	bmc->user = xstrdup_or_null(other->user);
	bmc->password = xstrdup_or_null(other->password);
	bmc->tls_cert = xstrdup_or_null(other->tls_cert);
	bmc->tls_key = xstrdup_or_null(other->tls_key);
	bmc->kg_key = xstrdup_or_null(other->kg_key);
	bmc->users = xstrdup_or_null(other->users);
	bmc->targets = xstrdup_or_null(other->targets);
	bmc->faults = NULL;
	for (const struct bmc_fault *fault = other->faults; fault; fault = fault->next)
		bmc_fault_add(bmc, fault); /* in reverse: a rack file gives one at most */
}

/* ---- power ---- */

/* The firmware runs: a one-time boot device is used up. */
static void machine_boot(struct bmc *bmc)
{
	bmc->boots++;
	bmc->booted = bmc->boot.device != BMC_BOOT_NONE && bmc->boot.persistence != BMC_BOOT_DISABLED
			      ? bmc->boot.device
			      : BMC_BOOT_DISK;
	if (bmc->boot.persistence == BMC_BOOT_ONCE) {
		bmc->boot.device = BMC_BOOT_NONE;
		bmc->boot.persistence = BMC_BOOT_DISABLED;
	}
}

/* The change that was due at done_ms has taken place; a cycle goes on from off. */
static void machine_arrive(struct bmc *bmc, int64_t done_ms)
{
	bmc->is_on = bmc->will_be_on;
	bmc->settle_ms = 0;
	if (bmc->is_on) {
		machine_boot(bmc);
		return;
	}
	bmc->last_off_ms = done_ms;
	if (bmc->is_cycling) {
		bmc->is_cycling = false;
		bmc->will_be_on = true;
		bmc->settle_ms = done_ms + bmc->on_delay_ms;
	}
}

static void machine_settle(struct bmc *bmc)
{
	while (bmc->settle_ms && clock_ms() >= bmc->settle_ms)
		machine_arrive(bmc, bmc->settle_ms);
}

static void machine_change(struct bmc *bmc, bool will_be_on, int delay_ms)
{
	bmc->will_be_on = will_be_on;
	bmc->settle_ms = clock_ms() + delay_ms;
	machine_settle(bmc);
}

enum bmc_power bmc_power(struct bmc *bmc)
{
	machine_settle(bmc);
	if (!bmc->settle_ms)
		return bmc->is_on ? BMC_POWER_ON : BMC_POWER_OFF;
	if (bmc->will_be_on == bmc->is_on)
		return bmc->is_on ? BMC_POWER_ON : BMC_POWER_OFF;
	return bmc->will_be_on ? BMC_POWERING_ON : BMC_POWERING_OFF;
}

bool bmc_is_on(struct bmc *bmc)
{
	machine_settle(bmc);
	return bmc->is_on;
}

void bmc_power_force(struct bmc *bmc, bool is_on)
{
	bmc->is_cycling = false;
	bmc->will_be_on = is_on;
	if (bmc->is_on == is_on) {
		bmc->settle_ms = 0;
		return;
	}
	bmc->settle_ms = 1;
	machine_settle(bmc);
}

static int soft_off(struct bmc *bmc, bool is_cycling, struct error *err)
{
	if (!bmc->is_on)
		return fail(err, ERR_CONFLICT, "The system is off");
	if (bmc->soft_off_delay_ms < 0)
		return 0; /* the operating system ignores the button */
	bmc->is_cycling = is_cycling;
	machine_change(bmc, false, bmc->soft_off_delay_ms);
	return 0;
}

int bmc_reset(struct bmc *bmc, enum bmc_reset reset, struct error *err)
{
	machine_settle(bmc);
	switch (reset) {
	case BMC_RESET_ON:
		if (!bmc->is_on || (bmc->settle_ms && !bmc->will_be_on)) {
			bmc->is_cycling = false;
			machine_change(bmc, true, bmc->on_delay_ms);
		}
		return 0;
	case BMC_RESET_FORCE_OFF:
		bmc->is_cycling = false;
		if (bmc->is_on || bmc->settle_ms)
			machine_change(bmc, false, bmc->off_delay_ms);
		return 0;
	case BMC_RESET_SOFT_OFF:
		return soft_off(bmc, false, err);
	case BMC_RESET_SOFT_REBOOT:
		return soft_off(bmc, true, err);
	case BMC_RESET_CYCLE:
		if (!bmc->is_on)
			return fail(err, ERR_CONFLICT, "The system is off");
		bmc->is_cycling = true;
		machine_change(bmc, false, bmc->off_delay_ms);
		return 0;
	case BMC_RESET_FORCE:
		if (!bmc->is_on)
			return fail(err, ERR_CONFLICT, "The system is off");
		machine_boot(bmc);
		return 0;
	case BMC_RESET_NMI:
		if (!bmc->is_on)
			return fail(err, ERR_CONFLICT, "The system is off");
		bmc->nmis++;
		return 0;
	}
	return fail(err, ERR_INVALID, "Unknown reset");
}

/* ---- faults ---- */

bool bmc_is_lost(struct bmc *bmc)
{
	bmc->requests++;
	return bmc_is_frozen(bmc) || (bmc->loss_percent > 0 && random() % 100 < bmc->loss_percent);
}

bool bmc_fault_take(struct bmc *bmc, const char *what, struct bmc_fault *ret)
{
	for (struct bmc_fault *fault = bmc->faults; fault; fault = fault->next) {
		if (!fault->times || (fault->match && !strstr(what, fault->match)))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		if (fault->times > 0)
			fault->times--;
		bmc->faults_shown++;
		*ret = *fault;
		return true;
	}
	return false;
}
