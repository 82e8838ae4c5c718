/* agent: see agent.h. */
#include "drivers/agent.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/netaddr.h"
#include "lib/resolve.h"

static bool is_powered_off = true;

const struct option agent_option_table[] = {
	{ .section = "inspector",
	  .name = "power_off",
	  .type = OPTION_BOOL,
	  .preset = "true",
	  .target = &is_powered_off,
	  .help = "Whether a node is powered off when its ramdisk has told what it found, or its inspection "
		  "is aborted." },
	{ 0 }
};

enum { POWER_S = 600, RESOLVE_MS = 10000 };

/* ---- the BMC's addresses ---- */

/* The host in "https://[fd00::1]:8443/x", "bmc.example" or "192.0.2.7". */
static char *host_of(struct task *task, const char *text)
{
	const char *start = strstr(text, "//");
	size_t len;

	start = start ? start + 2 : text;
	len = strcspn(start, "/");
	if (*start == '[')
		return arena_strndup(&task->arena, start + 1, strcspn(start + 1, "]"));
	if (memchr(start, ':', len) == memrchr(start, ':', len)) /* else a bare IPv6 address */
		len = strcspn(start, ":/");
	return arena_strndup(&task->arena, start, len);
}

/* A name that does not resolve now finds nobody; ports still do. */
SUSPENDS static void add_host(struct task *task, json_t *list, const char *host)
{
	char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];
	struct error err;
	int count = resolve_all(host, clock_ms() + RESOLVE_MS, addresses, &err);

	if (count < 0)
		log_warning("node %s will not be found by its BMC: %s", node_uuid(task->node), err.text);
	for (int i = 0; i < count; i++) {
		if (!netaddr_is_loopback(addresses[i]) && !json_list_has(list, addresses[i]))
			json_array_append_new(list, json_string(addresses[i]));
	}
}

static bool is_address_name(const char *name)
{
	static const char ending[] = "_address";
	size_t len = strlen(name);

	return len > sizeof(ending) && strcmp(name + len - (sizeof(ending) - 1), ending) == 0;
}

/* Behind a bridge the address is another machine's. */
static bool is_bridged(struct task *task)
{
	const char *bridging = task_driver_info(task, "ipmi_bridging");

	return bridging && strcmp(bridging, "no") != 0;
}

SUSPENDS static void keep_addresses(struct task *task)
{
	json_t *list = json_array(), *value;
	json_t *info = node_object(task->node, NODE_DRIVER_INFO);
	const char *name;

	json_object_foreach(info, name, value)
	{
		const char *text = json_string_value(value);

		if (text && is_address_name(name) && !(strncmp(name, "ipmi_", 5) == 0 && is_bridged(task)))
			add_host(task, list, host_of(task, text));
	}
	json_object_set_new(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), AGENT_LOOKUP_ADDRESSES, list);
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
}

/* ---- the boot ---- */

/* Management that cannot set it leaves it to the machine, or to somebody's hands. */
SUSPENDS static int boot_from_network(struct task *task, struct error *err)
{
	const struct management_interface *management;
	const struct interface *interface;
	int rc = task_interface(task, INTERFACE_MANAGEMENT, &interface, err);

	if (rc < 0)
		return rc;
	management = management_interface(interface);
	if (!management->boot_device_set)
		return 0;
	rc = interface_validate(interface, task, err);
	return rc == 0 ? management->boot_device_set(task, "pxe", false, err) : rc;
}

SUSPENDS static int power(struct task *task, enum power_state target, struct error *err)
{
	return task->ops->power ? task->ops->power(task, target, POWER_S, err)
				: task_unsupported(task, "inspection by an agent", err);
}

SUSPENDS static int restart(struct task *task, struct error *err)
{
	bool must_stay_on = node_bool(task->node, NODE_DISABLE_POWER_OFF);
	int rc = must_stay_on ? 0 : power(task, POWER_OFF, err);

	if (rc == 0)
		rc = boot_from_network(task, err);
	return rc == 0 ? power(task, must_stay_on ? POWER_REBOOT : POWER_ON, err) : rc;
}

SUSPENDS static int inspect(struct task *task, struct inspection *ret, struct error *err)
{
	int rc;

	(void)ret;
	keep_addresses(task);
	rc = restart(task, err);
	return rc < 0 ? fail_prefix(err, "unable to start inspection") : STEP_WAITS;
}

int agent_stop(struct task *task, struct error *err)
{
	bool must_stay_on = node_bool(task->node, NODE_DISABLE_POWER_OFF);
	int rc;

	json_object_del(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), AGENT_LOOKUP_ADDRESSES);
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
	if (!is_powered_off)
		return 0;
	rc = power(task, must_stay_on ? POWER_REBOOT : POWER_OFF, err);
	return rc < 0 ? fail_prefix(err, "unable to %s the node", must_stay_on ? "reboot" : "power off") : 0;
}

const struct inspect_interface agent_inspect = {
	.base = { .type = INTERFACE_INSPECT, .name = "agent" },
	.inspect = inspect,
	.abort = agent_stop,
};
