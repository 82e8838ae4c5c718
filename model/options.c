#include "model/options.h"

#include <stddef.h>
#include <unistd.h>

#include "lib/config.h"
#include "model/disallowed_steps.h"

static struct common_options options;

/* clang-format off */
static const struct option table[] = {
	{ .section = "DEFAULT", .name = "host", .type = OPTION_TEXT, .target = &options.host,
	  .help = "Name of this machine, as reservations and conductors show it. Default: the host name." },
	{ .section = "DEFAULT", .name = "debug", .type = OPTION_BOOL, .target = &options.is_debug,
	  .preset = "false", .help = "Log more." },
	{ .section = "DEFAULT", .name = "log_json", .type = OPTION_BOOL, .target = &options.is_log_json,
	  .preset = "false", .help = "Log one JSON object a line." },
	{ .section = "conductor", .name = "node_locked_retry_attempts", .type = OPTION_INT,
	  .target = &options.node_locked_retry_attempts, .preset = "3", .min = 1, .max = 1000,
	  .help = "How often a request tries to take a node's lock before it answers 409." },
	{ .section = "conductor", .name = "node_locked_retry_interval", .type = OPTION_SECONDS,
	  .target = &options.node_locked_retry_interval_s, .preset = "1", .min = 0, .max = 60,
	  .help = "Seconds between those tries. A request stands in line for (attempts - 1) * interval." },
	{ 0 }
};
/* clang-format on */

/* The one file is shared: API and conductor each know their own options of these alone. `ferrule`, which
 * knows all, finds misspelt ones. */
static const char *const foreign[] = { "DEFAULT auth_strategy",
				       "DEFAULT http_basic_auth_user_file",
				       "DEFAULT enabled_*",
				       "DEFAULT default_*",
				       "api",
				       "auto_discovery",
				       "conductor",
				       "console",
				       "deploy",
				       "driver:*",
				       "expether",
				       "fake",
				       "inspection_rules",
				       "inspector",
				       "ipmi",
				       "redfish",
				       "sensor_data",
				       "valence",
				       NULL };

void common_options_register(void)
{
	config_foreign(foreign);
	config_register(table);
	disallowed_steps_register();
}

const struct common_options *common_options(void)
{
	return &options;
}

const char *common_host(void)
{
	static char machine[256];

	if (options.host && options.host[0])
		return options.host;
	if (!machine[0] && gethostname(machine, sizeof machine - 1) != 0)
		machine[0] = '?';
	return machine;
}

int64_t common_lock_wait_ms(void)
{
	return (int64_t)((double)(options.node_locked_retry_attempts - 1) *
			 options.node_locked_retry_interval_s * 1000.0);
}
