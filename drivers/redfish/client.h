#pragma once
/*
 * client: requests to the BMC of a task's node. A client is opened for one operation, holds the latest
 * answer, and is closed at its end. Writes (everything but GET) leave through the task's gate only.
 *
 * Repeated by class: connections that fail ([redfish] connection_attempts), 5xx on GET, answers by which
 * iDRAC and iLO say "not now", a token that has expired (once), If-Match conditions that fail (PATCH). A POST
 * that may have left and got no answer is never repeated: -ERR_UNKNOWN_OUTCOME.
 */
#include "drivers/redfish/bmc.h"
#include "drivers/task.h"

struct redfish_client {
	struct task *task;           /* borrowed */
	struct redfish_info info;    /* in the task's arena */
	struct redfish_bmc *bmc;     /* in use */
	struct http_fetch fetch;     /* latest exchange; owns the answer */
	int status;                  /* of the latest answer; 0: none came */
	char etag[256];              /* of the latest answer; "" when none */
	char etag_path[REDFISH_PATH_MAX]; /* what it belongs to */
	bool may_have_left;          /* the latest write may have reached the BMC */
	unsigned patience;           /* GETs that are answered by 5xx are sent so often; 0: as always */
};

/* Parses the node's driver_info. No request yet. -ERR_MISSING, -ERR_INVALID. */
int redfish_open(struct redfish_client *client, struct task *task, struct error *err);
/* For a service that is no node's; info's texts must live as long as the task. */
void redfish_open_info(struct redfish_client *client, struct task *task, const struct redfish_info *info);
void redfish_close(struct redfish_client *client);

/* Send and wait for an answer of 2xx, which stays in the client until the next request. What a write has only
 * set going (202) is waited for, too (task_monitor.h), but for what redfish_start and redfish_stage send:
 * their callers look for the outcome themselves. path: from the authority on, or a link as the BMC gave it.
 * body: borrowed; NULL: none. Errors: -ERR_BMC_UNREACHABLE, -ERR_BMC_AUTH, -ERR_BMC (client->status tells
 * which refusal), -ERR_TOO_LARGE, -ERR_CANCELLED, -ERR_FENCED, -ERR_UNKNOWN_OUTCOME (a write that may have
 * been carried out). */
SUSPENDS int redfish_get(struct redfish_client *client, const char *path, struct error *err);
SUSPENDS int redfish_post(struct redfish_client *client, const char *path, const json_t *body,
			  struct error *err);
SUSPENDS int redfish_start(struct redfish_client *client, const char *path, const json_t *body,
			   struct error *err);
SUSPENDS int redfish_patch(struct redfish_client *client, const char *path, const json_t *body,
			   struct error *err);
SUSPENDS int redfish_stage(struct redfish_client *client, const char *path, const json_t *body,
			   struct error *err); /* PATCH */
SUSPENDS int redfish_delete(struct redfish_client *client, const char *path, struct error *err);

/* The latest answer's body as a JSON object (new reference). -ERR_BMC when it is none. */
int redfish_object(struct redfish_client *client, json_t **ret, struct error *err);
/* Text at a path of member names of the latest answer, without parsing the rest; false: absent, no text, or
 * does not fit. */
bool redfish_scan_text(const struct redfish_client *client, const char *const *path, char *text, size_t size);
/* Whether the word occurs in the latest answer's body: for message ids of refusals. */
bool redfish_answer_has(const struct redfish_client *client, const char *word);
/* Waits before another try; -ERR_TIMEOUT when the task's deadline comes first. */
SUSPENDS int redfish_pause(struct redfish_client *client, int64_t ms);
const char *redfish_node_uuid(const struct redfish_client *client);
