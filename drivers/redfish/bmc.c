/* bmc: see bmc.h. */
#include "drivers/redfish/bmc.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/options.h"
#include "drivers/session_store.h"
#include "drivers/trip.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/xalloc.h"

#define SWEEP_MS     30000
#define LOGOUT_MS    5000
#define KEEP_NONE_MS (INT64_C(3600) * 1000)

static struct {
	struct map by_hash; /* first of a chain */
	struct redfish_bmc *oldest, *newest;
	size_t listed;
	unsigned alive; /* entries not yet freed */
	struct cond freed;
	struct fiber *sweeper;
} cache;

/* ---- entries ---- */

static int64_t hash_info(const struct redfish_info *info)
{
	const char *const texts[] = { info->address, info->root, info->user, info->password };
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		hash = texts[i] ? hash_bytes(hash, texts[i], strlen(texts[i]) + 1) : hash;
	return hash_key(hash);
}

static bool is_same(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

static bool info_is_same(const struct redfish_info *one, const struct redfish_info *other)
{
	return one->auth == other->auth && one->is_tls_unverified == other->is_tls_unverified &&
	       is_same(one->address, other->address) && is_same(one->root, other->root) &&
	       is_same(one->user, other->user) && is_same(one->password, other->password) &&
	       is_same(one->ca_path, other->ca_path) && is_same(one->tls_minimum, other->tls_minimum) &&
	       is_same(one->tls_ciphers, other->tls_ciphers);
}

/* Whatever tells two entries apart. */
static void make_key(const struct redfish_info *info, char key[DIGEST_TEXT])
{
	const char *const texts[] = { info->address,     info->root,
				      info->user,        info->password,
				      info->ca_path,     info->tls_minimum,
				      info->tls_ciphers, info->is_tls_unverified ? "u" : "" };
	struct digest_part parts[sizeof(texts) / sizeof(texts[0])];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		parts[i] = (struct digest_part){ texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) : 0 };
	digest_of(parts, sizeof(texts) / sizeof(texts[0]), key);
}

static struct redfish_bmc *bmc_new(const struct redfish_info *info, int64_t hash)
{
	struct redfish_bmc *bmc = xcalloc(1, sizeof(*bmc));

	bmc->info = *info;
	bmc->info.address = xstrdup_or_null(info->address);
	bmc->info.root = xstrdup_or_null(info->root);
	bmc->info.system_id = NULL; /* several nodes may share a BMC */
	bmc->info.user = xstrdup_or_null(info->user);
	bmc->info.password = xstrdup_or_null(info->password);
	bmc->info.ca_path = xstrdup_or_null(info->ca_path);
	bmc->info.tls_minimum = xstrdup_or_null(info->tls_minimum);
	bmc->info.tls_ciphers = xstrdup_or_null(info->tls_ciphers);
	bmc->hash = hash;
	make_key(info, bmc->key);
	bmc->slots.free = REDFISH_SLOTS;
	bmc->login.free = 1;
	cache.alive++;
	return bmc;
}

static void bmc_free(struct redfish_bmc *bmc)
{
	xfree((char *)bmc->info.address);
	xfree((char *)bmc->info.root);
	xfree((char *)bmc->info.user);
	xfree_secret((char *)bmc->info.password);
	xfree((char *)bmc->info.ca_path);
	xfree((char *)bmc->info.tls_minimum);
	xfree((char *)bmc->info.tls_ciphers);
	xfree_secret(bmc->token);
	xfree(bmc->session_path);
	xfree(bmc->system_path);
	xfree(bmc);
	cache.alive--;
	cond_broadcast(&cache.freed);
}

/* ---- the cache ---- */

static void unlink_age(struct redfish_bmc *bmc)
{
	*(bmc->older ? &bmc->older->newer : &cache.oldest) = bmc->newer;
	*(bmc->newer ? &bmc->newer->older : &cache.newest) = bmc->older;
	bmc->older = bmc->newer = NULL;
}

static void link_newest(struct redfish_bmc *bmc)
{
	bmc->older = cache.newest;
	*(cache.newest ? &cache.newest->newer : &cache.oldest) = bmc;
	cache.newest = bmc;
}

static void unlist(struct redfish_bmc *bmc)
{
	struct redfish_bmc *first = map_take(&cache.by_hash, bmc->hash);
	struct redfish_bmc **place = &first;

	while (*place != bmc)
		place = &(*place)->next;
	*place = bmc->next;
	bmc->next = NULL;
	if (first)
		map_put(&cache.by_hash, bmc->hash, first);
	unlink_age(bmc);
	bmc->is_listed = false;
	cache.listed--;
}

SUSPENDS static void logout(void *arg)
{
	struct redfish_bmc *bmc = arg;
	struct redfish_request request = {
		.method = "DELETE",
		.path = bmc->session_path,
		.token = bmc->token,
		.deadline_ms = clock_ms() + LOGOUT_MS,
	};
	struct http_fetch fetch = { 0 };

	/* Without an answer it stays in the store, and is ended from there. */
	if (redfish_exchange(bmc, &request, &fetch, NULL) == 0)
		session_store_forget(bmc->key, bmc->token);
	http_fetch_release(&fetch);
	bmc_free(bmc);
}

/* The end of an entry that nobody uses and that is in no list. */
static void retire(struct redfish_bmc *bmc)
{
	if (bmc->token && bmc->session_path)
		fiber_spawn("redfish logout", logout, bmc);
	else
		bmc_free(bmc);
}

static void shrink(size_t size)
{
	struct redfish_bmc *newer;

	for (struct redfish_bmc *bmc = cache.oldest; bmc && cache.listed > size; bmc = newer) {
		newer = bmc->newer;
		if (bmc->users)
			continue;
		unlist(bmc);
		retire(bmc);
	}
}

/* For the store: the node is gone. */
static void drop_key(const char *key)
{
	struct redfish_bmc *bmc = cache.oldest;

	while (bmc && strcmp(bmc->key, key) != 0)
		bmc = bmc->newer;
	if (!bmc || bmc->users)
		return;
	unlist(bmc);
	retire(bmc);
}

static void sweep_idle(void)
{
	int64_t oldest_ms = clock_ms() - (int64_t)REDFISH_IDLE_S * 1000;

	while (cache.oldest && !cache.oldest->users && cache.oldest->used_ms < oldest_ms) {
		struct redfish_bmc *bmc = cache.oldest;
		unlist(bmc);
		retire(bmc);
	}
}

/* Lives while there is something to sweep. */
SUSPENDS static void sweeper_run(void *arg)
{
	(void)arg;
	while (cache.listed && fiber_sleep(SWEEP_MS) == 0)
		sweep_idle();
	cache.sweeper = NULL;
	cond_broadcast(&cache.freed);
}

struct redfish_bmc *redfish_bmc_take(const struct redfish_info *info)
{
	int64_t hash = hash_info(info);
	struct redfish_bmc *first = map_get(&cache.by_hash, hash);
	struct redfish_bmc *bmc = first;

	while (bmc && !info_is_same(&bmc->info, info))
		bmc = bmc->next;
	if (bmc) {
		unlink_age(bmc);
	} else {
		bmc = bmc_new(info, hash);
		bmc->next = first;
		bmc->is_listed = true;
		map_put(&cache.by_hash, hash, bmc);
		cache.listed++;
	}
	link_newest(bmc);
	bmc->users++;
	session_store_set_drop(drop_key);
	if (!cache.sweeper)
		cache.sweeper = fiber_spawn("redfish sweeper", sweeper_run, NULL);
	return bmc;
}

/* Addresses that somebody only asked about must not push out those in use. */
static bool is_worth_keeping(const struct redfish_bmc *bmc)
{
	return bmc->token || bmc->system_path || bmc->basic_until_ms || bmc->close_until_ms;
}

void redfish_bmc_give(struct redfish_bmc *bmc)
{
	bmc->used_ms = clock_ms();
	if (--bmc->users)
		return;
	if (bmc->is_listed && !is_worth_keeping(bmc))
		unlist(bmc);
	if (!bmc->is_listed)
		retire(bmc);
	else
		shrink((size_t)redfish_options.connection_cache_size);
}

void redfish_drain(int64_t deadline_ms)
{
	struct redfish_bmc *newer;

	if (cache.sweeper)
		fiber_cancel(cache.sweeper);
	for (struct redfish_bmc *bmc = cache.oldest; bmc; bmc = newer) {
		newer = bmc->newer;
		unlist(bmc);
		if (!bmc->users)
			retire(bmc);
	}
	while (cache.alive || cache.sweeper)
		if (cond_wait(&cache.freed, deadline_ms) < 0)
			break;
	map_release(&cache.by_hash);
}

/* ---- requests ---- */

/* A reused connection that fails before the first byte of an answer is http_fetch's to replace; where that
 * happens often, connections are not kept for an hour. */
static void note_reuse(struct redfish_bmc *bmc, unsigned attempts)
{
	if (bmc->exchanges++ == 10)
		bmc->exchanges = bmc->reuse_failures = 0;
	if (attempts > 1 && ++bmc->reuse_failures == 3) {
		bmc->close_until_ms = clock_ms() + KEEP_NONE_MS;
		bmc->exchanges = bmc->reuse_failures = 0;
	}
}

struct sending {
	const struct redfish_request *request;
	unsigned attempts;
};

static int may_send(void *arg, unsigned attempt, struct error *err)
{
	struct sending *sending = arg;

	sending->attempts = attempt + 1;
	if (!sending->request->may_send)
		return 0;
	return sending->request->may_send(sending->request->may_send_arg, attempt, err);
}

/* What is left of the time, at most as long as the option says; 0: nothing. */
static int time_left(int64_t deadline_ms, double option_s)
{
	int64_t left = deadline_ms == DEADLINE_NEVER ? INT32_MAX : deadline_ms - clock_ms();
	int64_t longest = (int64_t)(option_s * 1000);

	if (left <= 0)
		return 0;
	return (int)(left < longest ? left : longest);
}

SUSPENDS static int fetch_once(struct redfish_bmc *bmc, const struct redfish_request *request,
			       struct http_fetch *fetch, struct error *err)
{
	const struct redfish_info *info = &bmc->info;
	char token[REDFISH_TOKEN_MAX + 16], if_match[300];
	const char *headers[6] = { "OData-Version: 4.0", "Accept: application/json" };
	struct sending sending = { .request = request };
	int count = 2, rc;
	char *url;

	if (request->body)
		headers[count++] = "Content-Type: application/json";
	if (request->token) {
		snprintf(token, sizeof(token), "X-Auth-Token: %s", request->token);
		headers[count++] = token;
	}
	if (request->if_match) {
		snprintf(if_match, sizeof(if_match), "If-Match: %s", request->if_match);
		headers[count++] = if_match;
	}
	url = xasprintf("%s%s", info->address, request->path);
	*fetch = (struct http_fetch){
		.method = request->method,
		.url = url,
		.headers = headers,
		.body = request->body,
		.body_len = request->body_len,
		.user = request->is_basic ? info->user : NULL,
		.password = request->is_basic ? info->password : NULL,
		.is_tls_unverified = info->is_tls_unverified,
		.ca_path = info->ca_path,
		.tls_minimum = info->tls_minimum,
		.tls_ciphers = info->tls_ciphers,
		.is_fresh = request->is_write && clock_ms() > bmc->used_ms + REDFISH_FRESH_MS,
		.is_last = clock_ms() < bmc->close_until_ms,
		.connect_timeout_ms = time_left(request->deadline_ms, redfish_options.connect_timeout_s),
		.timeout_ms = time_left(request->deadline_ms, redfish_options.read_timeout_s),
		.tcp_user_timeout_ms = REDFISH_FLIGHT_MS,
		.max_body_bytes = REDFISH_REPLY_MAX,
		.may_send = may_send,
		.may_send_arg = &sending,
	};
	http_client_keep((unsigned)redfish_options.connections_kept);
	if (!fetch->timeout_ms)
		rc = fail(err, ERR_TIMEOUT, "No time is left for %s %s", request->method, url);
	else
		rc = http_fetch(fetch, err);
	note_reuse(bmc, sending.attempts);
	bmc->used_ms = clock_ms();
	bmc->is_untrusted = fetch->is_untrusted;
	explicit_bzero(token, sizeof(token));
	fetch->headers = NULL;
	fetch->url = NULL;
	xfree(url);
	return rc;
}

/* As an answer counts among the trips. */
static int refusal_of(int status)
{
	if (status == 401 || status == 403)
		return -ERR_BMC_AUTH;
	return status >= 400 ? -ERR_BMC : 0;
}

int redfish_exchange(struct redfish_bmc *bmc, const struct redfish_request *request, struct http_fetch *fetch,
		     struct error *err)
{
	int rc = semaphore_take(&bmc->slots, request->deadline_ms);

	if (rc < 0)
		return fail(err, (enum errcode) - rc, "%s %s%s found no free connection in time",
			    request->method, bmc->info.address, request->path);

	int64_t begun_ns = clock_ns();
	rc = fetch_once(bmc, request, fetch, err);
	trip_ended("redfish", begun_ns, rc == 0 ? refusal_of(fetch->status) : rc);
	semaphore_give(&bmc->slots);
	return rc;
}

int redfish_path_of_link(const struct redfish_bmc *bmc, const char *link, char *path, size_t size,
			 struct error *err)
{
	size_t authority = strlen(bmc->info.address);
	size_t len;

	if (link[0] != '/') {
		if (strncasecmp(link, bmc->info.address, authority) != 0 || link[authority] != '/')
			return fail(err, ERR_BMC, "A link of %s leads elsewhere", bmc->info.address);
		link += authority;
	}
	len = strlen(link);
	if (len >= size || link[1] == '/')
		return fail(err, ERR_BMC, "A link of %s is malformed", bmc->info.address);
	for (size_t i = 0; i < len; i++)
		if (link[i] <= ' ' || link[i] >= 0x7f || link[i] == '"' || link[i] == '\\')
			return fail(err, ERR_BMC, "A link of %s is malformed", bmc->info.address);
	memcpy(path, link, strcspn(link, "#"));
	path[strcspn(link, "#")] = '\0';
	return 0;
}
