/* expether_driver: vendor methods of the expether driver itself: ExpEther managers (EEMs), as they are and as
 * they are recorded. Source: docs/expether.rst. */
#include "passthru/expether.h"

#include <string.h>

#include "drivers/expether/attach.h"
#include "drivers/expether/expether.h"
#include "drivers/expether/inventory.h"
#include "drivers/expether/options.h"
#include "drivers/expether/pci_names.h"
#include "drivers/vendor.h"
#include "lib/json.h"
#include "passthru/passthru.h"

static bool is_addressed(const struct passthru_call *call)
{
	return passthru_text(call, "address") != NULL;
}

static int check_manager(struct task *task, const struct passthru_call *call, struct error *err)
{
	struct pod_manager manager;
	int rc = expether_check_filters(task, call, err);

	if (rc == 0 && is_addressed(call) && passthru_text(call, "pod_manager"))
		return fail(err, ERR_INVALID, "address and pod_manager exclude each other");
	if (rc == 0 && is_addressed(call))
		rc = expether_manager_parse(call->args, "", "the arguments", &task->arena, &manager, err);
	return rc;
}

/* The managers that the call means: one by its address or name, or all that are recorded. */
SUSPENDS static int find_managers(struct task *task, const struct passthru_call *call,
				  struct pod_manager **ret, size_t *ret_count, struct error *err)
{
	const char *name = passthru_text(call, "pod_manager");

	if (!name && !is_addressed(call))
		return task_pool(task)->managers(task, ret, ret_count, err);
	*ret = arena_alloc(&task->arena, sizeof(**ret));
	*ret_count = 1;
	if (name)
		return task_pool(task)->manager_find(task, name, *ret, err);
	return expether_manager_parse(call->args, "", "the arguments", &task->arena, *ret, err);
}

/* A host with what changes by itself. */
static json_t *live_host_json(const struct board *board, const json_t *shown)
{
	json_t *host = board_host_json(board), *update_time = json_object_get(shown, "update_time");

	json_object_set_new(host, "power_status", json_string(board->power));
	json_object_set(host, "update_time", update_time ? update_time : json_null());
	return host;
}

/* Cards, or hosts, as a manager shows them now. */
SUSPENDS static int list_live(struct task *task, const struct passthru_call *call,
			      const struct pod_manager *manager, bool is_hosts, json_t *to, struct error *err)
{
	json_t *boards = NULL, *entry;
	struct board board;
	struct eem eem;
	size_t index;
	int rc;

	eem_open(&eem, task, manager);
	rc = board_list(&eem, is_hosts ? "status=eesv" : "status=eeio", &boards, err);
	json_array_foreach(boards, index, entry)
	{
		if (rc == 0)
			rc = board_read(&eem, entry, &board, err);
		if (rc == 0 && is_hosts)
			json_array_append_new(to, live_host_json(&board, entry));
		else if (rc == 0 && expether_fits(call, &board))
			json_array_append_new(to, board_card_json(&board, NULL));
	}
	json_decref(boards);
	return rc;
}

SUSPENDS static int list_recorded(struct task *task, const struct passthru_call *call, json_t *to,
				  struct error *err)
{
	struct device_filter filter = { .type = passthru_text(call, "type"),
					.state = passthru_text(call, "state") };
	struct pod_manager *managers;
	struct device *devices;
	size_t count = 0;
	int rc = find_managers(task, call, &managers, &count, err);

	if (rc == 0 && passthru_text(call, "pod_manager"))
		filter.pod_manager_id = managers[0].id;
	if (rc == 0)
		rc = task_pool(task)->list(task, &filter, &devices, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		json_array_append_new(to, expether_record_json(&devices[i], NULL, devices[i].host_id,
							       devices[i].node_uuid));
	return rc;
}

static int driver_list_devices(struct task *task, const struct passthru_call *call,
			       struct passthru_result *result, struct error *err)
{
	const char *side = passthru_text(call, "status");
	bool is_hosts = side && strcmp(side, "eesv") == 0;
	struct pod_manager *managers;
	size_t count = 0;
	int rc = 0;

	result->value = json_array();
	if (!is_hosts && !is_addressed(call))
		return list_recorded(task, call, result->value, err);
	pci_names_load(expether_options.pci_ids);
	rc = find_managers(task, call, &managers, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = list_live(task, call, &managers[i], is_hosts, result->value, err);
	return rc;
}

/* The node of that host at that manager; NULL: none. */
static const char *node_of_host(struct task *task, const json_t *nodes, const char *url, const char *host_id)
{
	const json_t *node;
	size_t index;

	json_array_foreach((json_t *)nodes, index, node)
	{
		const json_t *info = json_object_get(node, "driver_info");
		const char *id = json_string_value(json_object_get(info, "expether_eesv_id"));
		const char *address = json_string_value(json_object_get(info, "expether_address"));
		const char *own = address ? expether_url(address, &task->arena) : NULL;
		char parsed[EEM_ID_MAX];

		if (id && own && expether_id_parse(id, parsed) && strcmp(parsed, host_id) == 0 &&
		    strcmp(own, url) == 0)
			return json_string_value(json_object_get(node, "uuid"));
	}
	return NULL;
}

static int driver_list_nodes(struct task *task, const struct passthru_call *call,
			     struct passthru_result *result, struct error *err)
{
	struct pod_manager *managers;
	json_t *nodes = NULL;
	size_t count = 0;
	int rc = find_managers(task, call, &managers, &count, err);

	result->value = json_array();
	if (rc == 0)
		rc = task_pool(task)->nodes(task, &nodes, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		size_t first = json_array_size(result->value);

		rc = list_live(task, call, &managers[i], true, result->value, err);
		for (size_t n = first; n < json_array_size(result->value); n++) {
			json_t *host = json_array_get(result->value, n);
			const char *id = json_string_value(json_object_get(host, "eesv_id"));
			const char *node = node_of_host(task, nodes, managers[i].url, id);

			json_object_set_new(host, "node_uuid", node ? json_string(node) : json_null());
			json_object_set_new(host, "pod_manager", json_string(managers[i].name));
		}
	}
	json_decref(nodes);
	return rc;
}

/* An address that is not recorded yet becomes a manager by this. */
static int driver_sync_devices(struct task *task, const struct passthru_call *call,
			       struct passthru_result *result, struct error *err)
{
	struct pod_manager *managers;
	struct error failure;
	size_t count = 0;
	int rc = find_managers(task, call, &managers, &count, err);

	if (rc == 0 && is_addressed(call)) {
		const struct pod_manager wanted = managers[0];

		rc = task_pool(task)->manager_of(task, &wanted, &managers[0], err);
	}
	result->value = json_array();
	for (size_t i = 0; rc == 0 && i < count; i++) {
		bool is_ok = task_pool(task)->sync(task, &managers[i], &failure) == 0;

		json_array_append_new(result->value, json_pack("{s:s, s:s, s:s, s:s?}", "pod_manager",
							       managers[i].name, "uuid", managers[i].uuid,
							       "status", is_ok ? "SUCCESS" : "FAILED",
							       "error", is_ok ? NULL : failure.text));
	}
	return rc;
}

SUSPENDS static int get_version(struct task *task, const struct pod_manager *manager, json_t **ret,
				struct error *err)
{
	json_t *answer = NULL;
	struct eem eem;
	const char *version;
	int rc;

	eem_open(&eem, task, manager);
	rc = eem_get(&eem, "/api_version", &answer, err);
	version = json_string_value(json_object_get(answer, "version_number"));
	if (rc == 0 && !version)
		rc = fail(err, ERR_BMC, "What answers at %s is no ExpEther manager", manager->url);
	if (rc == 0)
		*ret = json_pack("{s:s, s:s}", "version_number", version, "url", manager->url);
	json_decref(answer);
	return rc;
}

static int driver_get_api_version(struct task *task, const struct passthru_call *call,
				  struct passthru_result *result, struct error *err)
{
	bool is_one = is_addressed(call) || passthru_text(call, "pod_manager");
	struct pod_manager *managers;
	struct error failure;
	size_t count = 0;
	int rc = find_managers(task, call, &managers, &count, err);

	if (rc < 0)
		return rc;
	if (is_one) {
		rc = get_version(task, &managers[0], &result->value, err);
		/* given with the call, they are what is wrong with it */
		return rc == -ERR_BMC_AUTH && is_addressed(call) ? fail(err, ERR_INVALID, "%s", err->text)
								 : rc;
	}
	result->value = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *entry = NULL;

		if (get_version(task, &managers[i], &entry, &failure) < 0)
			entry = json_pack("{s:s, s:s}", "url", managers[i].url, "error", failure.text);
		json_array_append_new(result->value, entry);
	}
	return 0;
}

/* ---- tables ---- */

/* clang-format off */
static const struct passthru_argument manager_arguments[] = {
	{ .name = "pod_manager", .type = ARGUMENT_TEXT }, { .name = "address", .type = ARGUMENT_TEXT },
	{ .name = "username", .type = ARGUMENT_TEXT }, { .name = "password", .type = ARGUMENT_TEXT },
	{ .name = "verify_ca", .type = ARGUMENT_ANY }, { .name = "status", .type = ARGUMENT_TEXT },
	{ .name = "state", .type = ARGUMENT_TEXT }, { .name = "type", .type = ARGUMENT_TEXT }, { 0 }
};

#define MANAGER_HELP \
	" Optional arguments: 'pod_manager' (name or uuid), or 'address', 'username', 'password' and " \
	"'verify_ca'; without them all recorded managers"

const struct passthru_method expether_driver_methods[] = {
	{ .name = "list_devices", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = manager_arguments, .validate = check_manager,
	  .run = driver_list_devices,
	  .help = "Returns the devices of ExpEther managers: as recorded, or with 'address' as it "
		  "shows them. "
		  "'type' and 'state' narrow the list; 'status' eesv lists hosts." MANAGER_HELP },
	{ .name = "list_nodes", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = manager_arguments, .validate = check_manager,
	  .run = driver_list_nodes,
	  .help = "Returns the hosts of ExpEther managers, and which are nodes." MANAGER_HELP },
	{ .name = "sync_devices", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .run_s = 300, .arguments = manager_arguments, .validate = check_manager,
	  .run = driver_sync_devices,
	  .help = "Brings the records in line with the ExpEther managers. Returns what came of "
		  "it." MANAGER_HELP },
	{ .name = "get_api_version", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = manager_arguments, .validate = check_manager,
	  .run = driver_get_api_version,
	  .help = "Returns the version of the ExpEther managers' API." MANAGER_HELP },
	{ 0 }
};
/* clang-format on */
