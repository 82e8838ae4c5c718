/*
 * console: the "ipmitool-socat" console interface: Serial-over-LAN inside this process, as a TCP port like
 * the one that Ironic has socat offer. Mirrors IPMISocatConsole of ironic/drivers/modules/ipmitool.py.
 */
#include "drivers/console.h"

#include <string.h>

#include "drivers/console_options.h"
#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/sol_link.h"
#include "lib/xalloc.h"

#define ALLOCATED_PORT "allocated_ipmi_terminal_port" /* in driver_internal_info, as Ironic's */

struct ipmi_console {
	struct console *console;
	struct sol_link *link;
};

static void on_typed(void *arg)
{
	const struct ipmi_console *self = arg;

	sol_link_typed(self->link);
}

SUSPENDS static void stop_console(void *arg)
{
	struct ipmi_console *self = arg;

	sol_link_stop(self->link);
	console_close(self->console);
	xfree(self);
}

static const struct console_ops ops = { .typed = on_typed, .stop = stop_console };

static struct ipmi_console *find(const struct task *task)
{
	struct console *console = console_find(task->node->id);

	return console != NULL ? console_arg(console, &ops) : NULL;
}

/* 0: none is remembered. */
static unsigned allocated_port(const struct task *task)
{
	const json_t *value =
		json_object_get(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), ALLOCATED_PORT);
	json_int_t port = json_integer_value(value);

	return port > 0 && port <= 65535 ? (unsigned)port : 0;
}

static void remember_port(const struct task *task, unsigned port)
{
	json_t *internal = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);

	if (port == allocated_port(task))
		return;
	if (port != 0)
		json_object_set_new(internal, ALLOCATED_PORT, json_integer(port));
	else
		json_object_del(internal, ALLOCATED_PORT);
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
}

static int open_console(const struct task *task, const struct ipmi_info *info, struct ipmi_console **ret,
			struct error *err)
{
	const struct console_place place = { .node_id = task->node->id,
					     .node_uuid = node_uuid(task->node),
					     .port = info->terminal_port,
					     .preferred_port = allocated_port(task) };
	struct ipmi_console *self = xcalloc(1, sizeof(*self));
	int rc = console_open(&place, &ops, self, &self->console, err);

	if (rc < 0) {
		xfree(self);
		return rc;
	}
	self->link = sol_link_start(info, self->console);
	*ret = self;
	return 0;
}

SUSPENDS static int start_console(struct task *task, const struct ipmi_info *info, struct error *err)
{
	struct ipmi_console *self = find(task);
	/* ending another session's console and typing are writes to the machine */
	int rc = task_gate_wait(task, err);

	if (rc < 0)
		return rc;
	if (self != NULL)
		stop_console(self);
	rc = open_console(task, info, &self, err);
	if (rc < 0)
		return rc;
	rc = sol_link_wait(self->link, task->deadline_ms, err);
	if (rc < 0) {
		stop_console(self);
		return rc;
	}
	remember_port(task, info->terminal_port == 0 ? console_port(self->console) : 0);
	console_settle(self->console);
	return 0;
}

static int start(struct task *task, struct error *err)
{
	struct ipmi_info info;
	int rc = ipmi_info_parse(task, &info, err);

	if (rc == 0)
		rc = start_console(task, &info, err);
	rmcpp_wipe(&info, sizeof(info));
	return rc;
}

/* A console that a lost conductor had: its session at the BMC is to end too. A BMC that does not answer holds
 * no console. */
SUSPENDS static void deactivate_stale(struct task *task)
{
	static const uint8_t data[] = { PAYLOAD_SOL, 1, 0, 0, 0, 0 };
	static const struct ipmi_request request = { NETFN_APP, APP_DEACTIVATE_PAYLOAD, data, sizeof(data) };
	struct ipmi_operation operation;
	struct ipmi_reply reply;

	if (ipmi_operation_begin(&operation, task, DEADLINE_NEVER, NULL) < 0)
		return;
	(void)ipmi_request(&operation, &request, &reply, NULL);
	ipmi_operation_end(&operation);
}

static int stop(struct task *task, struct error *err)
{
	struct ipmi_console *self = find(task);

	(void)err;
	if (self != NULL)
		stop_console(self);
	else
		deactivate_stale(task);
	remember_port(task, 0);
	return 0;
}

/* The port may have become another one; clients of the old one are disconnected then. */
SUSPENDS static int resume_with(struct task *task, const struct ipmi_info *info, struct error *err)
{
	struct ipmi_console *self = find(task);

	if (self != NULL && info->terminal_port != 0 && info->terminal_port != console_port(self->console)) {
		stop_console(self);
		self = NULL;
	}
	if (self != NULL) {
		sol_link_change(self->link, info);
		return 0;
	}
	int rc = open_console(task, info, &self, err);
	if (rc == 0)
		console_settle(self->console);
	return rc;
}

static int resume(struct task *task, struct error *err)
{
	struct ipmi_info info;
	int rc = ipmi_info_parse(task, &info, err);

	if (rc == 0)
		rc = resume_with(task, &info, err);
	rmcpp_wipe(&info, sizeof(info));
	return rc;
}

static int get(struct task *task, json_t **ret_info, struct error *err)
{
	const struct ipmi_console *self = find(task);
	struct ipmi_info info;
	int rc = ipmi_info_parse(task, &info, err);

	if (rc < 0)
		return rc;
	unsigned port = self != NULL              ? console_port(self->console)
			: info.terminal_port != 0 ? info.terminal_port
						  : allocated_port(task);
	rmcpp_wipe(&info, sizeof(info));
	*ret_info = json_pack("{s:s, s:s}", "type", "socat", "url", console_url(port));
	return 0;
}

static int validate(struct task *task, struct error *err)
{
	struct ipmi_info info;
	unsigned first, last;
	int rc = ipmi_info_parse(task, &info, err);

	if (rc == 0 && info.is_15)
		rc = fail(err, ERR_INVALID,
			  "Serial over LAN only works with IPMI protocol version 2.0. Check the "
			  "'ipmi_protocol_version' parameter in node's driver_info");
	if (rc == 0 && info.terminal_port == 0 && !console_port_range(&first, &last))
		rc = fail(err, ERR_MISSING,
			  "Either missing 'ipmi_terminal_port' parameter in node's driver_info or "
			  "[console]port_range is not configured");
	rmcpp_wipe(&info, sizeof(info));
	return rc;
}

const struct console_interface ipmitool_socat = {
	.base = { .type = INTERFACE_CONSOLE,
		  .name = "ipmitool-socat",
		  .properties = ipmi_properties,
		  .validate = validate },
	.start = start,
	.stop = stop,
	.resume = resume,
	.get = get,
};
