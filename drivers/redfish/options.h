#pragma once
/* options: [redfish] of the configuration, as read. Names and defaults are Ironic's. */
#include "lib/config.h"

struct redfish_options {
	long connection_attempts;
	double connection_retry_interval_s;
	double connect_timeout_s;
	double read_timeout_s;
	long connection_cache_size;
	long connections_kept;
	char *auth_type;
	char *verify_ca;
	char *tls_minimum_version;   /* NULL: 1.2 */
	char *tls_ciphers;           /* NULL: OpenSSL's */
	long power_on_conflict_attempts;
	double power_on_conflict_interval_s;
	double boot_mode_config_timeout_s;
	double boot_mode_config_interval_s;
	double firmware_update_overall_timeout_s;
	double firmware_update_status_interval_s;
	double firmware_update_version_timeout_s;
};
extern struct redfish_options redfish_options;
extern const struct option redfish_option_table[];
