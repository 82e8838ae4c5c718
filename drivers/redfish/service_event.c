/* service_event: EventService, its subscriptions, and the test event. Source: DSP0266 section 12.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "lib/clock.h"
#include "lib/http_client.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"

#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"
#define TEST_EVENT    "/redfish/v1/EventService/Actions/EventService.SubmitTestEvent"
#define DELIVERY_MS   3000 /* longest wait for a listener */

static const char *const event_types[] = { "StatusChange", "ResourceUpdated", "ResourceAdded",
					   "ResourceRemoved", "Alert" };
#define EVENT_TYPE_COUNT (sizeof(event_types) / sizeof(event_types[0]))

static void subscription_release(struct service_subscription *subscription)
{
	xfree(subscription->destination);
	xfree(subscription->context);
	json_decref(subscription->event_types);
	json_decref(subscription->headers);
}

void service_subscriptions_release(struct redfish_service *service)
{
	for (unsigned i = 0; i < service->subscription_count; i++)
		subscription_release(&service->subscriptions[i]);
	xfree(service->subscriptions);
	service->subscriptions = NULL;
	service->subscription_count = 0;
}

static struct service_subscription *subscription_find(struct redfish_service *service, const char *id)
{
	char text[16];

	for (unsigned i = 0; i < service->subscription_count; i++) {
		snprintf(text, sizeof(text), "%u", service->subscriptions[i].id);
		if (!strcmp(text, id))
			return &service->subscriptions[i];
	}
	return NULL;
}

static json_t *event_service_get(struct service_exchange *exchange)
{
	json_t *types = json_array();

	(void)exchange;
	for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
		json_array_append_new(types, json_string(event_types[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:s, s:s}, s:o, s:o, s:{s:{s:s}}}", "@odata.id",
			 "/redfish/v1/EventService", "@odata.type", "#EventService.v1_8_0.EventService", "Id",
			 "EventService", "Name", "Event service", "ServiceEnabled", 1, "Status", "State",
			 "Enabled", "Health", "OK", "EventTypesForSubscription", types, "Subscriptions",
			 service_link(SUBSCRIPTIONS), "Actions", "#EventService.SubmitTestEvent", "target",
			 TEST_EVENT);
}

static json_t *subscriptions_get(struct service_exchange *exchange)
{
	const struct redfish_service *service = exchange->service;
	json_t *members = json_array();
	char path[128];

	for (unsigned i = 0; i < service->subscription_count; i++) {
		snprintf(path, sizeof(path), SUBSCRIPTIONS "/%u", service->subscriptions[i].id);
		json_array_append_new(members, service_link(path));
	}
	return service_collection(SUBSCRIPTIONS, "EventDestinationCollection.EventDestination",
				  "Subscriptions", members);
}

static json_t *subscription_document(const struct redfish_service *service,
				     const struct service_subscription *subscription)
{
	json_t *document;
	char path[128], id[16];

	snprintf(id, sizeof(id), "%u", subscription->id);
	snprintf(path, sizeof(path), SUBSCRIPTIONS "/%s", id);
	document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "@odata.id", path,
			     "@odata.type", "#EventDestination.v1_12_0.EventDestination", "Id", id, "Name",
			     "Subscription", "Destination", subscription->destination, "Context",
			     subscription->context, "Protocol", "Redfish", "SubscriptionType", "RedfishEvent",
			     "EventTypes", subscription->event_types);
	if (service->quirks->has_no_context)
		json_object_del(document, "Context");
	return document;
}

static json_t *subscription_get(struct service_exchange *exchange)
{
	const struct service_subscription *subscription = subscription_find(exchange->service, exchange->id);

	return subscription ? subscription_document(exchange->service, subscription) : NULL;
}

static bool is_destination(const char *text)
{
	size_t scheme = strcspn(text, ":");

	return scheme && !strncmp(text + scheme, "://", 3) && text[scheme + 3] && text[scheme + 3] != '/' &&
	       strlen(text) <= 2048;
}

static bool event_type_known(const char *type)
{
	for (size_t i = 0; type && i < EVENT_TYPE_COUNT; i++)
		if (!strcmp(event_types[i], type))
			return true;
	return false;
}

/* False: the refusal is in the response. *ret is borrowed from the body; NULL: not given. */
static bool take_event_types(struct service_exchange *exchange, json_t **ret)
{
	json_t *list = json_object_get(exchange->body, "EventTypes");
	json_t *value;
	size_t index;

	*ret = list;
	if (!list)
		return true;
	if (!json_is_array(list)) {
		service_refuse(exchange, MESSAGE_PROPERTY_TYPE, "given", "EventTypes");
		return false;
	}
	json_array_foreach(list, index, value)
	{
		if (!event_type_known(json_string_value(value))) {
			service_refuse(exchange, MESSAGE_PROPERTY_VALUE,
				       json_is_string(value) ? json_string_value(value) : "given",
				       "EventTypes");
			return false;
		}
	}
	return true;
}

/* [{"Name": "value"}, ...]: what may stand in a header line. */
static bool are_headers(const json_t *list)
{
	const json_t *entry, *value;
	const char *name;
	size_t index;

	if (list && !json_is_array(list))
		return false;
	json_array_foreach((json_t *)list, index, entry)
	{
		if (!json_is_object(entry))
			return false;
		json_object_foreach((json_t *)entry, name, value)
		{
			if (!json_is_string(value) || strpbrk(name, "\r\n:") ||
			    strpbrk(json_string_value(value), "\r\n"))
				return false;
		}
	}
	return true;
}

static void subscriptions_post(struct service_exchange *exchange)
{
	static const char *const names[] = { "Destination",      "Context",          "Protocol",
					     "EventTypes",       "HttpHeaders",      "EventFormatType",
					     "SubscriptionType", "RegistryPrefixes", NULL };
	struct redfish_service *service = exchange->service;
	struct service_subscription *subscription;
	const char *destination, *context, *protocol;
	char location[128];
	json_t *types, *headers = json_object_get(exchange->body, "HttpHeaders");

	if (!service_body_only(exchange, names, false) ||
	    !service_body_text(exchange, "Destination", &destination) ||
	    !service_body_text(exchange, "Context", &context) ||
	    !service_body_text(exchange, "Protocol", &protocol) || !take_event_types(exchange, &types))
		return;
	if (!destination || !protocol) {
		service_refuse(exchange, MESSAGE_PROPERTY_MISSING, destination ? "Protocol" : "Destination",
			       NULL);
		return;
	}
	if (!is_destination(destination)) {
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, destination, "Destination");
		return;
	}
	if (strcmp(protocol, "Redfish") != 0) {
		service_refuse(exchange, MESSAGE_PROPERTY_VALUE, protocol, "Protocol");
		return;
	}
	if (!are_headers(headers)) {
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, "given", "HttpHeaders");
		return;
	}
	if (service->subscription_count == REDFISH_SERVICE_SUBSCRIPTIONS) {
		service_refuse(exchange, MESSAGE_SUBSCRIPTION_LIMIT, NULL, NULL);
		return;
	}
	service->subscriptions = xreallocarray(service->subscriptions, service->subscription_count + 1,
					       sizeof(*service->subscriptions));
	subscription = &service->subscriptions[service->subscription_count++];
	*subscription = (struct service_subscription){
		.id = service->next_id++,
		.destination = xstrdup(destination),
		.context = xstrdup(context ? context : ""),
		.event_types = types ? json_incref(types) : json_pack("[s]", "Alert"),
		.headers = json_incref(headers),
	};
	snprintf(location, sizeof(location), SUBSCRIPTIONS "/%u", subscription->id);
	service_created(exchange, location, subscription_document(service, subscription));
}

/* False: there is none of that id. */
static bool subscription_remove(struct redfish_service *service, const char *id)
{
	struct service_subscription *subscription = subscription_find(service, id);

	if (!subscription)
		return false;
	subscription_release(subscription);
	*subscription = service->subscriptions[--service->subscription_count];
	return true;
}

static void subscription_delete(struct service_exchange *exchange)
{
	if (subscription_remove(exchange->service, exchange->id))
		service_done(exchange);
	else
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
}

/* ---- the test event ---- */

/* One event on its way: copies, because the subscription may go meanwhile. */
struct delivery {
	const char *id; /* of the subscription */
	const char *url;
	const char *body;
	const char *headers[16]; /* NULL-terminated */
};

static void delivery_init(struct delivery *delivery, const struct service_subscription *subscription,
			  struct arena *arena, const json_t *event)
{
	size_t count = 0, index;
	json_t *entry, *value;
	const char *name;
	struct buf body;

	*delivery = (struct delivery){
		.id = arena_printf(arena, "%u", subscription->id),
		.url = arena_strdup(arena, subscription->destination),
	};
	delivery->headers[count++] = "Content-Type: application/json";
	json_array_foreach(subscription->headers, index, entry)
	{
		json_object_foreach(entry, name, value)
		{
			if (count < 15)
				delivery->headers[count++] =
					arena_printf(arena, "%s: %s", name, json_string_value(value));
		}
	}
	buf_init(&body, 65536);
	entry = json_pack("{s:s, s:s, s:s, s:s, s:[O]}", "@odata.type", "#Event.v1_7_0.Event", "Id", "1",
			  "Name", "Event", "Context", subscription->context, "Events", event);
	json_write(&body, entry);
	json_decref(entry);
	delivery->body = arena_strdup(arena, body.data);
	buf_release(&body);
}

SUSPENDS static int deliver(const struct delivery *delivery)
{
	struct http_fetch fetch = {
		.method = "POST",
		.url = delivery->url,
		.headers = delivery->headers,
		.body = delivery->body,
		.body_len = strlen(delivery->body),
		.is_tls_unverified = true,
		.is_last = true,
		.connect_timeout_ms = DELIVERY_MS,
		.timeout_ms = DELIVERY_MS,
		.max_body_bytes = 65536,
	};
	int rc = http_fetch(&fetch, NULL);

	http_fetch_release(&fetch);
	return rc;
}

static json_t *test_event(struct service_exchange *exchange)
{
	const char *message = json_string_value(json_object_get(exchange->body, "Message"));
	const char *id = json_string_value(json_object_get(exchange->body, "MessageId"));
	char event_id[UUID_TEXT], now[32];

	uuid_new(event_id);
	clock_wall_text(now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[]}", "EventType", "Alert", "EventId", event_id,
			 "EventTimestamp", now, "Severity", "OK", "Message", message ? message : "Test event",
			 "MessageId", id ? id : SERVICE_REGISTRY ".0.GeneralError", "MessageArgs");
}

/* Sends an event to each subscriber, one after the other, and answers then. */
SUSPENDS static void test_event_post(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	struct delivery *deliveries =
		arena_alloc(exchange->request->arena, REDFISH_SERVICE_SUBSCRIPTIONS * sizeof(*deliveries));
	unsigned count = service->subscription_count;
	json_t *event = test_event(exchange);

	for (unsigned i = 0; i < count; i++)
		delivery_init(&deliveries[i], &service->subscriptions[i], exchange->request->arena, event);
	json_decref(event);
	for (unsigned i = 0; i < count; i++) {
		int rc = deliver(&deliveries[i]);
		if (rc == -ERR_CANCELLED)
			return;
		if (rc < 0 && service->quirks->drops_subscriptions)
			subscription_remove(service, deliveries[i].id);
	}
	service_done(exchange);
}

const struct service_resource service_event_resources[] = {
	{ .path = TEST_EVENT, .is_live = true, .post = test_event_post },
	{ .path = "/redfish/v1/EventService", .get = event_service_get },
	{ .path = SUBSCRIPTIONS, .is_live = true, .get = subscriptions_get, .post = subscriptions_post },
	{ .path = SUBSCRIPTIONS "/{}",
	  .is_live = true,
	  .get = subscription_get,
	  .delete = subscription_delete },
	{ 0 },
};
