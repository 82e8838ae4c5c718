/* options: see options.h. Names are Ironic's where Ironic has the option. */
#include "conductor/options.h"

#include <ctype.h>
#include <stddef.h>

#include "conductor/inspection_options.h"
#include "conductor/provision_options.h"
#include "conductor/sensor_data.h"
#include "lib/config.h"

struct conductor_options conductor_options;

#define SECONDS(option, field, value, low, high, text)                                                       \
	{                                                                                                    \
		.section = "conductor", .name = (option), .type = OPTION_SECONDS,                            \
		.target = &conductor_options.field, .preset = (value), .min = (low), .max = (high),          \
		.help = (text)                                                                               \
	}

static const struct option table[] = {
	{ .section = "conductor",
	  .name = "conductor_group",
	  .type = OPTION_TEXT,
	  .target = &conductor_options.group,
	  .help = "The group of nodes that this conductor serves: those whose conductor_group says the "
		  "same." },
	SECONDS("beat", beat_s, "2", 0.1, 60, "Seconds between renewals of the lease."),
	SECONDS("hold", hold_s, "8", 0.5, 300,
		"Seconds for which a conductor trusts a renewal. Greater than 2 * beat + flight."),
	SECONDS("flight", flight_s, "3", 0.1, 60,
		"Longest life in seconds of a BMC write that is unsent or unacknowledged."),
	SECONDS("watch", watch_s, "10", 0.6, 600,
		"Seconds of silence after which others take over a conductor's work. At least 1.2 * hold."),
	{ .section = "conductor",
	  .name = "workers_pool_size",
	  .type = OPTION_INT,
	  .target = &conductor_options.workers,
	  .preset = "300",
	  .min = 3,
	  .max = 20000,
	  .help = "How many actions run at a time." },
	SECONDS("graceful_timeout", graceful_timeout_s, "60", 0, 3600,
		"Seconds that running actions get to end when the conductor is told to stop; then they are "
		"cancelled."),
	SECONDS("power_state_change_timeout", power_change_timeout_s, "60", 2, 86400,
		"Seconds for a power change, when the request names none."),
	SECONDS("soft_power_off_timeout", soft_power_off_timeout_s, "600", 1, 86400,
		"The same for soft power off and soft reboot."),
	SECONDS("sync_power_state_interval", power_sync_interval_s, "120", 0, 86400,
		"Seconds between two readings of each node's power state; 0: never."),
	{ .section = "conductor",
	  .name = "power_state_sync_max_retries",
	  .type = OPTION_INT,
	  .target = &conductor_options.power_sync_max_retries,
	  .preset = "3",
	  .min = 0,
	  .max = 1000,
	  .help = "How often in a row a node's power state may be unreadable, or resist being put back, "
		  "before the node goes to maintenance." },
	{ .section = "conductor",
	  .name = "sync_power_state_workers",
	  .type = OPTION_INT,
	  .target = &conductor_options.power_sync_workers,
	  .preset = "2000",
	  .min = 1,
	  .max = 20000,
	  .help = "How many nodes are read at a time. Those whose BMCs have failed get a quarter of it of "
		  "their own, so that they hold up nobody." },
	{ .section = "conductor",
	  .name = "force_power_state_during_sync",
	  .type = OPTION_BOOL,
	  .target = &conductor_options.power_sync_is_forced,
	  .preset = "true",
	  .help = "Whether a node found in another power state than recorded is put back; else the record "
		  "follows." },
	SECONDS("power_failure_recovery_interval", power_recovery_interval_s, "300", 0, 86400,
		"Seconds between readings of nodes in maintenance for a power failure; a readable one leaves "
		"maintenance. 0: never."),
	SECONDS("check_orphans_interval", orphan_interval_s, "60", 1, 86400,
		"Seconds between searches for nodes that a lost conductor left in the middle of something."),
	SECONDS("changes_retention", changes_kept_s, "600", 10, 604800,
		"Seconds for which changes of nodes are kept for readers of GET /v1/changes that come back."),
	SECONDS("action_retention", actions_kept_s, "86400", 1, 31536000,
		"Seconds for which the outcome of an action is kept that was answered 202 or has an "
		"Idempotency-Key (GET /v1/actions)."),
	SECONDS("sync_action_retention", sync_actions_kept_s, "600", 1, 31536000,
		"The same for those whose client was given the outcome."),
	{ .section = "conductor",
	  .name = "metrics_port",
	  .type = OPTION_INT,
	  .target = &conductor_options.metrics_port,
	  .preset = "0",
	  .min = 0,
	  .max = 65535,
	  .help = "TCP port on 127.0.0.1 that answers GET /metrics for Prometheus; 0: none." },
	{ .section = "conductor",
	  .name = "write_journal",
	  .type = OPTION_TEXT,
	  .target = &conductor_options.journal,
	  .help = "File to which each write to a BMC is appended (time, node, epoch, token, what), for fault "
		  "tests." },
	{ 0 }
};

void conductor_options_register(void)
{
	config_register(table);
	provision_options_register();
	sensor_data_options_register();
	inspection_options_register();
}

const char *conductor_group(void)
{
	return conductor_options.group ? conductor_options.group : "";
}

int conductor_options_check(struct error *err)
{
	const struct conductor_options *o = &conductor_options;

	/* Ironic's groups know no case; nodes store theirs in lower case. */
	for (char *c = o->group; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (2 * o->beat_s + o->flight_s >= o->hold_s)
		return fail(err, ERR_INVALID,
			    "[conductor] 2 * beat + flight (%g s) must be less than hold (%g s)",
			    2 * o->beat_s + o->flight_s, o->hold_s);
	if (1.2 * o->hold_s > o->watch_s)
		return fail(err, ERR_INVALID, "[conductor] watch (%g s) must be at least 1.2 * hold (%g s)",
			    o->watch_s, 1.2 * o->hold_s);
	return inspection_options_check(err);
}
