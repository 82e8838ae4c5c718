/* http_side: see http_side.h. */
#include "tools/bmcsim/http_side.h"

#include <string.h>

#include "lib/clock.h"

/* How long a request without an answer is held, unless the client goes first. */
#define DROP_MS 120000

SUSPENDS static void hang(struct http_response *response)
{
	int64_t end_ms = clock_ms() + DROP_MS;

	while (clock_ms() < end_ms && !http_response_is_gone(response))
		if (fiber_sleep(50) < 0)
			break;
	response->status = 503;
	response->is_reset = true;
}

static void answer_json(struct http_response *response)
{
	response->status = 200;
	http_response_header(response, "Content-Type", "application/json");
}

static void answer_status(const struct http_side_ops *ops, const struct bmc_fault *fault,
			  struct http_response *response)
{
	if (!fault->text) {
		ops->refuse(fault->status, "A fault of the simulator", response);
		return;
	}
	response->status = fault->status;
	http_response_header(response, "Content-Type", "application/json");
	buf_puts(&response->body, fault->text);
}

static void answer_html(const struct bmc_fault *fault, struct http_response *response)
{
	response->status = fault->status;
	http_response_header(response, "Content-Type", "text/html");
	buf_puts(&response->body, "<html><body>Please log in</body></html>");
}

static void answer_deep(struct http_response *response)
{
	answer_json(response);
	for (int i = 0; i < 100; i++)
		buf_puts(&response->body, "{\"PowerState\":");
	buf_puts(&response->body, "\"On\"");
	for (int i = 0; i < 100; i++)
		buf_putc(&response->body, '}');
}

static void answer_huge(struct http_response *response)
{
	char block[8192];

	memset(block, ' ', sizeof(block));
	answer_json(response);
	if (http_stream_begin(response) < 0)
		return;
	for (int i = 0; i < 8192; i++)
		if (http_stream_write(response, block, sizeof(block)) < 0)
			return;
}

SUSPENDS static void serve_fault(struct bmc *bmc, const struct http_side_ops *ops,
				 const struct bmc_fault *fault, struct http_request *request,
				 struct http_response *response)
{
	switch (fault->kind) {
	case BMC_FAULT_STATUS:
		answer_status(ops, fault, response);
		break;
	case BMC_FAULT_DROP:
		hang(response);
		break;
	case BMC_FAULT_LOST_REPLY:
		ops->serve(bmc, request, response);
		response->is_reset = true;
		break;
	case BMC_FAULT_RESET:
		response->status = 503;
		response->is_reset = true;
		break;
	case BMC_FAULT_TRUNCATE:
		ops->serve(bmc, request, response);
		response->truncate_at = (int64_t)response->body.len / 2;
		break;
	case BMC_FAULT_HTML:
		answer_html(fault, response);
		break;
	case BMC_FAULT_DEEP:
		answer_deep(response);
		break;
	case BMC_FAULT_HUGE:
		answer_huge(response);
		break;
	case BMC_FAULT_REDIRECT:
		response->status = 302;
		http_response_header(response, "Location", "http://192.0.2.1%s", request->path);
		break;
	case BMC_FAULT_BAD_CHECKSUM: /* of IPMI alone */
	case BMC_FAULT_BAD_AUTHCODE:
	case BMC_FAULT_COUNT:
		break;
	}
}

static const char *describe(const struct http_side_ops *ops, const struct http_request *request)
{
	if (ops->is_body_logged && request->body_len && request->body_len < 1024)
		return arena_printf(request->arena, "%s %s %s", request->method, request->target,
				    request->body);
	return arena_printf(request->arena, "%s %s", request->method, request->target);
}

void http_side_handle(struct bmc *bmc, const struct http_side_ops *ops, struct http_request *request,
		      struct http_response *response)
{
	const char *what = describe(ops, request);
	struct bmc_fault fault;

	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		bmc->writes++;
	if (bmc_is_lost(bmc)) {
		bmc_log(bmc, what, -1, "loss");
		hang(response);
		return;
	}
	int64_t latency_ms = bmc_latency_ms(bmc);

	if (latency_ms > 0 && fiber_sleep(latency_ms) < 0)
		return;
	if (!bmc_fault_take(bmc, what, &fault)) {
		ops->serve(bmc, request, response);
		bmc_log(bmc, what, response->status, NULL);
		return;
	}
	if (fault.kind == BMC_FAULT_DROP)
		bmc_log(bmc, what, -1, bmc_fault_name(fault.kind));
	serve_fault(bmc, ops, &fault, request, response);
	if (fault.kind != BMC_FAULT_DROP)
		bmc_log(bmc, what, response->is_reset ? -1 : response->status, bmc_fault_name(fault.kind));
}
