#include "conductor/observation.h"

#include "conductor/conductor.h"
#include "db/power_sync.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

#define FLUSH_MS    1000
#define PENDING_MAX 20000 /* more are dropped */

struct observations {
	struct power_observation *rows; /* owned, as are their sentences */
	size_t count, size;
};

static void add(struct conductor *conductor, struct power_observation row)
{
	struct observations *pending = conductor->observations;

	if (!pending || pending->count == PENDING_MAX)
		return;
	if (pending->count == pending->size) {
		pending->size = pending->size ? 2 * pending->size : 256;
		pending->rows = xreallocarray(pending->rows, pending->size, sizeof(*pending->rows));
	}
	pending->rows[pending->count++] = row;
}

void observation_read(struct conductor *conductor, int64_t node_id, const char *source)
{
	add(conductor,
	    (struct power_observation){ .node_id = node_id, .seen_ms = clock_ms(), .source = source });
}

void observation_failed(struct conductor *conductor, int64_t node_id, const char *sentence)
{
	add(conductor, (struct power_observation){ .node_id = node_id,
						   .seen_ms = clock_ms(),
						   .failure = xasprintf("%.300s", sentence) });
}

static void release(struct observations *observations)
{
	for (size_t i = 0; i < observations->count; i++)
		xfree(observations->rows[i].failure);
	xfree(observations->rows);
	*observations = (struct observations){ 0 };
}

/* Those that come meanwhile wait for the next. */
static void flush(struct conductor *conductor)
{
	struct observations batch = *conductor->observations;
	struct error err;

	if (batch.count == 0 || !db_is_up(conductor->db))
		return;
	*conductor->observations = (struct observations){ 0 };
	power_sync_observe(conductor->db, batch.rows, batch.count, &err);
	release(&batch);
}

static void flush_loop(struct conductor *conductor)
{
	while (!conductor->is_stopping) {
		conductor_pause(conductor, FLUSH_MS);
		flush(conductor);
	}
	release(conductor->observations);
	xfree(conductor->observations);
	conductor->observations = NULL;
}

void observation_start(struct conductor *conductor)
{
	conductor->observations = xcalloc(1, sizeof(*conductor->observations));
	conductor_spawn(conductor, "observations", flush_loop);
}
