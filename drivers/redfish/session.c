/* session: see session.h. */
#include "drivers/redfish/session.h"

#include <ctype.h>
#include <string.h>

#include "drivers/redfish/problem.h"
#include "drivers/session_store.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/xalloc.h"

/* How long auto keeps to Basic before it tries a session again: the BMC's session pool may have been full. */
#define BASIC_MS (INT64_C(600) * 1000)

bool redfish_session_is_basic(const struct redfish_bmc *bmc)
{
	if (!bmc->info.user)
		return false;
	if (bmc->info.auth == REDFISH_AUTH_BASIC)
		return true;
	return bmc->info.auth == REDFISH_AUTH_AUTO && clock_ms() < bmc->basic_until_ms;
}

void redfish_session_drop(struct redfish_bmc *bmc, const char *token, bool is_alive, int64_t deadline_ms)
{
	struct redfish_request request = { .method = "DELETE", .token = token, .deadline_ms = deadline_ms };
	struct http_fetch fetch = { 0 };
	char *path = bmc->session_path;

	if (!bmc->token || strcmp(bmc->token, token) != 0)
		return;
	xfree_secret(bmc->token);
	bmc->token = bmc->session_path = NULL;
	if (is_alive && path) {
		request.path = path;
		redfish_exchange(bmc, &request, &fetch, NULL);
		http_fetch_release(&fetch);
	}
	session_store_forget(bmc->key, token);
	xfree(path);
}

static char *login_body(const struct redfish_info *info, size_t *ret_len)
{
	struct buf body;

	buf_init(&body, 65536);
	buf_puts(&body, "{\"UserName\":");
	buf_json_string(&body, info->user, strlen(info->user));
	buf_puts(&body, ",\"Password\":");
	buf_json_string(&body, info->password, strlen(info->password));
	buf_putc(&body, '}');
	*ret_len = body.len;
	return buf_take(&body);
}

/* Only what may stand in a header field. */
static bool is_token(const char *text)
{
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

/* The session's own path, for its end: Location, or the body's @odata.id. Not telling it is no error. */
static void take_session_path(struct redfish_bmc *bmc, const struct http_fetch *fetch)
{
	static const char *const id[] = { "@odata.id", NULL };
	char link[REDFISH_PATH_MAX], path[REDFISH_PATH_MAX];
	const char *raw;
	size_t len;
	bool is_told = http_fetch_header(fetch, "Location", link, sizeof(link)) && link[0];

	if (!is_told && fetch->answer.len && json_scan(fetch->answer.data, fetch->answer.len, id, &raw, &len))
		is_told = json_unquote(raw, len, link, sizeof(link));
	if (is_told && redfish_path_of_link(bmc, link, path, sizeof(path), NULL) == 0)
		bmc->session_path = xstrdup(path);
}

static int take_session(struct redfish_bmc *bmc, const struct http_fetch *fetch, struct error *err)
{
	char token[REDFISH_TOKEN_MAX];

	if (!http_fetch_header(fetch, "X-Auth-Token", token, sizeof(token)) || !token[0] || !is_token(token))
		return fail(err, ERR_BMC, "%s opened a session without a usable X-Auth-Token",
			    bmc->info.address);
	bmc->token = xstrdup(token);
	explicit_bzero(token, sizeof(token));
	take_session_path(bmc, fetch);
	bmc->has_session_worked = true;
	return 0;
}

static int refused(struct redfish_bmc *bmc, const struct http_fetch *fetch, struct error *err)
{
	struct redfish_problem problem;

	redfish_problem_read(fetch->answer.data, fetch->answer.len, &problem);
	redfish_problem_mask(&problem, bmc->info.password);
	return fail(err, fetch->status == 401 || fetch->status == 403 ? ERR_BMC_AUTH : ERR_BMC,
		    "%s refused to open a session for user %s with HTTP status %d%s%s%s%s", bmc->info.address,
		    bmc->info.user, fetch->status, *problem.code ? ": " : "", problem.code,
		    *problem.text ? ": " : "", problem.text);
}

SUSPENDS static int post_login(struct redfish_bmc *bmc, const char *path, int64_t deadline_ms,
			       struct http_fetch *fetch, struct error *err)
{
	struct redfish_request request = {
		.method = "POST", .path = path, .is_write = true, .deadline_ms = deadline_ms
	};
	char *body = login_body(&bmc->info, &request.body_len);
	int rc;

	request.body = body;
	rc = redfish_exchange(bmc, &request, fetch, err);
	xfree_secret(body);
	return rc;
}

/* Where the service root says that sessions are. */
SUSPENDS static int find_sessions(struct redfish_bmc *bmc, int64_t deadline_ms, char *path, size_t size,
				  struct error *err)
{
	static const char *const link_path[] = { "Links", "Sessions", "@odata.id", NULL };
	struct redfish_request request = { .method = "GET",
					   .path = bmc->info.root,
					   .deadline_ms = deadline_ms };
	struct http_fetch fetch = { 0 };
	char link[REDFISH_PATH_MAX];
	const char *raw;
	size_t len;
	int rc = redfish_exchange(bmc, &request, &fetch, err);

	if (rc == 0 && fetch.status == 200 && fetch.answer.len &&
	    json_scan(fetch.answer.data, fetch.answer.len, link_path, &raw, &len) &&
	    json_unquote(raw, len, link, sizeof(link)))
		rc = redfish_path_of_link(bmc, link, path, size, err);
	else if (rc == 0)
		rc = fail(err, ERR_BMC, "%s does not say where its sessions are", bmc->info.address);
	http_fetch_release(&fetch);
	return rc;
}

/* One that an earlier process of this host left behind. Whether the BMC still knows it shows in its use. */
SUSPENDS static int adopt(struct redfish_bmc *bmc, struct error *err)
{
	struct stored_session session;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = session_store_adopt(bmc->key, &arena, &session, err);
	if (rc == 0 && session.token) {
		bmc->token = xstrdup(session.token);
		bmc->session_path = xstrdup(session.path);
		bmc->has_session_worked = true;
	}
	arena_release(&arena);
	return rc;
}

/* Before anything is done with it: a crash from here on leaks no session. One that cannot be stored is ended.
 */
SUSPENDS static int keep(struct redfish_bmc *bmc, int64_t deadline_ms, struct error *err)
{
	const struct stored_session session = {
		.key = bmc->key,
		.address = bmc->info.address,
		.path = bmc->session_path,
		.token = bmc->token,
		.is_tls_unverified = bmc->info.is_tls_unverified,
		.ca_path = bmc->info.ca_path,
		.node_uuid = bmc->node_uuid[0] ? bmc->node_uuid : NULL,
	};
	char token[REDFISH_TOKEN_MAX];
	int rc = bmc->session_path ? session_store_save(&session, err) : 0;

	if (rc < 0) {
		snprintf(token, sizeof(token), "%s", bmc->token);
		redfish_session_drop(bmc, token, true, deadline_ms);
		explicit_bzero(token, sizeof(token));
	}
	return rc;
}

/* Sessions have a standard place; the root is asked only where nothing is there: one request saved. */
SUSPENDS static int login(struct redfish_bmc *bmc, int64_t deadline_ms, struct error *err)
{
	struct http_fetch fetch = { 0 };
	char path[REDFISH_PATH_MAX];
	int rc = adopt(bmc, err);

	if (rc < 0 || bmc->token)
		return rc;
	snprintf(path, sizeof(path), "%.*sSessionService/Sessions", REDFISH_PATH_MAX - 32, bmc->info.root);
	rc = post_login(bmc, path, deadline_ms, &fetch, err);
	if (rc == 0 && (fetch.status == 404 || fetch.status == 405)) {
		http_fetch_release(&fetch);
		fetch = (struct http_fetch){ 0 };
		rc = find_sessions(bmc, deadline_ms, path, sizeof(path), err);
		if (rc == 0)
			rc = post_login(bmc, path, deadline_ms, &fetch, err);
	}
	if (rc == 0)
		rc = fetch.status >= 200 && fetch.status < 300 ? take_session(bmc, &fetch, err)
							       : refused(bmc, &fetch, err);
	http_fetch_release(&fetch);
	return rc < 0 ? rc : keep(bmc, deadline_ms, err);
}

int redfish_session_ensure(struct redfish_bmc *bmc, int64_t deadline_ms, struct error *err)
{
	struct error reason;
	int rc;

	if (!bmc->info.user || bmc->token || redfish_session_is_basic(bmc))
		return 0;
	rc = semaphore_take(&bmc->login, deadline_ms);
	if (rc < 0)
		return fail(err, (enum errcode) - rc, "Logging in at %s took too long", bmc->info.address);
	if (!bmc->token && !redfish_session_is_basic(bmc)) {
		rc = login(bmc, deadline_ms, &reason);
		if ((rc == -ERR_BMC || rc == -ERR_BMC_AUTH) && bmc->info.auth == REDFISH_AUTH_AUTO &&
		    !bmc->has_session_worked) {
			bmc->basic_until_ms = clock_ms() + BASIC_MS;
			rc = 0;
		}
	}
	semaphore_give(&bmc->login);
	return rc < 0 ? fail(err, reason.code, "%s", reason.text) : 0;
}
