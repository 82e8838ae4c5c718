/* main: ferrule-conductor. Runs what the API has promised; meets it only in the database. */
#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/metrics.h"
#include "conductor/options.h"
#include "db/action.h"
#include "db/program.h"
#include "drivers/driver.h"
#include "drivers/module.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/http_client.h"
#include "lib/service.h"
#include "model/options.h"

/* Sections and options of the other program, in the one file of both. */
static const char *const foreign[] = {
	"api",  "auto_discovery",        "valence",              "oslo_policy",
	"cors", "DEFAULT auth_strategy", "DEFAULT http_basic_*", NULL,
};

static void register_options(void)
{
	conductor_options_register();
	drivers_config_register();
	config_foreign(foreign);
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
	if (rc == 0)
		action_set_retention(conductor_options.actions_kept_s,
				     conductor_options.sync_actions_kept_s);
	return rc;
}

SUSPENDS static int serve(struct db *db, struct error *err)
{
	static struct conductor conductor;
	int rc;

	do { /* a database that goes away in the middle is waited for again */
		rc = program_wait_for_database(db, err);
		if (rc == 0)
			rc = conductor_start(&conductor, db, common_host(), err);
	} while (rc == -ERR_DATABASE);
	if (rc < 0)
		return rc;
	rc = conductor_metrics_start(&conductor, err);
	if (rc == 0)
		service_ready("Registered");
	while (rc == 0 && !program_is_stopping())
		program_wait(DEADLINE_NEVER);
	conductor_stop(&conductor, clock_ms() + seconds_ms(conductor_options.graceful_timeout_s));
	conductor_metrics_stop();
	return rc;
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "ferrule-conductor",
		.purpose = "drives the BMCs of Ferrule's nodes",
		.stopping = "draining",
		.register_options = register_options,
		.configure = configure,
		.begin = http_client_init,
		.end = http_client_release,
		.serve = serve,
	};
	int status = program_main(&program, argc, argv);

	gate_journal_open(NULL, NULL);
	return status;
}
