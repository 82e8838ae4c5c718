/* eem: an ExpEther manager in the rack: the service of drivers/expether, with the rack's faults and log
 * around it. It has no machine of its own; what its boards do is changed through the control port. */
#include "drivers/expether/eem_service.h"

#include "lib/xalloc.h"
#include "tools/bmcsim/http_side.h"

struct side {
	struct eem_service *service;
	struct http_server *server;
};

static void serve(struct bmc *bmc, struct http_request *request, struct http_response *response)
{
	struct side *side = bmc->side;

	eem_service_handle(side->service, request, response);
	if (response->status == 401)
		bmc->auth_failures++;
}

static const struct http_side_ops ops = {
	.serve = serve,
	.refuse = eem_service_refuse,
	.is_body_logged = true,
};

SUSPENDS static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	http_side_handle(arg, &ops, request, response);
}

static void refuse(int status, const char *sentence, struct http_response *response, void *arg)
{
	(void)arg;
	eem_service_refuse(status, sentence, response);
}

static void side_stop(struct bmc *bmc)
{
	struct side *side = bmc->side;

	http_server_free(side->server);
	eem_service_free(side->service);
	xfree(side);
	bmc->side = NULL;
}

static int side_start(struct bmc *bmc, struct error *err)
{
	struct side *side = xcalloc(1, sizeof(*side));
	struct http_server_options options = {
		.address = bmc->address,
		.port = bmc->port,
		.max_body_bytes = 1 << 20,
		.handle = handle,
		.refuse = refuse,
		.arg = bmc,
	};
	int rc;

	bmc->side = side;
	side->service = eem_service_new(
		&(struct eem_service_options){ .user = bmc->user, .password = bmc->password });
	if (bmc->cards)
		eem_service_fill(side->service, (unsigned)bmc->cards);
	rc = http_server_new(&options, &side->server, err);
	if (rc < 0) {
		side_stop(bmc);
		return rc;
	}
	bmc->port = http_server_port(side->server);
	return 0;
}

static json_t *side_state(struct bmc *bmc)
{
	const struct side *side = bmc->side;

	return eem_service_state(side->service);
}

static int side_apply(struct bmc *bmc, const json_t *value, struct error *err)
{
	struct side *side = bmc->side;

	return eem_service_apply(side->service, value, err);
}

const struct bmc_side bmc_eem_side = {
	.name = "eem",
	.start = side_start,
	.stop = side_stop,
	.state = side_state,
	.apply = side_apply,
};
