/* service_error: the messages of the service as one table: error objects and the Base registry come from it.
 * Source: DSP0266 section 8.6, DSP0268 (MessageRegistry). */
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "lib/json.h"

struct message {
	const char *key; /* in the Base registry */
	int status;
	const char *text; /* %1 and %2 are the arguments */
	const char *resolution;
	int arguments;
};

/* clang-format off */
static const struct message messages[MESSAGE_COUNT] = {
	[MESSAGE_GENERAL] = { "GeneralError", 400,
		"The request failed: see the details.", "See the details.", 0 },
	[MESSAGE_MALFORMED] = { "MalformedJSON", 400, "The body of the request is not a JSON object.",
		"Send a JSON object.", 0 },
	[MESSAGE_MISSING_RESOURCE] = { "ResourceMissingAtURI", 404, "There is no resource at %1.",
		"Give the URI of a resource that exists.", 1 },
	[MESSAGE_NO_SESSION] = { "NoValidSession", 401,
		"The request needs valid credentials or a session token.",
		"Log in and repeat the request.", 0 },
	[MESSAGE_METHOD] = { "OperationNotAllowed", 405, "The resource does not allow this method.",
		"Use a method that the Allow header names.", 0 },
	[MESSAGE_NOT_ACCEPTABLE] = { "HeaderInvalid", 406,
		"The header %1 asks for what the service cannot give.",
		"Accept application/json.", 1 },
	[MESSAGE_MEDIA_TYPE] = { "HeaderMissing", 415, "The header %1 must say application/json.",
		"Send JSON with that Content-Type.", 1 },
	[MESSAGE_PRECONDITION_FAILED] = { "PreconditionFailed", 412,
		"A condition in the request's headers does not hold.",
		"Read the resource again and use its ETag.", 0 },
	[MESSAGE_PRECONDITION_REQUIRED] = { "PreconditionRequired", 428,
		"The request needs an If-Match header.",
		"Send If-Match with the resource's ETag.", 0 },
	[MESSAGE_PROPERTY_UNKNOWN] = { "PropertyUnknown", 400,
		"The property %1 is not known for this resource.",
		"Leave the property out.", 1 },
	[MESSAGE_PROPERTY_READONLY] = { "PropertyNotWritable", 400, "The property %1 cannot be written.",
		"Leave the property out.", 1 },
	[MESSAGE_PROPERTY_TYPE] = { "PropertyValueTypeError", 400,
		"The value %1 of the property %2 has the wrong type.",
		"Correct the type of the value.", 2 },
	[MESSAGE_PROPERTY_VALUE] = { "PropertyValueNotInList", 400,
		"The value %1 of the property %2 is not an allowed one.",
		"Choose one of the allowed values.", 2 },
	[MESSAGE_PROPERTY_FORMAT] = { "PropertyValueFormatError", 400,
		"The value %1 of the property %2 has the wrong form.",
		"Correct the form of the value.", 2 },
	[MESSAGE_PROPERTY_MISSING] = { "PropertyMissing", 400, "The property %1 is required.",
		"Send the property.", 1 },
	[MESSAGE_PARAMETER_MISSING] = { "ActionParameterMissing", 400,
		"The action %1 needs the parameter %2.",
		"Send the parameter.", 2 },
	[MESSAGE_PARAMETER_VALUE] = { "ActionParameterValueNotInList", 400,
		"The value %1 of the parameter %2 is not an allowed one.",
		"Choose one of the allowed values.", 2 },
	[MESSAGE_PARAMETER_TYPE] = { "ActionParameterValueTypeError", 400,
		"The value %1 of the parameter %2 has the wrong type.",
		"Correct the type of the value.", 2 },
	[MESSAGE_PARAMETER_UNKNOWN] = { "ActionParameterUnknown", 400,
		"The parameter %1 is not known for this action.",
		"Leave the parameter out.", 1 },
	[MESSAGE_PARAMETER_CONFLICT] = { "ActionParameterValueConflict", 409,
		"The value %1 of the parameter %2 does not fit the state of the system.",
		"Wait until the state has changed, or choose another value.", 2 },
	[MESSAGE_ACTION] = { "ActionNotSupported", 400, "The action %1 is not supported.",
		"Leave the action out.", 1 },
	[MESSAGE_IN_USE] = { "ResourceInUse", 409,
		"The resource is in use.", "Free the resource and repeat the request.", 0 },
	[MESSAGE_QUERY] = { "QueryNotSupported", 501,
		"The query %1 is not supported.", "Leave the query out.", 1 },
	[MESSAGE_SESSION_LIMIT] = { "SessionLimitExceeded", 503, "No more sessions can be opened.",
		"Close a session and repeat the request.", 0 },
	[MESSAGE_SUBSCRIPTION_LIMIT] = { "EventSubscriptionLimitExceeded", 503,
		"No more subscriptions can be made.",
		"Delete a subscription and repeat the request.", 0 },
	[MESSAGE_INTERNAL] = { "InternalError", 500,
		"The service failed.", "Repeat the request; reset the service if it fails again.", 0 },
};
/* clang-format on */

static void put_text(struct buf *text, const char *format, const char *const arguments[2])
{
	buf_init(text, 8192);
	for (const char *c = format; *c; c++) {
		if (c[0] == '%' && (c[1] == '1' || c[1] == '2')) {
			c++;
			buf_puts(text, arguments[*c - '1'] ? arguments[*c - '1'] : "");
		} else {
			buf_putc(text, *c);
		}
	}
}

static json_t *info_of(const struct message *message, const char *text, const char *const arguments[2])
{
	json_t *list = json_array();

	for (int i = 0; i < message->arguments; i++)
		json_array_append_new(list, json_string(arguments[i] ? arguments[i] : ""));
	return json_pack("{s:s, s:s+, s:s, s:o, s:s, s:s, s:s}", "@odata.type", "#Message.v1_1_1.Message",
			 "MessageId", SERVICE_REGISTRY ".0.", message->key, "Message", text, "MessageArgs",
			 list, "Severity", message->status >= 500 ? "Critical" : "Warning", "MessageSeverity",
			 message->status >= 500 ? "Critical" : "Warning", "Resolution", message->resolution);
}

static void put_error(struct http_response *response, int status, const struct message *message,
		      const char *text, const char *const arguments[2], bool is_info_object)
{
	json_t *info = info_of(message, text, arguments);
	json_t *document;

	if (!is_info_object) {
		json_t *list = json_array();
		json_array_append_new(list, info);
		info = list;
	}
	document = json_pack("{s:{s:s+, s:s, s:o}}", "error", "code", SERVICE_REGISTRY ".0.", message->key,
			     "message", text, "@Message.ExtendedInfo", info);
	response->status = status;
	http_response_header(response, "Content-Type", "application/json");
	buf_clear(&response->body);
	json_write(&response->body, document);
	json_decref(document);
}

void service_refuse(struct service_exchange *exchange, enum service_message message, const char *first,
		    const char *second)
{
	const char *const arguments[2] = { first, second };
	const struct message *row = &messages[message];
	struct buf text;

	put_text(&text, row->text, arguments);
	put_error(exchange->response, row->status, row, text.data, arguments,
		  exchange->service->quirks->is_info_object);
	buf_release(&text);
}

void redfish_service_refuse(int status, const char *sentence, struct http_response *response)
{
	static const char *const arguments[2] = { NULL, NULL };
	const struct message *row = &messages[status >= 500 ? MESSAGE_INTERNAL : MESSAGE_GENERAL];

	for (int i = 0; i < MESSAGE_COUNT; i++)
		if (messages[i].status == status && !messages[i].arguments && status != 400 && status < 500)
			row = &messages[i];
	http_response_header(response, "OData-Version", "4.0");
	put_error(response, status, row, sentence, arguments, false);
}

json_t *service_base_registry(void)
{
	json_t *all = json_object();

	for (int i = 0; i < MESSAGE_COUNT; i++) {
		const struct message *row = &messages[i];
		json_t *types = json_array();
		for (int n = 0; n < row->arguments; n++)
			json_array_append_new(types, json_string("string"));
		json_object_set_new(all, row->key,
				    json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:s}", "Description", row->text,
					      "Message", row->text, "Severity",
					      row->status >= 500 ? "Critical" : "Warning", "MessageSeverity",
					      row->status >= 500 ? "Critical" : "Warning", "NumberOfArgs",
					      row->arguments, "ParamTypes", types, "Resolution",
					      row->resolution));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "@odata.type",
			 "#MessageRegistry.v1_4_2.MessageRegistry", "Id", SERVICE_REGISTRY ".0", "Name",
			 "Base messages", "Language", "en", "Description", "The messages of this service",
			 "RegistryPrefix", "Base", "RegistryVersion", "1.13.0", "OwningEntity", "Ferrule",
			 "Messages", all);
}
