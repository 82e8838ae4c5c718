/*
 * driver: which hardware types and interfaces are enabled, and what a node uses. drivers_check_config works
 * the option lists into `enabled`, so that a task's look-up walks a handful of pointers.
 * Source: Ironic's rules for interface defaults (ironic-contract, section 8.2).
 */
#include "drivers/driver.h"

#include <assert.h>
#include <string.h>

#include "drivers/agent.h"
#include "drivers/console.h"
#include "drivers/console_options.h"
#include "drivers/options.h"

struct enabled_interfaces {
	const struct interface *list[INTERFACES_MAX + 1]; /* NULL-terminated */
	const struct interface *preset;                   /* NULL: the type has none of this kind */
};

static struct {
	const struct hardware_type *type; /* NULL: not enabled */
	struct enabled_interfaces interfaces[INTERFACE_COUNT];
} enabled[HARDWARE_TYPES_MAX];

void drivers_config_register(void)
{
	config_register(driver_option_table);
	config_register(console_option_table);
	config_register(agent_option_table);
	for (size_t i = 0; hardware_types[i]; i++) {
		if (hardware_types[i]->options)
			config_register(hardware_types[i]->options);
	}
}

void drivers_drain(int64_t deadline_ms)
{
	consoles_end();
	for (size_t i = 0; hardware_types[i]; i++) {
		if (hardware_types[i]->drain)
			hardware_types[i]->drain(deadline_ms);
	}
}

static const struct enabled_interfaces *enabled_of(const struct hardware_type *hardware,
						   enum interface_type type)
{
	static const struct enabled_interfaces none;

	for (size_t i = 0; i < HARDWARE_TYPES_MAX; i++) {
		if (enabled[i].type == hardware)
			return &enabled[i].interfaces[type];
	}
	return &none;
}

bool hardware_type_is_enabled(const struct hardware_type *hardware)
{
	for (size_t i = 0; hardware && i < HARDWARE_TYPES_MAX; i++) {
		if (enabled[i].type == hardware)
			return true;
	}
	return false;
}

size_t hardware_type_enabled(const struct hardware_type *hardware, enum interface_type type,
			     const struct interface **ret, size_t max)
{
	const struct enabled_interfaces *found = enabled_of(hardware, type);
	size_t count = 0;

	for (; found->list[count] && count < max; count++)
		ret[count] = found->list[count];
	return count;
}

const struct interface *hardware_type_default(const struct hardware_type *hardware, enum interface_type type)
{
	return enabled_of(hardware, type)->preset;
}

const struct interface *hardware_type_interface(const struct hardware_type *hardware,
						enum interface_type type, const char *name)
{
	const struct enabled_interfaces *found = enabled_of(hardware, type);

	for (size_t i = 0; found->list[i]; i++) {
		if (strcmp(found->list[i]->name, name) == 0)
			return found->list[i];
	}
	return NULL;
}

/* ---- the option lists ---- */

static bool is_offered(enum interface_type type, const char *name)
{
	for (size_t i = 0; hardware_types[i]; i++) {
		const struct interface *const *list = hardware_types[i]->interfaces[type];

		for (; list && *list; list++) {
			if (strcmp((*list)->name, name) == 0)
				return true;
		}
	}
	return false;
}

static int check_names(struct error *err)
{
	for (size_t i = 0; i < driver_options.hardware_types.count; i++) {
		const char *name = driver_options.hardware_types.items[i];

		if (!hardware_type_find(name))
			return fail(err, ERR_INVALID,
				    "[DEFAULT] enabled_hardware_types names \"%s\", which is "
				    "not a hardware type",
				    name);
	}
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		for (size_t i = 0; i < driver_options.enabled[type].count; i++) {
			const char *name = driver_options.enabled[type].items[i];

			if (!is_offered(type, name))
				return fail(err, ERR_INVALID,
					    "[DEFAULT] enabled_%s_interfaces names \"%s\", which "
					    "no hardware type offers",
					    interface_type_info(type)->name, name);
		}
	}
	return 0;
}

static int enable_interfaces(const struct hardware_type *hardware, enum interface_type type,
			     struct enabled_interfaces *ret, struct error *err)
{
	const struct interface *const *list = hardware->interfaces[type];
	const struct option_list *words = &driver_options.enabled[type];
	const char *preset = driver_options.preset[type];
	size_t count = 0;

	memset(ret, 0, sizeof(*ret));
	if (!list)
		return 0;
	for (; *list; list++) {
		assert((*list)->type == type && count < INTERFACES_MAX); /* also of modules: module_check.c */
		if (words->count > 0 && !option_list_has(words, (*list)->name))
			continue;
		if (preset && strcmp(preset, (*list)->name) == 0)
			ret->preset = *list;
		ret->list[count++] = *list;
	}
	if (count == 0)
		return fail(err, ERR_INVALID,
			    "[DEFAULT] enabled_%s_interfaces leaves the hardware type %s without a "
			    "%s interface",
			    interface_type_info(type)->name, hardware->name, interface_type_info(type)->name);
	if (!ret->preset)
		ret->preset = ret->list[0];
	return 0;
}

static int check_preset(enum interface_type type, struct error *err)
{
	const char *preset = driver_options.preset[type];

	if (!preset)
		return 0;
	for (size_t i = 0; i < HARDWARE_TYPES_MAX && enabled[i].type; i++) {
		if (hardware_type_interface(enabled[i].type, type, preset))
			return 0;
	}
	return fail(err, ERR_INVALID,
		    "[DEFAULT] default_%s_interface names \"%s\", which is not enabled for any "
		    "enabled hardware type",
		    interface_type_info(type)->name, preset);
}

int drivers_check_config(struct error *err)
{
	size_t count = 0;
	int rc = check_names(err);

	if (rc == 0)
		rc = console_options_check(err);
	memset(enabled, 0, sizeof(enabled));
	for (size_t i = 0; rc == 0 && hardware_types[i]; i++) {
		const struct hardware_type *hardware = hardware_types[i];

		if (!option_list_has(&driver_options.hardware_types, hardware->name))
			continue;
		enabled[count].type = hardware;
		for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++)
			rc = enable_interfaces(hardware, type, &enabled[count].interfaces[type], err);
		count++;
	}
	for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++)
		rc = check_preset(type, err);
	if (rc == 0 && count == 0)
		return fail(err, ERR_INVALID, "[DEFAULT] enabled_hardware_types is empty");
	return rc;
}

/* ---- a node's interfaces ---- */

int task_interface(struct task *task, enum interface_type type, const struct interface **ret,
		   struct error *err)
{
	const char *name = task->node ? node_text(task->node, node_interface_field(type)) : NULL;
	const char *kind = interface_type_info(type)->name;
	const struct interface *found;

	if (name && *name)
		found = hardware_type_interface(task->hardware, type, name);
	else
		found = hardware_type_default(task->hardware, type);
	if (found) {
		*ret = found;
		return 0;
	}
	if (name && *name)
		return fail(err, ERR_INTERFACE,
			    "Could not find the following interface in the "
			    "'ironic.hardware.interfaces.%s' entrypoint: %s. It is not enabled for the "
			    "hardware type "
			    "%s on this conductor.",
			    kind, name, task->hardware->name);
	return task_unsupported(task, kind, err);
}

int task_unsupported(const struct task *task, const char *what, struct error *err)
{
	return interface_unsupported(task->hardware->name, what, err);
}

int interface_validate(const struct interface *interface, struct task *task, struct error *err)
{
	return interface->validate ? interface->validate(task, err) : 0;
}

const struct power_interface *power_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_POWER);
	return (const struct power_interface *)interface;
}

const struct management_interface *management_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_MANAGEMENT);
	return (const struct management_interface *)interface;
}

const struct vendor_interface *vendor_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_VENDOR);
	return (const struct vendor_interface *)interface;
}

const struct console_interface *console_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_CONSOLE);
	return (const struct console_interface *)interface;
}

const struct inspect_interface *inspect_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_INSPECT);
	return (const struct inspect_interface *)interface;
}

const struct bios_interface *bios_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_BIOS);
	return (const struct bios_interface *)interface;
}

const struct firmware_interface *firmware_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_FIRMWARE);
	return (const struct firmware_interface *)interface;
}

void inspection_release(struct inspection *inspection)
{
	json_decref(inspection->inventory);
	json_decref(inspection->plugin_data);
	json_decref(inspection->macs);
	*inspection = (struct inspection){ 0 };
}

const struct deploy_interface *deploy_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_DEPLOY);
	return (const struct deploy_interface *)interface;
}

const struct rescue_interface *rescue_interface(const struct interface *interface)
{
	assert(interface->type == INTERFACE_RESCUE);
	return (const struct rescue_interface *)interface;
}
