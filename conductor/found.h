#pragma once
/*
 * found: what drivers find out about a node, written down: facts into its columns, firmware and BIOS
 * settings into their tables (inspections: conductor/inspection.h). Rows are written by the holder of the
 * lock alone: each statement names the token.
 */
#include "conductor/task.h"
#include "drivers/driver.h"

/* Boot mode, secure boot, health and vendor, as far as the management interface tells them. What cannot be
 * read stays as it is and is logged: the work that goes before has been done. */
SUSPENDS void found_facts(struct task *task);
/* What interfaces of the type tell of the node: firmware's versions, BIOS settings; of others nothing. What
 * cannot be read or stored stays as it is and is logged, and its code returned. Of a job alone. */
SUSPENDS int found_refresh(struct task *task, enum interface_type type);
/* All of it: facts, BIOS settings and versions, until the BMC cannot be reached. */
SUSPENDS void found_update(struct task *task);
