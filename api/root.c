/* root: the documents by which clients find out what they talk to, and /healthcheck. */
#include "api/fleet.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/version.h"
#include "db/db.h"

#define DOCUMENTATION "https://docs.openstack.org//ironic/latest/contributor//webapi.html"

/* Members of GET /v1 and the microversion that brought each. */
static const struct {
	const char *name;
	int since;
} resources[] = {
	{ "chassis", 1 },     { "nodes", 1 },
	{ "ports", 1 },       { "drivers", 1 },
	{ "lookup", 22 },     { "heartbeat", 22 },
	{ "portgroups", 23 }, { "volume", 32 },
	{ "conductors", 49 }, { "allocations", 52 },
	{ "events", 54 },     { "deploy_templates", 55 },
	{ "shards", 82 },     { "continue_inspection", 84 },
	{ "runbooks", 92 },   { "inspection_rules", 96 },
};

static void write_version(struct buf *body, const char *base)
{
	buf_printf(body,
		   "{\"id\":\"v1\",\"links\":[{\"href\":\"%s/v1/\",\"rel\":\"self\"}],\"status\":\"CURRENT\","
		   "\"min_version\":\"1.%d\",\"version\":\"1.%d\"}",
		   base, VERSION_MIN, VERSION_MAX);
}

int root_show(struct api_request *request, struct error *err)
{
	struct buf *body = &request->out->body;

	(void)err;
	reply_json(request, 200);
	buf_puts(body, "{\"name\":\"OpenStack Ironic API\",\"description\":\"Ironic is an OpenStack project "
		       "which enables "
		       "the provision and management of baremetal machines.\",\"default_version\":");
	write_version(body, request->base);
	buf_puts(body, ",\"versions\":[");
	write_version(body, request->base);
	buf_puts(body, "]}");
	return 0;
}

int root_show_v1(struct api_request *request, struct error *err)
{
	struct buf *body = &request->out->body;

	(void)err;
	reply_json(request, 200);
	buf_printf(
		body,
		"{\"id\":\"v1\",\"links\":[{\"href\":\"%s/v1/\",\"rel\":\"self\"},{\"href\":\"" DOCUMENTATION
		"\",\"rel\":\"describedby\",\"type\":\"text/html\"}],\"media_types\":{\"base\":\"application/"
		"json\","
		"\"type\":\"application/vnd.openstack.ironic.v1+json\"},\"version\":",
		request->base);
	write_version(body, request->base);
	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
		if (request->version < resources[i].since)
			continue;
		json_out_key(body, resources[i].name);
		json_out_links(body, request->base, arena_printf(request->arena, "%s/", resources[i].name));
	}
	buf_putc(body, '}');
	return 0;
}

int root_refuse_method(struct api_request *request, struct error *err)
{
	(void)request;
	return fail(err, ERR_METHOD,
		    "The server could not comply with the request since it is either malformed or otherwise "
		    "incorrect.");
}

int root_health(struct api_request *request, struct error *err)
{
	bool is_up = db_is_up(request->db);

	(void)err;
	reply_json(request, is_up ? 200 : 503);
	buf_printf(&request->out->body, "{\"detailed\":false,\"reasons\":[\"%s\"]}",
		   is_up ? "OK" : "The database cannot be reached.");
	return 0;
}
