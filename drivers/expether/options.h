#pragma once
/* options: what [expether] says. */
#include "lib/config.h"

struct expether_options {
	bool is_sync_enabled; /* enable_periodic_sync */
	double sync_interval_s;
	double connect_timeout_s, read_timeout_s;
	long attempts; /* of reading */
	char *pci_ids; /* path */
};
extern struct expether_options expether_options;
extern const struct option expether_option_table[];
