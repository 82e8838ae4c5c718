/*
 * redfish: vendor methods of the redfish driver: event subscriptions, ejecting virtual media, and reading the
 * service root of an address. Names, verbs, modes, descriptions and results are those of Ironic
 * (ironic/drivers/modules/redfish/vendor.py); arguments follow its documentation, where the code refuses
 * every value of EventTypes and boot_device. Source: DSP2046 EventService, EventDestination.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "drivers/redfish/media.h"
#include "drivers/redfish/redfish.h"
#include "drivers/redfish/system.h"
#include "drivers/vendor.h"
#include "lib/json.h"
#include "lib/url.h"

/* ---- arguments ---- */

/* The value as Python prints it; lives in the task's arena. */
static const char *repr(struct task *task, const json_t *value)
{
	struct buf text;
	const char *copy;

	if (json_is_string(value))
		return json_string_value(value);
	buf_init(&text, 512);
	if (value)
		json_repr(&text, value);
	else
		buf_puts(&text, "None");
	copy = arena_strdup(&task->arena, text.data ? text.data : "");
	buf_release(&text);
	return copy;
}

static const json_t *argument(const struct passthru_call *call, const char *name)
{
	const json_t *value = json_object_get(call->args, name);

	return json_is_null(value) ? NULL : value;
}

static bool is_list_of(const json_t *list, json_type type)
{
	const json_t *value;
	size_t index;

	if (!json_is_array(list))
		return false;
	json_array_foreach((json_t *)list, index, value)
	{
		if (json_typeof(value) != type)
			return false;
	}
	return true;
}

static int validate_create(struct task *task, const struct passthru_call *call, struct error *err)
{
	const json_t *destination = argument(call, "Destination");
	const json_t *event_types = argument(call, "EventTypes");
	const json_t *context = argument(call, "Context");
	const json_t *protocol = argument(call, "Protocol");
	const json_t *headers = argument(call, "HttpHeaders");

	if (event_types && !is_list_of(event_types, JSON_STRING))
		return fail(err, ERR_INVALID,
			    "EventTypes %s is not a valid value, it must be a list of event types",
			    repr(task, event_types));
	if (context && !json_is_string(context))
		return fail(err, ERR_INVALID, "Context %s is not a valid string", repr(task, context));
	if (protocol && !json_is_string(protocol))
		return fail(err, ERR_INVALID, "Protocol %s is not a string", repr(task, protocol));
	if (headers && !is_list_of(headers, JSON_OBJECT)) /* may hold credentials: not repeated */
		return fail(err, ERR_INVALID, "HttpHeaders is not a list of headers");
	if (!json_is_string(destination) || !url_is_absolute(json_string_value(destination)))
		return fail(err, ERR_INVALID, "Destination %s is not a valid URI", repr(task, destination));
	return 0;
}

/* An id is one segment of a path. */
static int validate_id(struct task *task, const struct passthru_call *call, struct error *err)
{
	const json_t *id = argument(call, "id");
	const char *text;

	if (!id || (json_is_string(id) && !json_string_length(id)))
		return fail(err, ERR_INVALID, "id can't be None");
	text = repr(task, id);
	if (!json_is_string(id) && !json_is_integer(id))
		return fail(err, ERR_INVALID, "id %s is not the id of a subscription", text);
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._~:@+=,$", *c))
			return fail(err, ERR_INVALID, "id %s is not the id of a subscription", text);
	if (!strcmp(text, ".") || !strcmp(text, "..") || strlen(text) > 256)
		return fail(err, ERR_INVALID, "id %s is not the id of a subscription", text);
	return 0;
}

static int validate_eject(struct task *task, const struct passthru_call *call, struct error *err)
{
	const json_t *device = argument(call, "boot_device");

	if (device && (!json_is_string(device) || !redfish_media_is_device(json_string_value(device))))
		return fail(err, ERR_INVALID,
			    "Boot device %s is not a valid value, allowed values are: cd, dvd, usb, floppy",
			    repr(task, device));
	return 0;
}

/* ---- subscriptions ---- */

/* The event service's document (new reference) and the path of its subscriptions. */
SUSPENDS static int event_service(struct redfish_client *client, json_t **ret_service, char *path,
				  size_t size, struct error *err)
{
	const char *link;
	json_t *service;
	int rc;

	snprintf(path, size, "%.*sEventService", (int)size - 16, client->info.root);
	rc = redfish_get(client, path, err);
	if (rc == 0)
		rc = redfish_object(client, &service, err);
	if (rc < 0)
		return rc;
	link = json_string_value(json_object_get(json_object_get(service, "Subscriptions"), "@odata.id"));
	rc = link ? redfish_path_of_link(client->bmc, link, path, size, err)
		  : fail(err, ERR_BMC, "The event service of %s has no subscriptions", client->info.address);
	if (rc < 0)
		json_decref(service);
	else
		*ret_service = service;
	return rc;
}

struct subscriptions {
	struct redfish_client client;
	bool is_open;    /* the client is: also when a request failed */
	json_t *service; /* owned */
	char path[REDFISH_PATH_MAX];
};

SUSPENDS static int subscriptions_open(struct subscriptions *subscriptions, struct task *task,
				       struct error *err)
{
	int rc;

	*subscriptions = (struct subscriptions){ 0 };
	rc = redfish_open(&subscriptions->client, task, err);
	if (rc < 0)
		return rc;
	subscriptions->is_open = true;
	return event_service(&subscriptions->client, &subscriptions->service, subscriptions->path,
			     sizeof(subscriptions->path), err);
}

static void subscriptions_close(struct subscriptions *subscriptions)
{
	json_decref(subscriptions->service);
	if (subscriptions->is_open)
		redfish_close(&subscriptions->client);
}

/* The five members that Ironic shows. */
static json_t *filter(const json_t *document)
{
	static const char *const shown[] = { "Id", "Context", "Protocol", "Destination", "EventTypes" };
	json_t *result = json_object();

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		json_t *value = json_object_get(document, shown[i]);
		if (value)
			json_object_set(result, shown[i], value);
	}
	return result;
}

static json_t *create_payload(const struct passthru_call *call)
{
	const json_t *event_types = argument(call, "EventTypes");
	const json_t *context = argument(call, "Context");
	const json_t *protocol = argument(call, "Protocol");
	const json_t *headers = argument(call, "HttpHeaders");
	json_t *payload = json_pack("{s:O, s:s, s:s}", "Destination", argument(call, "Destination"),
				    "Protocol", protocol ? json_string_value(protocol) : "Redfish", "Context",
				    context ? json_string_value(context) : "");

	json_object_set_new(payload, "EventTypes",
			    event_types ? json_deep_copy(event_types) : json_pack("[s]", "Alert"));
	if (json_array_size(headers))
		json_object_set_new(payload, "HttpHeaders", json_deep_copy(headers));
	return payload;
}

/* BMCs of the newer model (RegistryPrefixes) list no event types: then none is checked. */
static int check_event_types(struct task *task, const struct passthru_call *call, const json_t *service,
			     struct error *err)
{
	const json_t *allowed = json_object_get(service, "EventTypesForSubscription");
	const json_t *wanted = argument(call, "EventTypes");
	const json_t *value, *other;
	size_t index, n;

	if (!wanted || !json_array_size(allowed))
		return 0;
	json_array_foreach((json_t *)wanted, index, value)
	{
		bool is_allowed = false;
		json_array_foreach((json_t *)allowed, n, other) is_allowed =
			is_allowed || json_equal(value, other);
		if (!is_allowed)
			return fail(err, ERR_INVALID, "EventTypes %s is not a valid value, allowed values %s",
				    repr(task, wanted), repr(task, allowed));
	}
	return 0;
}

/* The new subscription as the BMC shows it: in the answer, or where Location points; some send neither, and
 * what was asked for stands in. */
SUSPENDS static json_t *created(struct redfish_client *client, const json_t *payload)
{
	char location[REDFISH_PATH_MAX];
	json_t *document = NULL, *result;

	if (client->fetch.answer.len)
		redfish_object(client, &document, NULL);
	if (!json_object_get(document, "Id") &&
	    http_fetch_header(&client->fetch, "Location", location, sizeof(location)) &&
	    redfish_get(client, location, NULL) == 0) {
		json_decref(document);
		document = NULL;
		redfish_object(client, &document, NULL);
	}
	result = filter(document ? document : payload);
	json_decref(document);
	return result;
}

static int create_subscription(struct task *task, const struct passthru_call *call,
			       struct passthru_result *result, struct error *err)
{
	struct subscriptions subscriptions;
	json_t *payload = create_payload(call);
	int rc = subscriptions_open(&subscriptions, task, err);

	if (rc == 0)
		rc = check_event_types(task, call, subscriptions.service, err);
	if (rc == 0)
		rc = redfish_post(&subscriptions.client, subscriptions.path, payload, err);
	if (rc == 0)
		result->value = created(&subscriptions.client, payload);
	if (subscriptions.is_open)
		rc = redfish_failed(&subscriptions.client, rc, "create_subscription", err);
	subscriptions_close(&subscriptions);
	json_decref(payload);
	return rc;
}

/* Path of one subscription: some collections' links end in a slash. */
static void member_path(struct task *task, const struct passthru_call *call,
			struct subscriptions *subscriptions)
{
	size_t len = strlen(subscriptions->path);

	snprintf(subscriptions->path + len, sizeof(subscriptions->path) - len, "%s%s",
		 len && subscriptions->path[len - 1] == '/' ? "" : "/", repr(task, argument(call, "id")));
}

/* "get_subscription failed for subscription 7 on node X" */
static int failed_for(struct task *task, const struct passthru_call *call, int rc, struct error *err)
{
	if (err && (rc == -ERR_BMC || rc == -ERR_BMC_AUTH))
		return fail_prefix(err,
				   "Redfish exception occurred. Error: Redfish %s failed for subscription %s "
				   "on node %s. Error",
				   call->method->name, repr(task, argument(call, "id")),
				   node_uuid(task->node));
	return rc;
}

static int get_subscription(struct task *task, const struct passthru_call *call,
			    struct passthru_result *result, struct error *err)
{
	struct subscriptions subscriptions;
	json_t *document;
	int rc = subscriptions_open(&subscriptions, task, err);

	if (rc == 0) {
		member_path(task, call, &subscriptions);
		rc = redfish_get(&subscriptions.client, subscriptions.path, err);
	}
	if (rc == 0)
		rc = redfish_object(&subscriptions.client, &document, err);
	if (rc == 0) {
		result->value = filter(document);
		json_decref(document);
	}
	subscriptions_close(&subscriptions);
	return failed_for(task, call, rc, err);
}

static int get_all_subscriptions(struct task *task, const struct passthru_call *call,
				 struct passthru_result *result, struct error *err)
{
	struct subscriptions subscriptions;
	int rc = subscriptions_open(&subscriptions, task, err);

	(void)call;
	if (rc == 0)
		rc = redfish_get(&subscriptions.client, subscriptions.path, err);
	if (rc == 0)
		rc = redfish_object(&subscriptions.client, &result->value, err);
	if (subscriptions.is_open)
		rc = redfish_failed(&subscriptions.client, rc, "get_subscriptions", err);
	subscriptions_close(&subscriptions);
	return rc;
}

/* What the BMC refuses is told as not found, as Ironic does. */
static int delete_subscription(struct task *task, const struct passthru_call *call,
			       struct passthru_result *result, struct error *err)
{
	struct subscriptions subscriptions;
	int rc = subscriptions_open(&subscriptions, task, err);

	(void)result;
	if (rc == 0) {
		member_path(task, call, &subscriptions);
		rc = redfish_delete(&subscriptions.client, subscriptions.path, err);
	}
	subscriptions_close(&subscriptions);
	if (rc != -ERR_BMC && rc != -ERR_BMC_AUTH)
		return rc;
	failed_for(task, call, rc, err);
	if (err)
		err->code = ERR_NOT_FOUND;
	return -ERR_NOT_FOUND;
}

/* ---- virtual media ---- */

static int eject_vmedia(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			struct error *err)
{
	(void)result;
	return redfish_media_eject(task, json_string_value(argument(call, "boot_device")), err);
}

/* ---- driver level ---- */

/* The arguments of a driver method are what a node's driver_info would hold. */
static int service_root_info(struct task *task, const struct passthru_call *call, struct redfish_info *info,
			     struct error *err)
{
	return redfish_info_parse(call->args, "(none)", &task->arena, info, err);
}

static int validate_service_root(struct task *task, const struct passthru_call *call, struct error *err)
{
	struct redfish_info info;

	return service_root_info(task, call, &info, err);
}

static bool is_service_root(const json_t *document)
{
	const char *type = json_string_value(json_object_get(document, "@odata.type"));

	return json_object_get(document, "RedfishVersion") || (type && !strncmp(type, "#ServiceRoot.", 13));
}

/* Only service roots are shown: the method is no window into whatever else answers at an address. */
static int get_service_root(struct task *task, const struct passthru_call *call,
			    struct passthru_result *result, struct error *err)
{
	struct redfish_client client;
	struct redfish_info info;
	json_t *document;
	int rc = service_root_info(task, call, &info, err);

	if (rc < 0)
		return rc;
	redfish_open_info(&client, task, &info);
	rc = redfish_get(&client, info.root, err);
	if (rc == 0)
		rc = redfish_object(&client, &document, err);
	if (rc == 0 && !is_service_root(document)) {
		json_decref(document);
		rc = fail(err, ERR_BMC, "What answers at %s%s is no Redfish service", info.address,
			  info.root);
	}
	if (rc == 0)
		result->value = document;
	redfish_close(&client);
	return rc;
}

/* ---- tables ---- */

static const struct passthru_argument create_arguments[] = {
	{ .name = "Destination", .type = ARGUMENT_ANY }, { .name = "EventTypes", .type = ARGUMENT_ANY },
	{ .name = "Context", .type = ARGUMENT_ANY },     { .name = "Protocol", .type = ARGUMENT_ANY },
	{ .name = "HttpHeaders", .type = ARGUMENT_ANY }, { 0 }
};
static const struct passthru_argument id_argument[] = { { .name = "id", .type = ARGUMENT_ANY }, { 0 } };
static const struct passthru_argument eject_arguments[] = { { .name = "boot_device", .type = ARGUMENT_ANY },
							    { 0 } };
static const struct passthru_argument root_arguments[] = {
	{ .name = "redfish_address", .type = ARGUMENT_TEXT, .is_required = true },
	{ .name = "redfish_verify_ca", .type = ARGUMENT_ANY },
	{ 0 }
};

/* clang-format off */
static const struct passthru_method node_methods[] = {
	{ .name = "eject_vmedia", .verbs = VERB_POST, .mode = PASSTHRU_ASYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .run_s = 120, .arguments = eject_arguments,
	  .validate = validate_eject, .run = eject_vmedia,
	  .help = "Eject a virtual media device. If no device is provided then all attached devices will be "
		  "ejected. Optional arguments: 'boot_device' - the boot device to eject, either 'cd', "
		  "'dvd', 'usb', or 'floppy'" },
	{ .name = "create_subscription", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER, .arguments = create_arguments, .validate = validate_create,
	  .run = create_subscription,
	  .help = "Creates a subscription on a node. Required argument: a dictionary of {'Destination': "
		  "'destination_url'}" },
	{ .name = "delete_subscription", .verbs = VERB_DELETE, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .arguments = id_argument, .validate = validate_id,
	  .run = delete_subscription,
	  .help = "Delete a subscription on a node. Required argument: a dictionary of {'id': "
		  "'subscription_bmc_id'}" },
	{ .name = "get_all_subscriptions", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .run = get_all_subscriptions,
	  .help = "Returns all subscriptions on the node." },
	{ .name = "get_subscription", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .arguments = id_argument, .validate = validate_id,
	  .run = get_subscription,
	  .help = "Get a subscription on the node. Required argument: a dictionary of {'id': "
		  "'subscription_bmc_id'}" },
	{ 0 }
};

static const struct passthru_method driver_methods[] = {
	{ .name = "get_service_root", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = root_arguments, .validate = validate_service_root,
	  .run = get_service_root,
	  .help = "Returns the service root of the Redfish service at an address. Required argument: "
		  "'redfish_address'. Optional argument: 'redfish_verify_ca'" },
	{ 0 }
};
/* clang-format on */

const struct vendor_interface redfish_vendor = {
	.base = { .type = INTERFACE_VENDOR, .name = "redfish", .validate = redfish_validate },
	.node_methods = node_methods,
	.driver_methods = driver_methods,
};
