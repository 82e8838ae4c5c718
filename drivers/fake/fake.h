#pragma once
/*
 * fake: hardware that exists in the conductor's memory alone, for trying things out and for tests. Each
 * interface does what real ones do, after [fake] <interface>_delay seconds, and remembers it. Power state is
 * remembered by the node itself, so that it outlives the conductor.
 *
 * Failures on order: driver_info fake_fail (one node) and [fake] fail (all) are comma-separated words, an
 * interface ("power") or one operation of it ("power.set"). docs/drivers.rst lists them.
 */
#include "drivers/driver.h"

extern const struct hardware_type fake_hardware;

extern const struct power_interface fake_power;
extern const struct management_interface fake_management;
extern const struct console_interface fake_console;
extern const struct inspect_interface fake_inspect;
extern const struct deploy_interface fake_deploy;
extern const struct rescue_interface fake_rescue;
extern const struct bios_interface fake_bios;
extern const struct plain_interface fake_boot, fake_raid, fake_storage;
extern const struct firmware_interface fake_firmware;

extern const struct option fake_options[];
extern const struct driver_property fake_properties[];

/* Waits the delay of the interface, then fails if the operation ("power.set") is told to: -ERR_BMC. Also
 * called for interfaces whose work is done elsewhere (passthru, workflows). -ERR_TIMEOUT at the task's
 * deadline. */
SUSPENDS int fake_work(struct task *task, enum interface_type type, const char *operation, struct error *err);
/* The same without the delay. */
int fake_check(struct task *task, const char *operation, struct error *err);

/* What a node's hardware remembers beyond its power state. Borrowed; at most FAKE_NODES_MAX nodes are
 * remembered, then all are forgotten. */
#define FAKE_NODES_MAX 65536
struct fake_state {
	bool boot_device_is_persistent;
	unsigned led; /* index into the states of led@system */
};
struct fake_state *fake_state(const struct task *task);
void fake_forget(void); /* frees all; for leak checkers */
