#pragma once
/* inventory: the machine as GET inventory shows it. Shape as inspect_hardware of
 * ironic/drivers/modules/redfish/inspect.py. Source: DSP2046 Processor, MemorySummary, Drive, Volume,
 * PCIeFunction. */
#include "drivers/redfish/reader.h"

/* What properties are made of; 0 and NULL: not told. */
struct redfish_sizes {
	int64_t memory_mb;
	int64_t threads;      /* of all CPUs */
	const char *cpu_arch; /* "x86_64" */
	int64_t local_gb;     /* of the smallest disk that holds a system, less one */
};

/* A new reference. *ret_sizes is filled. */
SUSPENDS json_t *redfish_inventory_read(struct redfish_reader *reader, const json_t *system,
					struct redfish_sizes *ret_sizes);
