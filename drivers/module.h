#pragma once
/*
 * module: shared objects that add hardware types, named by [conductor] driver_modules. Their authors see the
 * header that cmake/driver_header.cmake assembles from the marked parts of ours, ferrule/driver.h, and
 * docs/out-of-tree-drivers.rst. What a module may call stands in drivers/module.exports.
 */
#include "drivers/driver.h"
#include "ferrule/driver_fingerprint.h"

/* ---- ferrule/driver.h: from here ---- */
/* Of the module's entry. What the tables look like is told by the fingerprint: it changes with any
 * declaration of this header, and then modules must be built again. */
#define FERRULE_DRIVER_VERSION 1

/* What a shared object must define, by the name ferrule_driver_module. */
struct driver_module {
	unsigned version;      /* FERRULE_DRIVER_VERSION; the first member in every version */
	unsigned size;         /* of this struct */
	char fingerprint[24];  /* FERRULE_DRIVER_FINGERPRINT */
	unsigned type_size;    /* of struct hardware_type, as the module's compiler lays it out */
	unsigned method_size;  /* of struct passthru_method */
	const char *name;      /* for the log */
	const struct hardware_type *const *hardware_types; /* NULL-terminated */
};

/* Defines it: FERRULE_DRIVER_MODULE("anchor", &anchor_hardware); */
#define FERRULE_DRIVER_MODULE(module_name, ...)                                                              \
	__attribute__((visibility("default"))) const struct driver_module ferrule_driver_module = {          \
		.version = FERRULE_DRIVER_VERSION,                                                           \
		.size = sizeof(struct driver_module),                                                        \
		.fingerprint = FERRULE_DRIVER_FINGERPRINT,                                                   \
		.type_size = sizeof(struct hardware_type),                                                   \
		.method_size = sizeof(struct passthru_method),                                               \
		.name = (module_name),                                                                       \
		.hardware_types = (const struct hardware_type *const[]){ __VA_ARGS__, NULL }                 \
	}
/* ---- ferrule/driver.h: to here ---- */

/* Loads the modules that the file names, checks their tables, adds their hardware types and registers their
 * options: after drivers_config_register and before config_load. path NULL: no file, no modules.
 * -ERR_INVALID with file and reason. Modules stay loaded until the process ends. */
int driver_modules_load(const char *path, struct error *err);

/* Checks a hardware type that others have written, down to the last row: names, texts, sizes of tables, and
 * that no operation is missing which its kind of interface must have. options_section: where its options must
 * stand; NULL: anywhere. -ERR_INVALID with type, table and row named. */
int hardware_type_check(const struct hardware_type *hardware, const char *options_section, struct error *err);
