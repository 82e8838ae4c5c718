#pragma once
/* options: what both programs read from the one configuration file. */
#include <stdbool.h>
#include <stdint.h>

struct common_options {
	char *host;                          /* [DEFAULT] host: this machine's name; never NULL after load */
	bool is_debug;                       /* [DEFAULT] debug */
	bool is_log_json;                    /* [DEFAULT] log_json */
	long node_locked_retry_attempts;     /* [conductor] */
	double node_locked_retry_interval_s; /* [conductor] */
};

/* Registers the table; before config_load. */
void common_options_register(void);
/* The values after config_load. */
const struct common_options *common_options(void);
/* The host name: [DEFAULT] host, else the machine's. Borrowed, never NULL. */
const char *common_host(void);
/* How long a request stands in line for a held lock: (attempts - 1) * interval. */
int64_t common_lock_wait_ms(void);
