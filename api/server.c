#include "api/server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/auth.h"
#include "api/etag.h"
#include "api/fleet.h"
#include "api/listeners.h"
#include "api/metrics.h"
#include "api/problem.h"
#include "api/ramdisk.h"
#include "api/route.h"
#include "api/version.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/utf8.h"
#include "model/options.h"

#define MAX_MINIMUM_DEPTH  8
#define BODY_OFFLOAD_BYTES (512 * 1024) /* parsing more than this would keep all other requests waiting */
#define SUFFIX_UNTIL       91 /* from here on ".json" is part of a name */
#define OPENAPI_PATH       "/v1/openapi.json"
#define RETRY_AFTER_S      "1"          /* 409 for a lock and 503: it did not run, and may run soon */

static struct {
	struct option_list host_ip;
	long port;
	long max_limit;
	long max_json_depth;
	char *public_endpoint;
	bool is_noauth_on_network;
	char *cert_file, *key_file;
	bool is_tls;
} options;

/* clang-format off */
static const struct option table[] = {
	{ .section = "api", .name = "host_ip", .type = OPTION_LIST, .target = &options.host_ip,
	  .preset = "127.0.0.1", .help = "Addresses to listen on, comma-separated." },
	{ .section = "api", .name = "port", .type = OPTION_INT, .target = &options.port,
	  .preset = "6385", .min = 0, .max = 65535,
	  .help = "TCP port. 0: any free one, which the log names." },
	{ .section = "api", .name = "max_limit", .type = OPTION_INT, .target = &options.max_limit,
	  .preset = "1000", .min = 1, .max = 1000000,
	  .help = "Most objects in one answer, and the page size when none is asked for." },
	{ .section = "api", .name = "max_json_body_depth", .type = OPTION_INT,
	  .target = &options.max_json_depth, .preset = "25", .min = MAX_MINIMUM_DEPTH, .max = JSON_DEPTH_MAX,
	  .help = "Deepest nesting of a JSON body." },
	{ .section = "api", .name = "public_endpoint", .type = OPTION_TEXT,
	  .target = &options.public_endpoint,
	  .help = "URL by which clients reach the API, for links. Default: what the request was sent to." },
	{ .section = "api", .name = "allow_noauth_on_network", .type = OPTION_BOOL,
	  .target = &options.is_noauth_on_network, .preset = "false",
	  .help = "Serve without authentication on addresses that other machines can reach." },
	{ .section = "api", .name = "enable_ssl_api", .type = OPTION_BOOL, .target = &options.is_tls,
	  .preset = "false", .help = "Serve HTTPS." },
	{ .section = "api", .name = "ssl_cert_file", .type = OPTION_TEXT, .target = &options.cert_file,
	  .help = "PEM file with the server's certificate chain." },
	{ .section = "api", .name = "ssl_key_file", .type = OPTION_TEXT, .target = &options.key_file,
	  .help = "PEM file with its private key." },
	{ 0 }
};
/* clang-format on */

static struct {
	struct db *db;
	struct listeners listeners;
	void *tls;
} server;

void server_config_register(void)
{
	config_register(table);
	auth_config_register();
	ramdisk_config_register();
}

int server_max_limit(void)
{
	return (int)options.max_limit;
}

const struct option_list *server_addresses(void)
{
	return &options.host_ip;
}

int server_port(void)
{
	return (int)options.port;
}

bool server_is_tls(void)
{
	return options.is_tls;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

const char *server_host(void)
{
	for (size_t i = 0; i < options.host_ip.count; i++) {
		if (!is_loopback(options.host_ip.items[i]))
			return common_host();
	}
	return "localhost";
}

const char *server_host_shown(const char *host)
{
	return strcmp(host, common_host()) == 0 ? server_host() : host;
}

int server_check_address(const char *address, struct error *err)
{
	if (!auth_is_off() || is_loopback(address) || options.is_noauth_on_network)
		return 0;
	return fail(err, ERR_INVALID,
		    "[DEFAULT] auth_strategy = noauth would let anyone who reaches %s control all nodes; set "
		    "[api] allow_noauth_on_network = true if that is what you want.",
		    address);
}

void *server_tls(void)
{
	return server.tls;
}

int server_check_config(struct error *err)
{
	int rc = auth_check_config(err);

	if (rc == 0)
		rc = ramdisk_check_config(err);
	if (rc < 0)
		return rc;
	if (options.host_ip.count == 0 || options.host_ip.count > LISTENERS_MAX)
		return fail(err, ERR_INVALID, "[api] host_ip needs 1 to %d addresses.", LISTENERS_MAX);
	if (options.is_tls && (!options.cert_file || !options.key_file))
		return fail(err, ERR_INVALID, "[api] enable_ssl_api needs ssl_cert_file and ssl_key_file.");
	for (size_t i = 0; rc == 0 && i < options.host_ip.count; i++)
		rc = server_check_address(options.host_ip.items[i], err);
	return rc;
}

/* ---- headers ---- */

void server_finish_headers(struct api_request *request)
{
	struct buf *headers = &request->out->headers;

	buf_puts(headers, "openstack-request-id: ");
	buf_puts(headers, request->id);
	buf_puts(headers, "\r\nx-openstack-request-id: ");
	buf_puts(headers, request->id);
	buf_puts(headers, "\r\n");
	if (request->version_headers == VERSION_HEADERS_NONE)
		return;
	buf_printf(headers,
		   "X-OpenStack-Ironic-API-Minimum-Version: 1.%d\r\nX-OpenStack-Ironic-API-Maximum-Version: "
		   "1.%d\r\n",
		   VERSION_MIN, VERSION_MAX);
	if (request->version_headers == VERSION_HEADERS_ALL)
		buf_printf(headers, "X-OpenStack-Ironic-API-Version: 1.%d\r\n", request->version);
}

static bool is_host(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]");

	return len > 0 && len < REQUEST_BASE_MAX - 16 && text[len] == '\0';
}

void server_set_base(struct api_request *request, int port)
{
	const char *host = http_request_header(request->http, "Host");

	if (host && is_host(host))
		snprintf(request->base, sizeof request->base, "%s://%s",
			 request->http->is_tls ? "https" : "http", host);
	else
		snprintf(request->base, sizeof request->base, "http://localhost:%d", port);
}

static void set_base(struct api_request *request)
{
	if (options.public_endpoint) {
		size_t len = strlen(options.public_endpoint);

		while (len > 0 && options.public_endpoint[len - 1] == '/')
			len--;
		snprintf(request->base, sizeof request->base, "%.*s", (int)len, options.public_endpoint);
	} else {
		server_set_base(request, (int)options.port);
	}
}

/* ---- what is checked before a handler runs; each returns true when it has answered ---- */

static bool accepts_json(const char *accept)
{
	return strstr(accept, "*/*") || strstr(accept, "application/json") ||
	       strstr(accept, "application/*") || strstr(accept, "application/octet-stream") ||
	       !strchr(accept, '/');
}

static bool accepts_product(const struct route *route, const char *accept)
{
	return route->produces && strstr(accept, route->produces);
}

static bool refuse_accept(struct api_request *request)
{
	const char *accept = http_request_header(request->http, "Accept");

	if (!accept || accepts_json(accept) || accepts_product(request->route, accept))
		return false;
	const char *shown = arena_printf(request->arena, "%.100s", accept);
	request->version_headers = VERSION_HEADERS_NONE;
	reply_json(request, 406);
	if (strstr(accept, "text/html"))
		problem_plain(
			&request->out->body,
			"<html>\n <head>\n  <title>406 Not Acceptable</title>\n </head>\n <body>\n  <h1>406 "
			"Not "
			"Acceptable</h1>\n  The resource could not be generated that was acceptable to your "
			"browser\n(content of type text/html. <br /><br />\n\n </body>\n</html>");
	else
		problem_plain(&request->out->body, arena_printf(request->arena,
								"406 Not Acceptable\n\nThe resource could "
								"not be generated that was acceptable "
								"to your browser (content of type %s. \n\n ",
								shown));
	return true;
}

static bool refuse_version(struct api_request *request)
{
	struct version version;
	struct error err;

	enum version_result result = version_negotiate(
		http_request_header(request->http, "OpenStack-API-Version"),
		http_request_header(request->http, "X-OpenStack-Ironic-API-Version"), &version, &err);
	request->version = version.minor;
	request->is_version_explicit = version.is_explicit;
	if (result == VERSION_OK)
		return false;
	if (strcmp(request->http->path, "/") == 0)
		reply_fault(request, 406, err.text);
	else
		reply_router_refusal(request, 406, err.text);
	request->version_headers =
		result == VERSION_OUT_OF_RANGE ? VERSION_HEADERS_RANGE : VERSION_HEADERS_NONE;
	return true;
}

/* Older clients may write ".json" after what they mean. */
static const char *without_suffix(struct api_request *request)
{
	const char *path = request->http->path;
	size_t len = strlen(path), suffix = strlen(JSON_SUFFIX);

	request->has_json_suffix = request->is_version_explicit && request->version < SUFFIX_UNTIL &&
				   len > suffix && strcmp(path + len - suffix, JSON_SUFFIX) == 0 &&
				   strcmp(path, OPENAPI_PATH) != 0;
	return request->has_json_suffix ? arena_strndup(request->arena, path, len - suffix) : path;
}

/* The row of the table, and the idents in the path. */
static bool refuse_path(struct api_request *request)
{
	struct route_path cut;
	char allow[128] = "";

	if (route_cut(&cut, without_suffix(request)))
		request->route = route_find(&cut, request->http->method, allow, sizeof allow);
	if (!request->route) {
		if (allow[0])
			http_response_header(request->out, "Allow", "%s", allow);
		reply_router_refusal(request, allow[0] ? 405 : 404, "");
		return true;
	}
	if (route_read_idents(request, &cut))
		return false;
	reply_router_refusal(request, 400, "");
	return true;
}

/* A body on its way to JSON. */
struct body_work {
	const char *text;
	size_t len;
	unsigned max_depth;
	enum { BODY_FINE, BODY_TOO_DEEP, BODY_NOT_UTF8, BODY_MALFORMED } fault;
	json_t *value;
	struct error err;
};

static void parse_body(void *arg)
{
	struct body_work *work = arg;

	if (json_depth(work->text, work->len) > work->max_depth)
		work->fault = BODY_TOO_DEEP;
	else if (!utf8_is_valid(work->text, work->len))
		work->fault = BODY_NOT_UTF8;
	else if (json_parse(work->text, work->len, work->max_depth, &work->value, &work->err) < 0)
		work->fault = BODY_MALFORMED;
}

/* As "curl -d" sends what has no type. A form's names and values are arguments that no method has. */
static bool is_form(const struct http_request *request)
{
	static const char *const types[] = { "application/x-www-form-urlencoded", "multipart/form-data" };
	const char *type = http_request_header(request, "Content-Type");

	for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++) {
		if (strncasecmp(type, types[i], strlen(types[i])) == 0)
			return true;
	}
	return false;
}

static bool refuse_body(struct api_request *request)
{
	struct body_work work = { .text = request->http->body,
				  .len = request->http->body_len,
				  .max_depth = (unsigned)options.max_json_depth };

	if (request->route->body == BODY_NONE || work.len == 0)
		return false;
	if (is_form(request->http)) {
		reply_fault(request, 400, "The request body is a form; it must be JSON.");
		return true;
	}
	if (work.len > BODY_OFFLOAD_BYTES)
		offload(parse_body, &work);
	else
		parse_body(&work);
	switch (work.fault) {
	case BODY_FINE:
		request->body = work.value;
		return false;
	case BODY_TOO_DEEP:
		reply_json(request, 400);
		problem_bare(&request->out->body, 400,
			     arena_printf(request->arena,
					  "JSON body is nested deeper than the limit of %ld levels.",
					  options.max_json_depth));
		break;
	case BODY_NOT_UTF8:
		reply_router_refusal(request, 400, "");
		break;
	case BODY_MALFORMED:
		reply_fault(request, 400,
			    arena_printf(request->arena, "Malformed JSON in the request body: %s",
					 work.err.text));
		break;
	}
	return true;
}

static int check_arguments(struct api_request *request, struct error *err)
{
	const struct route *route = request->route;

	int rc = query_parse(&request->query, request->http->query, request->arena, err);
	if (rc == 0) {
		query_yield(&request->query, route->query, request->body);
		rc = query_check(&request->query, route->query, request->version, request->arena,
				 err);
	}
	if (rc < 0 || route->body != BODY_ARGUMENTS)
		return rc;
	if (request->body && !json_is_object(request->body) && !json_is_null(request->body))
		return fail(err, ERR_INVALID, "The request body must be a JSON object.");
	return argument_check(request->body, route->arguments, request->version, err);
}

/* ---- the request ---- */

static void run_handler(struct api_request *request)
{
	struct error err = { 0 };

	int rc = check_arguments(request, &err);
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
	reply_fault(request, status, err.text);
}

static void answer(struct api_request *request)
{
	if (strcmp(request->http->method, "OPTIONS") == 0) {
		reply_empty(request, 200);
		request->version_headers = VERSION_HEADERS_NONE;
	} else if (refuse_version(request) || refuse_path(request) || refuse_accept(request) ||
		 auth_refuse(request) || route_refuse_old(request) || etag_refuse(request) ||
		 refuse_body(request)) {
		return;
	} else {
		run_handler(request);
	}
}

void server_make_request_id(struct api_request *request)
{
	memcpy(request->id, "req-", 4);
	uuid_new(request->id + 4);
}

static void handle(struct http_request *http, struct http_response *response, void *arg)
{
	struct api_request request = { .http = http, .out = response, .arena = http->arena, .db = server.db };
	int64_t begun_ns = clock_ns();

	(void)arg;
	server_make_request_id(&request);
	request.labels.request_id = request.id;
	fiber_set_labels(&request.labels);
	set_base(&request);
	request.registry = fleet_get();
	answer(&request);
	if (!response->stream)
		server_finish_headers(&request);
	if (strcmp(http->method, "HEAD") == 0)
		buf_clear(&response->body);
	api_metrics_answered(request.route, http->method, response->status, begun_ns);
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
	reply_json(&request, status);
	if (status == 413)
		problem_bare(&response->body, status, sentence);
	else
		problem_router(&response->body, status, sentence);
	server_finish_headers(&request);
}

/* ---- listeners ---- */

int server_start(struct db *db, struct error *err)
{
	server.db = db;
	if (options.is_tls &&
	    http_tls_server_context(options.cert_file, options.key_file, &server.tls, err) < 0)
		return -err->code;
	const struct http_server_options common = {
		.port = (int)options.port,
		.tls = server.tls,
		.max_body_bytes = BODY_DEFAULT_BYTES,
		.body_limit = route_body_limit,
		.handle = handle,
		.refuse = refuse,
	};
	return listeners_start(&server.listeners, &options.host_ip, &common, "Listening", err);
}

void server_drain(int64_t deadline_ms)
{
	listeners_drain(&server.listeners, deadline_ms);
}

void server_free(void)
{
	listeners_free(&server.listeners);
	http_tls_context_free(server.tls);
}
