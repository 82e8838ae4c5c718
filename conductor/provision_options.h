#pragma once
/* provision_options: what [conductor] and [deploy] say of workflows. Names as in Ironic. */
#include <stdbool.h>

#include "lib/config.h"

struct provision_options {
	long max_concurrent_deploy, max_concurrent_clean; /* 0: no limit */
	bool is_automated_clean;                          /* automated_clean; a node's own wins */
	bool is_allowed_in_maintenance;                   /* allow_provisioning_in_maintenance */
	bool is_off_after_failure;                        /* power_off_after_deploy_failure */
	bool is_off_after_clean_failure;                  /* poweroff_in_cleanfail */
	bool is_off_after_service_failure;                /* poweroff_in_servicefail */
	bool is_child_wait_permitted;                     /* permit_child_node_step_async_result */
	double wait_step_s;                               /* max_conductor_wait_step_seconds */
	/* *_callback_timeout, inspect_wait_timeout; 0: none */
	double deploy_timeout_s, clean_timeout_s, service_timeout_s, rescue_timeout_s, inspect_timeout_s;
	double check_interval_s;                          /* check_provision_state_interval; 0: off */
	bool is_history_kept;                             /* node_history */
	long history_max;                                 /* node_history_max_entries; 0: no limit */
	double history_interval_s;                        /* node_history_cleanup_interval; 0: off */
	/* *_step_priority_override: "raid.delete_configuration:20" */
	struct option_list clean_priorities, deploy_priorities;
};
extern struct provision_options provision_options;

void provision_options_register(void);
