#pragma once
/* inspection_options: what [inspector] and [inspection_rules] say. Names as in Ironic. */
#include <stdbool.h>

#include "lib/config.h"
#include "lib/error.h"

struct inspection_options {
	struct option_list hooks; /* read inspection_hooks_run's list instead */
	char *add_ports, *keep_ports;
	bool is_pxe_enabled_updated;         /* update_pxe_enabled */
	struct option_list cpu_capabilities; /* "flag:capability" */
	bool is_extra_hardware_strict;       /* extra_hardware_strict */
	struct option_list network_map;      /* physical_network_cidr_map: "net:physical network" */
	char *mask_secrets;
};
extern struct inspection_options inspection_options;

void inspection_options_register(void);
/* After each load of the configuration. -ERR_INVALID with the option named. */
int inspection_options_check(struct error *err);
