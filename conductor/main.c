/* main: ferrule-conductor. Runs what the API has promised; meets it only in the database. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/metrics.h"
#include "conductor/options.h"
#include "db/action.h"
#include "db/db.h"
#include "drivers/driver.h"
#include "drivers/module.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/metrics.h"
#include "lib/service.h"
#include "lib/service.h"
#include "model/options.h"

#define DEFAULT_CONFIG        "/etc/ferrule/ferrule.conf"
#define DATABASE_TRY_MS       1000
#define DATABASE_PAUSE_MS     200
#define DATABASE_TRIES_A_LINE 30 /* how often the log says so */

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static struct {
	enum exit_code code;
	bool is_stopping;
	struct cond stop;
	struct conductor conductor;
} program;

/* Sections and options of the other program, in the one file of both. */
static const char *const foreign[] = {
	"api", "valence", "oslo_policy", "cors", "DEFAULT auth_strategy", "DEFAULT http_basic_*", NULL
};

static void on_signal(int signum, void *arg)
{
	(void)arg;
	log_info("Signal %d: draining", signum);
	program.is_stopping = true;
	service_stopping();
	cond_broadcast(&program.stop);
}

/* Waits for the database as long as it takes. The schema, once it answers, must be ours. */
static int wait_for_database(struct db *db, struct error *err)
{
	int rc = -ERR_DATABASE;

	for (unsigned tries = 0; rc == -ERR_DATABASE && !program.is_stopping; tries++) {
		if (tries > 0)
			cond_wait(&program.stop, clock_ms() + DATABASE_PAUSE_MS);
		rc = db_wait_ready(db, clock_ms() + DATABASE_TRY_MS, err);
		if (rc == 0)
			rc = db_check_schema(db, err);
		if (rc == -ERR_DATABASE && !program.is_stopping && tries % DATABASE_TRIES_A_LINE == 0)
			log_warning("Waiting for the database: %s", err->text);
	}
	return program.is_stopping ? -ERR_CANCELLED : rc;
}

static int serve(struct db *db, struct error *err)
{
	int rc;

	do { /* a database that goes away in the middle is waited for again */
		rc = wait_for_database(db, err);
		if (rc == 0)
			rc = conductor_start(&program.conductor, db, common_host(), err);
	} while (rc == -ERR_DATABASE);
	if (rc < 0)
		return rc;
	rc = conductor_metrics_start(&program.conductor, err);
	if (rc == 0)
		service_ready("Registered");
	while (rc == 0 && !program.is_stopping)
		cond_wait(&program.stop, DEADLINE_NEVER);
	conductor_stop(&program.conductor, clock_ms() + seconds_ms(conductor_options.graceful_timeout_s));
	conductor_metrics_stop();
	return rc;
}

static void run(void *arg)
{
	struct db_options options = *db_config();
	struct error err;
	struct db *db;
	int rc;

	(void)arg;
	options.application_name = "ferrule-conductor";
	db = db_new(&options);
	rc = serve(db, &err);
	if (rc < 0 && rc != -ERR_CANCELLED) {
		log_error("%s", err.text);
		program.code = EXIT_FAILED;
	}
	db_free(db);
	loop_stop();
}

static void print_help(void)
{
	printf("ferrule-conductor: drives the BMCs of Ferrule's nodes\n\n"
	       "  ferrule-conductor [--config FILE]    run; FILE defaults to " DEFAULT_CONFIG "\n"
	       "  ferrule-conductor --sample-config    print a configuration file with every option\n"
	       "  ferrule-conductor --version\n\nOptions of the configuration file:\n\n");
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
			printf("ferrule-conductor " FERRULE_VERSION "\n");
			return false;
		} else {
			fprintf(stderr, "ferrule-conductor: unknown argument '%s'; see --help\n", argv[i]);
			program.code = EXIT_USAGE;
			return false;
		}
	}
	return true;
}

static int configure(const char *path, struct error *err)
{
	int rc = driver_modules_load(path, err);

	if (rc == 0)
		rc = config_load(path, err);
	if (rc == 0)
		rc = conductor_options_check(err);
	if (rc == 0)
		rc = drivers_check_config(err);
	if (rc == 0)
		rc = gate_journal_open(conductor_options.journal, err);
	return rc;
}

int main(int argc, char **argv)
{
	const char *config = DEFAULT_CONFIG;
	struct error err;

	common_options_register();
	db_config_register();
	conductor_options_register();
	drivers_config_register();
	config_foreign(foreign);
	if (!read_arguments(argc, argv, &config)) {
		config_release();
		return program.code;
	}
	if (configure(config, &err) < 0) {
		fprintf(stderr, "ferrule-conductor: %s\n", err.text);
		config_release();
		return EXIT_USAGE;
	}
	log_init("ferrule-conductor", common_options()->is_debug ? LOG_DEBUG : LOG_INFO,
		 common_options()->is_log_json);
	loop_init();
	service_start();
	http_client_init();
	loop_on_signal(SIGTERM, on_signal, NULL);
	loop_on_signal(SIGINT, on_signal, NULL);
	action_set_retention(conductor_options.actions_kept_s, conductor_options.sync_actions_kept_s);
	fiber_spawn("main", run, NULL);
	loop_run();
	service_stop();
	http_client_release();
	metrics_release();
	loop_release();
	config_release();
	gate_journal_open(NULL, NULL);
	return program.code;
}
