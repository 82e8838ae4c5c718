/* fake: delays, failures on order and the memory of the fake hardware. See fake.h. */
#include "drivers/fake/fake.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/map.h"
#include "lib/xalloc.h"

static struct {
	struct option_delay delays[INTERFACE_COUNT];
	struct option_list fail;
} options;

#define DELAY(TYPE, word)                                                                                    \
	{                                                                                                    \
		.section = "fake", .name = word "_delay", .type = OPTION_DELAY,                              \
		.target = &options.delays[INTERFACE_##TYPE], .preset = "0",                                  \
		.help = "Seconds that each operation of the fake " word                                      \
			" interface takes, or a range \"1,3\"."                                              \
	}

const struct option fake_options[] = {
	DELAY(BIOS, "bios"),
	DELAY(BOOT, "boot"),
	DELAY(CONSOLE, "console"),
	DELAY(DEPLOY, "deploy"),
	DELAY(FIRMWARE, "firmware"),
	DELAY(INSPECT, "inspect"),
	DELAY(MANAGEMENT, "management"),
	DELAY(POWER, "power"),
	DELAY(RAID, "raid"),
	DELAY(RESCUE, "rescue"),
	DELAY(STORAGE, "storage"),
	DELAY(VENDOR, "vendor"),
	{ .section = "fake",
	  .name = "fail",
	  .type = OPTION_LIST,
	  .target = &options.fail,
	  .help = "What fails on every fake node: interfaces (\"power\") or operations (\"power.set\")." },
	{ 0 }
};

const struct driver_property fake_properties[] = {
	{ "fake_fail", "What fails on this node: interfaces (\"power\") or operations (\"power.set\"), "
		       "separated by commas. Optional." },
	{ 0 }
};

/* "power" and "power.set" name the operation "power.set". */
static bool names_operation(const char *word, size_t len, const char *operation)
{
	return strncmp(word, operation, len) == 0 && (operation[len] == '\0' || operation[len] == '.');
}

static bool is_told_to_fail(struct task *task, const char *operation)
{
	const char *words = task->node ? task_driver_info(task, "fake_fail") : NULL;

	for (size_t i = 0; i < options.fail.count; i++) {
		if (names_operation(options.fail.items[i], strlen(options.fail.items[i]), operation))
			return true;
	}
	for (size_t len; words && *words; words += len + (words[len] == ',')) {
		words += strspn(words, " ");
		len = strcspn(words, ", ");
		if (len > 0 && names_operation(words, len, operation))
			return true;
		len += strspn(words + len, " ");
	}
	return false;
}

int fake_check(struct task *task, const char *operation, struct error *err)
{
	if (is_told_to_fail(task, operation))
		return fail(err, ERR_BMC, "The fake hardware was told to fail %s", operation);
	return 0;
}

int fake_work(struct task *task, enum interface_type type, const char *operation, struct error *err)
{
	int64_t delay_ms = (int64_t)(option_delay_draw(&options.delays[type]) * 1000);
	int64_t left_ms = task->deadline_ms == DEADLINE_NEVER ? delay_ms : task->deadline_ms - clock_ms();

	if (delay_ms > 0 && fiber_sleep(delay_ms < left_ms ? delay_ms : left_ms) < 0)
		return fail(err, ERR_CANCELLED, "%s was cancelled", operation);
	if (delay_ms > left_ms)
		return fail(err, ERR_TIMEOUT, "%s did not end in time", operation);
	return fake_check(task, operation, err);
}

static struct map states;

void fake_forget(void)
{
	size_t cursor = 0;
	int64_t key;

	for (void *state; (state = map_next(&states, &cursor, &key));)
		xfree(state);
	map_release(&states);
}

struct fake_state *fake_state(const struct task *task)
{
	struct fake_state *state = map_get(&states, task->node->id);

	if (state)
		return state;
	if (states.count >= FAKE_NODES_MAX)
		fake_forget();
	state = xcalloc(1, sizeof(*state));
	map_put(&states, task->node->id, state);
	return state;
}
