#pragma once
/*
 * bmc: operations on BMCs for drivers. A BMC is known by address and port, whatever nodes name it; it has at
 * most one session and one request in flight, and fibers take turns. An operation is one turn: some requests
 * that belong together, in the session that is there or a new one. Sessions are kept a while for the next
 * operation ([ipmi] session_idle_timeout), then closed.
 *
 *	struct ipmi_operation operation;
 *	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
 *	if (rc < 0)
 *		return rc;
 *	rc = ipmi_command(&operation, &request, &reply, err);
 *	ipmi_operation_end(&operation);
 *
 * Writes (what the command table does not call a read) pass the task's gate before each datagram. A write of
 *a task that is not repeatable is sent again only with the same sequence number and within 4 seconds, and
 * without an answer ends as -ERR_UNKNOWN_OUTCOME. Source: docs/locks.rst, section 4.
 */
#include <stdbool.h>
#include <stdint.h>

#include "drivers/ipmi/driver_info.h"
#include "drivers/ipmi/session.h"
#include "drivers/task.h"

struct ipmi_bmc;
struct ipmi_target;

struct ipmi_operation {
	struct task *task;
	struct ipmi_info info;
	struct ipmi_bmc *bmc;
	struct ipmi_target *target; /* what is known of the node's controller: target.h */
	struct ipmi_route route;    /* of the next request: at first the node's; a sensor may be elsewhere */
	uint8_t lun;                /* of the next request */
	int64_t deadline_ms;        /* clock_ms() after which every wait ends */
	bool is_session_over;       /* the BMC has forgotten the session (it was reset): do not say goodbye */
};

/* Reads the node's driver_info, resolves the address, waits for the turn and for min_command_interval. All of
 * the operation ends at deadline_ms or after [ipmi] command_retry_timeout, or at the task's deadline.
 * -ERR_MISSING, -ERR_INVALID, -ERR_BMC_UNREACHABLE, -ERR_CANCELLED; then there is nothing to end. */
SUSPENDS int ipmi_operation_begin(struct ipmi_operation *operation, struct task *task, int64_t deadline_ms,
				  struct error *err);
SUSPENDS void ipmi_operation_end(struct ipmi_operation *operation);

/* Logs in now, if there is no session: for an operation that is to treat its request's silence in a special
 * way. */
SUSPENDS int ipmi_login_first(struct ipmi_operation *operation, struct error *err);

/* Sends one request and gives the reply, whatever its completion code (busy ones were repeated as long as
 * there was time). Logs in first when there is no session, and once more when a session turns out to be dead.
 * -ERR_BMC_AUTH, -ERR_BMC_UNREACHABLE, -ERR_BMC, -ERR_UNKNOWN_OUTCOME, -ERR_CANCELLED, the gate's codes. */
SUSPENDS int ipmi_request(struct ipmi_operation *operation, const struct ipmi_request *request,
			  struct ipmi_reply *reply, struct error *err);
/* The same, and any completion code but 0 is -ERR_BMC with the code and its meaning. */
SUSPENDS int ipmi_command(struct ipmi_operation *operation, const struct ipmi_request *request,
			  struct ipmi_reply *reply, struct error *err);
/* -ERR_BMC: "IPMI BMC 10.0.0.1 refused Chassis Control: command not supported in present state (D5h)". */
int ipmi_refusal(const struct ipmi_operation *operation, const struct ipmi_request *request,
		 const struct ipmi_reply *reply, struct error *err);

/* Closes all sessions and forgets all BMCs; for the end of the program. No operation may be under way. */
SUSPENDS void ipmi_client_release(void);
/* Open sessions; known BMCs. */
unsigned ipmi_session_count(void);
unsigned ipmi_bmc_count(void);
