/* service_quirk: answers by which makes of BMC depart from the plain service, by tables of theirs. */
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "lib/clock.h"

static bool has_word(const struct http_request *request, const char *word)
{
	return request->body_len && memmem(request->body, request->body_len, word, strlen(word));
}

static bool applies(const struct service_exchange *exchange, const struct redfish_refusal *refusal)
{
	const struct http_request *request = exchange->request;
	const struct redfish_service *service = exchange->service;

	if (refusal->method && strcmp(refusal->method, request->method) != 0)
		return false;
	if (!strstr(exchange->path, refusal->path))
		return false;
	if ((refusal->with && !has_word(request, refusal->with)) ||
	    (refusal->without && has_word(request, refusal->without)))
		return false;
	return !refusal->after_start_ms ||
	       (service->started_ms && clock_ms() < service->started_ms + refusal->after_start_ms);
}

static void answer(struct service_exchange *exchange, const struct redfish_refusal *refusal)
{
	struct http_response *response = exchange->response;
	json_t *document =
		json_pack("{s:{s:s, s:s, s:[{s:s, s:s, s:s}]}}", "error", "code", refusal->message_id,
			  "message", refusal->text, "@Message.ExtendedInfo", "MessageId", refusal->message_id,
			  "Message", refusal->text, "Severity", "Warning");

	response->status = refusal->status;
	http_response_header(response, "Content-Type", "application/json");
	service_put(exchange, document);
	json_decref(document);
}

bool service_quirk_refuses(struct service_exchange *exchange)
{
	const struct redfish_refusal *refusal = exchange->service->quirks->refusals;
	unsigned *counts = exchange->service->refused;

	for (unsigned i = 0; refusal && i < REDFISH_REFUSALS_MAX && refusal[i].path; i++) {
		if (!applies(exchange, &refusal[i]) || (refusal[i].times && counts[i] >= refusal[i].times))
			continue;
		counts[i]++;
		answer(exchange, &refusal[i]);
		return true;
	}
	return false;
}

void service_quirk_put_etag(struct service_exchange *exchange, const char *etag)
{
	struct http_response *response = exchange->response;

	switch (exchange->service->quirks->etag) {
	case REDFISH_ETAG_PLAIN:
		http_response_header(response, "ETag", "%s", etag);
		break;
	case REDFISH_ETAG_TWICE:
		http_response_header(response, "ETag", "%s", etag);
		http_response_header(response, "ETag", "%s", etag);
		break;
	case REDFISH_ETAG_QUOTED_TWICE:
		http_response_header(response, "ETag", "\"%s\"", etag);
		break;
	case REDFISH_ETAG_EMPTY:
		http_response_header(response, "ETag", "\"\"");
		break;
	case REDFISH_ETAG_FOREIGN:
		http_response_header(response, "ETag", "\"of-another-resource\"");
		break;
	}
}

/* ---- tasks ---- */

#define MONITOR "/redfish/v1/TaskService/TaskMonitors/1"

void service_quirk_task(struct service_exchange *exchange)
{
	if (!exchange->service->quirks->has_tasks)
		return;
	exchange->service->task_reads = 0;
	exchange->response->status = 202;
	http_response_header(exchange->response, "Location", MONITOR);
	http_response_header(exchange->response, "Retry-After", "1");
}

static json_t *monitor_get(struct service_exchange *exchange)
{
	const struct redfish_quirks *quirks = exchange->service->quirks;
	bool is_running = exchange->service->task_reads++ < quirks->task_reads;

	if (!quirks->has_tasks || (!is_running && !quirks->task_state))
		return NULL;
	if (is_running) {
		exchange->response->status = 202;
		http_response_header(exchange->response, "Retry-After", "1");
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "@odata.id", MONITOR,
			 "@odata.type", "#Task.v1_7_1.Task", "Id", "1", "Name", "Task", "TaskState",
			 quirks->task_state, "TaskStatus",
			 strcmp(quirks->task_state, "Completed") ? "Critical" : "OK", "Messages", "MessageId",
			 "Base.1.13.GeneralError", "Message", "The settings were not taken.");
}

const struct service_resource service_task_resources[] = {
	{ .path = MONITOR, .is_live = true, .get = monitor_get },
	{ 0 },
};
