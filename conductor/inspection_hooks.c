/* inspection_hooks: see inspection_hooks.h. */
#include "conductor/inspection_hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/inspection_options.h"
#include "model/properties.h"

#define DEFAULT_WORD "$default_hooks"
#define GIB          ((json_int_t)1 << 30)

int inspection_invalid(const struct inspected *inspected, const char *reason, struct error *err)
{
	return fail(err, ERR_INVALID, "Inventory for node %s is invalid: %s.", inspected->node_uuid, reason);
}

static const json_t *part(const struct inspected *inspected, const char *name, const char *member)
{
	return json_object_get(json_object_get(inspected->inventory, name), member);
}

static void set_property(struct inspected *inspected, const char *name, json_t *take_value)
{
	json_object_set_new(inspected_object(inspected, "properties"), name, take_value);
}

/* ---- the small ones ---- */

static int ramdisk_error(struct inspected *inspected, struct error *err)
{
	const json_t *error = json_object_get(inspected->plugin_data, "error");
	const char *text = json_string_value(error);

	if (!error || json_is_null(error) || json_is_false(error) || (text && !*text))
		return 0;
	return fail(err, ERR_INVALID, "Ramdisk reported error: %.1000s", text ? text : "(no text)");
}

static int architecture(struct inspected *inspected, struct error *err)
{
	const char *arch = json_string_value(part(inspected, "cpu", "architecture"));

	if (!arch || !*arch)
		return inspection_invalid(inspected, "malformed or missing CPU architecture", err);
	set_property(inspected, "cpu_arch", json_string(arch));
	return 0;
}

static int memory(struct inspected *inspected, struct error *err)
{
	const json_t *size = part(inspected, "memory", "physical_mb");

	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return inspection_invalid(inspected, "malformed or missing memory information", err);
	set_property(inspected, "memory_mb", json_integer(json_integer_value(size)));
	return 0;
}

static int cpus(struct inspected *inspected, struct error *err)
{
	json_int_t count = json_integer_value(part(inspected, "cpu", "count"));

	(void)err;
	if (count > 0)
		set_property(inspected, "cpus", json_integer(count));
	return 0;
}

static bool has_text(const json_t *list, const char *text, size_t len)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_string_length(item) == len && memcmp(json_string_value(item), text, len) == 0)
			return true;
	}
	return false;
}

static int cpu_capabilities(struct inspected *inspected, struct error *err)
{
	const json_t *flags = part(inspected, "cpu", "flags");
	const struct option_list *map = &inspection_options.cpu_capabilities;

	(void)err;
	for (size_t i = 0; i < map->count; i++) {
		const char *colon = strrchr(map->items[i], ':');

		if (has_text(flags, map->items[i], (size_t)(colon - map->items[i])))
			properties_set_capability(inspected_object(inspected, "properties"), colon + 1,
						  "true");
	}
	return 0;
}

static int boot_mode(struct inspected *inspected, struct error *err)
{
	const char *mode = json_string_value(part(inspected, "boot", "current_boot_mode"));

	(void)err;
	if (mode && (strcmp(mode, "bios") == 0 || strcmp(mode, "uefi") == 0))
		properties_set_capability(inspected_object(inspected, "properties"), "boot_mode", mode);
	return 0;
}

/* The ramdisk has chosen the disk. One GiB is left for partitioning. */
static int root_device(struct inspected *inspected, struct error *err)
{
	const json_t *disk = json_object_get(inspected->plugin_data, "root_disk");
	json_int_t local_gb = json_integer_value(json_object_get(disk, "size")) / GIB;

	(void)err;
	if (local_gb < 0)
		local_gb = 0;
	if (local_gb > 0)
		local_gb--;
	json_object_set_new(inspected->plugin_data, "local_gb", json_integer(local_gb));
	set_property(inspected, "local_gb", json_integer(local_gb));
	return 0;
}

/* ---- extra hardware ---- */

enum { RECORD_PARTS = 4 };

static bool is_record(const json_t *record)
{
	return json_array_size(record) == RECORD_PARTS && json_is_string(json_array_get(record, 0)) &&
	       json_is_string(json_array_get(record, 1)) && json_is_string(json_array_get(record, 2));
}

/* Made if it is not there; NULL when something else stands in its place. */
static json_t *member_object(json_t *object, const json_t *name)
{
	json_t *member = json_object_get(object, json_string_value(name));

	if (!member) {
		member = json_object();
		json_object_set_new(object, json_string_value(name), member);
	}
	return member;
}

/* Numbers come as texts. */
static json_t *number_or_value(json_t *value)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || !*text)
		return json_incref(value);
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return *end || errno ? json_incref(value) : json_integer(number);
}

/* The list of lists of hardware-detect becomes objects in objects, for rules to look into. */
static int extra_hardware(struct inspected *inspected, struct error *err)
{
	json_t *data = json_object_get(inspected->plugin_data, "data"), *record, *extra;
	size_t i;

	(void)err;
	if (!json_is_array(data))
		return 0;
	extra = json_object();
	json_array_foreach(data, i, record)
	{
		if (is_record(record)) {
			json_t *outer = member_object(extra, json_array_get(record, 0));

			json_object_set_new(member_object(outer, json_array_get(record, 1)),
					    json_string_value(json_array_get(record, 2)),
					    number_or_value(json_array_get(record, 3)));
		} else if (json_array_size(record) != 0 && inspection_options.is_extra_hardware_strict) {
			json_object_clear(extra);
			break;
		}
	}
	json_object_del(inspected->plugin_data, "data");
	if (json_object_size(extra))
		json_object_set(inspected->plugin_data, "extra", extra);
	json_decref(extra);
	return 0;
}

/* ---- the pipeline ---- */

struct hook {
	const char *name;
	hook_fn *check; /* before all others' `run`; NULL: nothing */
	hook_fn *run;
	const char *needs; /* another that must stand before it */
};

/* clang-format off */
static const struct hook hooks[] = {
	{ .name = "ramdisk-error",       .check = ramdisk_error },
	{ .name = "validate-interfaces", .check = hook_validate_interfaces },
	{ .name = "ports",               .run = hook_ports, .needs = "validate-interfaces" },
	{ .name = "architecture",        .run = architecture },
	{ .name = "memory",              .run = memory },
	{ .name = "cpus",                .run = cpus },
	{ .name = "cpu-capabilities",    .run = cpu_capabilities },
	{ .name = "boot-mode",           .run = boot_mode },
	{ .name = "root-device",         .run = root_device },
	{ .name = "extra-hardware",      .run = extra_hardware },
	{ .name = "local-link-connection",
	  .run = hook_local_link_connection, .needs = "validate-interfaces" },
	{ .name = "physical-network",    .run = hook_physical_network, .needs = "validate-interfaces" },
};
/* clang-format on */

#define HOOK_COUNT (sizeof(hooks) / sizeof(hooks[0]))
#define RUN_MAX    (2 * HOOK_COUNT)

/* Those that are enabled, in their order. */
static struct {
	const struct hook *list[RUN_MAX];
	size_t count;
} enabled;

static const struct hook *hook_find(const char *name, size_t len)
{
	for (size_t i = 0; i < HOOK_COUNT; i++) {
		if (strlen(hooks[i].name) == len && strncmp(hooks[i].name, name, len) == 0)
			return &hooks[i];
	}
	return NULL;
}

static bool is_enabled(const char *name)
{
	for (size_t i = 0; i < enabled.count; i++) {
		if (strcmp(enabled.list[i]->name, name) == 0)
			return true;
	}
	return false;
}

static int enable(const char *name, size_t len, struct error *err)
{
	const struct hook *hook = hook_find(name, len);

	if (!hook)
		return fail(err, ERR_INVALID,
			    "[inspector] hooks: The following hook(s) are missing or failed to load: %.*s",
			    (int)len, name);
	if (hook->needs && !is_enabled(hook->needs))
		return fail(err, ERR_INVALID,
			    "[inspector] hooks: Hook %s requires these missing hooks to be enabled before "
			    "it: %s",
			    hook->name, hook->needs);
	if (enabled.count == RUN_MAX)
		return fail(err, ERR_INVALID, "[inspector] hooks: the list is too long");
	enabled.list[enabled.count++] = hook;
	return 0;
}

int inspection_hooks_check(const struct option_list *list, struct error *err)
{
	int rc = 0;

	enabled.count = 0;
	for (size_t i = 0; rc == 0 && i < list->count; i++) {
		bool is_default = strcmp(list->items[i], DEFAULT_WORD) == 0;

		for (const char *at = is_default ? INSPECTION_DEFAULT_HOOKS : list->items[i];
		     rc == 0 && *at;) {
			size_t len = strcspn(at, ",");

			rc = enable(at, len, err);
			at += len;
			at += *at == ',';
		}
	}
	return rc;
}

int inspection_hooks_run(struct inspected *inspected, struct error *err)
{
	for (size_t i = 0; i < enabled.count; i++) {
		const struct hook *hook = enabled.list[i];

		if (hook->check && hook->check(inspected, err) < 0)
			return fail_prefix(err, "Error in preprocess hook %s", hook->name);
	}
	for (size_t i = 0; i < enabled.count; i++) {
		const struct hook *hook = enabled.list[i];

		if (hook->run && hook->run(inspected, err) < 0)
			return fail_prefix(err, "Error in hook %s", hook->name);
	}
	return 0;
}
