/*
 * service_update: firmware of the simulated machine. An image's name says what it is: bios-2.0.0.bin,
 * bmc-1.9.bin, nic-23.0.bin; any other is no image, and its task fails. The BMC takes its own at once, the
 * others wait for a start. Source: DSP2046 UpdateService.SimpleUpdate, Task.
 */
#include <string.h>

#include "drivers/redfish/service_private.h"

#define MONITOR "/redfish/v1/TaskService/TaskMonitors/Update"
#define ADAPTER "/redfish/v1/Chassis/1/NetworkAdapters/NIC"

static const char running[] = "Running", pending[] = "Pending", completed[] = "Completed",
		  failed[] = "Exception";

/* What the name of an image stands for; the whole of it when there is no "-". */
static json_t *image_of(const char *uri)
{
	const char *name = strrchr(uri, '/') ? strrchr(uri, '/') + 1 : uri;
	size_t len = strcspn(name, "-");
	const char *version = name + len + (name[len] == '-');
	const char *dot = strrchr(version, '.');

	return json_pack("{s:s#, s:s#, s:s}", "component", name, (int)len, "version", version,
			 (int)(dot ? (size_t)(dot - version) : strlen(version)), "state", running);
}

static const char *member(const struct redfish_service *service, const char *name)
{
	const char *text = json_string_value(json_object_get(service->update, name));

	return text ? text : "";
}

static void set_state(struct redfish_service *service, const char *state)
{
	json_object_set_new(service->update, "state", json_string(state));
}

static void take_image(struct redfish_service *service)
{
	const char *component = member(service, "component"), *version = member(service, "version");

	if (!strcmp(component, "bios"))
		snprintf(service->bios_version, sizeof(service->bios_version), "%s", version);
	else if (!strcmp(component, "bmc"))
		snprintf(service->bmc_version, sizeof(service->bmc_version), "%s", version);
	else
		service_document_change(
			service, ADAPTER,
			json_pack("{s:[{s:s}]}", "Controllers", "FirmwarePackageVersion", version));
	set_state(service, completed);
}

void service_update_start(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	const char *uri;

	if (!service_body_text(exchange, "ImageURI", &uri))
		return;
	if (!uri) {
		service_refuse(exchange, MESSAGE_PARAMETER_MISSING, "UpdateService.SimpleUpdate", "ImageURI");
		return;
	}
	json_decref(service->update);
	service->update = image_of(uri);
	exchange->response->status = 202;
	http_response_header(exchange->response, "Location", MONITOR);
}

void service_update_boot(struct redfish_service *service)
{
	if (!strcmp(member(service, "state"), pending))
		take_image(service);
}

/* What the next look will find: one look sees the image being fetched. */
static void go_on(struct redfish_service *service)
{
	const char *component = member(service, "component");

	if (strcmp(member(service, "state"), running) != 0)
		return;
	if (!strcmp(component, "bmc"))
		take_image(service);
	else
		set_state(service,
			  !strcmp(component, "bios") || !strcmp(component, "nic") ? pending : failed);
}

static json_t *monitor_get(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	const char *state = member(service, "state");
	bool is_over = !strcmp(state, completed) || !strcmp(state, failed);
	json_t *task;

	if (!service->update)
		return NULL;
	task = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "@odata.id", MONITOR,
			 "@odata.type", "#Task.v1_7_1.Task", "Id", "Update", "Name", "Firmware update",
			 "TaskState", state, "TaskStatus", strcmp(state, failed) ? "OK" : "Critical",
			 "Messages", "MessageId", "Update.1.0.0.ApplyFailed", "Message",
			 strcmp(state, failed) ? "The image is on its way." : "The image is none.");
	go_on(service);
	if (is_over)
		return task;
	exchange->response->status = 202;
	http_response_header(exchange->response, "Content-Type", "application/json");
	http_response_header(exchange->response, "Retry-After", "1");
	service_put(exchange, task);
	json_decref(task);
	return NULL;
}

const struct service_resource service_update_resources[] = {
	{ .path = MONITOR, .is_live = true, .get = monitor_get },
	{ 0 },
};
