/*
 * broken: modules with one mistake each, chosen by -D CASE_...; the name of the case is what
 * tests/integration/test_plugins.py expects a sentence for.
 */
#include <ferrule/driver.h>

static int run(struct task *task, const struct passthru_call *call, struct passthru_result *result,
	       struct error *err)
{
	(void)task;
	(void)call;
	(void)result;
	(void)err;
	return 0;
}

static const struct passthru_argument arguments[] = {
#ifdef CASE_ARGUMENT_TYPE
	{ .name = "a", .type = (enum argument_type)77 },
#endif
#ifdef CASE_ARGUMENT_NAME
	{ .name = "http_method" },
#endif
	{ 0 }
};

static const struct passthru_method methods[] = {
	{
		.name = "m",
		.help = "Does nothing.",
		.arguments = arguments,
#ifndef CASE_NO_VERBS
		.verbs = VERB_GET,
#endif
#ifndef CASE_NO_RUN
		.run = run,
#endif
#ifdef CASE_ATTACH_ASYNC
		.is_attach = true,
		.mode = PASSTHRU_ASYNC,
#endif
	},
#ifdef CASE_TWO_METHODS
	{ .name = "m", .help = "Again.", .verbs = VERB_GET, .run = run },
#endif
#ifdef CASE_BAD_HELP
	{ .name = "n", .help = "\xff\xfe", .verbs = VERB_GET, .run = run },
#endif
	{ 0 }
};

static const struct vendor_interface vendor = {
	.base = {
#ifdef CASE_WRONG_TYPE
		.type = INTERFACE_POWER,
#else
		.type = INTERFACE_VENDOR,
#endif
#ifdef CASE_FOREIGN_NAME
		.name = "fake",
#elif !defined(CASE_NO_NAME)
		.name = "broken",
#endif
	},
	.node_methods = methods,
};

#ifdef CASE_HALF_POWER
static const enum power_state supported[] = { POWER_ON, POWER_UNKNOWN };
static const struct power_interface power = {
	.base = { .type = INTERFACE_POWER, .name = "broken" }, .supported = supported,
};
#endif

#ifdef CASE_BAD_PRESET
static long number;
static const struct option options[] = {
	{ .section = "driver:broken", .name = "number", .type = OPTION_INT, .target = &number,
	  .preset = "many", .help = "A number." },
	{ 0 }
};
#endif
#ifdef CASE_FOREIGN_SECTION
static char *text;
static const struct option options[] = {
	{ .section = "database", .name = "connection", .type = OPTION_TEXT, .target = &text,
	  .help = "Not ours." },
	{ 0 }
};
#endif

static const struct hardware_type broken = {
#ifdef CASE_TAKEN_NAME
	.name = "ipmi",
#elif defined(CASE_BAD_NAME)
	.name = "not a name",
#else
	.name = "broken",
#endif
	.class_name = "Broken",
#ifdef CASE_NO_BASE
	.based_on = "nothing-hardware",
#elif !defined(CASE_NO_POWER)
	.based_on = "fake-hardware",
#endif
#if defined(CASE_BAD_PRESET) || defined(CASE_FOREIGN_SECTION)
	.options = options,
#endif
	.interfaces = {
#ifdef CASE_HALF_POWER
		[INTERFACE_POWER] = INTERFACES(&power.base),
#endif
		[INTERFACE_VENDOR] = INTERFACES(&vendor.base),
	},
};

#if defined(CASE_WRONG_VERSION)
const struct driver_module ferrule_driver_module = { .version = FERRULE_DRIVER_VERSION + 1 };
#elif defined(CASE_OTHER_HEADER)
const struct driver_module ferrule_driver_module = { .version = FERRULE_DRIVER_VERSION,
						     .size = sizeof(struct driver_module),
						     .fingerprint = "0123456789abcdef",
						     .name = "broken" };
#elif defined(CASE_NO_ENTRY)
const int something_else = 1;
#elif defined(CASE_UNKNOWN_FUNCTION)
int ferrule_has_no_such_function(void);
int ferrule_calls_it(void);
int ferrule_calls_it(void)
{
	return ferrule_has_no_such_function();
}
FERRULE_DRIVER_MODULE("broken", &broken);
#elif defined(CASE_UNDOCUMENTED_FUNCTION)
struct db *db_new(const void *options);
struct db *ferrule_calls_it(void);
struct db *ferrule_calls_it(void)
{
	return db_new(NULL);
}
FERRULE_DRIVER_MODULE("broken", &broken);
#elif defined(CASE_NO_TYPES)
const struct driver_module ferrule_driver_module = { .version = FERRULE_DRIVER_VERSION,
						     .size = sizeof(struct driver_module),
						     .fingerprint = FERRULE_DRIVER_FINGERPRINT,
						     .type_size = sizeof(struct hardware_type),
						     .method_size = sizeof(struct passthru_method),
						     .name = "broken" };
#else
FERRULE_DRIVER_MODULE("broken", &broken);
#endif
