/*
 * ipmi_client: the ipmi driver on the command line, with a task that permits every write: for tests against
 * simulators that nobody here wrote.
 *
 *	ipmi_client [ipmi_X=VALUE | option.X=VALUE | timeout=S | repeat=no]... -- COMMAND...
 *
 * Commands run one after another in one process, each prints one line: status, on, off, reboot, soft-off,
 * soft-reboot, boot-get, boot-set DEVICE once|persistent, nmi, raw "BYTES", reset warm|cold, sensors, vendor,
 * light-get, light-set STATE, inspect, call METHOD ARGUMENTS, sleep MS, sessions. Exit status 0: all
 *succeeded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/options.h"
#include "drivers/vendor.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "passthru/passthru.h"

struct program {
	char **words; /* commands still to run */
	json_t *driver_info;
	unsigned timeout_s;
	bool is_repeatable;
	int status;
};

static const char *next_word(struct program *program, const char *preset)
{
	return *program->words != NULL ? *program->words++ : preset;
}

SUSPENDS static int set_power(struct task *task, struct program *program, enum power_state target,
			      struct error *err)
{
	int rc = ipmitool_power.set(task, target, program->timeout_s, err);

	if (rc == 0)
		printf("%s: ok\n", power_state_name(target));
	return rc;
}

SUSPENDS static int get_power(struct task *task, struct error *err)
{
	enum power_state state;
	int rc = ipmitool_power.get(task, &state, err);

	if (rc == 0)
		printf("status: %s\n", power_state_name(state));
	return rc;
}

SUSPENDS static int get_boot(struct task *task, struct error *err)
{
	struct boot_device found;
	int rc = ipmitool_management.boot_device_get(task, &found, err);

	if (rc == 0)
		printf("boot: %s %d\n", found.device != NULL ? found.device : "none", found.persistent);
	return rc;
}

SUSPENDS static int set_boot(struct task *task, struct program *program, struct error *err)
{
	const char *device = next_word(program, "");
	const char *how = next_word(program, "");
	int rc = ipmitool_management.boot_device_set(task, device, strcmp(how, "persistent") == 0, err);

	if (rc == 0)
		printf("boot-set: ok\n");
	return rc;
}

static void print_json(const char *what, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

	printf("%s: %s\n", what, text);
	free(text);
}

SUSPENDS static int get_sensors(struct task *task, struct error *err)
{
	json_t *sensors;
	int rc = ipmitool_management.sensors_get(task, &sensors, err);

	if (rc == 0) {
		print_json("sensors", sensors);
		json_decref(sensors);
	}
	return rc;
}

SUSPENDS static int get_vendor(struct task *task, struct error *err)
{
	struct machine_facts facts = { 0 };
	int rc = ipmitool_management.facts_get(task, &facts, err);

	if (rc == 0)
		printf("vendor: %s\n", facts.vendor != NULL ? facts.vendor : "unknown");
	return rc;
}

SUSPENDS static int get_light(struct task *task, struct error *err)
{
	const char *state = NULL;
	int rc = ipmitool_management.indicator_get(task, &ipmitool_management.indicators[0], &state, err);

	if (rc == 0)
		printf("light: %s\n", state);
	return rc;
}

SUSPENDS static int inspect(struct task *task, struct error *err)
{
	struct inspection found = { 0 };
	int rc = ipmitool_inspect.inspect(task, &found, err);

	if (rc == 0) {
		print_json("inventory", found.inventory);
		print_json("plugin_data", found.plugin_data);
		print_json("properties", node_object(task->node, NODE_PROPERTIES));
	}
	inspection_release(&found);
	return rc;
}

static const struct passthru_method *find_method(const char *name)
{
	const struct passthru_method *method = ipmitool_vendor.node_methods;

	while (strcmp(method->name, name) != 0)
		method++;
	return method;
}

SUSPENDS static int call_vendor(struct task *task, const char *name, json_t *take_args, struct error *err)
{
	struct passthru_call call = { find_method(name), "POST", take_args };
	struct passthru_result result = { 0 };
	int rc = call.method->validate != NULL ? call.method->validate(task, &call, err) : 0;

	if (rc == 0)
		rc = call.method->run(task, &call, &result, err);
	if (rc == 0) {
		char *text = result.value != NULL ? json_dumps(result.value, JSON_COMPACT) : NULL;
		printf("%s: %s\n", name, text != NULL ? text : "ok");
		free(text);
	}
	passthru_result_release(&result);
	json_decref(take_args);
	return rc;
}

SUSPENDS static int run_command(struct task *task, struct program *program, const char *word,
				struct error *err)
{
	static const struct {
		const char *word;
		enum power_state target;
	} powers[] = {
		{ "on", POWER_ON },
		{ "off", POWER_OFF },
		{ "reboot", POWER_REBOOT },
		{ "soft-off", POWER_SOFT_OFF },
		{ "soft-reboot", POWER_SOFT_REBOOT },
	};

	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		if (strcmp(powers[i].word, word) == 0)
			return set_power(task, program, powers[i].target, err);
	}
	if (strcmp(word, "status") == 0)
		return get_power(task, err);
	if (strcmp(word, "boot-get") == 0)
		return get_boot(task, err);
	if (strcmp(word, "boot-set") == 0)
		return set_boot(task, program, err);
	if (strcmp(word, "nmi") == 0)
		return ipmitool_management.inject_nmi(task, err);
	if (strcmp(word, "raw") == 0)
		return call_vendor(task, "send_raw", json_pack("{s:s}", "raw_bytes", next_word(program, "")),
				   err);
	if (strcmp(word, "reset") == 0)
		return call_vendor(task, "bmc_reset",
				   json_pack("{s:b}", "warm", strcmp(next_word(program, ""), "warm") == 0),
				   err);
	if (strcmp(word, "call") == 0) {
		const char *name = next_word(program, "");
		return call_vendor(task, name, json_loads(next_word(program, "{}"), 0, NULL), err);
	}
	if (strcmp(word, "sensors") == 0)
		return get_sensors(task, err);
	if (strcmp(word, "vendor") == 0)
		return get_vendor(task, err);
	if (strcmp(word, "light-get") == 0)
		return get_light(task, err);
	if (strcmp(word, "light-set") == 0)
		return ipmitool_management.indicator_set(task, &ipmitool_management.indicators[0],
							 next_word(program, ""), err);
	if (strcmp(word, "inspect") == 0)
		return inspect(task, err);
	if (strcmp(word, "sleep") == 0)
		return fiber_sleep(strtol(next_word(program, "0"), NULL, 10));
	if (strcmp(word, "sessions") == 0) {
		printf("sessions: %u\n", ipmi_session_count());
		return 0;
	}
	return fail(err, ERR_INVALID, "unknown command '%s'", word);
}

static void run(void *arg)
{
	struct program *program = arg;
	struct node node;
	const char *word;

	node_init(&node);
	node_set_text(&node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_text(&node, NODE_DRIVER, "ipmi");
	node_set_object(&node, NODE_DRIVER_INFO, json_incref(program->driver_info));
	while ((word = next_word(program, NULL)) != NULL) {
		struct task task;
		struct error err = { 0 };

		task_init_permissive(&task, &node);
		task.is_repeatable = program->is_repeatable;
		int rc = run_command(&task, program, word, &err);
		if (rc < 0) {
			printf("%s: error %s: %s\n", word, error_info((enum errcode) - rc)->fault, err.text);
			program->status = 1;
		}
		fflush(stdout);
		task_release(&task);
	}
	ipmi_client_release();
	node_release(&node);
	loop_stop();
}

/* "ipmi_port=623", "option.command_retry_timeout=5". */
static int take_setting(struct program *program, const char *text)
{
	const char *value = strchr(text, '=');
	struct error err;

	if (value == NULL)
		return -1;

	char name[64] = { 0 };
	if ((size_t)(value - text) >= sizeof(name))
		return -1;
	memcpy(name, text, (size_t)(value - text));
	value++;
	if (strncmp(name, "option.", 7) == 0)
		return config_set("ipmi", name + 7, value, &err);
	if (strcmp(name, "timeout") == 0)
		program->timeout_s = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "repeat") == 0)
		program->is_repeatable = strcmp(value, "no") != 0;
	else
		json_object_set_new(program->driver_info, name, json_string(value));
	return 0;
}

int main(int argc, char **argv)
{
	struct program program = { .timeout_s = 30, .is_repeatable = true, .driver_info = json_object() };
	struct error err;
	int i;

	log_init("ipmi_client", LOG_WARNING, 0);
	config_register(ipmi_option_table);
	if (config_load(NULL, &err) < 0)
		return 2;
	config_set("ipmi", "allow_send_raw", "true", NULL);
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (take_setting(&program, argv[i]) < 0) {
			fprintf(stderr, "ipmi_client: bad setting %s\n", argv[i]);
			return 2;
		}
	}
	program.words = argv + (i < argc ? i + 1 : i);
	loop_init();
	http_client_init();
	fiber_spawn("main", run, &program);
	loop_run();
	http_client_release();
	loop_release();
	json_decref(program.driver_info);
	config_release();
	return program.status;
}
