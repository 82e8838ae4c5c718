#pragma once
/* interface: the kinds of interface that a hardware type is composed of, in alphabetical order. */
struct error;

/* ---- ferrule/driver.h: from here ---- */
enum interface_type {
	INTERFACE_BIOS, INTERFACE_BOOT, INTERFACE_CONSOLE, INTERFACE_DEPLOY, INTERFACE_FIRMWARE,
	INTERFACE_INSPECT, INTERFACE_MANAGEMENT, INTERFACE_NETWORK, INTERFACE_POWER, INTERFACE_RAID,
	INTERFACE_RESCUE, INTERFACE_STORAGE, INTERFACE_VENDOR, INTERFACE_COUNT
};
/* ---- ferrule/driver.h: to here ---- */

struct interface_type_info {
	const char *name; /* "power" */
	int since;        /* microversion of nodes' `<name>_interface` and of the driver's fields */
};

/* The row of a type. Source: Ironic REST history (1.20, 1.31, 1.33, 1.38, 1.40, 1.86). */
const struct interface_type_info *interface_type_info(enum interface_type type);
/* INTERFACE_COUNT when the name is none. */
enum interface_type interface_type_find(const char *name);

/* -ERR_UNSUPPORTED, "Driver ipmi does not support raid (disabled or not implemented)." */
int interface_unsupported(const char *driver, const char *what, struct error *err);
