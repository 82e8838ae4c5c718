/* conductor: rows of conductors and what they publish. See registry.c for reading them. */
#include "db/conductor.h"

#include "db/array.h"

static const struct db_statement register_statement = {
	.name = "conductor_register",
	.sql = "INSERT INTO conductors"
	       " (instance, hostname, conductor_group, pools, drivers, version, seen_at)"
	       " VALUES ($1, $2, $3, $4::text[], $5::text[], $6, now()) ON CONFLICT DO NOTHING",
	.param_count = 6,
};
static const struct db_statement interfaces_statement = {
	.name = "conductor_interfaces",
	.sql = "INSERT INTO hardware_interfaces"
	       " (instance, hardware_type, interface_type, interface_name, position, is_default)"
	       " SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::boolean[])"
	       " ON CONFLICT DO NOTHING",
	.param_count = 6,
};
static const struct db_statement properties_statement = {
	.name = "conductor_properties",
	.sql = "INSERT INTO driver_properties (instance, hardware_type, name, help)"
	       " SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING",
	.param_count = 4,
};
static const struct db_statement raid_properties_statement = {
	.name = "conductor_raid_properties",
	.sql = "INSERT INTO raid_properties (instance, hardware_type, name, help)"
	       " SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING",
	.param_count = 4,
};
/* An array of arrays cannot be unnested by one level: verbs travel as one text, joined by ','. */
static const struct db_statement methods_statement = {
	.name = "conductor_methods",
	.sql = "INSERT INTO passthru_methods"
	       " (instance, hardware_type, interface_name, level, method, http_methods, is_async,"
	       " is_attach, is_exclusive, on_crash, run_s, description)"
	       " SELECT $1::uuid, m.hardware_type, m.interface_name, m.level, m.method,"
	       " string_to_array(m.verbs, ','),"
	       " m.is_async, m.is_attach, m.is_exclusive, m.on_crash, m.run_s, m.description"
	       " FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],"
	       " $8::boolean[],"
	       " $9::boolean[], $10::text[], $11::int[], $12::text[]) AS m"
	       " (hardware_type, interface_name, level, method,"
	       " verbs, is_async, is_attach, is_exclusive, on_crash, run_s, description)"
	       " ON CONFLICT DO NOTHING",
	.param_count = 12,
};
static const struct db_statement drain_statement = {
	.name = "conductor_drain",
	.sql = "UPDATE conductors SET pools = '{}', drivers = '{}' WHERE instance = $1",
	.param_count = 1,
};
static const struct db_statement leave_statement = {
	.name = "conductor_leave",
	.sql = "UPDATE conductors SET state = 'left', seen_at = now() WHERE instance = $1 AND state = 'live'",
	.param_count = 1,
};
static const struct db_statement purge_rows_statement = {
	.name = "conductor_purge",
	.sql = "DELETE FROM conductors WHERE state <> 'live'"
	       " AND coalesce(seen_at, created_at) < now() - interval '1 day'",
};

/* What goes with an instance that is not live any more. */
static const struct db_statement forget_statements[] = {
	{ .name = "conductor_forget_interfaces",
	  .sql = "DELETE FROM hardware_interfaces USING conductors c"
		 " WHERE c.instance = hardware_interfaces.instance"
		 " AND c.state <> 'live'" },
	{ .name = "conductor_forget_properties",
	  .sql = "DELETE FROM driver_properties USING conductors c"
		 " WHERE c.instance = driver_properties.instance"
		 " AND c.state <> 'live'" },
	{ .name = "conductor_forget_raid",
	  .sql = "DELETE FROM raid_properties USING conductors c WHERE c.instance = raid_properties.instance"
		 " AND c.state <> 'live'" },
	{ .name = "conductor_forget_methods",
	  .sql = "DELETE FROM passthru_methods USING conductors c"
		 " WHERE c.instance = passthru_methods.instance"
		 " AND c.state <> 'live'" },
};
enum { FORGET_COUNT = sizeof(forget_statements) / sizeof(forget_statements[0]), ARRAYS_MAX = 11 };

/* The parameters of one INSERT: the instance, then a column each. */
struct columns {
	struct array arrays[ARRAYS_MAX];
	const char *values[ARRAYS_MAX + 1];
	size_t count;
};

static void columns_init(struct columns *columns, const char *instance, size_t count)
{
	columns->count = count;
	columns->values[0] = instance;
	for (size_t i = 0; i < count; i++)
		array_init(&columns->arrays[i]);
}

static void columns_end(struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		columns->values[i + 1] = array_end(&columns->arrays[i]);
}

static void columns_release(struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		array_release(&columns->arrays[i]);
}

static void put_interfaces(struct columns *columns, const char *instance,
			   const struct conductor_abilities *abilities)
{
	columns_init(columns, instance, 5);
	for (size_t i = 0; i < abilities->interface_count; i++) {
		const struct conductor_interface *row = &abilities->interfaces[i];
		array_text(&columns->arrays[0], row->hardware_type);
		array_text(&columns->arrays[1], row->interface_type);
		array_text(&columns->arrays[2], row->name);
		array_int(&columns->arrays[3], row->position);
		array_bool(&columns->arrays[4], row->is_default);
	}
	columns_end(columns);
}

static void put_properties(struct columns *columns, const char *instance,
			   const struct conductor_property *rows, size_t count)
{
	columns_init(columns, instance, 3);
	for (size_t i = 0; i < count; i++) {
		array_text(&columns->arrays[0], rows[i].hardware_type);
		array_text(&columns->arrays[1], rows[i].name);
		array_text(&columns->arrays[2], rows[i].help);
	}
	columns_end(columns);
}

static void put_verbs(struct array *array, const struct conductor_method *method)
{
	struct buf verbs;

	buf_init(&verbs, 256);
	for (size_t i = 0; i < method->http_method_count; i++)
		buf_printf(&verbs, "%s%s", i > 0 ? "," : "", method->http_methods[i]);
	array_text(array, verbs.data != NULL ? verbs.data : "");
	buf_release(&verbs);
}

static void put_methods(struct columns *columns, const char *instance,
			const struct conductor_abilities *abilities)
{
	struct array *arrays = columns->arrays;

	columns_init(columns, instance, 11);
	for (size_t i = 0; i < abilities->method_count; i++) {
		const struct conductor_method *row = &abilities->methods[i];
		array_text(&arrays[0], row->hardware_type);
		array_text(&arrays[1], row->interface_name);
		array_text(&arrays[2], row->level);
		array_text(&arrays[3], row->name);
		put_verbs(&arrays[4], row);
		array_bool(&arrays[5], row->is_async);
		array_bool(&arrays[6], row->is_attach);
		array_bool(&arrays[7], row->is_exclusive);
		array_text(&arrays[8], row->on_crash);
		array_int(&arrays[9], row->run_s);
		array_text(&arrays[10], row->description);
	}
	columns_end(columns);
}

static const char *put_words(struct array *array, const char *const *words, size_t count)
{
	array_init(array);
	for (size_t i = 0; i < count; i++)
		array_text(array, words[i]);
	return array_end(array);
}

static void tell(struct db *db)
{
	db_notify(db, CONDUCTOR_CHANNEL, "changed");
}

int conductor_register(struct db *db, const struct conductor_row *row,
		       const struct conductor_abilities *abilities, struct error *err)
{
	struct array pools, drivers;
	struct columns interfaces, properties, raid_properties, methods;
	const char *values[] = { row->instance,
				 row->hostname,
				 row->group,
				 put_words(&pools, row->pools, row->pool_count),
				 put_words(&drivers, row->drivers, row->driver_count),
				 row->version };

	put_interfaces(&interfaces, row->instance, abilities);
	put_properties(&properties, row->instance, abilities->properties, abilities->property_count);
	put_properties(&raid_properties, row->instance, abilities->raid_properties,
		       abilities->raid_property_count);
	put_methods(&methods, row->instance, abilities);
	struct db_step steps[] = {
		{ .statement = &register_statement, .values = values },
		{ .statement = &interfaces_statement, .values = interfaces.values },
		{ .statement = &properties_statement, .values = properties.values },
		{ .statement = &raid_properties_statement, .values = raid_properties.values },
		{ .statement = &methods_statement, .values = methods.values },
	};
	size_t count = sizeof(steps) / sizeof(steps[0]);
	int rc = db_exec_all(db, steps, count, err);
	for (size_t i = 0; i < count; i++)
		db_rows_release(steps[i].rows);
	array_release(&pools);
	array_release(&drivers);
	columns_release(&interfaces);
	columns_release(&properties);
	columns_release(&raid_properties);
	columns_release(&methods);
	if (rc == 0)
		tell(db);
	return rc;
}

int conductor_drain(struct db *db, const char *instance, struct error *err)
{
	const char *values[] = { instance };
	int rc = db_exec(db, &drain_statement, values, NULL, err);

	if (rc == 0)
		tell(db);
	return rc;
}

SUSPENDS static int forget(struct db *db, const struct db_statement *first, const char *const *values,
			   struct db_rows **ret_rows, struct error *err)
{
	struct db_step steps[1 + FORGET_COUNT] = { { .statement = first, .values = values } };

	for (size_t i = 0; i < FORGET_COUNT; i++)
		steps[1 + i].statement = &forget_statements[i];
	int rc = db_exec_all(db, steps, 1 + FORGET_COUNT, err);
	for (size_t i = 0; i < FORGET_COUNT; i++)
		db_rows_release(steps[1 + i].rows);
	*ret_rows = steps[0].rows;
	return rc;
}

int conductor_leave(struct db *db, const char *instance, struct error *err)
{
	const char *values[] = { instance };
	struct db_rows *rows = NULL;
	int rc = forget(db, &leave_statement, values, &rows, err);

	db_rows_release(rows);
	if (rc == 0)
		tell(db);
	return rc;
}

int conductor_purge(struct db *db, int *ret_count, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = forget(db, &purge_rows_statement, NULL, &rows, err);

	if (rc == 0)
		*ret_count = db_affected(rows);
	db_rows_release(rows);
	if (rc == 0 && *ret_count > 0)
		tell(db);
	return rc;
}
