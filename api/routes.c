/* routes: the table. See route.h; rows of one path stand together, literal segments before "{}". */
#include "api/handlers.h"
#include "api/page.h"
#include "api/resource.h"
#include "api/route.h"

/* clang-format off */

/* ---- query parameters ---- */

static const struct query_parameter fields_query[] = { { "fields", QUERY_LIST, 8 }, { 0 } };
static const struct query_parameter page_query[] = {
	PAGE_PARAMETERS, { "fields", QUERY_LIST, 8 }, { "detail", QUERY_DETAIL, 43 }, { 0 }
};
static const struct query_parameter detail_query[] = { PAGE_PARAMETERS, { 0 } };

#define NODE_FILTERS                                                                \
	{ "associated", QUERY_BOOL, 0 }, { "instance_uuid", QUERY_UUID, 0 },         \
	{ "chassis_uuid", QUERY_UUID, 0 }, { "maintenance", QUERY_BOOL, 0 },         \
	{ "provision_state", QUERY_TEXT, 9 }, { "driver", QUERY_TEXT, 16 },          \
	{ "resource_class", QUERY_TEXT, 21 }, { "fault", QUERY_TEXT, 42 },           \
	{ "conductor_group", QUERY_TEXT, 46 }, { "conductor", QUERY_TEXT, 49 },      \
	{ "owner", QUERY_TEXT, 50 }, { "description_contains", QUERY_TEXT, 51 },     \
	{ "retired", QUERY_BOOL, 61 }, { "lessee", QUERY_TEXT, 65 },                 \
	{ "project", QUERY_TEXT, 65 }, { "shard", QUERY_LIST, 82 },                  \
	{ "sharded", QUERY_BOOL, 82 }, { "parent_node", QUERY_UUID, 83 },            \
	{ "include_children", QUERY_BOOL, 83 }, { "instance_name", QUERY_TEXT, 104 }
static const struct query_parameter node_list_query[] = {
	PAGE_PARAMETERS, NODE_FILTERS, { "fields", QUERY_LIST, 8 }, { "detail", QUERY_DETAIL, 43 }, { 0 }
};
static const struct query_parameter node_detail_query[] = { PAGE_PARAMETERS, NODE_FILTERS, { 0 } };
static const struct query_parameter node_patch_query[] = { { "reset_interfaces", QUERY_BOOL, 45 }, { 0 } };
static const struct query_parameter node_validate_query[] = {
	{ "node", QUERY_TEXT, 0 }, { "node_uuid", QUERY_TEXT, 0 }, { 0 }
};
static const struct query_parameter open_query[] = { { "*", QUERY_TEXT, 0 }, { 0 } };
static const struct query_parameter method_query[] = { { "method", QUERY_TEXT, 0 }, { 0 } };
static const struct query_parameter history_query[] = { PAGE_PARAMETERS, { "detail", QUERY_BOOL, 0 }, { 0 } };
static const struct query_parameter bios_query[] = {
	{ "fields", QUERY_LIST, 0 }, { "detail", QUERY_DETAIL, 74 }, { 0 }
};
static const struct query_parameter firmware_query[] = {
	{ "fields", QUERY_LIST, 0 }, { "detail", QUERY_BOOL, 0 }, { 0 }
};
static const struct query_parameter vmedia_query[] = { { "device_types", QUERY_LIST, 0 }, { 0 } };
static const struct query_parameter driver_list_query[] = {
	{ "type", QUERY_TEXT, 30 }, { "detail", QUERY_BOOL, 30 }, { "fields", QUERY_LIST, 77 }, { 0 }
};
static const struct query_parameter driver_name_query[] = { { "driver_name", QUERY_TEXT, 0 }, { 0 } };
static const struct query_parameter driver_show_query[] = { { "fields", QUERY_LIST, 77 }, { 0 } };
static const struct query_parameter conductor_query[] = { /* the marker is a host name */
	{ "limit", QUERY_INT, 0 }, { "marker", QUERY_TEXT, 0 }, { "sort_key", QUERY_TEXT, 0 },
	{ "sort_dir", QUERY_TEXT, 0 }, { "fields", QUERY_LIST, 0 }, { "detail", QUERY_BOOL, 0 }, { 0 }
};

static const struct query_parameter action_query[] = {
	PAGE_PARAMETERS, { "node", QUERY_TEXT, 0 }, { "state", QUERY_TEXT, 0 },
	{ "since", QUERY_TEXT, 0 }, { 0 }
};
static const struct query_parameter changes_query[] = {
	{ "node", QUERY_TEXT, 0 }, { "after", QUERY_TEXT, 0 }, { 0 }
};

#define PORT_FILTERS                                                                 \
	{ "node", QUERY_TEXT, 0 }, { "node_uuid", QUERY_UUID, 0 },                    \
	{ "address", QUERY_TEXT, 0 }, { "portgroup", QUERY_TEXT, 24 },                \
	{ "shard", QUERY_LIST, 82 }, { "description_contains", QUERY_TEXT, 97 },      \
	{ "conductor_groups", QUERY_LIST, 99 }
static const struct query_parameter port_list_query[] = {
	PAGE_PARAMETERS, PORT_FILTERS, { "fields", QUERY_LIST, 8 }, { "detail", QUERY_DETAIL, 43 }, { 0 }
};
static const struct query_parameter port_detail_query[] = { PAGE_PARAMETERS, PORT_FILTERS, { 0 } };
#define PORTGROUP_FILTERS                                                            \
	{ "node", QUERY_TEXT, 0 }, { "address", QUERY_TEXT, 0 },                      \
	{ "conductor_groups", QUERY_LIST, 99 }, { "shard", QUERY_LIST, 106 }
static const struct query_parameter portgroup_list_query[] = {
	PAGE_PARAMETERS, PORTGROUP_FILTERS, { "fields", QUERY_LIST, 8 }, { "detail", QUERY_DETAIL, 43 }, { 0 }
};
static const struct query_parameter portgroup_detail_query[] = { PAGE_PARAMETERS, PORTGROUP_FILTERS, { 0 } };
static const struct query_parameter allocation_query[] = {
	PAGE_PARAMETERS, { "node", QUERY_TEXT, 0 }, { "resource_class", QUERY_TEXT, 0 },
	{ "state", QUERY_TEXT, 0 }, { "owner", QUERY_TEXT, 60 }, { "fields", QUERY_LIST, 0 }, { 0 }
};
static const struct query_parameter lookup_query[] = {
	{ "addresses", QUERY_LIST, 0 }, { "node_uuid", QUERY_UUID, 0 }, { 0 }
};
static const struct query_parameter heartbeat_query[] = {
	{ "callback_url", QUERY_TEXT, 0 },    { "agent_version", QUERY_TEXT, 0 },
	{ "agent_token", QUERY_TEXT, 0 },     { "agent_verify_ca", QUERY_TEXT, 0 },
	{ "agent_status", QUERY_TEXT, 0 },    { "agent_status_message", QUERY_TEXT, 0 }, { 0 }
};
static const struct query_parameter inspection_query[] = { { "node_uuid", QUERY_UUID, 0 }, { 0 } };
static const struct query_parameter named_query[] = {
	PAGE_PARAMETERS, { "fields", QUERY_LIST, 0 }, { "detail", QUERY_BOOL, 0 }, { 0 }
};
static const struct query_parameter rule_query[] = {
	PAGE_PARAMETERS, { "phase", QUERY_TEXT, 0 }, { "fields", QUERY_LIST, 0 },
	{ "detail", QUERY_BOOL, 0 }, { 0 }
};
static const struct query_parameter volume_query[] = {
	PAGE_PARAMETERS, { "node", QUERY_TEXT, 0 }, { "fields", QUERY_LIST, 0 },
	{ "detail", QUERY_BOOL, 0 }, { 0 }
};

/* ---- body arguments ---- */

static const struct argument power_arguments[] = {
	{ "target", BODY_TEXT, true, 0 }, { "timeout", BODY_INT, false, 27 }, { 0 }
};
static const struct argument provision_arguments[] = {
	{ "target", BODY_TEXT, true, 0 },          { "configdrive", BODY_ANY, false, 0 },
	{ "clean_steps", BODY_LIST, false, 15 },   { "deploy_steps", BODY_LIST, false, 69 },
	{ "service_steps", BODY_LIST, false, 87 }, { "rescue_password", BODY_TEXT, false, 38 },
	{ "disable_ramdisk", BODY_BOOL, false, 70 }, { "runbook", BODY_TEXT, false, 92 }, { 0 }
};
static const struct argument console_arguments[] = { { "enabled", BODY_BOOL, true, 0 }, { 0 } };
static const struct argument text_target_arguments[] = { { "target", BODY_TEXT, true, 0 }, { 0 } };
static const struct argument bool_target_arguments[] = { { "target", BODY_BOOL, true, 0 }, { 0 } };
static const struct argument maintenance_arguments[] = { { "reason", BODY_TEXT, false, 0 }, { 0 } };
static const struct argument boot_device_arguments[] = {
	{ "boot_device", BODY_TEXT, true, 0 }, { "persistent", BODY_BOOL, false, 0 }, { 0 }
};
static const struct argument indicator_arguments[] = { { "state", BODY_TEXT, true, 0 }, { 0 } };
static const struct argument traits_arguments[] = { { "traits", BODY_ANY, true, 0 }, { 0 } };
static const struct argument no_arguments[] = { { 0 } };
static const struct argument vmedia_arguments[] = {
	{ "device_type", BODY_TEXT, true, 0 }, { "image_url", BODY_TEXT, true, 0 },
	{ "image_download_source", BODY_TEXT, false, 0 }, { 0 }
};

/* ---- routes ---- */

#define GET(text)    .method = "GET", .path = text
#define HEAD(text)   .method = "HEAD", .path = text
#define POST(text)   .method = "POST", .path = text
#define PUT(text)    .method = "PUT", .path = text
#define PATCH(text)  .method = "PATCH", .path = text
#define DELETE(text) .method = "DELETE", .path = text
#define ANY(text)    .method = "*", .path = text

#define ARGUMENTS(table)    .body = BODY_ARGUMENTS, .arguments = table
#define FREE_BODY           .body = BODY_FREE
#define SINCE(version, how) .since = version, .too_old = TOO_OLD_##how
#define ETAG                .has_etag = true

/* Objects that are rows of one table; rules: what is special about them. */
#define LIST(rules)        .handle = resource_route_list, .resource = &rules
#define LIST_DETAIL(rules) .handle = resource_route_list_detail, .resource = &rules
#define SHOW(rules)        .handle = resource_route_show, .resource = &rules, .query = fields_query, ETAG
#define CREATE(rules)      .handle = resource_route_create, .resource = &rules, FREE_BODY
#define CHANGE(rules)      .handle = resource_route_patch, .resource = &rules, FREE_BODY, ETAG
#define REMOVE(rules)      .handle = resource_route_delete, .resource = &rules, ETAG

/* Kind, when the client is answered, lock, what a crash means, longest run in seconds. */
#define ACTION(kind_, reply_, lock, crash, seconds) \
	.action = { .kind = kind_, .reply = REPLY_##reply_, .is_exclusive = lock, .on_crash = crash, \
		    .run_s = seconds }
#define EXCLUSIVE true
#define SHARED    false

/* What changes one object, asked of the collection. */
#define NO_IDENT(method, path, rules) \
	method(path), .handle = resource_route_missing_ident, .resource = &rules

/* Below a node a collection is there to be read: its objects have addresses of their own. */
#define READ_ONLY(path, version)                                                                          \
	{ POST(path), .handle = resource_route_refuse, SINCE(version, NO_SUCH_PATH) },                     \
	{ GET(path "/{}"), .handle = resource_route_refuse, SINCE(version, NO_SUCH_PATH) },                \
	{ PATCH(path "/{}"), .handle = resource_route_refuse, SINCE(version, NO_SUCH_PATH) },              \
	{ DELETE(path "/{}"), .handle = resource_route_refuse, SINCE(version, NO_SUCH_PATH) }

const struct route routes[] = {
	{ GET("/"), .handle = root_show, .is_public = true },
	{ POST("/"), .handle = root_show, .status = 200, .is_public = true },
	{ HEAD("/"), .handle = root_show, .is_public = true },
	{ GET("/healthcheck"), .handle = root_health, .is_public = true },
	{ GET("/metrics"), .handle = metrics_show, .is_public = true, .produces = "text/plain" },
	{ GET("/v1"), .handle = root_show_v1, .is_public = true },
	{ HEAD("/v1"), .handle = root_show_v1, .is_public = true },
	{ POST("/v1"), .handle = root_refuse_method, .is_public = true },

	{ GET("/v1/nodes"), .handle = node_list, .query = node_list_query },
	{ POST("/v1/nodes"), .handle = node_create, FREE_BODY },
	{ PATCH("/v1/nodes"), .handle = node_missing_ident },
	{ DELETE("/v1/nodes"), .handle = node_missing_ident },
	{ GET("/v1/nodes/detail"), .handle = node_list_detail, .query = node_detail_query },
	{ GET("/v1/nodes/validate"), .handle = node_validate_by_query, .query = node_validate_query,
	  ACTION("validate", RESULT, SHARED, "repeat", 60) },
	{ GET("/v1/nodes/{}"), .handle = node_show, .query = fields_query, ETAG },
	{ PATCH("/v1/nodes/{}"), .handle = node_patch, FREE_BODY, .query = node_patch_query, ETAG },
	{ DELETE("/v1/nodes/{}"), .handle = node_delete, ETAG },
	{ GET("/v1/nodes/{}/states"), .handle = node_show_states, ETAG },
	{ GET("/v1/nodes/{}/states/observed"), .handle = observed_show },
	{ PUT("/v1/nodes/{}/states/power"), .handle = node_power, ARGUMENTS(power_arguments),
	  ACTION("power", ACCEPTED, EXCLUSIVE, "never", 150) },
	{ PUT("/v1/nodes/{}/states/provision"), .handle = node_provision, ARGUMENTS(provision_arguments),
	  .max_body_bytes = BODY_PROVISION_BYTES, ACTION("provision", ACCEPTED, EXCLUSIVE, "never", 3600) },
	{ PUT("/v1/nodes/{}/states/raid"), .handle = node_raid_set, FREE_BODY, SINCE(12, NOT_ACCEPTABLE),
	  ETAG },
	{ GET("/v1/nodes/{}/states/console"), .handle = node_console_get,
	  ACTION("console_get", RESULT, SHARED, "repeat", 60) },
	{ PUT("/v1/nodes/{}/states/console"), .handle = node_console_set, ARGUMENTS(console_arguments),
	  ACTION("console_set", ACCEPTED, EXCLUSIVE, "repeat", 60) },
	{ PUT("/v1/nodes/{}/states/boot_mode"), .handle = node_boot_mode_set,
	  ARGUMENTS(text_target_arguments), SINCE(76, NOT_FOUND),
	  ACTION("boot_mode_set", ACCEPTED, EXCLUSIVE, "repeat", 1200) },
	{ PUT("/v1/nodes/{}/states/secure_boot"), .handle = node_secure_boot_set,
	  ARGUMENTS(bool_target_arguments), SINCE(76, NOT_FOUND),
	  ACTION("secure_boot_set", ACCEPTED, EXCLUSIVE, "repeat", 1200) },
	{ PUT("/v1/nodes/{}/maintenance"), .handle = node_maintenance_set,
	  ARGUMENTS(maintenance_arguments), .status = 202, ETAG },
	{ DELETE("/v1/nodes/{}/maintenance"), .handle = node_maintenance_clear, .status = 202,
	  ETAG },
	{ GET("/v1/nodes/{}/management/boot_device/supported"), .handle = node_boot_device_supported,
	  ACTION("boot_device_supported", RESULT, SHARED, "repeat", 60) },
	{ GET("/v1/nodes/{}/management/boot_device"), .handle = node_boot_device_get,
	  ACTION("boot_device_get", RESULT, EXCLUSIVE, "repeat", 60) },
	{ PUT("/v1/nodes/{}/management/boot_device"), .handle = node_boot_device_set,
	  ARGUMENTS(boot_device_arguments), ACTION("boot_device_set", NO_CONTENT, EXCLUSIVE, "repeat", 60) },
	{ PUT("/v1/nodes/{}/management/inject_nmi"), .handle = node_inject_nmi, ARGUMENTS(no_arguments),
	  SINCE(29, NOT_FOUND), ACTION("inject_nmi", NO_CONTENT, EXCLUSIVE, "never", 60) },
	{ GET("/v1/nodes/{}/management/indicators"), .handle = node_indicators,
	  ACTION("indicators", RESULT, SHARED, "repeat", 60) },
	{ GET("/v1/nodes/{}/management/indicators/{}"), .handle = node_indicator_get,
	  ACTION("indicator_get", RESULT, EXCLUSIVE, "repeat", 60) },
	{ PUT("/v1/nodes/{}/management/indicators/{}"), .handle = node_indicator_set,
	  ARGUMENTS(indicator_arguments), ACTION("indicator_set", NO_CONTENT, EXCLUSIVE, "repeat", 60) },
	{ GET("/v1/nodes/{}/validate"), .handle = node_validate,
	  ACTION("validate", RESULT, SHARED, "repeat", 60) },
	{ GET("/v1/nodes/{}/vendor_passthru/methods"), .handle = vendor_node_methods },
	{ ANY("/v1/nodes/{}/vendor_passthru"), .handle = vendor_node_call, FREE_BODY,
	  .query = method_query, ETAG },
	{ ANY("/v1/nodes/{}/vendor_passthru/{}"), .handle = vendor_node_call, FREE_BODY,
	  .query = open_query, ETAG },
	{ GET("/v1/nodes/{}/lock"), .handle = lock_show },
	{ DELETE("/v1/nodes/{}/lock"), .handle = lock_delete,
	  ACTION("lock_break", ACCEPTED, SHARED, "repeat", 700) },
	{ GET("/v1/nodes/{}/vifs"), .handle = node_vifs_get, SINCE(28, NO_SUCH_PATH) },
	{ POST("/v1/nodes/{}/vifs"), .handle = node_vif_attach, FREE_BODY, SINCE(28, NO_SUCH_PATH),
	  .status = 204, ETAG },
	{ DELETE("/v1/nodes/{}/vifs/{}"), .handle = node_vif_detach, SINCE(28, NO_SUCH_PATH), ETAG },
	{ GET("/v1/nodes/{}/traits"), .handle = node_traits_get, SINCE(37, NOT_ACCEPTABLE) },
	{ PUT("/v1/nodes/{}/traits"), .handle = node_traits_set, ARGUMENTS(traits_arguments),
	  SINCE(37, NOT_ACCEPTABLE), ETAG },
	{ DELETE("/v1/nodes/{}/traits"), .handle = node_traits_clear, SINCE(37, NOT_ACCEPTABLE), ETAG },
	{ PUT("/v1/nodes/{}/traits/{}"), .handle = node_trait_add, FREE_BODY, SINCE(37, NOT_ACCEPTABLE),
	  ETAG },
	{ DELETE("/v1/nodes/{}/traits/{}"), .handle = node_trait_remove, SINCE(37, NOT_ACCEPTABLE),
	  ETAG },
	{ GET("/v1/nodes/{}/bios"), .handle = node_bios_list, .query = bios_query,
	  SINCE(40, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/bios/{}"), .handle = node_bios_show, SINCE(40, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/firmware"), .handle = node_firmware_list, .query = firmware_query,
	  SINCE(86, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/history"), .handle = node_history_list, .query = history_query,
	  SINCE(78, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/history/detail"), .handle = node_history_list_detail, .query = history_query,
	  SINCE(78, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/history/{}"), .handle = node_history_show, SINCE(78, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/inventory"), .handle = node_inventory_show, SINCE(81, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/vmedia"), .handle = node_vmedia_get, SINCE(93, NO_SUCH_PATH),
	  ACTION("vmedia_get", RESULT, SHARED, "repeat", 60) },
	{ POST("/v1/nodes/{}/vmedia"), .handle = node_vmedia_attach, ARGUMENTS(vmedia_arguments),
	  .status = 204, SINCE(89, NO_SUCH_PATH),
	  ACTION("vmedia_attach", ACCEPTED, EXCLUSIVE, "never", 180) },
	{ DELETE("/v1/nodes/{}/vmedia"), .handle = node_vmedia_detach, .query = vmedia_query,
	  .status = 204, SINCE(89, NO_SUCH_PATH),
	  ACTION("vmedia_detach", ACCEPTED, EXCLUSIVE, "repeat", 180) },
	{ GET("/v1/nodes/{}/children"), .handle = node_children, SINCE(83, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/ports"), .handle = resource_route_list_of_node, .resource = &port_rules,
	  .query = page_query },
	{ GET("/v1/nodes/{}/ports/detail"), .handle = resource_route_list_of_node_detail,
	  .resource = &port_rules, .query = detail_query },
	READ_ONLY("/v1/nodes/{}/ports", 0),
	{ GET("/v1/nodes/{}/portgroups"), .handle = resource_route_list_of_node,
	  .resource = &portgroup_rules, .query = page_query, SINCE(24, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/portgroups/detail"), .handle = resource_route_list_of_node_detail,
	  .resource = &portgroup_rules, .query = detail_query, SINCE(24, NO_SUCH_PATH) },
	READ_ONLY("/v1/nodes/{}/portgroups", 24),
	{ GET("/v1/nodes/{}/allocation"), .handle = allocation_show_of_node, .query = fields_query,
	  SINCE(52, NO_SUCH_PATH) },
	{ DELETE("/v1/nodes/{}/allocation"), .handle = allocation_remove_of_node, SINCE(52, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/volume"), .handle = volume_show_of_node, SINCE(32, NO_SUCH_PATH) },
	{ GET("/v1/nodes/{}/volume/connectors"), .handle = resource_route_list_of_node,
	  .resource = &volume_connector_rules, .query = page_query, SINCE(32, NO_SUCH_PATH) },
	READ_ONLY("/v1/nodes/{}/volume/connectors", 32),
	{ GET("/v1/nodes/{}/volume/targets"), .handle = resource_route_list_of_node,
	  .resource = &volume_target_rules, .query = page_query, SINCE(32, NO_SUCH_PATH) },
	READ_ONLY("/v1/nodes/{}/volume/targets", 32),

	{ GET("/v1/drivers"), .handle = driver_list, .query = driver_list_query },
	{ GET("/v1/drivers/properties"), .handle = driver_properties_by_query, .query = driver_name_query },
	{ GET("/v1/drivers/{}"), .handle = driver_show, .query = driver_show_query },
	{ GET("/v1/drivers/{}/properties"), .handle = driver_properties },
	{ GET("/v1/drivers/{}/raid/logical_disk_properties"), .handle = driver_raid_properties,
	  SINCE(12, NOT_ACCEPTABLE) },
	{ GET("/v1/drivers/{}/vendor_passthru/methods"), .handle = vendor_driver_methods },
	{ ANY("/v1/drivers/{}/vendor_passthru"), .handle = vendor_driver_call, FREE_BODY,
	  .query = method_query },
	{ ANY("/v1/drivers/{}/vendor_passthru/{}"), .handle = vendor_driver_call, FREE_BODY,
	  .query = open_query },

	{ GET("/v1/conductors"), .handle = conductor_list, .query = conductor_query, SINCE(49, NOT_FOUND) },
	{ GET("/v1/conductors/{}"), .handle = conductor_show, .query = fields_query, SINCE(49, NOT_FOUND) },

	{ GET("/v1/ports"), LIST(port_rules), .query = port_list_query },
	{ POST("/v1/ports"), CREATE(port_rules) },
	{ NO_IDENT(PATCH, "/v1/ports", port_rules) },
	{ NO_IDENT(DELETE, "/v1/ports", port_rules) },
	{ GET("/v1/ports/detail"), LIST_DETAIL(port_rules), .query = port_detail_query },
	{ GET("/v1/ports/{}"), SHOW(port_rules) },
	{ PATCH("/v1/ports/{}"), CHANGE(port_rules) },
	{ DELETE("/v1/ports/{}"), REMOVE(port_rules) },

	{ GET("/v1/portgroups"), LIST(portgroup_rules), .query = portgroup_list_query, SINCE(23, NOT_FOUND) },
	{ POST("/v1/portgroups"), CREATE(portgroup_rules), SINCE(23, NOT_FOUND) },
	{ NO_IDENT(PATCH, "/v1/portgroups", portgroup_rules), SINCE(23, NOT_FOUND) },
	{ NO_IDENT(DELETE, "/v1/portgroups", portgroup_rules), SINCE(23, NOT_FOUND) },
	{ GET("/v1/portgroups/detail"), LIST_DETAIL(portgroup_rules), .query = portgroup_detail_query,
	  SINCE(23, NOT_FOUND) },
	{ GET("/v1/portgroups/{}"), SHOW(portgroup_rules), SINCE(23, NOT_FOUND) },
	{ PATCH("/v1/portgroups/{}"), CHANGE(portgroup_rules), SINCE(23, NOT_FOUND) },
	{ DELETE("/v1/portgroups/{}"), REMOVE(portgroup_rules), SINCE(23, NOT_FOUND) },
	{ GET("/v1/portgroups/{}/ports"), .handle = resource_route_list_of_portgroup,
	  .resource = &port_rules, .query = page_query, SINCE(24, NO_SUCH_PATH) },
	{ GET("/v1/portgroups/{}/ports/detail"), .handle = resource_route_list_of_portgroup_detail,
	  .resource = &port_rules, .query = detail_query, SINCE(24, NO_SUCH_PATH) },
	READ_ONLY("/v1/portgroups/{}/ports", 24),

	{ GET("/v1/volume"), .handle = volume_show, SINCE(32, NOT_FOUND) },
	{ GET("/v1/volume/connectors"), LIST(volume_connector_rules), .query = volume_query,
	  SINCE(32, NOT_FOUND) },
	{ POST("/v1/volume/connectors"), CREATE(volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ NO_IDENT(PATCH, "/v1/volume/connectors", volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ NO_IDENT(DELETE, "/v1/volume/connectors", volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ GET("/v1/volume/connectors/{}"), SHOW(volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ PATCH("/v1/volume/connectors/{}"), CHANGE(volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ DELETE("/v1/volume/connectors/{}"), REMOVE(volume_connector_rules), SINCE(32, NOT_FOUND) },
	{ GET("/v1/volume/targets"), LIST(volume_target_rules), .query = volume_query,
	  SINCE(32, NOT_FOUND) },
	{ POST("/v1/volume/targets"), CREATE(volume_target_rules), SINCE(32, NOT_FOUND) },
	{ NO_IDENT(PATCH, "/v1/volume/targets", volume_target_rules), SINCE(32, NOT_FOUND) },
	{ NO_IDENT(DELETE, "/v1/volume/targets", volume_target_rules), SINCE(32, NOT_FOUND) },
	{ GET("/v1/volume/targets/{}"), SHOW(volume_target_rules), SINCE(32, NOT_FOUND) },
	{ PATCH("/v1/volume/targets/{}"), CHANGE(volume_target_rules), SINCE(32, NOT_FOUND) },
	{ DELETE("/v1/volume/targets/{}"), REMOVE(volume_target_rules), SINCE(32, NOT_FOUND) },

	{ GET("/v1/allocations"), LIST(allocation_rules), .query = allocation_query, SINCE(52, NOT_FOUND) },
	{ POST("/v1/allocations"), .handle = allocation_create, FREE_BODY, SINCE(52, METHOD) },
	{ NO_IDENT(PATCH, "/v1/allocations", allocation_rules), SINCE(57, METHOD) },
	{ NO_IDENT(DELETE, "/v1/allocations", allocation_rules), SINCE(52, METHOD) },
	{ GET("/v1/allocations/{}"), SHOW(allocation_rules), SINCE(52, NOT_FOUND) },
	{ PATCH("/v1/allocations/{}"), CHANGE(allocation_rules), SINCE(57, METHOD) },
	{ DELETE("/v1/allocations/{}"), .handle = allocation_remove, SINCE(52, METHOD) },

	{ GET("/v1/deploy_templates"), LIST(deploy_template_rules), .query = named_query,
	  SINCE(55, NOT_FOUND) },
	{ POST("/v1/deploy_templates"), CREATE(deploy_template_rules), SINCE(55, METHOD) },
	{ NO_IDENT(PATCH, "/v1/deploy_templates", deploy_template_rules), SINCE(55, METHOD) },
	{ NO_IDENT(DELETE, "/v1/deploy_templates", deploy_template_rules), SINCE(55, METHOD) },
	{ GET("/v1/deploy_templates/{}"), SHOW(deploy_template_rules), SINCE(55, NOT_FOUND) },
	{ PATCH("/v1/deploy_templates/{}"), CHANGE(deploy_template_rules), SINCE(55, METHOD) },
	{ DELETE("/v1/deploy_templates/{}"), REMOVE(deploy_template_rules), SINCE(55, METHOD) },

	{ GET("/v1/runbooks"), LIST(runbook_rules), .query = named_query, SINCE(92, NOT_FOUND) },
	{ POST("/v1/runbooks"), CREATE(runbook_rules), SINCE(92, METHOD) },
	{ NO_IDENT(PATCH, "/v1/runbooks", runbook_rules), SINCE(92, METHOD) },
	{ NO_IDENT(DELETE, "/v1/runbooks", runbook_rules), SINCE(92, METHOD) },
	{ GET("/v1/runbooks/{}"), SHOW(runbook_rules), SINCE(92, NOT_FOUND) },
	{ PATCH("/v1/runbooks/{}"), CHANGE(runbook_rules), SINCE(92, METHOD) },
	{ DELETE("/v1/runbooks/{}"), REMOVE(runbook_rules), SINCE(92, METHOD) },
	{ GET("/v1/runbooks/{}/traits"), .handle = runbook_traits_get, SINCE(112, NO_SUCH_PATH) },
	{ PUT("/v1/runbooks/{}/traits"), .handle = runbook_traits_set, ARGUMENTS(traits_arguments),
	  SINCE(112, NO_SUCH_PATH) },
	{ DELETE("/v1/runbooks/{}/traits"), .handle = runbook_traits_clear, SINCE(112, NO_SUCH_PATH) },
	{ PUT("/v1/runbooks/{}/traits/{}"), .handle = runbook_trait_add, FREE_BODY,
	  SINCE(112, NO_SUCH_PATH) },
	{ DELETE("/v1/runbooks/{}/traits/{}"), .handle = runbook_trait_remove, SINCE(112, NO_SUCH_PATH) },

	{ GET("/v1/inspection_rules"), LIST(inspection_rule_rules), .query = rule_query,
	  SINCE(96, NOT_FOUND) },
	{ POST("/v1/inspection_rules"), CREATE(inspection_rule_rules), SINCE(96, METHOD) },
	{ NO_IDENT(PATCH, "/v1/inspection_rules", inspection_rule_rules), SINCE(96, METHOD) },
	{ DELETE("/v1/inspection_rules"), .handle = inspection_rule_delete_all, SINCE(96, METHOD) },
	{ GET("/v1/inspection_rules/{}"), SHOW(inspection_rule_rules), SINCE(96, NOT_FOUND) },
	{ PATCH("/v1/inspection_rules/{}"), CHANGE(inspection_rule_rules), SINCE(96, METHOD) },
	{ DELETE("/v1/inspection_rules/{}"), REMOVE(inspection_rule_rules), SINCE(96, METHOD) },

	{ GET("/v1/chassis"), LIST(chassis_rules), .query = page_query },
	{ POST("/v1/chassis"), CREATE(chassis_rules) },
	{ NO_IDENT(PATCH, "/v1/chassis", chassis_rules) },
	{ NO_IDENT(DELETE, "/v1/chassis", chassis_rules) },
	{ GET("/v1/chassis/detail"), LIST_DETAIL(chassis_rules), .query = detail_query },
	{ GET("/v1/chassis/{}"), SHOW(chassis_rules) },
	{ PATCH("/v1/chassis/{}"), CHANGE(chassis_rules) },
	{ DELETE("/v1/chassis/{}"), REMOVE(chassis_rules) },
	{ GET("/v1/chassis/{}/nodes"), .handle = chassis_nodes, .query = node_list_query },

	{ POST("/v1/events"), .handle = event_create, FREE_BODY, .status = 204, SINCE(54, NOT_FOUND) },
	{ GET("/v1/lookup"), .handle = ramdisk_lookup, .query = lookup_query, .is_public = true,
	  SINCE(22, NOT_FOUND) },
	{ POST("/v1/heartbeat/{}"), .handle = ramdisk_heartbeat, FREE_BODY, .query = heartbeat_query,
	  .is_public = true, .status = 202, SINCE(22, NOT_FOUND) },
	{ POST("/v1/continue_inspection"), .handle = ramdisk_continue_inspection, FREE_BODY,
	  .query = inspection_query, .status = 202, .max_body_bytes = BODY_INSPECTION_BYTES,
	  .is_public = true, ACTION("continue_inspection", ACCEPTED, EXCLUSIVE, "repeat", 1800) },
	{ GET("/v1/shards"), .handle = shard_list, SINCE(82, NOT_FOUND) },
	{ GET("/v1/changes"), .handle = changes_stream, .query = changes_query,
	  .produces = "text/event-stream" },
	{ GET("/v1/openapi.json"), .handle = openapi_show, .is_public = true },
	{ GET("/v1/actions"), .handle = action_list, .query = action_query },
	{ GET("/v1/actions/{}"), .handle = action_show },
	{ 0 }
};
/* clang-format on */
