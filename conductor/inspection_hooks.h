#pragma once
/*
 * inspection_hooks: what is made of a ramdisk's inventory: a pipeline of named functions over a node in
 * memory. They suspend nowhere and write nothing. Inventories come from anybody: whatever has a wrong type is
 * skipped or refused with a sentence.
 * Source: Ironic's inspection hooks.
 */
#include "lib/config.h"
#include "model/inspected.h"

#define INSPECTION_DEFAULT_HOOKS "ramdisk-error,validate-interfaces,ports,architecture"

/* [inspector] hooks: -ERR_INVALID for an unknown one, or one before another that it needs. */
int inspection_hooks_check(const struct option_list *list, struct error *err);
/* Runs those of the configuration. -ERR_INVALID. */
int inspection_hooks_run(struct inspected *inspected, struct error *err);

typedef int hook_fn(struct inspected *inspected, struct error *err);
/* inspection_ports.c */
int hook_validate_interfaces(struct inspected *inspected, struct error *err);
int hook_ports(struct inspected *inspected, struct error *err);
int hook_physical_network(struct inspected *inspected, struct error *err);
/* inspection_lldp.c */
int hook_local_link_connection(struct inspected *inspected, struct error *err);
/* "Inventory for node ... is invalid: ...". */
int inspection_invalid(const struct inspected *inspected, const char *reason, struct error *err);
