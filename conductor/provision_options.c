/* provision_options: see provision_options.h. */
#include "conductor/provision_options.h"

#include <stddef.h>

struct provision_options provision_options;

#define LIMIT(option, field, value, text)                                                                    \
	{                                                                                                    \
		.section = "conductor", .name = (option), .type = OPTION_INT,                                \
		.target = &provision_options.field, .preset = (value), .min = 0, .max = 1000000,             \
		.help = (text)                                                                               \
	}
#define SECONDS(option, field, value, text)                                                                  \
	{                                                                                                    \
		.section = "conductor", .name = (option), .type = OPTION_SECONDS,                            \
		.target = &provision_options.field, .preset = (value), .min = 0, .max = 31536000,            \
		.help = (text)                                                                               \
	}
#define SWITCH(part, option, field, text)                                                                    \
	{                                                                                                    \
		.section = (part), .name = (option), .type = OPTION_BOOL,                                    \
		.target = &provision_options.field, .preset = "true", .help = (text)                         \
	}
#define PRIORITIES(option, field, text)                                                                      \
	{                                                                                                    \
		.section = "conductor", .name = (option), .type = OPTION_LIST,                               \
		.target = &provision_options.field, .help = (text)                                           \
	}

static const struct option table[] = {
	LIMIT("max_concurrent_deploy", max_concurrent_deploy, "250",
	      "How many nodes of the whole fleet may be deploying at a time; one more is answered 503. 0: no "
	      "limit."),
	LIMIT("max_concurrent_clean", max_concurrent_clean, "50", "The same for cleaning."),
	SWITCH("conductor", "automated_clean", is_automated_clean,
	       "Whether nodes are cleaned on their way to available. A node's own automated_clean wins."),
	SWITCH("conductor", "allow_provisioning_in_maintenance", is_allowed_in_maintenance,
	       "Whether nodes in maintenance may be provided."),
	SWITCH("deploy", "power_off_after_deploy_failure", is_off_after_failure,
	       "Whether a node is powered off when deploying it has failed."),
	{ .section = "conductor",
	  .name = "poweroff_in_cleanfail",
	  .type = OPTION_BOOL,
	  .target = &provision_options.is_off_after_clean_failure,
	  .preset = "false",
	  .help = "Whether a node is powered off when cleaning it has failed. Harmful to one whose firmware "
		  "is being changed." },
	{ .section = "conductor",
	  .name = "poweroff_in_servicefail",
	  .type = OPTION_BOOL,
	  .target = &provision_options.is_off_after_service_failure,
	  .preset = "false",
	  .help = "The same for servicing." },
	{ .section = "conductor",
	  .name = "permit_child_node_step_async_result",
	  .type = OPTION_BOOL,
	  .target = &provision_options.is_child_wait_permitted,
	  .preset = "false",
	  .help = "Whether a step on a child node may end with its work going on elsewhere, which nobody "
		  "waits for; else that fails the parent." },
	SECONDS("max_conductor_wait_step_seconds", wait_step_s, "30",
		"The longest time that the step \"wait\" may take in the conductor; longer ones wait for the "
		"ramdisk."),
	SECONDS("deploy_callback_timeout", deploy_timeout_s, "1800",
		"Seconds that a node may stay in \"wait call-back\"; 0: for ever."),
	SECONDS("clean_callback_timeout", clean_timeout_s, "1800", "The same for \"clean wait\"."),
	SECONDS("service_callback_timeout", service_timeout_s, "1800", "The same for \"service wait\"."),
	SECONDS("rescue_callback_timeout", rescue_timeout_s, "1800", "The same for \"rescue wait\"."),
	SECONDS("inspect_wait_timeout", inspect_timeout_s, "1800", "The same for \"inspect wait\"."),
	SECONDS("check_provision_state_interval", check_interval_s, "60",
		"Seconds between searches for nodes that have waited too long; 0: never."),
	SWITCH("conductor", "node_history", is_history_kept,
	       "Whether failures of nodes are written to their history."),
	LIMIT("node_history_max_entries", history_max, "300",
	      "How many entries of a node's history are kept; 0: all."),
	SECONDS("node_history_cleanup_interval", history_interval_s, "86400",
		"Seconds between removals of older entries; 0: never."),
	PRIORITIES("clean_step_priority_override", clean_priorities,
		   "Priorities of steps in automated cleaning other than their own: interface.step:priority; "
		   "0 leaves a step out."),
	PRIORITIES("deploy_step_priority_override", deploy_priorities, "The same in deploying."),
	{ 0 }
};

void provision_options_register(void)
{
	config_register(table);
}
