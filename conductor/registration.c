/* registration: see registration.h. */
#include "conductor/registration.h"

#include <string.h>

#include "conductor/conductor.h"
#include "conductor/options.h"
#include "db/conductor.h"
#include "drivers/driver.h"
#include "lib/arena.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "passthru/passthru.h"

/* Longest run of a vendor method that names none. */
#define PASSTHRU_RUN_S 60

/* Rows being collected: arrays that grow by doubling. */
struct rows {
	struct arena arena;
	struct conductor_interface *interfaces;
	struct conductor_property *properties, *raid_properties;
	struct conductor_method *methods;
	struct conductor_abilities counts; /* only its counts are used while collecting */
};

/* One more element; doubles at each power of two. */
#define APPEND(array, count)                                                                                 \
	(((count) & ((count)-1)) == 0                                                                        \
		 ? (void)((array) = xreallocarray((array), (count) ? (count)*2 : 1, sizeof(*(array))))       \
		 : (void)0,                                                                                  \
	 &(array)[(count)++])

static void add_property(struct rows *rows, const char *hardware_type, const struct driver_property *property)
{
	for (size_t i = 0; i < rows->counts.property_count; i++) {
		if (strcmp(rows->properties[i].hardware_type, hardware_type) == 0 &&
		    strcmp(rows->properties[i].name, property->name) == 0)
			return;
	}
	*APPEND(rows->properties, rows->counts.property_count) = (struct conductor_property){
		.hardware_type = hardware_type, .name = property->name, .help = property->help
	};
}

static void add_methods(struct rows *rows, const char *hardware_type, const char *interface_name,
			const char *level, const struct passthru_method *method)
{
	for (; method && method->name; method++) {
		const char **verbs = arena_alloc(&rows->arena, 5 * sizeof(*verbs));
		size_t count = 0;

		for (unsigned verb = VERB_GET; verb <= VERB_DELETE; verb <<= 1) {
			if (method->verbs & verb)
				verbs[count++] = http_verb_name((enum http_verb)verb);
		}
		*APPEND(rows->methods, rows->counts.method_count) = (struct conductor_method){
			.hardware_type = hardware_type,
			.interface_name = interface_name,
			.level = level,
			.name = method->name,
			.http_methods = verbs,
			.http_method_count = count,
			.is_async = method->mode == PASSTHRU_ASYNC,
			.is_attach = method->is_attach,
			.is_exclusive = method->lock == LOCK_EXCLUSIVE,
			.on_crash = method->on_crash == CRASH_REPEAT ? "repeat" : "never",
			.run_s = method->run_s ? (int)method->run_s : PASSTHRU_RUN_S,
			.description = method->help
		};
	}
}

static void add_interface(struct rows *rows, const struct hardware_type *hardware,
			  const struct interface *interface, int position)
{
	const struct driver_property *property = interface->properties;

	*APPEND(rows->interfaces, rows->counts.interface_count) = (struct conductor_interface){
		.hardware_type = hardware->name,
		.interface_type = interface_type_info(interface->type)->name,
		.name = interface->name,
		.position = position,
		.is_default = interface == hardware_type_default(hardware, interface->type)
	};
	for (; property && property->name; property++)
		add_property(rows, hardware->name, property);
	if (interface->type == INTERFACE_VENDOR) {
		add_methods(rows, hardware->name, interface->name, "node",
			    vendor_interface(interface)->node_methods);
		add_methods(rows, hardware->name, interface->name, "driver",
			    vendor_interface(interface)->driver_methods);
	}
}

static void add_hardware_type(struct rows *rows, const struct hardware_type *hardware)
{
	const struct interface *list[INTERFACES_MAX];

	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		size_t count = hardware_type_enabled(hardware, type, list, INTERFACES_MAX);

		for (size_t i = 0; i < count; i++)
			add_interface(rows, hardware, list[i], (int)i);
	}
	if (!hardware_type_default(hardware, INTERFACE_RAID))
		return;
	for (const struct driver_property *row = raid_properties; row->name; row++)
		*APPEND(rows->raid_properties, rows->counts.raid_property_count) =
			(struct conductor_property){ .hardware_type = hardware->name,
						     .name = row->name,
						     .help = row->help };
}

static void rows_release(struct rows *rows)
{
	xfree(rows->interfaces);
	xfree(rows->properties);
	xfree(rows->raid_properties);
	xfree(rows->methods);
	arena_release(&rows->arena);
}

void registration_init(struct conductor *conductor)
{
	for (size_t i = 0; hardware_types[i]; i++) {
		const char *name = hardware_types[i]->name;
		size_t count = conductor->driver_count;

		if (!hardware_type_is_enabled(hardware_types[i]))
			continue;
		conductor->pools = xreallocarray(conductor->pools, count + 1, sizeof(char *));
		conductor->drivers = xreallocarray(conductor->drivers, count + 1, sizeof(char *));
		conductor->pools[count] = xasprintf("%s:%s", conductor_group(), name);
		conductor->drivers[count] = xstrdup(name);
		conductor->driver_count++;
	}
}

void registration_release(struct conductor *conductor)
{
	for (size_t i = 0; i < conductor->driver_count; i++) {
		xfree(conductor->pools[i]);
		xfree(conductor->drivers[i]);
	}
	xfree(conductor->pools);
	xfree(conductor->drivers);
	conductor->pools = conductor->drivers = NULL;
	conductor->driver_count = 0;
}

int registration_register(struct conductor *conductor, struct error *err)
{
	struct rows rows = { 0 };
	struct conductor_row row;
	int rc;

	uuid_new(conductor->instance);
	arena_init(&rows.arena);
	for (size_t i = 0; i < conductor->driver_count; i++)
		add_hardware_type(&rows, hardware_type_find(conductor->drivers[i]));
	row = (struct conductor_row){ .instance = conductor->instance,
				      .hostname = conductor->hostname,
				      .group = conductor_group(),
				      .version = FERRULE_VERSION,
				      .pools = (const char *const *)conductor->pools,
				      .pool_count = conductor->driver_count,
				      .drivers = (const char *const *)conductor->drivers,
				      .driver_count = conductor->driver_count };
	rows.counts.interfaces = rows.interfaces;
	rows.counts.properties = rows.properties;
	rows.counts.raid_properties = rows.raid_properties;
	rows.counts.methods = rows.methods;
	rc = conductor_register(conductor->db, &row, &rows.counts, err);
	rows_release(&rows);
	return rc;
}
