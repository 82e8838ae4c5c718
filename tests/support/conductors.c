#include "tests/support/conductors.h"

#include <inttypes.h>
#include <stdarg.h>

#include "conductor/options.h"
#include "db/action.h"
#include "drivers/driver.h"
#include "drivers/fake/fake.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/xalloc.h"
#include "model/options.h"
#include "tests/support/pg.h"

struct db *db;
struct conductor one, two;

static struct error err;

int conductors_register(void **state)
{
	(void)state;
	common_options_register();
	db_config_register();
	conductor_options_register();
	drivers_config_register();
	return 0;
}

int conductors_release(void **state)
{
	(void)state;
	config_release();
	return 0;
}

void set(const char *section, const char *name, const char *value)
{
	MUST(config_set(section, name, value, &err) == 0);
}

/* Short times in the right proportion. */
static void configure(void)
{
	MUST(config_load(NULL, &err) == 0);
	set("DEFAULT", "enabled_hardware_types", "fake-hardware");
	set("conductor", "beat", "0.2");
	set("conductor", "flight", "0.1");
	set("conductor", "hold", "0.8");
	set("conductor", "watch", "1.2");
	set("conductor", "sync_power_state_interval", "0");
	set("conductor", "power_failure_recovery_interval", "0");
	MUST(conductor_options_check(&err) == 0 && drivers_check_config(&err) == 0);
}

const char *query(const char *format, ...)
{
	static char texts[8][512];
	static unsigned turn;
	char sql[2048], *value;
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	value = pg_query(db, "%s", sql);
	snprintf(texts[turn % 8], sizeof(texts[0]), "%s", value ? value : "null");
	xfree(value);
	return texts[turn++ % 8];
}

int64_t add_node(int number)
{
	return atoll(query(
		"INSERT INTO nodes (uuid, driver, provision_state, power_state) VALUES "
		"('00000000-0000-4000-8000-%012d', 'fake-hardware', 'manageable', 'power off') RETURNING id",
		number));
}

int64_t insert(int64_t node_id, const char *kind, bool is_exclusive, const char *on_crash, const char *target,
	       const char *args)
{
	char uuid[UUID_TEXT];
	struct action_request request = { .uuid = uuid,
					  .node_id = node_id,
					  .node_uuid = "00000000-0000-4000-8000-000000000001",
					  .kind = kind,
					  .is_exclusive = is_exclusive,
					  .on_crash = on_crash,
					  .pool = ":fake-hardware",
					  .target = target,
					  .args = args,
					  .wait_ms = 20000,
					  .run_s = 30 };
	int64_t id;

	uuid_new(uuid);
	MUST(action_insert(db, &request, &id, &err) == 0);
	return id;
}

int64_t insert_power(int64_t node_id, const char *host, const char *target)
{
	char args[64];

	snprintf(args, sizeof(args), "{\"target\": \"%s\"}", target);
	return insert(node_id, "power", true, "repeat", host, args);
}

const char *state_now(int64_t action_id)
{
	return query("SELECT state FROM actions WHERE id = %" PRId64, action_id);
}

void wait_for(int seconds, const char *want, const char *format, ...)
{
	int64_t deadline_ms = clock_ms() + seconds * 1000;
	char sql[1024];
	const char *got = "";
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	while (strcmp(got = query("%s", sql), want) != 0 && clock_ms() < deadline_ms)
		fiber_sleep(20);
	if (strcmp(got, want) != 0) {
		fprintf(stderr, "after %d s \"%s\", not \"%s\": %s\n", seconds, got, want, sql);
		abort();
	}
}

void wait_for_state(int seconds, int64_t action_id, const char *state)
{
	wait_for(seconds, state, "SELECT state FROM actions WHERE id = %" PRId64, action_id);
}

void check_nothing_held(void)
{
	MUST_BE(query("SELECT count(*) FROM nodes WHERE reservation IS NOT NULL OR lock_token IS NOT NULL OR "
		      "lock_action"
		      " IS NOT NULL"),
		"0");
	MUST_BE(query("SELECT count(*) FROM actions WHERE finished_at IS NULL"), "0");
	MUST_BE(query("SELECT count(*) FROM actions WHERE attempt > 2"), "0");
}

void stop(struct conductor *conductor)
{
	conductor_stop(conductor, clock_ms() + 10000);
}

void end_test(void)
{
	fake_forget();
	db_free(db);
}

void begin_test(void)
{
	configure();
	db = pg_open_migrated();
}
