/*
 * redfish_client: the redfish driver without a conductor, for tests. Runs the operations of its command line
 * one after the other in one process (sessions and connections last from one to the next), with a task that
 * permits every write, and prints a JSON line for each: {"op":, "rc":, "error":, ...}.
 *
 *   redfish_client [--option NAME=VALUE]... [--deadline MS] [--fence N] '{driver_info}' OPERATION...
 *
 * Operations: validate, power, set:STATE[:TIMEOUT_S], boot, boot:DEVICE[:persistent], nmi, facts, sensors,
 * macs, firmware, inspect, indicators, led:?|STATE:COMPONENT:NAME, mode:MODE, secure:true|false, vmedia,
 * attach:DEVICE:URL, detach[:DEVICE], step:NAME[:ARGS] (of the management interface),
 * call:METHOD:VERB:ARGS, driver:METHOD:VERB:ARGS, info:{driver_info} (from now on),
 * field:disable_power_off:true, sleep:MS. --fence N: the gate closes for good after N writes.
 *
 *   redfish_client quirks    prints the rows of the documentation's table
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/redfish/bios.h"
#include "drivers/redfish/firmware.h"
#include "drivers/redfish/inspect.h"
#include "drivers/redfish/quirk.h"
#include "drivers/redfish/redfish.h"
#include "lib/clock.h"
#include "lib/http_client.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "passthru/passthru.h"

static struct {
	struct node node;
	const char *driver_info;
	char **operations;
	int count;
	long deadline_ms; /* 0: none */
	long fence_after; /* -1: never */
	long writes;
} program = { .fence_after = -1 };

static int gate_wait(struct task *task, struct error *err)
{
	(void)task;
	(void)err;
	return 0;
}

static int gate_check(struct task *task, const char *what, struct error *err)
{
	(void)task;
	(void)what;
	if (program.fence_after >= 0 && program.writes >= program.fence_after)
		return fail(err, ERR_FENCED, "The lock is lost");
	program.writes++;
	return 0;
}

static const struct task_ops ops = { .gate_wait = gate_wait, .gate_check = gate_check };

/* The part of the operation's text up to the next ':', and the rest. */
static char *cut(char **rest)
{
	return strsep(rest, ":");
}

static int run_power(struct task *task, json_t *line, struct error *err)
{
	enum power_state state = POWER_UNKNOWN;
	int rc = redfish_power.get(task, &state, err);

	if (rc == 0)
		json_object_set_new(line, "power",
				    power_state_name(state) ? json_string(power_state_name(state))
							    : json_null());
	return rc;
}

static int run_set(struct task *task, char *rest, struct error *err)
{
	const char *state = cut(&rest);

	return redfish_power.set(task, power_state_find(state), rest ? (unsigned)strtoul(rest, NULL, 10) : 0,
				 err);
}

static int run_boot(struct task *task, char *rest, json_t *line, struct error *err)
{
	struct boot_device device = { NULL, -1 };
	const char *name = cut(&rest);
	int rc;

	if (name)
		return redfish_management.boot_device_set(task, name, rest && !strcmp(rest, "persistent"),
							  err);
	rc = redfish_management.boot_device_get(task, &device, err);
	if (rc == 0)
		json_object_update_new(line, json_pack("{s:s?, s:i}", "device", device.device, "persistent",
						       device.persistent));
	return rc;
}

static int run_call(struct task *task, bool is_driver, char *rest, json_t *line, struct error *err)
{
	struct passthru_result result = { 0 };
	const char *method = cut(&rest);
	const char *verb = cut(&rest);
	struct passthru_call call = { .verb = verb };
	struct node *node = task->node;
	int rc;

	if (is_driver)
		task->node = NULL;
	rc = passthru_find(task, method, verb, &call.method, err);
	if (rc == 0)
		rc = json_parse(rest ? rest : "{}", strlen(rest ? rest : "{}"), JSON_DEPTH_MAX, &call.args,
				err);
	if (rc == 0)
		rc = passthru_check(task, &call, err);
	if (rc == 0)
		rc = passthru_run(task, &call, &result, err);
	if (rc == 0)
		json_object_set(line, "result", result.value ? result.value : json_null());
	json_decref(call.args);
	passthru_result_release(&result);
	task->node = node;
	return rc;
}

static int run_facts(struct task *task, json_t *line, struct error *err)
{
	struct machine_facts facts = { .secure_boot = -1 };
	int rc = redfish_management.facts_get(task, &facts, err);

	if (rc == 0)
		json_object_update_new(line, json_pack("{s:s?, s:i, s:s?, s:s?}", "boot_mode",
						       facts.boot_mode, "secure_boot", facts.secure_boot,
						       "health", facts.health, "vendor", facts.vendor));
	return rc;
}

/* Operations that give one JSON value. */
static const struct {
	const char *name;
	int (*const *get)(struct task *task, json_t **ret, struct error *err);
} values[] = {
	{ "sensors", &redfish_management.sensors_get }, { "macs", &redfish_management.macs_get },
	{ "vmedia", &redfish_management.vmedia_get },   { "firmware", &redfish_firmware.components_get },
	{ "bios", &redfish_bios.settings_get },
};

static int run_value(struct task *task, size_t index, json_t *line, struct error *err)
{
	json_t *value = NULL;
	int rc = (*values[index].get)(task, &value, err);

	if (rc == 0)
		json_object_set_new(line, "result", value);
	return rc;
}

static int run_inspect(struct task *task, json_t *line, struct error *err)
{
	struct inspection found = { 0 };
	int rc = redfish_inspect.inspect(task, &found, err);

	if (rc == 0)
		json_object_update_new(line,
				       json_pack("{s:O, s:O, s:O, s:O}", "inventory", found.inventory,
						 "plugin_data", found.plugin_data, "macs", found.macs,
						 "properties", node_object(task->node, NODE_PROPERTIES)));
	inspection_release(&found);
	return rc;
}

static int run_indicators(struct task *task, json_t *line, struct error *err)
{
	const struct indicator *row = NULL;
	json_t *list;
	int rc = redfish_management.indicators_get(task, &row, err);

	if (rc < 0)
		return rc;
	list = json_array();
	for (; row->name; row++)
		json_array_append_new(list, json_sprintf("%s@%s", row->name, row->component));
	json_object_set_new(line, "result", list);
	return 0;
}

static int run_led(struct task *task, char *rest, json_t *line, struct error *err)
{
	const char *wanted = cut(&rest), *state = NULL;
	struct indicator which = { .component = cut(&rest) };
	int rc;

	which.name = rest ? rest : "";
	if (strcmp(wanted, "?") != 0)
		return redfish_management.indicator_set(task, &which, wanted, err);
	rc = redfish_management.indicator_get(task, &which, &state, err);
	if (rc == 0)
		json_object_set_new(line, "result", json_string(state));
	return rc;
}

static int run_step(struct task *task, char *rest, struct error *err)
{
	static const struct step *const *const tables[] = { &redfish_management.base.steps,
							    &redfish_bios.base.steps,
							    &redfish_firmware.base.steps };
	const char *name = cut(&rest);
	const struct step *step = NULL;
	json_t *args = NULL;
	int rc;

	for (size_t i = 0; !(step && step->name) && i < sizeof(tables) / sizeof(tables[0]); i++)
		for (step = *tables[i]; step->name && strcmp(step->name, name) != 0;)
			step++;
	if (!step->name)
		return fail(err, ERR_INVALID, "Unknown step %s", name);
	rc = json_parse(rest ? rest : "{}", strlen(rest ? rest : "{}"), JSON_DEPTH_MAX, &args, err);
	if (rc == 0)
		rc = step->run(task, args, err);
	json_decref(args);
	return rc;
}

static int run_attach(struct task *task, char *rest, struct error *err)
{
	const char *device = cut(&rest);

	return redfish_management.vmedia_attach(task, device, rest ? rest : "", err);
}

static void set_info(const char *text)
{
	struct error err;
	json_t *info;

	if (json_parse(text, strlen(text), JSON_DEPTH_MAX, &info, &err) < 0) {
		fprintf(stderr, "redfish_client: driver_info: %s\n", err.text);
		exit(2);
	}
	node_set_object(&program.node, NODE_DRIVER_INFO, info);
}

static int run_operation(struct task *task, char *operation, json_t *line, struct error *err)
{
	char *rest = operation;
	const char *name = cut(&rest);

	if (!strcmp(name, "validate"))
		return redfish_validate(task, err);
	if (!strcmp(name, "power"))
		return run_power(task, line, err);
	if (!strcmp(name, "set"))
		return run_set(task, rest, err);
	if (!strcmp(name, "boot"))
		return run_boot(task, rest, line, err);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(name, values[i].name))
			return run_value(task, i, line, err);
	if (!strcmp(name, "facts"))
		return run_facts(task, line, err);
	if (!strcmp(name, "inspect"))
		return run_inspect(task, line, err);
	if (!strcmp(name, "indicators"))
		return run_indicators(task, line, err);
	if (!strcmp(name, "led"))
		return run_led(task, rest, line, err);
	if (!strcmp(name, "mode"))
		return redfish_management.boot_mode_set(task, rest ? rest : "", err);
	if (!strcmp(name, "secure"))
		return redfish_management.secure_boot_set(task, rest && !strcmp(rest, "true"), err);
	if (!strcmp(name, "attach"))
		return run_attach(task, rest, err);
	if (!strcmp(name, "detach"))
		return redfish_management.vmedia_detach(task, rest, err);
	if (!strcmp(name, "step"))
		return run_step(task, rest, err);
	if (!strcmp(name, "nmi"))
		return redfish_management.inject_nmi(task, err);
	if (!strcmp(name, "call") || !strcmp(name, "driver"))
		return run_call(task, !strcmp(name, "driver"), rest, line, err);
	if (!strcmp(name, "field")) {
		const char *field = cut(&rest);
		node_set_bool(&program.node, node_field_find(field), rest && !strcmp(rest, "true"));
		return 0;
	}
	if (!strcmp(name, "sleep"))
		return fiber_sleep(strtol(rest, NULL, 10));
	return fail(err, ERR_INVALID, "Unknown operation %s", name);
}

static void run_one(char *operation)
{
	struct error err = { 0 };
	json_t *line = json_object();
	struct task task;
	int64_t start_ns = clock_ns();
	struct buf text;
	int rc = 0;

	json_object_set_new(line, "op", json_string(strncmp(operation, "info:", 5) ? operation : "info"));
	task_init_permissive(&task, &program.node);
	task.ops = &ops;
	if (program.deadline_ms)
		task.deadline_ms = clock_ms() + program.deadline_ms;
	if (!strncmp(operation, "info:", 5))
		set_info(operation + 5);
	else
		rc = run_operation(&task, operation, line, &err);
	json_object_set_new(line, "rc", json_integer(rc));
	if (rc < 0)
		json_object_update_new(line, json_pack("{s:s, s:s, s:i}", "error", err.text, "fault",
						       error_info(err.code)->fault, "code", (int)err.code));
	json_object_set_new(line, "ms", json_integer((clock_ns() - start_ns) / 1000000));
	json_object_set_new(line, "writes", json_integer(program.writes));
	json_object_set(line, "internal", node_object(&program.node, NODE_DRIVER_INTERNAL_INFO));
	buf_init(&text, 1 << 24);
	json_write(&text, line);
	printf("%s\n", text.data);
	fflush(stdout);
	buf_release(&text);
	json_decref(line);
	task_release(&task);
}

static void run(void *arg)
{
	(void)arg;
	for (int i = 0; i < program.count; i++)
		run_one(program.operations[i]);
	drivers_drain(clock_ms() + 5000);
	loop_stop();
}

static int set_option(const char *text, struct error *err)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *name = strsep(&rest, "=");
	int rc = config_set("redfish", name, rest ? rest : "", err);

	xfree(copy);
	return rc;
}

static int parse(int argc, char **argv, struct error *err)
{
	int rc = 0, i = 1;

	for (; rc == 0 && i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--option"))
			rc = set_option(argv[i + 1], err);
		else if (!strcmp(argv[i], "--deadline"))
			program.deadline_ms = strtol(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--fence"))
			program.fence_after = strtol(argv[i + 1], NULL, 10);
		else
			rc = fail(err, ERR_INVALID, "Unknown option %s", argv[i]);
	}
	if (rc == 0 && i >= argc)
		rc = fail(err, ERR_INVALID, "driver_info is missing");
	if (rc < 0)
		return rc;
	program.driver_info = argv[i];
	program.operations = argv + i + 1;
	program.count = argc - i - 1;
	return 0;
}

static void print_quirks(void)
{
	for (const struct redfish_quirk *row = redfish_quirk_table; row->make; row++) {
		printf("   * - %s\n     - %s\n", row->make, row->behaviour);
		if (row->profile)
			printf("     - ``%s``\n", row->profile);
		else
			printf("     -\n");
		printf("     - ``%s``\n", row->test);
	}
}

int main(int argc, char **argv)
{
	struct error err;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "quirks")) {
		print_quirks();
		return 0;
	}
	log_init("redfish_client", LOG_WARNING, 0);
	drivers_config_register();
	rc = config_load(NULL, &err);
	if (rc == 0)
		rc = config_set("DEFAULT", "enabled_hardware_types", "redfish", &err);
	if (rc == 0)
		rc = drivers_check_config(&err);
	if (rc == 0)
		rc = parse(argc, argv, &err);
	if (rc < 0) {
		fprintf(stderr, "redfish_client: %s\n", err.text);
		return 2;
	}
	node_init(&program.node);
	node_set_text(&program.node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_text(&program.node, NODE_DRIVER, "redfish");
	node_set_text(&program.node, NODE_VENDOR_INTERFACE, "redfish");
	set_info(program.driver_info);
	loop_init();
	http_client_init();
	fiber_spawn("main", run, NULL);
	loop_run();
	http_client_release();
	loop_release();
	node_release(&program.node);
	config_release();
	return 0;
}
