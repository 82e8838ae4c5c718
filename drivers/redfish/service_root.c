/* service_root: what a client reads first: versions, service root, metadata, registries. */
#include <string.h>

#include "drivers/redfish/service_private.h"

static json_t *versions_get(struct service_exchange *exchange)
{
	(void)exchange;
	return json_pack("{s:s}", "v1", "/redfish/v1/");
}

static json_t *root_get(struct service_exchange *exchange)
{
	const struct redfish_service *service = exchange->service;
	const struct redfish_quirks *quirks = service->quirks;
	json_t *root = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o}, s:{s:b, "
		"s:b, "
		"s:b, s:b}}",
		"@odata.id", "/redfish/v1/", "@odata.type", "#ServiceRoot.v1_15_0.ServiceRoot", "Id",
		"RootService", "Name", "Root service", "RedfishVersion",
		quirks->redfish_version ? quirks->redfish_version : "1.13.0", "UUID",
		service->options.system_uuid, "Systems", service_link("/redfish/v1/Systems"), "Chassis",
		service_link("/redfish/v1/Chassis"), "Managers", service_link("/redfish/v1/Managers"),
		"SessionService", service_link("/redfish/v1/SessionService"), "AccountService",
		service_link("/redfish/v1/AccountService"), "EventService",
		service_link("/redfish/v1/EventService"), "UpdateService",
		service_link("/redfish/v1/UpdateService"), "Registries",
		service_link("/redfish/v1/Registries"), "Links", "Sessions",
		service_link("/redfish/v1/SessionService/Sessions"), "ProtocolFeaturesSupported",
		"ExcerptQuery", 0, "FilterQuery", 0, "OnlyMemberQuery", 0, "SelectQuery", 0);

	if (quirks->vendor)
		json_object_set_new(root, "Vendor", json_string(quirks->vendor));
	return root;
}

static json_t *odata_entry(const char *name, const char *kind, const char *url)
{
	return json_pack("{s:s, s:s, s:s}", "name", name, "kind", kind, "url", url);
}

static json_t *odata_get(struct service_exchange *exchange)
{
	(void)exchange;
	return json_pack("{s:s, s:[o,o,o,o,o,o,o,o]}", "@odata.context", "/redfish/v1/$metadata", "value",
			 odata_entry("Service", "Singleton", "/redfish/v1/"),
			 odata_entry("Systems", "Singleton", "/redfish/v1/Systems"),
			 odata_entry("Chassis", "Singleton", "/redfish/v1/Chassis"),
			 odata_entry("Managers", "Singleton", "/redfish/v1/Managers"),
			 odata_entry("SessionService", "Singleton", "/redfish/v1/SessionService"),
			 odata_entry("Sessions", "Singleton", "/redfish/v1/SessionService/Sessions"),
			 odata_entry("AccountService", "Singleton", "/redfish/v1/AccountService"),
			 odata_entry("EventService", "Singleton", "/redfish/v1/EventService"));
}

/* The schemas that the @odata.type members of this service name. */
static const char *const schemas[] = {
	"ServiceRoot",
	"ComputerSystem",
	"ComputerSystemCollection",
	"Chassis",
	"ChassisCollection",
	"Manager",
	"ManagerCollection",
	"SessionService",
	"Session",
	"SessionCollection",
	"AccountService",
	"ManagerAccount",
	"ManagerAccountCollection",
	"Role",
	"RoleCollection",
	"EventService",
	"EventDestination",
	"EventDestinationCollection",
	"VirtualMedia",
	"VirtualMediaCollection",
	"MessageRegistry",
	"MessageRegistryFile",
	"AttributeRegistry",
	"MessageRegistryFileCollection",
	"Bios",
	"Drive",
	"EthernetInterface",
	"EthernetInterfaceCollection",
	"Fan",
	"FanCollection",
	"ManagerNetworkProtocol",
	"Memory",
	"MemoryCollection",
	"NetworkAdapter",
	"NetworkAdapterCollection",
	"PCIeDevice",
	"PCIeDeviceCollection",
	"PCIeFunction",
	"PCIeFunctionCollection",
	"Port",
	"PortCollection",
	"Power",
	"PowerSubsystem",
	"PowerSupply",
	"PowerSupplyCollection",
	"PowerSupplyMetrics",
	"Processor",
	"ProcessorCollection",
	"SecureBoot",
	"Sensor",
	"SensorCollection",
	"SimpleStorage",
	"SimpleStorageCollection",
	"SoftwareInventory",
	"SoftwareInventoryCollection",
	"Storage",
	"StorageCollection",
	"Thermal",
	"ThermalMetrics",
	"ThermalSubsystem",
	"UpdateService",
	"Volume",
	"VolumeCollection",
};

static json_t *metadata_get(struct service_exchange *exchange)
{
	struct http_response *response = exchange->response;

	response->status = 200;
	http_response_header(response, "Content-Type", "application/xml;charset=utf-8");
	buf_puts(&response->body,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<edmx:Edmx xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" Version=\"4.0\">\n");
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
		buf_printf(&response->body,
			   "  <edmx:Reference Uri=\"http://redfish.dmtf.org/schemas/v1/%s_v1.xml\">\n"
			   "    <edmx:Include Namespace=\"%s\"/>\n  </edmx:Reference>\n",
			   schemas[i], schemas[i]);
	buf_puts(
		&response->body,
		"  <edmx:DataServices>\n"
		"    <Schema xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"Service\">\n"
		"      <EntityContainer Name=\"Service\" Extends=\"ServiceRoot.v1_15_0.ServiceContainer\"/>\n"
		"    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n");
	return NULL;
}

static json_t *registries_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection(
		"/redfish/v1/Registries", "MessageRegistryFileCollection.MessageRegistryFile", "Registries",
		json_pack("[o,o]", service_link("/redfish/v1/Registries/" SERVICE_REGISTRY),
			  service_link("/redfish/v1/Registries/BiosAttributeRegistry.v1_0_0")));
}

static json_t *registry_file_get(struct service_exchange *exchange)
{
	(void)exchange;
	return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:s, s:[{s:s, s:s}]}", "@odata.id",
			 "/redfish/v1/Registries/" SERVICE_REGISTRY, "@odata.type",
			 "#MessageRegistryFile.v1_1_3.MessageRegistryFile", "Id", SERVICE_REGISTRY, "Name",
			 "Base message registry", "Languages", "en", "Registry", SERVICE_REGISTRY, "Location",
			 "Language", "en", "Uri",
			 "/redfish/v1/Registries/" SERVICE_REGISTRY "/" SERVICE_REGISTRY ".json");
}

static json_t *registry_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_base_registry();
}

const struct service_resource service_root_resources[] = {
	{ .path = "/redfish", .is_read_open = true, .get = versions_get },
	{ .path = "/redfish/v1", .is_read_open = true, .get = root_get },
	{ .path = "/redfish/v1/odata", .is_read_open = true, .get = odata_get },
	{ .path = "/redfish/v1/$metadata", .is_read_open = true, .get = metadata_get },
	{ .path = "/redfish/v1/Registries", .get = registries_get },
	{ .path = "/redfish/v1/Registries/" SERVICE_REGISTRY, .get = registry_file_get },
	{ .path = "/redfish/v1/Registries/" SERVICE_REGISTRY "/" SERVICE_REGISTRY ".json",
	  .get = registry_get },
	{ 0 },
};
