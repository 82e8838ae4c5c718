/* request: one request of an operation: login, privilege, gate, repetition, busy BMCs. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/bmc_private.h"
#include "drivers/ipmi/options.h"
#include "drivers/trip.h"
#include "lib/clock.h"

enum { RESEND_ONCE_MS = 4000, SILENCE_ONCE_MS = 20000, TRIES_NEW = 4, TRIES_REUSED = 2 };
enum { BUSY_PAUSE_MIN_MS = 200, BUSY_PAUSE_MAX_MS = 5000, UNSPECIFIED_TRIES = 3 };

/* One request under way. */
struct attempt {
	struct ipmi_operation *operation;
	const struct ipmi_request *request;
	const struct ipmi_command *command; /* its row; NULL: unknown */
	bool is_write;
	bool is_once;     /* a write that must not be done twice */
	bool needs_limit; /* the BMC wants more privilege than the table says */
	bool is_sent;
	bool is_silent;       /* the last exchange had no answer */
	unsigned unspecified; /* FFh answers */
	int64_t busy_pause_ms;
};

static const char *request_name(const struct attempt *attempt, char *text, size_t size)
{
	if (attempt->command != NULL)
		return attempt->command->name;
	snprintf(text, size, "command 0x%02x 0x%02x", attempt->request->netfn, attempt->request->command);
	return text;
}

static int may_send(void *arg, struct error *err)
{
	const struct attempt *attempt = arg;
	char name[64], what[160];

	snprintf(what, sizeof(what), "IPMI %s", request_name(attempt, name, sizeof(name)));
	return task_gate_check(attempt->operation->task, what, err);
}

/* Asks for a level. 0 with the BMC's completion code in reply. */
SUSPENDS static int set_privilege(struct attempt *attempt, enum ipmi_privilege wanted,
				  struct ipmi_reply *reply, struct error *err)
{
	struct ipmi_bmc *bmc = attempt->operation->bmc;
	const uint8_t level = (uint8_t)wanted;
	struct ipmi_request request = { NETFN_APP, APP_SET_PRIVILEGE, &level, 1 };
	struct ipmi_exchange exchange = { .request = &request,
					  .tries = TRIES_NEW,
					  .resend_until_ms = DEADLINE_NEVER,
					  .deadline_ms = attempt->operation->deadline_ms };
	int rc = ipmi_session_exchange(bmc->session, &bmc->learnt, &exchange, reply, err);

	attempt->is_silent = rc == -ERR_TIMEOUT;
	if (rc == 0 && reply->completion == COMPLETION_OK)
		bmc->session->privilege = wanted;
	return rc;
}

/* Sessions begin as a user's; more is asked for only when a command needs it. */
SUSPENDS static int raise_privilege(struct attempt *attempt, struct ipmi_reply *reply, struct error *err)
{
	struct ipmi_session *session = attempt->operation->bmc->session;
	enum ipmi_privilege needed = attempt->command != NULL && !attempt->needs_limit
					     ? attempt->command->privilege
					     : session->limit;

	if (needed > session->limit)
		needed = session->limit;
	if (session->privilege >= needed)
		return 0;

	int rc = set_privilege(attempt, session->limit, reply, err);
	if (rc == 0 && session->privilege < needed && needed < session->limit)
		rc = set_privilege(attempt, needed, reply, err);
	/* what was refused now is refused later; the BMC says so to the command itself */
	if (rc == 0 && session->privilege < session->limit)
		session->limit = session->privilege;
	return rc;
}

/* Sends the request in the session that is there. */
SUSPENDS static int exchange_once(struct attempt *attempt, bool is_new, struct ipmi_reply *reply,
				  struct error *err)
{
	struct ipmi_operation *operation = attempt->operation;
	struct ipmi_exchange exchange = {
		.request = attempt->request,
		.route = operation->route.hops > 0 ? &operation->route : NULL,
		.lun = operation->lun,
		.tries = is_new ? TRIES_NEW : TRIES_REUSED,
		.resend_until_ms = DEADLINE_NEVER,
		.deadline_ms = operation->deadline_ms,
	};
	int rc = raise_privilege(attempt, reply, err);

	if (rc == 0 && attempt->is_write)
		rc = task_gate_wait(operation->task, err);
	if (rc < 0)
		return rc;
	if (attempt->is_write) {
		exchange.may_send = may_send;
		exchange.may_send_arg = attempt;
	}
	if (attempt->is_once) {
		exchange.tries = TRIES_NEW + 1;
		exchange.resend_until_ms = clock_ms() + RESEND_ONCE_MS;
		exchange.deadline_ms = smaller(exchange.deadline_ms, clock_ms() + SILENCE_ONCE_MS);
	}

	int64_t begun_ns = clock_ns();
	rc = ipmi_session_exchange(operation->bmc->session, &operation->bmc->learnt, &exchange, reply, err);
	trip_ended("ipmi", begun_ns, rc == 0 && reply->completion != COMPLETION_OK ? -ERR_BMC : rc);
	attempt->is_sent |= exchange.is_sent;
	attempt->is_silent = rc == -ERR_TIMEOUT;
	return rc;
}

/* [ipmi] additional_retryable_ipmi_errors: numbers, or words of the meaning. */
static bool is_listed(const struct attempt *attempt, uint8_t completion)
{
	const struct option_list *list = &ipmi_options.additional_retryable;
	char number[4];

	if (list->count == 0 || completion == COMPLETION_OK)
		return false;
	snprintf(number, sizeof(number), "%02x", completion);
	for (size_t i = 0; i < list->count; i++) {
		if (strcasecmp(list->items[i], number) == 0 ||
		    strcasestr(ipmi_completion_name(attempt->command, completion), list->items[i]) != NULL)
			return true;
	}
	return false;
}

/* Whether the BMC will probably take the same request a little later. A write that must not be done twice is
 * repeated only after "busy", which says that it was not begun. */
static bool is_busy(struct attempt *attempt, uint8_t completion)
{
	if (completion == COMPLETION_BUSY)
		return true;
	if (attempt->is_once)
		return false;
	if (completion == COMPLETION_UNSPECIFIED)
		return ++attempt->unspecified < UNSPECIFIED_TRIES;
	if (is_listed(attempt, completion))
		return true;
	return completion == COMPLETION_TIMEOUT || completion == COMPLETION_OUT_OF_SPACE ||
	       completion == COMPLETION_INITIALISING;
}

/* Whether the BMC refused for want of a privilege that the session could still be raised to. */
static bool wants_privilege(struct attempt *attempt, uint8_t completion)
{
	const struct ipmi_session *session = attempt->operation->bmc->session;

	if (completion != COMPLETION_PRIVILEGE || attempt->needs_limit ||
	    session->privilege >= session->limit)
		return false;
	attempt->needs_limit = true;
	return true;
}

/* Pauses before the next try. *ret_is_over: there is no time for one. */
SUSPENDS static int pause_busy(struct attempt *attempt, bool *ret_is_over)
{
	int64_t left_ms = attempt->operation->deadline_ms - clock_ms();

	attempt->busy_pause_ms = attempt->busy_pause_ms == 0
					 ? BUSY_PAUSE_MIN_MS
					 : smaller(attempt->busy_pause_ms * 2, BUSY_PAUSE_MAX_MS);
	*ret_is_over = left_ms <= attempt->busy_pause_ms;
	return *ret_is_over ? 0 : fiber_sleep(attempt->busy_pause_ms);
}

static int no_answer(const struct attempt *attempt, struct error *err)
{
	const struct ipmi_bmc *bmc = attempt->operation->bmc;
	char name[64];

	if (attempt->is_once && attempt->is_sent)
		return fail(err, ERR_UNKNOWN_OUTCOME,
			    "IPMI BMC %s port %u did not answer %s: it may or may not have been done",
			    bmc->address, bmc->port, request_name(attempt, name, sizeof(name)));
	return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s port %u did not answer %s", bmc->address,
		    bmc->port, request_name(attempt, name, sizeof(name)));
}

/* One try, with a login if needed. After silence the session is gone. */
SUSPENDS static int try_request(struct attempt *attempt, struct ipmi_reply *reply, struct error *err)
{
	bool is_new;
	int rc = ipmi_bmc_ensure_session(attempt->operation, &is_new, err);

	attempt->is_silent = false;
	if (rc < 0)
		return rc;
	rc = exchange_once(attempt, is_new, reply, err);
	if (attempt->is_silent) {
		ipmi_session_abandon(attempt->operation->bmc->session);
		ipmi_bmc_drop_session(attempt->operation->bmc);
	}
	return rc;
}

int ipmi_request(struct ipmi_operation *operation, const struct ipmi_request *request,
		 struct ipmi_reply *reply, struct error *err)
{
	struct attempt attempt = {
		.operation = operation,
		.request = request,
		.command =
			ipmi_command_find(request->netfn, request->command, request->data, request->data_len),
	};

	attempt.is_write = attempt.command == NULL || attempt.command->kind == IPMI_WRITE;
	attempt.is_once = attempt.is_write && !operation->task->is_repeatable;
	for (;;) {
		bool is_over;
		int rc = try_request(&attempt, reply, err);

		if (attempt.is_silent) {
			if ((attempt.is_once && attempt.is_sent) || clock_ms() >= operation->deadline_ms)
				return no_answer(&attempt, err);
			continue;
		}
		if (rc == 0 && wants_privilege(&attempt, reply->completion))
			continue;
		if (rc < 0 || !is_busy(&attempt, reply->completion))
			return rc;
		rc = pause_busy(&attempt, &is_over);
		if (rc < 0 || is_over)
			return rc;
	}
}

int ipmi_refusal(const struct ipmi_operation *operation, const struct ipmi_request *request,
		 const struct ipmi_reply *reply, struct error *err)
{
	static const struct ipmi_request send_message = { .netfn = NETFN_APP, .command = APP_SEND_MESSAGE };
	uint8_t completion = reply->completion;

	if (reply->is_of_bridge)
		request = &send_message;
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);
	const struct attempt attempt = { .request = request, .command = command };
	char name[64];

	return fail(err, ERR_BMC, "IPMI BMC %s refused %s: %s (%02Xh)", operation->info.address,
		    request_name(&attempt, name, sizeof(name)), ipmi_completion_name(command, completion),
		    completion);
}

int ipmi_command(struct ipmi_operation *operation, const struct ipmi_request *request,
		 struct ipmi_reply *reply, struct error *err)
{
	int rc = ipmi_request(operation, request, reply, err);

	if (rc == 0 && reply->completion != COMPLETION_OK)
		rc = ipmi_refusal(operation, request, reply, err);
	return rc;
}
