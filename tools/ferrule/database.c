#include "tools/ferrule/database.h"

#include "db/db.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "tools/ferrule/settings.h"

enum { CONNECT_TIMEOUT_MS = 30 * 1000 };

struct upgrade {
	int from, to;
	int rc;
	struct error err;
};

static void upgrade_run(void *arg)
{
	struct upgrade *upgrade = arg;
	struct db *db = db_new(db_config());

	upgrade->rc = db_wait_ready(db, clock_ms() + CONNECT_TIMEOUT_MS, &upgrade->err);
	if (upgrade->rc == 0)
		upgrade->rc = db_migrate(db, &upgrade->from, &upgrade->to, &upgrade->err);
	db_free(db);
	loop_stop();
}

int database_upgrade(const char *config_path)
{
	static struct upgrade upgrade;

	log_init("ferrule", LOG_INFO, 0);
	upgrade.rc = settings_load(settings_path(config_path), &upgrade.err);
	if (upgrade.rc == 0) {
		loop_init();
		fiber_spawn("db upgrade", upgrade_run, &upgrade);
		loop_run();
		loop_release();
	}
	config_release();
	if (upgrade.rc < 0) {
		log_error("%s", upgrade.err.text);
		return 1;
	}
	if (upgrade.from == upgrade.to)
		log_info("the schema is at version %d", upgrade.to);
	else
		log_info("the schema went from version %d to %d", upgrade.from, upgrade.to);
	return 0;
}
