#pragma once
/*
 * inspection: what becomes of what an inspection found. Hooks (for what a ramdisk reports) and the inspection
 * rules change the node in memory; then everything is written in one statement: fields, ports, traits and the
 * documents behind GET inventory. The operation "continue_inspection" is the ramdisk's call.
 * Source: Ironic's continue_inspection (ironic-contract, section 2.8); docs/inspection.rst.
 */
#include "conductor/task.h"
#include "drivers/driver.h"

/* Applies the rules to what an inspect interface found by itself, writes it, and reads facts and firmware.
 * -ERR_INVALID, -ERR_FENCED, -ERR_DATABASE. */
SUSPENDS int inspection_record(struct job *job, const struct inspection *found, struct error *err);
