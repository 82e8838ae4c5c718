#pragma once
/*
 * found: what drivers find out about a node, written down: facts into its columns, firmware, inventory and
 * ports into their tables. Rows are written by the holder of the lock alone: each statement names the token.
 */
#include "conductor/task.h"
#include "drivers/driver.h"

/* Boot mode, secure boot, health and vendor, as far as the management interface tells them. What cannot be
 * read stays as it is and is logged: the work that goes before has been done. */
SUSPENDS void found_facts(struct task *task);
/* The versions that the firmware interface reads. What cannot be read or stored stays as it is and is
 * logged. */
SUSPENDS void found_firmware(struct job *job);
/* Stores an inspection, and reads facts and firmware. -ERR_FENCED, -ERR_DATABASE. */
SUSPENDS int found_inspection(struct job *job, const struct inspection *inspection, struct error *err);
