/* options: see options.h. */
#include "drivers/redfish/options.h"

struct redfish_options redfish_options = {
	/* what holds in tools that load no configuration */
	.connection_attempts = 5,
	.connection_retry_interval_s = 4,
	.connect_timeout_s = 30,
	.read_timeout_s = 60,
	.connection_cache_size = 10000,
	.power_on_conflict_attempts = 6,
	.power_on_conflict_interval_s = 10,
};

const struct option redfish_option_table[] = {
	{ .section = "redfish", .name = "connection_attempts",
	  .type = OPTION_INT, .preset = "5", .min = 1, .max = 100,
	  .target = &redfish_options.connection_attempts,
	  .help = "How often a connection to a BMC is tried before a request fails." },
	{ .section = "redfish", .name = "connection_retry_interval",
	  .type = OPTION_SECONDS, .preset = "4", .min = 0, .max = 60,
	  .target = &redfish_options.connection_retry_interval_s,
	  .help = "Seconds between two tries to connect to a BMC." },
	{ .section = "redfish", .name = "connect_timeout",
	  .type = OPTION_SECONDS, .preset = "30", .min = 0.1, .max = 600,
	  .target = &redfish_options.connect_timeout_s,
	  .help = "Seconds within which a connection to a BMC, TLS included, must stand." },
	{ .section = "redfish", .name = "read_timeout",
	  .type = OPTION_SECONDS, .preset = "60", .min = 0.1, .max = 3600,
	  .target = &redfish_options.read_timeout_s,
	  .help = "Seconds within which a BMC must have answered a request." },
	{ .section = "redfish", .name = "connection_cache_size",
	  .type = OPTION_INT, .preset = "10000", .min = 0, .max = 1000000,
	  .target = &redfish_options.connection_cache_size,
	  .help = "For how many BMCs sessions and what was learned are kept; 0: for none." },
	{ .section = "redfish", .name = "auth_type",
	  .type = OPTION_TEXT, .preset = "auto",
	  .target = &redfish_options.auth_type,
	  .help = "How to log in to BMCs whose nodes set no redfish_auth_type: basic, session or auto (a "
		  "session, and Basic where the BMC refuses sessions)." },
	{ .section = "redfish", .name = "verify_ca",
	  .type = OPTION_TEXT, .preset = "True",
	  .target = &redfish_options.verify_ca,
	  .help = "What redfish_verify_ca = True means: True (the system's certificates), False, or the path "
		  "of a file or folder of certificates." },
	{ .section = "redfish", .name = "tls_minimum_version",
	  .type = OPTION_TEXT,
	  .target = &redfish_options.tls_minimum_version,
	  .help = "Lowest TLS version (1.1, 1.2, 1.3) for nodes without redfish_tls_minimum_version." },
	{ .section = "redfish", .name = "tls_ciphers",
	  .type = OPTION_TEXT, .target = &redfish_options.tls_ciphers,
	  .help = "Cipher list of OpenSSL for nodes without redfish_tls_ciphers." },
	{ .section = "redfish", .name = "power_on_conflict_retry_attempts",
	  .type = OPTION_INT, .preset = "6", .min = 1, .max = 100,
	  .target = &redfish_options.power_on_conflict_attempts,
	  .help = "How often power on is tried while the BMC says that the power-off is not complete." },
	{ .section = "redfish", .name = "power_on_conflict_retry_interval",
	  .type = OPTION_SECONDS, .preset = "10",
	  .min = 0, .max = 600, .target = &redfish_options.power_on_conflict_interval_s,
	  .help = "Seconds between these tries." },
	{ 0 }
};
