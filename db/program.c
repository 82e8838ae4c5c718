/* program: see program.h. */
#include "db/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/metrics.h"
#include "lib/service.h"
#include "model/options.h"

#define DEFAULT_CONFIG        "/etc/ferrule/ferrule.conf"
#define DATABASE_TRY_MS       1000
#define DATABASE_PAUSE_MS     200
#define DATABASE_TRIES_A_LINE 30 /* how often the log says so */

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static struct {
	const struct program *program;
	enum exit_code code;
	bool is_stopping;
	struct cond stop;
} running;

/* ---- stopping ---- */

static void on_signal(int signum, void *arg)
{
	(void)arg;
	log_info("Signal %d: %s", signum, running.program->stopping);
	running.is_stopping = true;
	service_stopping();
	cond_broadcast(&running.stop);
}

bool program_is_stopping(void)
{
	return running.is_stopping;
}

void program_wait(int64_t deadline_ms)
{
	if (!running.is_stopping)
		cond_wait(&running.stop, deadline_ms);
}

/* ---- running ---- */

int program_wait_for_database(struct db *db, struct error *err)
{
	int rc = -ERR_DATABASE;

	for (unsigned tries = 0; rc == -ERR_DATABASE && !running.is_stopping; tries++) {
		if (tries > 0)
			program_wait(clock_ms() + DATABASE_PAUSE_MS);
		rc = db_wait_ready(db, clock_ms() + DATABASE_TRY_MS, err);
		if (rc == 0)
			rc = db_check_schema(db, err);
		if (rc == -ERR_DATABASE && !running.is_stopping && tries % DATABASE_TRIES_A_LINE == 0)
			log_warning("Waiting for the database: %s", err->text);
	}
	return running.is_stopping ? -ERR_CANCELLED : rc;
}

static void run(void *arg)
{
	struct db_options options = *db_config();
	struct error err;

	(void)arg;
	options.application_name = running.program->name;
	struct db *db = db_new(&options);
	int rc = running.program->serve(db, &err);
	if (rc < 0 && rc != -ERR_CANCELLED) {
		log_error("%s", err.text);
		running.code = EXIT_FAILED;
	}
	db_free(db);
	loop_stop();
}

static void run_loop(const struct program *program)
{
	log_init(program->name, common_options()->is_debug ? LOG_DEBUG : LOG_INFO,
		 common_options()->is_log_json);
	loop_init();
	service_start();
	if (program->begin)
		program->begin();
	loop_on_signal(SIGTERM, on_signal, NULL);
	loop_on_signal(SIGINT, on_signal, NULL);
	fiber_spawn("main", run, NULL);
	loop_run();
	service_stop();
	if (program->end)
		program->end();
	metrics_release();
	loop_release();
}

/* ---- arguments ---- */

static void print_help(const struct program *program)
{
	printf("%s: %s\n\n"
	       "  %s [--config FILE]    run; FILE defaults to " DEFAULT_CONFIG "\n"
	       "  %s --sample-config    print a configuration file with every option\n"
	       "  %s --version\n\nOptions of the configuration file:\n\n",
	       program->name, program->purpose, program->name, program->name, program->name);
	config_print_sample(stdout);
}

/* Returns false when the program has nothing to run. */
static bool read_arguments(const struct program *program, int argc, char **argv, const char **config)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			*config = argv[++i];
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			*config = argv[i] + 9;
		} else if (strcmp(argv[i], "--help") == 0) {
			print_help(program);
			return false;
		} else if (strcmp(argv[i], "--sample-config") == 0) {
			config_print_sample(stdout);
			return false;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("%s " FERRULE_VERSION "\n", program->name);
			return false;
		} else {
			fprintf(stderr, "%s: unknown argument '%s'; see --help\n", program->name, argv[i]);
			running.code = EXIT_USAGE;
			return false;
		}
	}
	return true;
}

int program_main(const struct program *program, int argc, char **argv)
{
	const char *config = DEFAULT_CONFIG;
	struct error err;

	running.program = program;
	common_options_register();
	db_config_register();
	program->register_options();
	if (read_arguments(program, argc, argv, &config)) {
		if (program->configure(config, &err) < 0) {
			fprintf(stderr, "%s: %s\n", program->name, err.text);
			running.code = EXIT_USAGE;
		} else {
			run_loop(program);
		}
	}
	config_release();
	return running.code;
}
