/* main: ferrule-api. Serves the REST API; meets conductors only in the database. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api/allocator.h"
#include "api/changes.h"
#include "api/dispatch.h"
#include "api/fleet.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/valence.h"
#include "db/db.h"
#include "db/db_metrics.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/metrics.h"
#include "lib/service.h"
#include "model/options.h"

#define DEFAULT_CONFIG  "/etc/ferrule/ferrule.conf"
#define DRAIN_MS        30000
#define DATABASE_TRY_MS 5000
#define DATABASE_PAUSE_MS 200

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static struct {
	enum exit_code code;
	bool is_stopping;
	struct cond stop;
} program;

static void on_signal(int signum, void *arg)
{
	(void)arg;
	log_info("Signal %d: stopping", signum);
	program.is_stopping = true;
	service_stopping();
	cond_broadcast(&program.stop);
}

/* Waits for the database as long as it takes. The schema, once it answers, must be ours. */
static int wait_for_database(struct db *db, struct error *err)
{
	int rc = -ERR_DATABASE;

	while (rc == -ERR_DATABASE && !program.is_stopping) {
		rc = db_wait_ready(db, clock_ms() + DATABASE_TRY_MS, err);
		if (rc == 0)
			rc = db_check_schema(db, err);
		if (rc == -ERR_DATABASE && !program.is_stopping) {
			log_warning("Waiting for the database: %s", err->text);
			cond_wait(&program.stop, clock_ms() + DATABASE_PAUSE_MS);
		}
	}
	return program.is_stopping ? -ERR_CANCELLED : rc;
}

/* Who is there must be known before the first request; told to stop, nobody will ask. */
static int read_fleet(struct error *err)
{
	int rc;

	while ((rc = fleet_refresh(err)) == -ERR_DATABASE && !program.is_stopping)
		cond_wait(&program.stop, clock_ms() + DATABASE_PAUSE_MS);
	return program.is_stopping ? 0 : rc;
}

static void serve(struct db *db)
{
	struct error err;

	int rc = wait_for_database(db, &err);
	if (rc == -ERR_CANCELLED)
		return;
	if (rc == 0) {
		fleet_start(db);
		api_metrics_start(db);
		dispatch_start(db);
		changes_start(db);
		allocator_start(db);
		rc = read_fleet(&err);
		if (rc == 0)
			rc = server_start(db, &err);
		if (rc == 0)
			rc = valence_start(db, &err);
		if (rc == 0)
			service_ready("Serving");
		while (rc == 0 && !program.is_stopping)
			cond_wait(&program.stop, DEADLINE_NEVER);
		changes_stop();
		allocator_stop();
		int64_t deadline_ms = clock_ms() + DRAIN_MS;
		server_drain(deadline_ms);
		valence_drain(deadline_ms);
		server_free();
		valence_free();
		fleet_stop();
	}
	if (rc < 0) {
		log_error("%s", err.text);
		program.code = EXIT_FAILED;
	}
}

static void run(void *arg)
{
	struct db_options options = *db_config();

	(void)arg;
	options.application_name = "ferrule-api";
	struct db *db = db_new(&options);
	serve(db);
	db_metrics_stop();
	db_free(db);
	loop_stop();
}

static void print_help(void)
{
	printf("ferrule-api: the REST API of Ferrule\n\n"
	       "  ferrule-api [--config FILE]    serve; FILE defaults to " DEFAULT_CONFIG "\n"
	       "  ferrule-api --sample-config    print a configuration file with every option\n"
	       "  ferrule-api --version\n\nOptions of the configuration file:\n\n");
	config_print_sample(stdout);
}

/* Returns false when the program has nothing to run. */
static bool read_arguments(int argc, char **argv, const char **config)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			*config = argv[++i];
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			*config = argv[i] + 9;
		} else if (strcmp(argv[i], "--help") == 0) {
			print_help();
			return false;
		} else if (strcmp(argv[i], "--sample-config") == 0) {
			config_print_sample(stdout);
			return false;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("ferrule-api " FERRULE_VERSION "\n");
			return false;
		} else {
			fprintf(stderr, "ferrule-api: unknown argument '%s'; see --help\n", argv[i]);
			program.code = EXIT_USAGE;
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *config = DEFAULT_CONFIG;
	struct error err;

	common_options_register();
	db_config_register();
	server_config_register();
	valence_config_register();
	if (!read_arguments(argc, argv, &config)) {
		config_release();
		return program.code;
	}
	if (config_load(config, &err) < 0 || server_check_config(&err) < 0 ||
	    valence_check_config(&err) < 0) {
		fprintf(stderr, "ferrule-api: %s\n", err.text);
		config_release();
		return EXIT_USAGE;
	}
	log_init("ferrule-api", common_options()->is_debug ? LOG_DEBUG : LOG_INFO,
		 common_options()->is_log_json);
	loop_init();
	service_start();
	loop_on_signal(SIGTERM, on_signal, NULL);
	loop_on_signal(SIGINT, on_signal, NULL);
	fiber_spawn("main", run, NULL);
	loop_run();
	service_stop();
	loop_release();
	metrics_release();
	config_release();
	return program.code;
}
