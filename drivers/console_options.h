#pragma once
/* console_options: [console] of the configuration, as read. Names are Ironic's where Ironic has the option.
 */
#include "lib/config.h"
#include "lib/error.h"

struct console_options {
	char *address;    /* socat_address; read console_address instead */
	char *port_range; /* "first:last"; NULL: none */
	char *log_dir;    /* NULL: no log files */
	long log_bytes;
};
extern struct console_options console_options;
extern const struct option console_option_table[];

/* Where consoles listen, and what their URLs say. Never NULL. */
const char *console_address(void);
/* The range as numbers. False: none is set. -ERR_INVALID in console_options_check for a bad one. */
bool console_port_range(unsigned *ret_first, unsigned *ret_last);
/* After each load of the configuration. -ERR_INVALID with the option named. */
int console_options_check(struct error *err);
