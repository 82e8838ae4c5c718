/*
 * anchor: fake hardware with a vendor interface of every kind of method: all verbs, synchronous and not, a
 * file, nothing, a failure, a required argument. Its namesake is a small hardware type outside Ironic's tree,
 * whose answers were recorded; tests/integration/test_plugins.py holds ours to them.
 */
#include <ferrule/driver.h>

#define ALL (VERB_GET | VERB_POST | VERB_PUT | VERB_PATCH | VERB_DELETE)

/* Words that Ironic's methods receive beside the caller's arguments. */
static int validate_echo(struct task *task, const struct passthru_call *call, struct error *err)
{
	static const char *const taken[] = { "task", "http_method", "driver_name", "context" };

	(void)task;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (json_object_get(call->args, taken[i]))
			return fail(err, ERR_INVALID, "Method %s() takes no argument '%s'",
				    call->method->name, taken[i]);
	}
	return 0;
}

SUSPENDS static int echo(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			 struct error *err)
{
	(void)task;
	if (fiber_sleep(1) < 0)
		return fail(err, ERR_CANCELLED, "echo was cancelled");
	result->value = json_pack("{s:s, s:O}", "method", call->verb, "args", call->args);
	return 0;
}

static int attach(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		  struct error *err)
{
	(void)task;
	(void)call;
	(void)err;
	passthru_attach(result, "file\0content", 12);
	return 0;
}

static int nothing(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		   struct error *err)
{
	(void)task;
	(void)call;
	(void)result;
	(void)err;
	return 0;
}

static int crash(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		 struct error *err)
{
	(void)task;
	(void)call;
	(void)result;
	return fail(err, ERR_INTERNAL, "'boom'");
}

static int need_bar(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		    struct error *err)
{
	(void)task;
	(void)err;
	result->value = json_incref(json_object_get(call->args, "bar"));
	return 0;
}

static const struct passthru_argument bar[] = { { .name = "bar", .type = ARGUMENT_ANY, .is_required = true },
						{ 0 } };

static const struct passthru_method node_methods[] = {
	{ .name = "echo",
	  .verbs = ALL,
	  .is_open = true,
	  .validate = validate_echo,
	  .run = echo,
	  .help = "Echo, synchronous" },
	{ .name = "echo_async",
	  .verbs = ALL,
	  .mode = PASSTHRU_ASYNC,
	  .is_open = true,
	  .validate = validate_echo,
	  .run = echo,
	  .help = "Echo, asynchronous" },
	{ .name = "attach", .verbs = VERB_GET, .is_attach = true, .run = attach, .help = "A file" },
	{ .name = "nothing", .verbs = VERB_GET, .lock = LOCK_SHARED, .run = nothing, .help = "" },
	{ .name = "crash", .verbs = VERB_GET, .run = crash, .help = "" },
	{ .name = "need_bar", .verbs = VERB_POST, .arguments = bar, .run = need_bar, .help = "" },
	{ 0 }
};

static const struct passthru_method driver_methods[] = {
	{ .name = "d_echo",
	  .verbs = ALL,
	  .is_open = true,
	  .validate = validate_echo,
	  .run = echo,
	  .help = "Echo, synchronous" },
	{ .name = "d_async",
	  .verbs = ALL,
	  .mode = PASSTHRU_ASYNC,
	  .is_open = true,
	  .validate = validate_echo,
	  .run = echo,
	  .help = "Echo, asynchronous" },
	{ .name = "d_attach", .verbs = VERB_GET, .is_attach = true, .run = attach, .help = "" },
	{ .name = "d_crash", .verbs = VERB_GET, .run = crash, .help = "" },
	{ .name = "need_bar", .verbs = VERB_POST, .arguments = bar, .run = need_bar, .help = "" },
	{ 0 }
};

static const struct driver_property properties[] = { { "anchor_x", "An example property. Optional." },
						     { 0 } };

static const struct vendor_interface anchor = {
	.base = { .type = INTERFACE_VENDOR, .name = "anchor", .properties = properties },
	.node_methods = node_methods,
	.driver_methods = driver_methods,
};

static const struct hardware_type anchor_hardware = {
	.name = "anchor-hardware",
	.class_name = "AnchorHardware",
	.based_on = "fake-hardware",
	.interfaces = { [INTERFACE_VENDOR] = INTERFACES(&anchor.base) },
};

FERRULE_DRIVER_MODULE("anchor", &anchor_hardware);
