/* service_event: EventService and its subscriptions. Source: DSP0266 section 12.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "lib/xalloc.h"

#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"

static const char *const event_types[] = { "StatusChange", "ResourceUpdated", "ResourceAdded", "ResourceRemoved",
					   "Alert" };
#define EVENT_TYPE_COUNT (sizeof(event_types) / sizeof(event_types[0]))

static void subscription_release(struct service_subscription *subscription)
{
	xfree(subscription->destination);
	xfree(subscription->context);
	json_decref(subscription->event_types);
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
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:s, s:s}, s:o, s:o}", "@odata.id", "/redfish/v1/EventService",
			 "@odata.type", "#EventService.v1_8_0.EventService", "Id", "EventService", "Name",
			 "Event service", "ServiceEnabled", 1, "Status", "State", "Enabled", "Health", "OK",
			 "EventTypesForSubscription", types, "Subscriptions", service_link(SUBSCRIPTIONS));
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
	return service_collection(SUBSCRIPTIONS, "EventDestinationCollection.EventDestination", "Subscriptions", members);
}

static json_t *subscription_document(const struct service_subscription *subscription)
{
	char path[128], id[16];

	snprintf(id, sizeof(id), "%u", subscription->id);
	snprintf(path, sizeof(path), SUBSCRIPTIONS "/%s", id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "@odata.id", path, "@odata.type",
			 "#EventDestination.v1_12_0.EventDestination", "Id", id, "Name", "Subscription", "Destination",
			 subscription->destination, "Context", subscription->context, "Protocol", "Redfish",
			 "SubscriptionType", "RedfishEvent", "EventTypes", subscription->event_types);
}

static json_t *subscription_get(struct service_exchange *exchange)
{
	const struct service_subscription *subscription = subscription_find(exchange->service, exchange->id);

	return subscription ? subscription_document(subscription) : NULL;
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
	json_array_foreach(list, index, value) {
		if (!event_type_known(json_string_value(value))) {
			service_refuse(exchange, MESSAGE_PROPERTY_VALUE,
				       json_is_string(value) ? json_string_value(value) : "given", "EventTypes");
			return false;
		}
	}
	return true;
}

static void subscriptions_post(struct service_exchange *exchange)
{
	static const char *const names[] = { "Destination", "Context", "Protocol", "EventTypes", "HttpHeaders",
					     "EventFormatType", "SubscriptionType", "RegistryPrefixes", NULL };
	struct redfish_service *service = exchange->service;
	struct service_subscription *subscription;
	const char *destination, *context, *protocol;
	char location[128];
	json_t *types;

	if (!service_body_only(exchange, names, false) || !service_body_text(exchange, "Destination", &destination) ||
	    !service_body_text(exchange, "Context", &context) || !service_body_text(exchange, "Protocol", &protocol) ||
	    !take_event_types(exchange, &types))
		return;
	if (!destination || !protocol) {
		service_refuse(exchange, MESSAGE_PROPERTY_MISSING, destination ? "Protocol" : "Destination", NULL);
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
	};
	snprintf(location, sizeof(location), SUBSCRIPTIONS "/%u", subscription->id);
	service_created(exchange, location, subscription_document(subscription));
}

static void subscription_delete(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	struct service_subscription *subscription = subscription_find(service, exchange->id);

	if (!subscription) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return;
	}
	subscription_release(subscription);
	*subscription = service->subscriptions[--service->subscription_count];
	service_done(exchange);
}

const struct service_resource service_event_resources[] = {
	{ .path = "/redfish/v1/EventService", .get = event_service_get },
	{ .path = SUBSCRIPTIONS, .get = subscriptions_get, .post = subscriptions_post },
	{ .path = SUBSCRIPTIONS "/{}", .get = subscription_get, .delete = subscription_delete },
	{ 0 },
};
