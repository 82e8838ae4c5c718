#pragma once
/*
 * http_side: what the sides of simulated BMCs that speak HTTP share: latency, loss, faults and the request
 * log around a service that answers.
 */
#include "lib/http_server.h"
#include "tools/bmcsim/bmc.h"

struct http_side_ops {
	SUSPENDS void (*serve)(struct bmc *bmc, struct http_request *request, struct http_response *response);
	/* Fills an error answer of the service's kind. */
	void (*refuse)(int status, const char *sentence, struct http_response *response);
	bool is_body_logged; /* bodies of writes hold no secret: the log shows them behind the path */
};

SUSPENDS void http_side_handle(struct bmc *bmc, const struct http_side_ops *ops, struct http_request *request,
			       struct http_response *response);
