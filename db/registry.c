/* registry: the live conductors and what they offer, read in one flush. See conductor.h. */
#include <string.h>

#include "db/conductor.h"

/* One row a host: the live instance, or else the newest. */
static const struct db_statement conductors_statement = {
	.name = "registry_conductors",
	.sql = "SELECT DISTINCT"
	       " ON (hostname) instance, hostname, conductor_group, version, array_to_json(pools),"
	       " array_to_json(drivers), state = 'live', created_at AT TIME ZONE 'UTC',"
	       " seen_at AT TIME ZONE 'UTC'"
	       " FROM conductors ORDER BY hostname, state = 'live' DESC, created_at DESC",
};
/* What several publish alike stands once; where they differ, the newest speaks. */
static const struct db_statement interfaces_statement = {
	.name = "registry_interfaces",
	.sql = "SELECT * FROM (SELECT DISTINCT"
	       " ON (hardware_type, interface_type, interface_name) hardware_type,"
	       " interface_type, interface_name, position, is_default FROM hardware_interfaces"
	       " JOIN conductors c"
	       " USING (instance) WHERE c.state = 'live'"
	       " ORDER BY hardware_type, interface_type, interface_name, c.created_at DESC) i"
	       " ORDER BY hardware_type, interface_type, position, interface_name",
};
static const struct db_statement properties_statement = {
	.name = "registry_properties",
	.sql = "SELECT DISTINCT ON (hardware_type, name) hardware_type, name, help FROM driver_properties"
	       " JOIN conductors c USING (instance) WHERE c.state = 'live'"
	       " ORDER BY hardware_type, name, c.created_at DESC",
};
static const struct db_statement raid_properties_statement = {
	.name = "registry_raid_properties",
	.sql = "SELECT DISTINCT ON (hardware_type, name) hardware_type, name, help FROM raid_properties"
	       " JOIN conductors c USING (instance) WHERE c.state = 'live'"
	       " ORDER BY hardware_type, name, c.created_at DESC",
};
static const struct db_statement methods_statement = {
	.name = "registry_methods",
	.sql = "SELECT DISTINCT ON (hardware_type, interface_name, level, method) hardware_type,"
	       " interface_name, level, method,"
	       " array_to_json(http_methods), is_async, is_attach, is_exclusive, on_crash, run_s, description"
	       " FROM passthru_methods JOIN conductors c USING (instance) WHERE c.state = 'live'"
	       " ORDER BY hardware_type, interface_name, level, method, c.created_at DESC",
};

enum step { CONDUCTORS, INTERFACES, PROPERTIES, RAID_PROPERTIES, METHODS, STEP_COUNT };

/* "2026-11-20 13:41:07.123" as ISO 8601. */
static const char *time_of(struct registry *registry, const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL ? arena_printf(&registry->arena, "%.10sT%.8s+00:00", text, text + 11) : NULL;
}

/* A JSON array of names: they hold neither quotes nor backslashes, what lies between quotes is a name. */
static const char *const *words_of(struct registry *registry, const struct db_rows *rows, int row, int column,
				   size_t *ret_count)
{
	const char *text = db_value(rows, row, column);
	/* A word takes three bytes at least. */
	const char **words =
		arena_alloc(&registry->arena, (db_value_len(rows, row, column) / 3 + 1) * sizeof(*words));
	size_t count = 0;

	while (text != NULL && (text = strchr(text, '"')) != NULL) {
		size_t len = strcspn(text + 1, "\"");
		if (text[1 + len] != '"')
			break;
		words[count++] = arena_strndup(&registry->arena, text + 1, len);
		text += len + 2;
	}
	*ret_count = count;
	return words;
}

static void load_conductors(struct registry *registry, const struct db_rows *rows)
{
	size_t count = (size_t)db_rows_count(rows);

	registry->conductors = arena_alloc(&registry->arena, (count + 1) * sizeof(*registry->conductors));
	registry->conductor_count = count;
	for (int row = 0; row < (int)count; row++) {
		struct conductor_row *conductor = &registry->conductors[row];
		*conductor = (struct conductor_row){
			.instance = db_value_copy(&registry->arena, rows, row, 0),
			.hostname = db_value_copy(&registry->arena, rows, row, 1),
			.group = db_value_copy(&registry->arena, rows, row, 2),
			.version = db_value_copy(&registry->arena, rows, row, 3),
			.is_alive = db_value_bool(rows, row, 6),
			.created_at = time_of(registry, rows, row, 7),
			.seen_at = time_of(registry, rows, row, 8),
		};
		conductor->pools = words_of(registry, rows, row, 4, &conductor->pool_count);
		conductor->drivers = words_of(registry, rows, row, 5, &conductor->driver_count);
	}
}

static void load_interfaces(struct registry *registry, const struct db_rows *rows)
{
	size_t count = (size_t)db_rows_count(rows);

	registry->interfaces = arena_alloc(&registry->arena, (count + 1) * sizeof(*registry->interfaces));
	registry->interface_count = count;
	for (int row = 0; row < (int)count; row++)
		registry->interfaces[row] = (struct conductor_interface){
			.hardware_type = db_value_copy(&registry->arena, rows, row, 0),
			.interface_type = db_value_copy(&registry->arena, rows, row, 1),
			.name = db_value_copy(&registry->arena, rows, row, 2),
			.position = (int)db_value_int(rows, row, 3),
			.is_default = db_value_bool(rows, row, 4),
		};
}

static struct conductor_property *load_properties(struct registry *registry, const struct db_rows *rows,
						  size_t *ret_count)
{
	size_t count = (size_t)db_rows_count(rows);
	struct conductor_property *properties =
		arena_alloc(&registry->arena, (count + 1) * sizeof(*properties));

	for (int row = 0; row < (int)count; row++)
		properties[row] = (struct conductor_property){
			.hardware_type = db_value_copy(&registry->arena, rows, row, 0),
			.name = db_value_copy(&registry->arena, rows, row, 1),
			.help = db_value_copy(&registry->arena, rows, row, 2),
		};
	*ret_count = count;
	return properties;
}

static void load_methods(struct registry *registry, const struct db_rows *rows)
{
	size_t count = (size_t)db_rows_count(rows);

	registry->methods = arena_alloc(&registry->arena, (count + 1) * sizeof(*registry->methods));
	registry->method_count = count;
	for (int row = 0; row < (int)count; row++) {
		struct conductor_method *method = &registry->methods[row];
		*method = (struct conductor_method){
			.hardware_type = db_value_copy(&registry->arena, rows, row, 0),
			.interface_name = db_value_copy(&registry->arena, rows, row, 1),
			.level = db_value_copy(&registry->arena, rows, row, 2),
			.name = db_value_copy(&registry->arena, rows, row, 3),
			.is_async = db_value_bool(rows, row, 5),
			.is_attach = db_value_bool(rows, row, 6),
			.is_exclusive = db_value_bool(rows, row, 7),
			.on_crash = db_value_copy(&registry->arena, rows, row, 8),
			.run_s = (int)db_value_int(rows, row, 9),
			.description = db_value_copy(&registry->arena, rows, row, 10),
		};
		method->http_methods = words_of(registry, rows, row, 4, &method->http_method_count);
	}
}

int registry_load(struct db *db, struct registry *ret, struct error *err)
{
	struct db_step steps[STEP_COUNT] = {
		[CONDUCTORS] = { .statement = &conductors_statement },
		[INTERFACES] = { .statement = &interfaces_statement },
		[PROPERTIES] = { .statement = &properties_statement },
		[RAID_PROPERTIES] = { .statement = &raid_properties_statement },
		[METHODS] = { .statement = &methods_statement },
	};
	int rc = db_exec_all(db, steps, STEP_COUNT, err);

	if (rc < 0)
		return rc;
	*ret = (struct registry){ 0 };
	arena_init(&ret->arena);
	load_conductors(ret, steps[CONDUCTORS].rows);
	load_interfaces(ret, steps[INTERFACES].rows);
	ret->properties = load_properties(ret, steps[PROPERTIES].rows, &ret->property_count);
	ret->raid_properties = load_properties(ret, steps[RAID_PROPERTIES].rows, &ret->raid_property_count);
	load_methods(ret, steps[METHODS].rows);
	for (int i = 0; i < STEP_COUNT; i++)
		db_rows_release(steps[i].rows);
	return 0;
}

void registry_release(struct registry *registry)
{
	arena_release(&registry->arena);
	*registry = (struct registry){ 0 };
	arena_init(&registry->arena);
}

/* ---- looking things up ---- */

static bool has_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static bool serves(const struct conductor_row *row, const char *driver, const char *group)
{
	return row->is_alive && has_word(row->drivers, row->driver_count, driver) &&
	       (group == NULL || strcmp(row->group, group) == 0);
}

bool registry_has_driver(const struct registry *registry, const char *driver, const char *group)
{
	for (size_t i = 0; i < registry->conductor_count; i++) {
		if (serves(&registry->conductors[i], driver, group))
			return true;
	}
	return false;
}

size_t registry_hosts(const struct registry *registry, const char *pool, const char **ret, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < registry->conductor_count && count < max; i++) {
		const struct conductor_row *row = &registry->conductors[i];
		if (row->is_alive && has_word(row->pools, row->pool_count, pool))
			ret[count++] = row->hostname;
	}
	return count;
}

size_t registry_driver_hosts(const struct registry *registry, const char *driver, const char **ret,
			     size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < registry->conductor_count && count < max; i++) {
		if (serves(&registry->conductors[i], driver, NULL))
			ret[count++] = registry->conductors[i].hostname;
	}
	return count;
}

const struct conductor_interface *registry_interface(const struct registry *registry,
						     const char *hardware_type, const char *interface_type,
						     const char *name)
{
	for (size_t i = 0; i < registry->interface_count; i++) {
		const struct conductor_interface *row = &registry->interfaces[i];
		if (strcmp(row->hardware_type, hardware_type) == 0 &&
		    strcmp(row->interface_type, interface_type) == 0 && strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

const struct conductor_interface *registry_default(const struct registry *registry, const char *hardware_type,
						   const char *interface_type)
{
	for (size_t i = 0; i < registry->interface_count; i++) {
		const struct conductor_interface *row = &registry->interfaces[i];
		if (row->is_default && strcmp(row->hardware_type, hardware_type) == 0 &&
		    strcmp(row->interface_type, interface_type) == 0)
			return row;
	}
	return NULL;
}

const struct conductor_method *registry_method(const struct registry *registry, const char *hardware_type,
					       const char *interface_name, const char *level,
					       const char *name)
{
	for (size_t i = 0; i < registry->method_count; i++) {
		const struct conductor_method *row = &registry->methods[i];
		if (strcmp(row->hardware_type, hardware_type) == 0 &&
		    strcmp(row->interface_name, interface_name) == 0 && strcmp(row->level, level) == 0 &&
		    strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}
