/* valence_routes: the table. See route.h; rows of one path stand together, literal segments before "{}". */
#include "api/valence.h"

/* clang-format off */

static const struct query_parameter any_query[] = { { "*", QUERY_TEXT, 0 }, { 0 } };
static const struct query_parameter node_query[] = {
	{ "uuid", QUERY_TEXT, 0 }, { "name", QUERY_TEXT, 0 }, { "podm_id", QUERY_TEXT, 0 },
	{ "index", QUERY_TEXT, 0 }, { "resource_uri", QUERY_TEXT, 0 }, { "managed_by", QUERY_TEXT, 0 },
	{ "created_at", QUERY_TEXT, 0 }, { "updated_at", QUERY_TEXT, 0 }, { 0 }
};
static const struct query_parameter device_query[] = {
	{ "uuid", QUERY_TEXT, 0 }, { "podm_id", QUERY_TEXT, 0 }, { "node_id", QUERY_TEXT, 0 },
	{ "state", QUERY_TEXT, 0 }, { "type", QUERY_TEXT, 0 }, { "pooled_group_id", QUERY_TEXT, 0 },
	{ "resource_uri", QUERY_TEXT, 0 }, { 0 }
};

#define GET(text)    .method = "GET", .path = text
#define POST(text)   .method = "POST", .path = text
#define PATCH(text)  .method = "PATCH", .path = text
#define DELETE(text) .method = "DELETE", .path = text
#define BODY         .body = BODY_FREE

const struct route valence_routes[] = {
	{ GET("/"), .handle = valence_root },
	{ GET("/v1"), .handle = valence_root_v1 },

	{ GET("/v1/pod_managers"), .handle = valence_pod_manager_list, .query = any_query },
	{ POST("/v1/pod_managers"), .handle = valence_pod_manager_create, BODY },
	{ GET("/v1/pod_managers/{}"), .handle = valence_pod_manager_show },
	{ PATCH("/v1/pod_managers/{}"), .handle = valence_pod_manager_update, BODY },
	{ DELETE("/v1/pod_managers/{}"), .handle = valence_pod_manager_delete },

	{ GET("/v1/nodes"), .handle = valence_node_list, .query = node_query },
	{ POST("/v1/nodes"), .handle = valence_node_compose, BODY },
	{ POST("/v1/nodes/manage"), .handle = valence_node_manage, BODY },
	{ GET("/v1/nodes/{}"), .handle = valence_node_show },
	{ DELETE("/v1/nodes/{}"), .handle = valence_node_delete },
	{ POST("/v1/nodes/{}/action"), .handle = valence_node_action, BODY },
	{ POST("/v1/nodes/{}/register"), .handle = valence_node_register, BODY },
	{ GET("/v1/nodes/{}/storages"), .handle = valence_not_implemented, .query = any_query },
	{ GET("/v1/storages"), .handle = valence_not_implemented, .query = any_query },
	{ GET("/v1/storages/{}"), .handle = valence_not_implemented, .query = any_query },

	{ GET("/v1/devices"), .handle = valence_device_list, .query = device_query },
	{ POST("/v1/devices/sync"), .handle = valence_device_sync, BODY },
	{ GET("/v1/devices/{}"), .handle = valence_device_show },

	{ GET("/v1/systems"), .handle = valence_system_list, BODY, .query = any_query },
	{ GET("/v1/systems/{}"), .handle = valence_system_show, BODY, .query = any_query },
	{ GET("/v1/racks"), .handle = valence_not_implemented, .query = any_query },
	{ GET("/v1/racks/{}"), .handle = valence_not_implemented, .query = any_query },

	{ GET("/v1/flavors"), .handle = valence_flavor_list, .query = any_query },
	{ POST("/v1/flavors"), .handle = valence_flavor_create, BODY },
	{ GET("/v1/flavors/{}"), .handle = valence_flavor_show },
	{ PATCH("/v1/flavors/{}"), .handle = valence_flavor_update, BODY },
	{ DELETE("/v1/flavors/{}"), .handle = valence_flavor_delete },
	{ 0 }
};
