/* task_monitor: see task_monitor.h. */
#include "drivers/redfish/task_monitor.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/redfish/problem.h"
#include "lib/clock.h"

#define WAIT_MS     (INT64_C(120) * 1000)
#define PAUSE_S     1
#define PAUSE_S_MAX 30

bool redfish_task_started(struct redfish_client *client, char *path, size_t size)
{
	static const char *const id[] = { "@odata.id", NULL };
	char link[REDFISH_PATH_MAX];

	if (client->status != 202)
		return false;
	if (!http_fetch_header(&client->fetch, "Location", link, sizeof(link)) &&
	    !redfish_scan_text(client, id, link, sizeof(link)))
		return false;
	return link[0] && redfish_path_of_link(client->bmc, link, path, size, NULL) == 0;
}

static int64_t pause_ms(const struct redfish_client *client)
{
	char text[16];
	long seconds = PAUSE_S;

	if (http_fetch_header(&client->fetch, "Retry-After", text, sizeof(text)))
		seconds = strtol(text, NULL, 10);
	if (seconds < PAUSE_S)
		seconds = PAUSE_S;
	return 1000 * (seconds < PAUSE_S_MAX ? seconds : PAUSE_S_MAX);
}

enum task_end { TASK_RUNS, TASK_DONE, TASK_FAILED };

/* A monitor says it by its status; a task, and some monitors, by TaskState. */
static enum task_end end_of(const struct redfish_client *client, char *state, size_t size)
{
	static const char *const state_path[] = { "TaskState", NULL };
	static const char *const status_path[] = { "TaskStatus", NULL };
	static const char *const failed[] = { "Exception", "Killed", "Cancelled", "Cancelling" };
	char status[32] = "";

	if (!redfish_scan_text(client, state_path, state, size))
		return client->status == 202 ? TASK_RUNS : TASK_DONE;
	for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
		if (!strcmp(failed[i], state))
			return TASK_FAILED;
	if (strcmp(state, "Completed") != 0)
		return TASK_RUNS;
	redfish_scan_text(client, status_path, status, sizeof(status));
	return strcmp(status, "Critical") != 0 ? TASK_DONE : TASK_FAILED;
}

static int fail_task(struct redfish_client *client, const char *state, struct error *err)
{
	struct redfish_problem problem;

	redfish_problem_read(client->fetch.answer.data, client->fetch.answer.len, &problem);
	redfish_problem_mask(&problem, client->info.password);
	return fail(err, ERR_BMC, "The BMC's task for node %s ended as %s%s%s%s%s", redfish_node_uuid(client),
		    state, *problem.code ? ". " : "", problem.code, *problem.text ? ": " : "", problem.text);
}

int redfish_task_look(struct redfish_client *client, const char *path, struct error *err)
{
	char state[32];
	int rc = redfish_get(client, path, err);

	if (rc < 0)
		return rc == -ERR_BMC && (client->status == 404 || client->status == 410) ? 1 : rc;
	switch (end_of(client, state, sizeof(state))) {
	case TASK_DONE:
		return 1;
	case TASK_FAILED:
		return fail_task(client, state, err);
	case TASK_RUNS:
		break;
	}
	return 0;
}

int redfish_task_wait(struct redfish_client *client, struct error *err)
{
	int64_t end_ms = clock_ms() + WAIT_MS;
	char path[REDFISH_PATH_MAX];
	int rc;

	if (!redfish_task_started(client, path, sizeof(path)))
		return 0;
	for (;;) {
		rc = redfish_task_look(client, path, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		if (clock_ms() + pause_ms(client) > end_ms)
			return 0;
		rc = redfish_pause(client, pause_ms(client));
		if (rc < 0)
			return rc == -ERR_CANCELLED
				       ? fail(err, ERR_CANCELLED, "Waiting for a task was cancelled")
				       : 0;
	}
}
