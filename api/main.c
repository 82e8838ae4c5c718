/* main: ferrule-api. Serves the REST API; meets conductors only in the database. */
#include "api/allocator.h"
#include "api/changes.h"
#include "api/dispatch.h"
#include "api/fleet.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/valence.h"
#include "db/db_metrics.h"
#include "db/program.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/fiber.h"
#include "lib/service.h"

#define DRAIN_MS       30000
#define FLEET_PAUSE_MS 200

static void register_options(void)
{
	server_config_register();
	valence_config_register();
}

static int configure(const char *path, struct error *err)
{
	int rc = config_load(path, err);

	if (rc == 0)
		rc = server_check_config(err);
	if (rc == 0)
		rc = valence_check_config(err);
	return rc;
}

/* Who is there must be known before the first request; told to stop, nobody will ask. */
SUSPENDS static int read_fleet(struct error *err)
{
	int rc;

	while ((rc = fleet_refresh(err)) == -ERR_DATABASE && !program_is_stopping())
		program_wait(clock_ms() + FLEET_PAUSE_MS);
	return program_is_stopping() ? 0 : rc;
}

SUSPENDS static int serve(struct db *db, struct error *err)
{
	int rc = program_wait_for_database(db, err);

	if (rc < 0)
		return rc;
	fleet_start(db);
	api_metrics_start(db);
	dispatch_start(db);
	changes_start(db);
	allocator_start(db);
	rc = read_fleet(err);
	if (rc == 0)
		rc = server_start(db, err);
	if (rc == 0)
		rc = valence_start(db, err);
	if (rc == 0)
		service_ready("Serving");
	while (rc == 0 && !program_is_stopping())
		program_wait(DEADLINE_NEVER);
	changes_stop();
	allocator_stop();
	int64_t deadline_ms = clock_ms() + DRAIN_MS;
	server_drain(deadline_ms);
	valence_drain(deadline_ms);
	server_free();
	valence_free();
	fleet_stop();
	db_metrics_stop();
	return rc;
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "ferrule-api",
		.purpose = "the REST API of Ferrule",
		.stopping = "stopping",
		.register_options = register_options,
		.configure = configure,
		.serve = serve,
	};

	return program_main(&program, argc, argv);
}
