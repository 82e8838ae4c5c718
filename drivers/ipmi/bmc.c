/* bmc: who has the turn, which session is open, when it is closed. */
#include "drivers/ipmi/bmc.h"

#include <assert.h>
#include <string.h>

#include "drivers/ipmi/bmc_private.h"
#include "drivers/ipmi/options.h"
#include "drivers/trip.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/http_client.h"
#include "lib/loop.h"
#include "lib/map.h"
#include "lib/xalloc.h"

enum { CLOSERS_MAX = 16, FORGET_MS = 600 * 1000 };

/* A list of BMCs that nobody uses, by the time since when. */
struct idle_list {
	struct ipmi_bmc *first, *last;
};

static struct {
	struct map map; /* by key_of */
	unsigned count, session_count;
	struct idle_list with_session, without;
	struct loop_timer *timer; /* of the next idle session or BMC to be forgotten */
	unsigned closers;         /* fibers that close idle sessions */
	bool is_closing_all;
} bmcs;

/* ---- table ---- */

static int64_t key_of(const char *address, uint16_t port)
{
	return hash_key(hash_text(HASH_START ^ port, address));
}

static struct ipmi_bmc *bmc_find_or_new(const char *address, uint16_t port)
{
	struct ipmi_bmc *first = map_get(&bmcs.map, key_of(address, port));

	for (struct ipmi_bmc *bmc = first; bmc != NULL; bmc = bmc->next_same) {
		if (bmc->port == port && strcmp(bmc->address, address) == 0)
			return bmc;
	}

	struct ipmi_bmc *bmc = xcalloc(1, sizeof(*bmc));
	bmc->address = xstrdup(address);
	bmc->port = port;
	bmc->turn.free = 1;
	bmc->next_same = first;
	map_put(&bmcs.map, key_of(address, port), bmc);
	bmcs.count++;
	return bmc;
}

static void bmc_free(struct ipmi_bmc *bmc)
{
	int64_t key = key_of(bmc->address, bmc->port);
	struct ipmi_bmc *first = map_take(&bmcs.map, key), **place = &first;

	while (*place != bmc)
		place = &(*place)->next_same;
	*place = bmc->next_same;
	if (first != NULL)
		map_put(&bmcs.map, key, first);
	bmcs.count--;
	ipmi_targets_release(bmc->targets);
	xfree(bmc->address);
	rmcpp_wipe(bmc, sizeof(*bmc));
	xfree(bmc);
}

/* ---- idle lists ---- */

static void idle_remove(struct ipmi_bmc *bmc)
{
	struct idle_list *list = bmc->idle_in;

	if (list == NULL)
		return;
	*(bmc->idle_previous != NULL ? &bmc->idle_previous->idle_next : &list->first) = bmc->idle_next;
	*(bmc->idle_next != NULL ? &bmc->idle_next->idle_previous : &list->last) = bmc->idle_previous;
	bmc->idle_in = NULL;
	bmc->idle_previous = bmc->idle_next = NULL;
}

static int64_t session_idle_ms(void)
{
	return (int64_t)(ipmi_options.session_idle_timeout_s * 1000);
}

static int64_t next_due_ms(void)
{
	int64_t due_ms = DEADLINE_NEVER;

	if (bmcs.with_session.first != NULL && bmcs.closers < CLOSERS_MAX)
		due_ms = bmcs.with_session.first->idle_since_ms + session_idle_ms();
	if (bmcs.without.first != NULL && bmcs.without.first->idle_since_ms + FORGET_MS < due_ms)
		due_ms = bmcs.without.first->idle_since_ms + FORGET_MS;
	return due_ms;
}

static void on_timer(void *arg);

static void arm_timer(void)
{
	int64_t due_ms = next_due_ms(), now_ms = clock_ms();

	if (due_ms == DEADLINE_NEVER)
		return;
	if (bmcs.timer == NULL)
		bmcs.timer = loop_timer_new(on_timer, NULL);
	loop_timer_set(bmcs.timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void idle_add(struct ipmi_bmc *bmc)
{
	struct idle_list *list = bmc->session != NULL ? &bmcs.with_session : &bmcs.without;
	bool was_empty = list->first == NULL;

	bmc->idle_in = list;
	bmc->idle_since_ms = clock_ms();
	bmc->idle_previous = list->last;
	*(list->last != NULL ? &list->last->idle_next : &list->first) = bmc;
	list->last = bmc;
	if (was_empty)
		arm_timer();
}

/* ---- sessions ---- */

void ipmi_bmc_drop_session(struct ipmi_bmc *bmc)
{
	if (bmc->session == NULL)
		return;
	ipmi_line_close(&bmc->session->line);
	rmcpp_wipe(bmc->session, sizeof(*bmc->session));
	rmcpp_wipe(&bmc->session_info, sizeof(bmc->session_info));
	xfree(bmc->session);
	bmc->session = NULL;
	bmcs.session_count--;
}

SUSPENDS static void session_close(struct ipmi_bmc *bmc)
{
	if (bmc->session == NULL)
		return;
	ipmi_session_logout(bmc->session, &bmc->learnt);
	ipmi_bmc_drop_session(bmc);
}

static bool is_same_login(const struct ipmi_info *a, const struct ipmi_info *b)
{
	return a->user_len == b->user_len && memcmp(a->user, b->user, sizeof(a->user)) == 0 &&
	       memcmp(a->password, b->password, RMCPP_KEY) == 0 && a->has_kg == b->has_kg &&
	       memcmp(a->kg, b->kg, RMCPP_KEY) == 0 && a->privilege == b->privilege && a->suite == b->suite &&
	       a->is_15 == b->is_15 && a->quirks == b->quirks;
}

/* A fiber that closes sessions as they fall due. */
static void close_idle(void *arg)
{
	struct ipmi_bmc *bmc;

	(void)arg;
	while ((bmc = bmcs.with_session.first) != NULL &&
	       (bmcs.is_closing_all || bmc->idle_since_ms + session_idle_ms() <= clock_ms())) {
		idle_remove(bmc);
		bmc->users++;
		if (semaphore_take(&bmc->turn, DEADLINE_NEVER) == 0) {
			session_close(bmc);
			semaphore_give(&bmc->turn);
		}
		if (--bmc->users == 0)
			idle_add(bmc);
	}
	bmcs.closers--;
	arm_timer();
}

static void on_timer(void *arg)
{
	int64_t now_ms = clock_ms();

	(void)arg;
	while (bmcs.without.first != NULL && bmcs.without.first->idle_since_ms + FORGET_MS <= now_ms) {
		struct ipmi_bmc *bmc = bmcs.without.first;
		idle_remove(bmc);
		bmc_free(bmc);
	}
	/* as many at once as are due, up to a limit */
	struct ipmi_bmc *due = bmcs.with_session.first;
	while (due != NULL && due->idle_since_ms + session_idle_ms() <= now_ms &&
	       bmcs.closers < CLOSERS_MAX) {
		bmcs.closers++;
		fiber_spawn("ipmi close", close_idle, NULL);
		due = due->idle_next;
	}
	if (next_due_ms() > now_ms)
		arm_timer();
}

int ipmi_bmc_ensure_session(struct ipmi_operation *operation, bool *ret_is_new, struct error *err)
{
	struct ipmi_bmc *bmc = operation->bmc;
	struct udp_address peer;
	char address[64];

	*ret_is_new = bmc->session == NULL;
	if (bmc->session != NULL)
		return 0;

	int rc = resolve_host(operation->info.address, address, sizeof(address), err);
	if (rc < 0)
		return rc;
	if (!udp_address_parse(address, operation->info.port, &peer))
		return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s has no usable address", bmc->address);

	struct ipmi_session *session = xcalloc(1, sizeof(*session));
	int64_t begun_ns = clock_ns();
	rc = ipmi_line_open(&session->line, &peer, err);
	if (rc == 0)
		rc = ipmi_login(session, &bmc->learnt, &operation->info, operation->deadline_ms, err);
	trip_ended("ipmi", begun_ns, rc);
	if (rc < 0) {
		ipmi_line_close(&session->line);
		rmcpp_wipe(session, sizeof(*session));
		xfree(session);
		return rc;
	}
	bmc->session = session;
	bmc->session_info = operation->info;
	bmc->session_info.address = NULL;
	bmcs.session_count++;
	return 0;
}

int ipmi_login_first(struct ipmi_operation *operation, struct error *err)
{
	bool is_new;

	return ipmi_bmc_ensure_session(operation, &is_new, err);
}

/* ---- operations ---- */

static void leave(struct ipmi_operation *operation)
{
	struct ipmi_bmc *bmc = operation->bmc;

	semaphore_give(&bmc->turn);
	if (--bmc->users == 0)
		idle_add(bmc);
	rmcpp_wipe(&operation->info, sizeof(operation->info));
}

SUSPENDS static int take_turn(struct ipmi_operation *operation, struct error *err)
{
	struct ipmi_bmc *bmc = operation->bmc;

	idle_remove(bmc);
	bmc->users++;

	int rc = semaphore_take(&bmc->turn, operation->deadline_ms);
	if (rc < 0) {
		if (--bmc->users == 0)
			idle_add(bmc);
		rmcpp_wipe(&operation->info, sizeof(operation->info));
		return rc == -ERR_TIMEOUT ? fail(err, ERR_BMC_UNREACHABLE,
						 "IPMI BMC %s is busy with other requests", bmc->address)
					  : rc;
	}
	while (rc == 0 && clock_ms() < bmc->rest_until_ms)
		rc = fiber_sleep(bmc->rest_until_ms - clock_ms());
	/* the node's credentials have changed, or two nodes name the BMC differently */
	if (rc == 0 && bmc->session != NULL && !is_same_login(&bmc->session_info, &operation->info))
		session_close(bmc);
	if (rc < 0)
		leave(operation);
	return rc;
}

int ipmi_operation_begin(struct ipmi_operation *operation, struct task *task, int64_t deadline_ms,
			 struct error *err)
{
	*operation = (struct ipmi_operation){ .task = task };

	int rc = ipmi_info_parse(task, &operation->info, err);
	if (rc < 0)
		return rc;
	operation->deadline_ms = smaller(smaller(deadline_ms, task->deadline_ms),
					 clock_ms() + (int64_t)(ipmi_options.command_retry_timeout_s * 1000));
	operation->bmc = bmc_find_or_new(operation->info.address, operation->info.port);
	operation->route = operation->info.route;
	operation->target = ipmi_target_find(&operation->bmc->targets, &operation->route);
	return take_turn(operation, err);
}

void ipmi_operation_end(struct ipmi_operation *operation)
{
	struct ipmi_bmc *bmc = operation->bmc;

	if (operation->is_session_over)
		ipmi_bmc_drop_session(bmc);
	else if (ipmi_options.session_idle_timeout_s <= 0)
		session_close(bmc);
	bmc->rest_until_ms = clock_ms() + (int64_t)(ipmi_options.min_command_interval_s * 1000);
	leave(operation);
}

/* ---- end of the program ---- */

unsigned ipmi_session_count(void)
{
	return bmcs.session_count;
}

unsigned ipmi_bmc_count(void)
{
	return bmcs.count;
}

void ipmi_client_release(void)
{
	bmcs.is_closing_all = true;
	while (bmcs.closers < CLOSERS_MAX) {
		bmcs.closers++;
		fiber_spawn("ipmi close", close_idle, NULL);
	}
	while (bmcs.closers > 0 && fiber_sleep(5) == 0) {
	}
	bmcs.is_closing_all = false;
	while (bmcs.without.first != NULL) {
		struct ipmi_bmc *bmc = bmcs.without.first;
		idle_remove(bmc);
		bmc_free(bmc);
	}
	loop_timer_free(bmcs.timer);
	bmcs.timer = NULL;
	if (bmcs.count == 0) {
		map_release(&bmcs.map);
		ipmi_lines_release();
	}
}
