/* sol_link: see sol_link.h. What is said in the session at its beginning and end is in sol_session.c. */
#include "drivers/ipmi/sol_link.h"

#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/sol_session.h"
#include "lib/clock.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/resolve.h"
#include "lib/xalloc.h"

enum {
	LOGIN_MS = 60000,
	PERMIT_MS = 500,
	CHECK_MS = 20000, /* BMCs end sessions that are idle for 60 s, and count only commands */
	PAUSE_MIN_MS = 1000,
	PAUSE_MAX_MS = 60000,
	PAUSE_AUTH_MS = 300000, /* wrong passwords lock accounts */
	PAUSE_TAKEN_MS = 5000,
	SETTLED_MS = 30000, /* a session that lasted so long begins with a short pause again */
	YIELD_MS = 300000   /* to who has taken the payload over */
};

struct sol_link {
	struct console *console;
	struct ipmi_info info;
	char *address; /* owned; info's. The fiber's: others change next */
	struct sol_session sol;
	struct cond changed; /* what the fiber waits on */
	struct cond outcome; /* what waits for the fiber */
	struct fiber *fiber;
	bool is_up;
	bool is_stopping, is_over;
	bool wants_login;       /* the properties have changed: */
	struct ipmi_info next;  /* what they are now, for the fiber to take; its address is owned */
	enum errcode told;      /* what the readers were told last of why it is down; 0: it is up */
	int64_t yield_until_ms; /* somebody has taken the payload: wait as long for them to end */
	int64_t pause_ms;
	int64_t since_ms;  /* of the session */
	unsigned failures; /* in a row */
	struct error failure;
};

/* ---- characters, in callbacks ---- */

/* Sends what is typed as far as the protocol lets it. */
static void pump(struct sol_link *link)
{
	int64_t now_ms = clock_ms();
	const uint8_t *data;
	size_t len, taken;

	if (!link->is_up)
		return;
	sol_session_repeat(&link->sol, now_ms);
	while (sol_session_is_free(&link->sol)) {
		len = console_typed(link->console, &data);
		if (len > 0) {
			taken = sol_session_send(&link->sol, now_ms, data, len, 0);
			console_typed_done(link->console, taken);
		} else if (console_take_break(link->console)) {
			sol_session_send(&link->sol, now_ms, NULL, 0, SOL_BREAK);
		} else {
			break;
		}
	}
	cond_signal(&link->changed); /* the next due time is another one */
}

static void on_received(void *arg, const struct sol_received *received)
{
	struct sol_link *link = arg;

	console_output(link->console, received->data, received->len);
	if (received->is_new && received->flags & SOL_OVERRUN)
		console_note(link->console, "the BMC has lost characters of the machine");
	pump(link);
	cond_signal(&link->changed);
}

void sol_link_typed(struct sol_link *link)
{
	pump(link);
}

/* ---- the fiber ---- */

/* Takes changed properties over. */
static void take_info(struct sol_link *link)
{
	if (!link->wants_login)
		return;
	xfree(link->address);
	link->info = link->next;
	link->address = (char *)link->next.address;
	link->next = (struct ipmi_info){ 0 };
	link->wants_login = false;
}

SUSPENDS static int log_in(struct sol_link *link, struct error *err)
{
	struct udp_address peer;
	char address[RESOLVE_ADDRESS_MAX];
	int rc = resolve_host(link->address, address, sizeof(address), err);

	if (rc < 0)
		return rc;
	if (!udp_address_parse(address, link->info.port, &peer))
		return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s has no usable address", link->address);
	return sol_session_open(&link->sol, &link->info, &peer, clock_ms() + LOGIN_MS, err);
}

/* -ERR_CONFLICT: somebody else's session has the payload, and it is their turn. */
SUSPENDS static int connect_link(struct sol_link *link, struct error *err)
{
	bool yields = clock_ms() < link->yield_until_ms;

	link->sol.received = on_received;
	link->sol.received_arg = link;
	take_info(link);

	int rc = log_in(link, err);
	if (rc < 0)
		return rc;
	if (yields && sol_session_is_taken(&link->sol))
		rc = fail(err, ERR_CONFLICT, "IPMI BMC %s: another session uses Serial-over-LAN",
			  link->address);
	if (rc == 0)
		rc = sol_session_activate(&link->sol, err);
	if (rc < 0)
		sol_session_close(&link->sol);
	return rc;
}

/* Until the session is over. Returns why, for the readers. */
SUSPENDS static const char *serve(struct sol_link *link)
{
	int64_t check_ms = clock_ms() + CHECK_MS;

	while (!link->is_stopping && !link->wants_login) {
		int64_t now_ms = clock_ms(), due_ms;

		if (link->sol.is_deactivated)
			return "the BMC has ended it, or another session has taken it over";
		if (sol_end_is_lost(&link->sol.end, now_ms))
			return "the BMC does not acknowledge what is typed";
		if (now_ms >= check_ms) {
			enum sol_check check = sol_session_check(&link->sol);
			if (check == SOL_SILENT)
				return "the BMC does not answer";
			if (check == SOL_LOST)
				return "another session has taken it over";
			check_ms = clock_ms() + CHECK_MS;
			continue;
		}
		pump(link);
		due_ms = sol_end_due_ms(&link->sol.end);
		cond_wait(&link->changed, due_ms < check_ms ? due_ms : check_ms);
	}
	return NULL;
}

static void set_up(struct sol_link *link, bool is_up)
{
	link->is_up = is_up;
	console_set_linked(link->console, is_up);
	cond_broadcast(&link->outcome);
}

static void connected(struct sol_link *link)
{
	link->failures = 0;
	link->since_ms = clock_ms();
	link->yield_until_ms = 0;
	if (link->told != ERR_NONE)
		console_note(link->console, "connected again");
	link->told = ERR_NONE;
	set_up(link, true);
	pump(link);
}

static int64_t longer_pause_ms(const struct sol_link *link)
{
	int64_t pause_ms = link->pause_ms * 2;

	return pause_ms < PAUSE_MIN_MS ? PAUSE_MIN_MS : pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms;
}

static void failed(struct sol_link *link, int rc, const struct error *err)
{
	link->failures++;
	link->failure = *err;
	if (link->told != err->code && !link->is_stopping) {
		console_note(link->console, "not connected: %s", err->text);
		log_warning("a console is not connected: %s", err->text);
	}
	link->told = err->code;
	link->pause_ms = rc == -ERR_CONFLICT   ? PAUSE_TAKEN_MS
			 : rc == -ERR_BMC_AUTH ? PAUSE_AUTH_MS
					       : longer_pause_ms(link);
	cond_broadcast(&link->outcome);
}

SUSPENDS static void live(struct sol_link *link)
{
	const char *why = serve(link);

	set_up(link, false);
	if (link->sol.is_deactivated || link->sol.is_taken)
		link->yield_until_ms = clock_ms() + YIELD_MS;
	if (why != NULL) {
		console_note(link->console, "disconnected: %s", why);
		link->told = ERR_CLOSED;
		link->pause_ms =
			clock_ms() - link->since_ms >= SETTLED_MS ? PAUSE_MIN_MS : longer_pause_ms(link);
	}
	fiber_shield_begin();
	sol_session_end(&link->sol);
	fiber_shield_end();
}

SUSPENDS static void pause_link(struct sol_link *link)
{
	int64_t until_ms = clock_ms() + link->pause_ms;

	while (!link->is_stopping && !link->wants_login && clock_ms() < until_ms) {
		if (cond_wait(&link->changed, until_ms) == -ERR_CANCELLED)
			break;
	}
}

/* Without its lease this conductor may have lost the node to another, whose session ours would end. */
SUSPENDS static void await_permit(struct sol_link *link)
{
	while (!link->is_stopping && !console_may_connect()) {
		if (cond_wait(&link->changed, clock_ms() + PERMIT_MS) == -ERR_CANCELLED)
			break;
	}
}

static void run(void *arg)
{
	struct sol_link *link = arg;

	for (await_permit(link); !link->is_stopping; await_permit(link)) {
		struct error err = { 0 };
		int rc = connect_link(link, &err);

		if (rc == 0) {
			connected(link);
			live(link);
		} else {
			failed(link, rc, &err);
		}
		pause_link(link);
	}
	link->is_over = true;
	cond_broadcast(&link->outcome);
}

/* ---- life ---- */

void sol_link_change(struct sol_link *link, const struct ipmi_info *info)
{
	xfree((char *)link->next.address);
	link->next = *info;
	link->next.address = xstrdup(info->address);
	link->wants_login = true;
	cond_broadcast(&link->changed);
}

struct sol_link *sol_link_start(const struct ipmi_info *info, struct console *console)
{
	struct sol_link *link = xcalloc(1, sizeof(*link));

	link->console = console;
	sol_link_change(link, info);
	take_info(link);
	link->fiber = fiber_spawn("console", run, link);
	return link;
}

int sol_link_wait(struct sol_link *link, int64_t deadline_ms, struct error *err)
{
	while (!link->is_up) {
		if (link->failures > 0)
			return fail(err, link->failure.code, "%s", link->failure.text);
		int rc = cond_wait(&link->outcome, deadline_ms);
		if (rc == -ERR_TIMEOUT)
			return fail(err, ERR_TIMEOUT, "The console of IPMI BMC %s did not come up in time",
				    link->address);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void sol_link_stop(struct sol_link *link)
{
	link->is_stopping = true;
	fiber_cancel(link->fiber);
	cond_broadcast(&link->changed);
	fiber_shield_begin();
	while (!link->is_over)
		cond_wait(&link->outcome, DEADLINE_NEVER);
	fiber_shield_end();
	xfree(link->address);
	xfree((char *)link->next.address);
	rmcpp_wipe(link, sizeof(*link));
	xfree(link);
}
