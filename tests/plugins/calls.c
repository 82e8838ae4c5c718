/*
 * calls: a hardware type of its own, with options, a power interface that remembers, and a vendor method for
 * each group of functions that ferrule/driver.h offers, so that they are called from outside the tree.
 */
#include <ferrule/driver.h>
#include <poll.h>
#include <string.h>

static char *greeting;
static long limit;

static const struct option options[] = { { .section = "driver:calls",
					   .name = "greeting",
					   .type = OPTION_TEXT,
					   .target = &greeting,
					   .preset = "hello",
					   .help = "What the method hello says." },
					 { .section = "driver:calls",
					   .name = "limit",
					   .type = OPTION_INT,
					   .target = &limit,
					   .preset = "3",
					   .min = 1,
					   .max = 9,
					   .help = "A number." },
					 { 0 } };

/* ---- power: what was set last is kept with the node ---- */

SUSPENDS static int power_get(struct task *task, enum power_state *ret_state, struct error *err)
{
	(void)err;
	*ret_state = power_state_find(json_string_value(task_memory(task, "calls_power")));
	if (*ret_state == POWER_UNKNOWN)
		*ret_state = POWER_OFF;
	return 0;
}

SUSPENDS static int power_set(struct task *task, enum power_state target, unsigned timeout_s,
			      struct error *err)
{
	int rc = task_gate_wait(task, err);

	(void)timeout_s;
	if (rc == 0)
		rc = task_gate_check(task, power_state_name(target), err);
	if (rc == 0)
		rc = task_remember(task, "calls_power",
				   json_string(power_state_name(target == POWER_REBOOT ? POWER_ON : target)),
				   err);
	return rc == 0 ? task_checkpoint(task, err) : rc;
}

static int validate(struct task *task, struct error *err)
{
	if (!task_driver_info(task, "calls_address"))
		return fail(err, ERR_MISSING, "calls_address is missing");
	return 0;
}

static const struct driver_property properties[] = { { "calls_address", "Where it is. Required." }, { 0 } };
static const enum power_state supported[] = { POWER_ON, POWER_OFF, POWER_REBOOT, POWER_UNKNOWN };

static const struct power_interface power = {
	.base = { .type = INTERFACE_POWER, .name = "calls", .properties = properties, .validate = validate },
	.supported = supported,
	.get = power_get,
	.set = power_set,
};

static const struct management_interface management = {
	.base = { .type = INTERFACE_MANAGEMENT, .name = "calls" },
};

/* ---- vendor methods ---- */

SUSPENDS static int facts(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err)
{
	char *text = task_alloc(task, 8);

	(void)err;
	if (log_enabled(LOG_INFO))
		log_info("facts of %s", task_node_text(task, "uuid"));
	memcpy(text, "arena", 6);
	result->value = json_pack(
		"{s:s, s:s, s:O, s:b, s:b, s:b, s:s?, s:b, s:s, s:b}", "text", text, "name",
		task_node_text(task, "name"), "properties", task_node_object(task, "properties"), "has_time",
		task_left_ms(task) > 0, "clock", clock_ms() > 0, "nosuch",
		task_node_text(task, "nosuch") != NULL, "word", passthru_text(call, "word"), "flag",
		passthru_bool(call, "flag", true), "printed", task_printf(task, "%s/%ld", greeting, limit),
		"maintenance", strcmp(task_node_text(task, "maintenance"), "true") == 0);
	return 0;
}

SUSPENDS static int fetch(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err)
{
	struct http_fetch fetch = { .method = "GET", .url = passthru_text(call, "url"), .timeout_ms = 5000 };
	char type[64] = "";
	int rc = http_fetch(&fetch, err);

	(void)task;
	if (rc == 0)
		http_fetch_header(&fetch, "Content-Type", type, sizeof(type));
	if (rc == 0)
		rc = json_parse(fetch.answer.data, fetch.answer.len, 10, &result->value, err);
	http_fetch_release(&fetch);
	return rc < 0 ? fail_prefix(err, "fetch (%s)", type) : 0;
}

static void block(void *arg)
{
	poll(NULL, 0, 1);
	*(int *)arg = 42;
}

SUSPENDS static int blocking(struct task *task, const struct passthru_call *call,
			     struct passthru_result *result, struct error *err)
{
	int answer = 0;

	(void)call;
	(void)err;
	offload(block, &answer);
	if (answer != 42)
		return task_unsupported(task, "waiting", err);
	result->value = json_integer(answer);
	return 0;
}

/* Breaks the rule that a failure has a sentence. */
static int silent(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		  struct error *err)
{
	(void)task;
	(void)call;
	(void)result;
	(void)err;
	return -1;
}

static const struct passthru_argument words[] = { { .name = "word", .type = ARGUMENT_TEXT },
						  { .name = "flag", .type = ARGUMENT_BOOL },
						  { 0 } };
static const struct passthru_argument url[] = { { .name = "url", .type = ARGUMENT_TEXT, .is_required = true },
						{ 0 } };

static const struct passthru_method node_methods[] = {
	{ .name = "facts",
	  .verbs = VERB_POST,
	  .lock = LOCK_SHARED,
	  .arguments = words,
	  .run = facts,
	  .help = "Facts." },
	{ .name = "fetch",
	  .verbs = VERB_POST,
	  .lock = LOCK_SHARED,
	  .arguments = url,
	  .run = fetch,
	  .help = "Fetches." },
	{ .name = "blocking", .verbs = VERB_GET, .run = blocking, .help = "Blocks elsewhere." },
	{ .name = "silent", .verbs = VERB_GET, .run = silent, .help = "Fails." },
	{ 0 }
};

static const struct vendor_interface vendor = {
	.base = { .type = INTERFACE_VENDOR, .name = "calls" },
	.node_methods = node_methods,
};

static const struct hardware_type calls = {
	.name = "calls",
	.class_name = "Calls",
	.options = options,
	.interfaces = {
		[INTERFACE_MANAGEMENT] = INTERFACES(&management.base),
		[INTERFACE_POWER] = INTERFACES(&power.base),
		[INTERFACE_VENDOR] = INTERFACES(&vendor.base),
	},
};

FERRULE_DRIVER_MODULE("calls", &calls);
