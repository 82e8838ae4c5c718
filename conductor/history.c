/* history: see history.h. Source: Ironic's periodic clean-up of history (ironic-contract, section 6.3). */
#include "conductor/history.h"

#include "conductor/conductor.h"
#include "conductor/options.h"
#include "conductor/provision_options.h"
#include "db/history.h"
#include "lib/log.h"

#define ROWS_AT_A_TIME ((size_t)1000)

static void purge(struct conductor *conductor)
{
	size_t count = ROWS_AT_A_TIME;
	struct error err;

	while (count == ROWS_AT_A_TIME && !conductor->is_stopping) {
		if (history_purge(conductor->db, (size_t)provision_options.history_max, ROWS_AT_A_TIME,
				  &count, &err) < 0) {
			log_warning("old history could not be removed: %s", err.text);
			return;
		}
	}
}

static void history_loop(struct conductor *conductor)
{
	while (!conductor->is_stopping) {
		conductor_pause(conductor, seconds_ms(provision_options.history_interval_s));
		if (!conductor->is_stopping && db_is_up(conductor->db))
			purge(conductor);
	}
}

void history_start(struct conductor *conductor)
{
	if (provision_options.history_interval_s > 0 && provision_options.history_max > 0)
		conductor_spawn(conductor, "history", history_loop);
}
