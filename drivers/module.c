/* module: see module.h. A module is code of the operator's choice and may do what it likes; the checks are
 * for mistakes, and each is a sentence that names the file. */
#include "drivers/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/options.h"
#include "lib/config_file.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define ENTRY            "ferrule_driver_module"
#define MODULES_MAX      16
#define MODULE_TYPES_MAX 8

/* ---- is it one of ours, and built for this program? ---- */

static int check_versions(const struct driver_module *module, struct error *err)
{
	if (module->version != FERRULE_DRIVER_VERSION)
		return fail(
			err, ERR_INVALID,
			"it was built for version %u of ferrule/driver.h, and this program has version %d: "
			"build it with the header of this program",
			module->version, FERRULE_DRIVER_VERSION);
	if (module->size != sizeof(*module) ||
	    strncmp(module->fingerprint, FERRULE_DRIVER_FINGERPRINT, sizeof(module->fingerprint)) != 0)
		return fail(err, ERR_INVALID,
			    "it was built with another ferrule/driver.h (%.23s) than this program's "
			    "(" FERRULE_DRIVER_FINGERPRINT "): build it with the header of this program",
			    module->fingerprint);
	if (module->type_size != sizeof(struct hardware_type) ||
	    module->method_size != sizeof(struct passthru_method))
		return fail(
			err, ERR_INVALID,
			"its compiler lays out the tables in another way (%u and %u bytes, not %zu and %zu): "
			"build it without switches such as -fshort-enums or -fpack-struct",
			module->type_size, module->method_size, sizeof(struct hardware_type),
			sizeof(struct passthru_method));
	if (!module->name || !module->hardware_types || !module->hardware_types[0])
		return fail(err, ERR_INVALID, ENTRY " names no hardware type, or has no name");
	return 0;
}

/* The loader maps what the program headers name without looking whether the file has it: a file that is cut
 * off would end the process. What is no object of this machine is left to the loader, which says so. */
static bool is_cut_off(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_short = false;
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	struct stat info;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    pread(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_phentsize == sizeof(part)) {
		for (size_t i = 0; !is_short && i < head.e_phnum; i++)
			is_short = pread(fd, &part, sizeof(part), (off_t)(head.e_phoff + i * sizeof(part))) !=
					   (ssize_t)sizeof(part) ||
				   part.p_filesz > (uint64_t)info.st_size ||
				   part.p_offset > (uint64_t)info.st_size - part.p_filesz;
	}
	close(fd);
	return is_short;
}

static int open_module(const char *path, const struct driver_module **ret, struct error *err)
{
	const struct driver_module *module;
	void *handle;

	if (path[0] != '/')
		return fail(err, ERR_INVALID, "this is no absolute path");
	if (is_cut_off(path))
		return fail(err, ERR_INVALID, "the file is cut off");
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return fail(err, ERR_INVALID, "it cannot be loaded: %s", dlerror());
	module = dlsym(handle, ENTRY);
	if (!module)
		return fail(err, ERR_INVALID,
			    "it does not define " ENTRY
			    ", which FERRULE_DRIVER_MODULE of ferrule/driver.h does");
	*ret = module;
	return check_versions(module, err);
}

/* ---- its hardware types ---- */

/* An interface's name means one table, since enabled_X_interfaces knows names alone. */
static int check_interface_is_new(enum interface_type type, const struct interface *interface,
				  struct error *err)
{
	for (size_t i = 0; hardware_types[i]; i++) {
		const struct interface *const *list = hardware_types[i]->interfaces[type];

		for (; list && *list; list++) {
			if (*list != interface && strcmp((*list)->name, interface->name) == 0)
				return fail(err, ERR_INVALID,
					    "the hardware type %s has another %s interface %s",
					    hardware_types[i]->name, interface_type_info(type)->name,
					    interface->name);
		}
	}
	return 0;
}

static int check_is_new(const struct hardware_type *hardware, struct error *err)
{
	int rc = 0;

	if (hardware_type_find(hardware->name))
		return fail(err, ERR_INVALID, "there is a hardware type %s already", hardware->name);
	for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++) {
		const struct interface *const *list = hardware->interfaces[type];

		for (; rc == 0 && list && *list; list++)
			rc = check_interface_is_new(type, *list, err);
	}
	return rc;
}

/* A copy with the interfaces of its base where it has none of its own. *ret is of the heap. */
static int complete(const struct hardware_type *hardware, struct hardware_type **ret, struct error *err)
{
	const struct hardware_type *base = hardware_type_find(hardware->based_on);

	if (hardware->based_on && !base)
		return fail(err, ERR_INVALID, "%s is based on the hardware type %s, which is not there",
			    hardware->name, hardware->based_on);
	*ret = xmalloc(sizeof(**ret));
	**ret = *hardware;
	for (enum interface_type type = 0; base && type < INTERFACE_COUNT; type++) {
		if (!hardware->interfaces[type])
			(*ret)->interfaces[type] = base->interfaces[type];
	}
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		if (!(*ret)->interfaces[type] && (type == INTERFACE_POWER || type == INTERFACE_MANAGEMENT)) {
			xfree(*ret);
			return fail(err, ERR_INVALID, "%s has no %s interface", hardware->name,
				    interface_type_info(type)->name);
		}
	}
	return 0;
}

/* Their presets are tried at once: a wrong one is the module's mistake, not a reason to abort. */
static int register_options(const struct option *options, struct error *err)
{
	int rc = 0;

	if (!options)
		return 0;
	config_register(options);
	for (; rc == 0 && options->name; options++) {
		if (options->preset)
			rc = config_set(options->section, options->name, options->preset, err);
	}
	return rc;
}

static int add_type(const struct hardware_type *hardware, struct error *err)
{
	struct hardware_type *whole = NULL;
	char section[80];
	int rc;

	snprintf(section, sizeof(section), "driver:%.64s", hardware->name ? hardware->name : "");
	rc = hardware_type_check(hardware, section, err);
	if (rc == 0 && hardware->pool)
		rc = fail(err, ERR_INVALID, "%s has pooled devices, which modules cannot have",
			  hardware->name);
	if (rc == 0)
		rc = check_is_new(hardware, err);
	if (rc == 0)
		rc = register_options(hardware->options, err);
	if (rc == 0)
		rc = complete(hardware, &whole, err);
	if (rc == 0 && !hardware_type_add(whole)) {
		xfree(whole);
		rc = fail(err, ERR_INVALID, "there are %d hardware types already", HARDWARE_TYPES_MAX);
	}
	return rc;
}

static int load(const char *path, struct error *err)
{
	const struct driver_module *module = NULL;
	size_t count = 0;
	int rc = open_module(path, &module, err);

	for (; rc == 0 && module->hardware_types[count]; count++) {
		if (count == MODULE_TYPES_MAX)
			return fail(err, ERR_INVALID, "it has more than %d hardware types", MODULE_TYPES_MAX);
		rc = add_type(module->hardware_types[count], err);
	}
	if (rc == 0)
		log_debug("Driver module %s: %zu hardware types from %s", module->name, count, path);
	return rc;
}

/* ---- the option, read before all others ---- */

static int take_modules(const char *section, const char *name, const char *value, struct error *err)
{
	if (strcmp(section, "conductor") != 0 || strcmp(name, "driver_modules") != 0)
		return 0;
	return config_set(section, name, value, err);
}

int driver_modules_load(const char *path, struct error *err)
{
	const struct option_list *modules = &driver_options.modules;
	int rc = path ? config_file_read(path, take_modules, err) : 0;

	if (rc == 0 && modules->count > MODULES_MAX)
		return fail(err, ERR_INVALID, "[conductor] driver_modules names more than %d files",
			    MODULES_MAX);
	for (size_t i = 0; rc == 0 && i < modules->count; i++) {
		rc = load(modules->items[i], err);
		if (rc < 0)
			fail_prefix(err, "[conductor] driver_modules: %s", modules->items[i]);
	}
	return rc;
}
