/* valence_reply: answers and errors in Valence's shape. See valence.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/problem.h"
#include "api/valence.h"
#include "lib/json.h"

/* Valence gives each error this id; the request's own is among the headers. */
#define REQUEST_ID "00000000-0000-0000-0000-000000000000"

/* clang-format off */
static const struct {
	int status;
	enum errcode errcode;
	const char *title; /* NULL: by the status */
	const char *code;  /* NULL: the status in words */
} faults[] = {
	[VALENCE_BAD_REQUEST]     = { 400, ERR_INVALID, NULL, NULL },
	[VALENCE_VALIDATION]      = { 400, ERR_INVALID, "Validation Error", NULL },
	[VALENCE_UNAUTHORIZED]    = { 401, ERR_UNAUTHORIZED, NULL, NULL },
	[VALENCE_NOT_FOUND]       = { 404, ERR_NOT_FOUND, NULL, NULL },
	[VALENCE_NO_DRIVER]       = { 404, ERR_NOT_FOUND, "Unsupported Driver Specified", NULL },
	[VALENCE_NONE_FREE]       = { 404, ERR_NOT_FOUND, "ExpEther Exception", "40400" },
	[VALENCE_EXISTS]          = { 409, ERR_CONFLICT, "Resource Already Exists", NULL },
	[VALENCE_EXPETHER]        = { 500, ERR_INTERNAL, NULL, NULL },
	[VALENCE_NOT_IMPLEMENTED] = { 501, ERR_UNSUPPORTED, "Not Implemented", "Not Implemented" },
	[VALENCE_UNAVAILABLE]     = { 503, ERR_NO_CONDUCTOR, NULL, NULL },
};
/* clang-format on */

int valence_fail(struct api_request *request, enum valence_fault fault, struct error *err, const char *format,
		 ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	request->fault_status = faults[fault].status;
	request->fault_title = faults[fault].title;
	request->fault_code = faults[fault].code;
	return fail(err, faults[fault].errcode, "%s", text);
}

static const char *title_of(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Authorization Error";
	case 404:
		return "Resource could not be found";
	case 503:
		return "Connection Error";
	default:
		return status < 500 ? problem_title(status) : "ExpEther Exception";
	}
}

void valence_reply_fault(struct api_request *request, int status, const char *sentence)
{
	const char *title = request->fault_title ? request->fault_title : title_of(status);
	const char *code = request->fault_code ? request->fault_code : problem_title(status);
	json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s}", "request_id", REQUEST_ID, "code", code,
				 "status", status, "title", title, "detail", sentence);

	reply_json(request, status);
	json_write(&request->out->body, body);
	json_decref(body);
}

int valence_fail_method(struct api_request *request, int rc)
{
	if (rc < 0 && request->fault_status == 404) {
		request->fault_title = faults[VALENCE_NONE_FREE].title;
		request->fault_code = faults[VALENCE_NONE_FREE].code;
	}
	return rc;
}

int valence_check_body(struct api_request *request, const struct schema *members, struct error *err)
{
	return schema_check(request->body, members, err) < 0
		       ? valence_fail(request, VALENCE_VALIDATION, err, "%s", err->text)
		       : 0;
}

void valence_reply(struct api_request *request, json_t *take_value)
{
	buf_clear(&request->out->body);
	reply_json(request, 200);
	json_write(&request->out->body, take_value);
	json_decref(take_value);
}

void valence_reply_confirmation(struct api_request *request, const char *code, const char *detail)
{
	valence_reply(request,
		      json_pack("{s:s, s:s, s:s}", "request_id", REQUEST_ID, "code", code, "detail", detail));
}

json_t *valence_time(const char *iso)
{
	char text[32];

	if (!iso || strlen(iso) < 19)
		return json_null();
	snprintf(text, sizeof text, "%.10s %.8s UTC", iso, iso + 11);
	return json_string(text);
}

void valence_put_times(json_t *object, const char *created_at, const char *updated_at)
{
	json_object_set_new(object, "created_at", valence_time(created_at));
	json_object_set_new(object, "updated_at", valence_time(updated_at ? updated_at : created_at));
}
