/* valence: the listener, and the walk of a request before its handler. See valence.h. */
#include "api/valence.h"

#include <string.h>

#include "api/auth.h"
#include "api/fleet.h"
#include "api/listeners.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/version.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/json.h"
#include "lib/log.h"

#define ADDRESS_MAX    4
#define BODY_MAX_BYTES (256 * 1024)
#define RETRY_AFTER_S  "1"

static struct {
	struct option_list host_ip;
	long port;
} options;

/* clang-format off */
static const struct option table[] = {
	{ .section = "valence", .name = "host_ip", .type = OPTION_LIST, .target = &options.host_ip,
	  .help = "Addresses to serve the Valence API on, comma-separated. Default: none, it is off." },
	{ .section = "valence", .name = "port", .type = OPTION_INT, .target = &options.port,
	  .preset = "8181", .min = 0, .max = 65535,
	  .help = "Its TCP port. 0: any free one, which the log names." },
	{ 0 }
};
/* clang-format on */

static struct {
	struct db *db;
	struct listeners listeners;
} valence;

/* All its requests count together: the paths are those of the Ironic API. */
static const struct route counted_as = { .path = "valence" };

void valence_config_register(void)
{
	config_register(table);
}

int valence_check_config(struct error *err)
{
	int rc = 0;

	if (options.host_ip.count > ADDRESS_MAX)
		return fail(err, ERR_INVALID, "[valence] host_ip takes at most %d addresses.", ADDRESS_MAX);
	for (size_t i = 0; rc == 0 && i < options.host_ip.count; i++)
		rc = server_check_address(options.host_ip.items[i], err);
	return rc;
}

/* ---- what is checked before a handler runs; each returns true when it has answered ---- */

/* Slashes at the end are dropped; unlike the Ironic API, nothing stands for /v1. */
static bool cut_path(struct route_path *cut, struct api_request *request)
{
	const char *path = request->http->path;
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (strcmp(path, "/") != 0 && strncmp(path, "/v1", 3) != 0)
		return false;
	return route_cut(cut, arena_strndup(request->arena, path, len));
}

static bool refuse_path(struct api_request *request)
{
	const char *method = request->http->method;
	struct route_path cut;
	char allow[128] = "";

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	if (cut_path(&cut, request))
		request->route = route_find_in(valence_routes, &cut, method, allow, sizeof allow);
	if (request->route && route_read_idents(request, &cut))
		return false;
	if (allow[0])
		http_response_header(request->out, "Allow", "%s", allow);
	valence_reply_fault(request, allow[0] ? 405 : 404,
			    allow[0] ? "The method is not allowed for the requested URL."
				     : "The requested URL was not found on the server.");
	return true;
}

static bool refuse_credentials(struct api_request *request)
{
	if (!auth_refuse(request))
		return false;
	buf_clear(&request->out->body);
	valence_reply_fault(request, request->out->status, "The request needs the credentials of a user.");
	return true;
}

size_t valence_join_lines(char *text, size_t len)
{
	bool is_quoted = false;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		bool is_pair = text[i] == '\\' && i + 1 < len;

		if (is_pair && !is_quoted && text[i + 1] == '\n')
			continue;
		if (text[i] == '"')
			is_quoted = !is_quoted;
		text[used++] = text[i];
		if (is_pair && is_quoted)
			text[used++] = text[++i];
	}
	return used;
}

static bool refuse_body(struct api_request *request)
{
	const struct http_request *http = request->http;
	struct error err;

	if (request->route->body == BODY_NONE || http->body_len == 0)
		return false;
	char *text = arena_strndup(request->arena, http->body, http->body_len);
	size_t len = valence_join_lines(text, http->body_len);
	if (json_parse(text, len, JSON_DEPTH_MAX, &request->body, &err) == 0)
		return false;
	valence_reply_fault(request, 400,
			    arena_printf(request->arena, "The request body is no JSON: %s", err.text));
	return true;
}

/* ---- the request ---- */

static void run_handler(struct api_request *request)
{
	struct error err = { 0 };

	int rc = query_parse(&request->query, request->http->query, request->arena, &err);
	if (rc == 0)
		rc = query_check(&request->query, request->route->query, request->version,
				 request->arena, &err);
	if (rc == 0)
		rc = request->route->handle(request, &err);
	if (rc >= 0)
		return;
	int status =
		request->fault_status ? request->fault_status : error_info((enum errcode) - rc)->http_status;
	if (status >= 500)
		log_warning("%s %s: %d: %s", request->http->method, request->http->path, status, err.text);
	if (rc == -ERR_NODE_LOCKED || status == 503)
		http_response_header(request->out, "Retry-After", RETRY_AFTER_S);
	buf_clear(&request->out->body);
	valence_reply_fault(request, status, err.text);
}

static void answer(struct api_request *request)
{
	if (strcmp(request->http->method, "OPTIONS") == 0)
		reply_empty(request, 200);
	else if (refuse_path(request) || refuse_credentials(request) || refuse_body(request))
		return;
	else
		run_handler(request);
}

static void handle(struct http_request *http, struct http_response *response, void *arg)
{
	struct api_request request = { .http = http,
				       .out = response,
				       .arena = http->arena,
				       .db = valence.db,
				       .version = VERSION_MAX,
				       .version_headers = VERSION_HEADERS_NONE };
	int64_t begun_ns = clock_ns();

	(void)arg;
	server_make_request_id(&request);
	request.labels.request_id = request.id;
	fiber_set_labels(&request.labels);
	server_set_base(&request, (int)options.port);
	request.registry = fleet_get();
	answer(&request);
	server_finish_headers(&request);
	if (strcmp(http->method, "HEAD") == 0)
		buf_clear(&response->body);
	api_metrics_answered(&counted_as, http->method, response->status, begun_ns);
	fleet_put(request.registry);
	json_decref(request.body);
	fiber_set_labels(NULL);
}

/* What never became a request: too large, too slow, not HTTP. */
static void refuse(int status, const char *sentence, struct http_response *response, void *arg)
{
	struct api_request request = { .out = response, .version_headers = VERSION_HEADERS_NONE };

	(void)arg;
	server_make_request_id(&request);
	api_metrics_refused(status);
	valence_reply_fault(&request, status, sentence);
	server_finish_headers(&request);
}

/* ---- the listener ---- */

int valence_start(struct db *db, struct error *err)
{
	const struct http_server_options common = {
		.port = (int)options.port,
		.tls = server_tls(),
		.max_body_bytes = BODY_MAX_BYTES,
		.handle = handle,
		.refuse = refuse,
	};

	valence.db = db;
	return listeners_start(&valence.listeners, &options.host_ip, &common, "Serving the Valence API", err);
}

void valence_drain(int64_t deadline_ms)
{
	listeners_drain(&valence.listeners, deadline_ms);
}

void valence_free(void)
{
	listeners_free(&valence.listeners);
}
