/*
 * fake: vendor methods of the fake hardware, with the names, verbs, locks and descriptions of Ironic's fakes,
 * so that the examples of its documentation work.
 */
#include "drivers/fake/fake.h"

#include <string.h>

#include "drivers/vendor.h"
#include "lib/log.h"
#include "passthru/passthru.h"

/* Answers whether bar is the word. Other types than text are no error: they are not the word. */
static int compare_bar(struct task *task, const struct passthru_call *call, const char *word,
		       struct passthru_result *result, struct error *err)
{
	const char *bar = json_string_value(json_object_get(call->args, "bar"));
	int rc = fake_work(task, INTERFACE_VENDOR, "vendor", err);

	if (rc == 0)
		result->value = json_boolean(bar && strcmp(bar, word) == 0);
	return rc;
}

static int second_method(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			 struct error *err)
{
	return compare_bar(task, call, "kazoo", result, err);
}

static int third_method_sync(struct task *task, const struct passthru_call *call,
			     struct passthru_result *result, struct error *err)
{
	return compare_bar(task, call, "meow", result, err);
}

static int fourth_method_shared_lock(struct task *task, const struct passthru_call *call,
				     struct passthru_result *result, struct error *err)
{
	return compare_bar(task, call, "woof", result, err);
}

static int log_passthrough(struct task *task, const struct passthru_call *call,
			   struct passthru_result *result, struct error *err)
{
	int rc = fake_work(task, INTERFACE_VENDOR, "vendor", err);

	(void)result;
	if (rc == 0)
		log_info("fake log_passthrough was called with %zu arguments", json_object_size(call->args));
	return rc;
}

static const struct passthru_argument bar_argument[] = {
	{ .name = "bar", .type = ARGUMENT_ANY, .is_required = true }, { 0 }
};

/* clang-format off */
static const struct passthru_method node_methods[] = {
	{ .name = "second_method", .verbs = VERB_POST, .mode = PASSTHRU_ASYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .arguments = bar_argument, .run = second_method,
	  .help = "Test if the value of bar is kazoo" },
	{ .name = "third_method_sync", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .arguments = bar_argument, .run = third_method_sync,
	  .help = "Test if the value of bar is meow" },
	{ .name = "fourth_method_shared_lock", .verbs = VERB_POST, .mode = PASSTHRU_ASYNC,
	  .lock = LOCK_SHARED, .on_crash = CRASH_REPEAT, .arguments = bar_argument,
	  .run = fourth_method_shared_lock,
	  .help = "Test if the value of bar is woof" },
	{ .name = "log_passthrough", .verbs = VERB_POST, .mode = PASSTHRU_ASYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER, .is_open = true, .run = log_passthrough,
	  .help = "Test pass-through to wait." },
	{ 0 }
};
/* clang-format on */

const struct vendor_interface fake_vendor = {
	.base = { .type = INTERFACE_VENDOR, .name = "fake", .properties = fake_properties },
	.node_methods = node_methods,
};
