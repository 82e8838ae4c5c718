#pragma once
/* options: [ipmi] of the configuration, as read. Names are Ironic's where Ironic has the option. */
#include <stdbool.h>

#include "lib/config.h"

struct ipmi_options {
	double command_retry_timeout_s;
	double min_command_interval_s;
	double session_idle_timeout_s;
	bool disable_boot_timeout;
	bool allow_send_raw;
	struct option_list send_raw_allowed;
	struct option_list cipher_suite_versions;
	struct option_list additional_retryable;
	bool ignored; /* what Ironic needs for its child processes */
	long receive_buffer_bytes;
	char *session_ledger; /* NULL: in $STATE_DIRECTORY, if that is set; "": none */
};
extern struct ipmi_options ipmi_options;
extern const struct option ipmi_option_table[];
