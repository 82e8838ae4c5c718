/* bmc_session: see bmc_session.h. */
#include "conductor/bmc_session.h"

#include "conductor/conductor.h"
#include "conductor/options.h"
#include "db/bmc_session.h"
#include "drivers/session_store.h"
#include "lib/log.h"

#define AT_A_TIME 50
/* A conductor that is back reads all its nodes within an interval of the power sync, and adopts their
 * sessions. */
#define INTERVALS   3
#define GRACE_MIN_S 10
#define GRACE_S     900 /* without power sync */

/* ---- what drivers see ---- */

static int save(void *arg, const struct stored_session *session, struct error *err)
{
	const struct conductor *conductor = arg;
	const struct bmc_session row = {
		.hostname = conductor->hostname,
		.key = session->key,
		.address = session->address,
		.path = session->path,
		.token = session->token,
		.is_tls_unverified = session->is_tls_unverified,
		.ca_path = session->ca_path,
		.node_uuid = session->node_uuid,
	};

	return bmc_session_save(conductor->db, conductor->instance, &row, err);
}

static struct stored_session stored_of(const struct bmc_session *row)
{
	return (struct stored_session){
		.key = row->key,
		.address = row->address,
		.path = row->path,
		.token = row->token,
		.is_tls_unverified = row->is_tls_unverified,
		.ca_path = row->ca_path,
	};
}

static int adopt(void *arg, const char *key, struct arena *arena, struct stored_session *ret,
		 struct error *err)
{
	const struct conductor *conductor = arg;
	struct bmc_session row;
	int rc = bmc_session_adopt(conductor->db, conductor->instance, conductor->hostname, key, arena, &row,
				   err);

	if (rc == 0)
		*ret = stored_of(&row);
	return rc;
}

/* What cannot be removed now is ended a second time later, which does no harm. */
static void forget(void *arg, const char *key, const char *token)
{
	const struct conductor *conductor = arg;
	struct error err;

	if (bmc_session_forget(conductor->db, conductor->hostname, key, token, &err) < 0)
		log_warning("a session at a BMC could not be forgotten: %s", err.text);
}

static const struct session_store store = { .save = save, .adopt = adopt, .forget = forget };

/* ---- sessions of processes that are no more ---- */

static long grace_s(void)
{
	double seconds = INTERVALS * conductor_options.power_sync_interval_s;

	if (seconds <= 0)
		return GRACE_S;
	return seconds < GRACE_MIN_S ? GRACE_MIN_S : (long)seconds;
}

/* A BMC that does not answer keeps its row: it is taken again when this process is gone, too. */
SUSPENDS static void end_one(struct conductor *conductor, const struct bmc_session *row)
{
	const struct stored_session session = stored_of(row);
	struct error err;
	int rc = session_store_end(&session, &err);

	if (rc < 0) {
		log_warning("a session at %s could not be ended: %s", row->address, err.text);
		return;
	}
	if (bmc_session_forget(conductor->db, row->hostname, row->key, row->token, &err) < 0)
		log_warning("a session at a BMC could not be forgotten: %s", err.text);
}

SUSPENDS static void end_orphans(struct conductor *conductor)
{
	struct bmc_session rows[AT_A_TIME];
	size_t count = AT_A_TIME;
	struct arena arena;
	struct error err;

	while (count == AT_A_TIME && !conductor->is_stopping) {
		arena_init(&arena);
		if (bmc_session_take_orphans(conductor->db, conductor->instance, grace_s(), AT_A_TIME, &arena,
					     rows, &count, &err) < 0) {
			log_warning("sessions at BMCs could not be read: %s", err.text);
			count = 0;
		}
		for (size_t i = 0; i < count && !conductor->is_stopping; i++)
			end_one(conductor, &rows[i]);
		arena_release(&arena);
	}
}

/* Those in use right now come again in the next round. */
SUSPENDS static void end_of_gone_nodes(struct conductor *conductor)
{
	const char *keys[AT_A_TIME];
	struct arena arena;
	struct error err;
	size_t count = 0;

	arena_init(&arena);
	if (bmc_session_of_gone_nodes(conductor->db, conductor->instance, AT_A_TIME, &arena, keys, &count,
				      &err) < 0)
		log_warning("sessions at BMCs could not be read: %s", err.text);
	for (size_t i = 0; i < count; i++)
		session_store_drop(keys[i]);
	arena_release(&arena);
}

static void orphan_loop(struct conductor *conductor)
{
	while (!conductor->is_stopping) {
		conductor_pause(conductor, grace_s() * 1000 / INTERVALS);
		if (conductor->is_stopping || conductor->is_draining || !db_is_up(conductor->db))
			continue;
		end_of_gone_nodes(conductor);
		end_orphans(conductor);
	}
}

void bmc_session_start(struct conductor *conductor)
{
	session_store_set(&store, conductor);
	conductor_spawn(conductor, "bmc sessions", orphan_loop);
}

void bmc_session_stop(void)
{
	session_store_set(NULL, NULL);
}
