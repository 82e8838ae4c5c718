#pragma once
/* task_monitor: what a BMC has accepted and does later. Source: DSP0266 section 12.2 (tasks), DSP2046 Task.
 */
#include "drivers/redfish/client.h"

/* When the latest answer is 202 with a task or its monitor: waits for its end, as long as the BMC asks
 * between two looks, at most two minutes in all. A task that is gone has been done: BMCs purge theirs, some
 * before the first look. One that takes longer goes on by itself: the caller sees what comes of it. -ERR_BMC
 * when the task failed, with what the BMC says; what redfish_get returns. Other answers: 0. */
SUSPENDS int redfish_task_wait(struct redfish_client *client, struct error *err);

/* The two parts of it, for those who wait otherwise: the path of the task that the latest answer, a 202, has
 * started (false: none is told), and one look at it: 1 when it is over or gone, 0 while it runs. */
bool redfish_task_started(struct redfish_client *client, char *path, size_t size);
SUSPENDS int redfish_task_look(struct redfish_client *client, const char *path, struct error *err);
