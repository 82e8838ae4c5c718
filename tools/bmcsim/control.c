/* control: bmcsim's control port. */
#include "tools/bmcsim/control.h"

#include <string.h>

#include "lib/json.h"

static void answer(struct http_response *response, int status, json_t *take_value)
{
	response->status = status;
	http_response_header(response, "Content-Type", "application/json");
	json_write(&response->body, take_value);
	json_decref(take_value);
}

static void answer_error(struct http_response *response, int status, const char *sentence)
{
	answer(response, status, json_pack("{s:s}", "error", sentence));
}

static json_t *bmc_show(struct bmc *bmc)
{
	const struct bmc_side *side = rack_side(bmc);
	json_t *value = bmc_to_json(bmc);

	if (side->state && bmc->side)
		json_object_set_new(value, side->name, side->state(bmc));
	return value;
}

static void list(struct rack *rack, struct http_response *response)
{
	json_t *all = json_array();

	for (size_t i = 0; i < rack->count; i++)
		json_array_append_new(all, bmc_to_json(&rack->bmcs[i]));
	answer(response, 200, json_pack("{s:o}", "bmcs", all));
}

static int apply(struct bmc *bmc, json_t *changes, struct error *err)
{
	const struct bmc_side *side = rack_side(bmc);
	json_t *own = side->apply ? json_object_get(changes, side->name) : NULL;
	int rc = own ? side->apply(bmc, own, err) : 0;

	if (own)
		json_object_del(changes, side->name);
	return rc < 0 ? rc : bmc_apply(bmc, changes, err);
}

static void change(struct bmc *bmc, struct http_request *request, struct http_response *response)
{
	const struct bmc_side *side = rack_side(bmc);
	struct error err;
	json_t *changes;
	int rc = json_parse(request->body, request->body_len, JSON_DEPTH_MAX, &changes, &err);

	if (rc == 0) {
		rc = apply(bmc, changes, &err);
		json_decref(changes);
	}
	if (rc < 0) {
		answer_error(response, 400, err.text);
		return;
	}
	if (side->changed && bmc->side)
		side->changed(bmc);
	answer(response, 200, bmc_show(bmc));
}

static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	struct rack *rack = arg;
	bool is_get = !strcmp(request->method, "GET");
	struct bmc *bmc;

	if (!strcmp(request->path, "/bmc") && is_get) {
		list(rack, response);
		return;
	}
	if (strncmp(request->path, "/bmc/", 5) != 0) {
		answer_error(response, 404, "There are /bmc and /bmc/<name>");
		return;
	}
	bmc = rack_find(rack, request->path + 5);
	if (!bmc)
		answer_error(response, 404, "There is no BMC of that name");
	else if (is_get)
		answer(response, 200, bmc_show(bmc));
	else if (!strcmp(request->method, "POST"))
		change(bmc, request, response);
	else
		answer_error(response, 405, "GET and POST are allowed");
}

int control_start(struct rack *rack, const char *address, int port, struct http_server **ret,
		  struct error *err)
{
	struct http_server_options options = {
		.address = address,
		.port = port,
		.max_body_bytes = 1 << 20,
		.handle = handle,
		.arg = rack,
	};
	return http_server_new(&options, ret, err);
}
