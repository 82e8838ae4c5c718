/* console_keep: see console_keep.h. */
#include "conductor/console_keep.h"

#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/options.h"
#include "db/conductor.h"
#include "db/console.h"
#include "db/node.h"
#include "drivers/console.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/rendezvous.h"

#define PAGE      500
#define HOSTS_MAX 256
#define ROUND_MS  INT64_C(3000)
/* What could not be opened is tried again so much later. */
#define RETRY_MS  INT64_C(30000)
#define RESUME_MS INT64_C(10000)

/* A console that could not be opened. */
struct trouble {
	int64_t due_ms;
};

struct keep {
	struct conductor *conductor;
	uint64_t round;
	struct map troubles; /* by node id; owned */
};

/* ---- one node ---- */

SUSPENDS static int resume_node(struct node *node, struct error *err)
{
	struct task task = { .node = node,
			     .hardware = hardware_type_find(node_text(node, NODE_DRIVER)),
			     .deadline_ms = clock_ms() + RESUME_MS,
			     .ops = &gate_closed_ops };
	const struct interface *interface;

	arena_init(&task.arena);
	int rc = task_interface(&task, INTERFACE_CONSOLE, &interface, err);
	if (rc == 0)
		rc = interface_validate(interface, &task, err);
	if (rc == 0 && console_interface(interface)->resume != NULL)
		rc = console_interface(interface)->resume(&task, err);
	task_release(&task);
	return rc;
}

SUSPENDS static int resume_row(struct keep *keep, const struct console_row *row, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_read(keep->conductor->db, NULL, NULL, row->id, &node, err);
	if (rc == 0)
		rc = resume_node(&node, err);
	node_release(&node);
	return rc;
}

static void note_trouble(struct keep *keep, const struct console_row *row, const struct error *err)
{
	struct trouble *trouble = map_get(&keep->troubles, row->id);

	if (trouble == NULL) {
		trouble = xcalloc(1, sizeof(*trouble));
		map_put(&keep->troubles, row->id, trouble);
	}
	trouble->due_ms = clock_ms() + RETRY_MS;
	log_warning("the console of node %s cannot be opened: %s", row->uuid, err->text);
}

static bool is_too_soon(const struct keep *keep, const struct console_row *row)
{
	const struct trouble *trouble = map_get(&keep->troubles, row->id);

	return trouble != NULL && clock_ms() < trouble->due_ms;
}

/* A node that somebody works on is left as it is: its console may be about to change. */
SUSPENDS static void keep_row(struct keep *keep, const struct console_row *row)
{
	struct console *console = console_find(row->id);
	struct error err;

	if (console != NULL)
		console_mark(console, keep->round);
	if (row->is_locked || is_too_soon(keep, row))
		return;
	if (console != NULL && strcmp(console_digest(console), row->digest) == 0)
		return;
	/* opened by an action a moment ago, by the properties of this row */
	if (console != NULL && console_digest(console)[0] == '\0') {
		console_set_digest(console, row->digest);
		return;
	}
	if (resume_row(keep, row, &err) < 0)
		return note_trouble(keep, row, &err);
	xfree(map_take(&keep->troubles, row->id));
	console = console_find(row->id);
	if (console != NULL) {
		console_mark(console, keep->round);
		console_set_digest(console, row->digest);
	}
}

/* ---- all of them ---- */

/* Nodes of each pool belong to one of its live hosts. */
static bool is_ours(const struct conductor *conductor, const struct registry *registry,
		    const struct console_row *row)
{
	const char *hosts[HOSTS_MAX];
	size_t count = registry_hosts(registry, conductor->pools[row->driver], hosts, HOSTS_MAX);

	return count > 0 && strcmp(hosts[rendezvous_pick(hosts, count, row->uuid)], conductor->hostname) == 0;
}

static bool is_over(const struct conductor *conductor)
{
	return conductor->is_stopping || conductor->is_draining;
}

SUSPENDS static int keep_all(struct keep *keep, const struct registry *registry, struct error *err)
{
	struct conductor *conductor = keep->conductor;
	const struct console_search search = { .group = conductor_group(),
					       .drivers = (const char *const *)conductor->drivers,
					       .driver_count = conductor->driver_count };
	struct console_row *rows = xcalloc(PAGE, sizeof(*rows));
	size_t count = PAGE;
	int64_t after = 0;
	int rc = 0;

	while (rc == 0 && count == PAGE && !is_over(conductor)) {
		rc = console_page(conductor->db, &search, after, PAGE, rows, &count, err);
		for (size_t i = 0; rc == 0 && i < count && !is_over(conductor); i++) {
			after = rows[i].id;
			if (is_ours(conductor, registry, &rows[i]))
				keep_row(keep, &rows[i]);
		}
	}
	xfree(rows);
	return rc;
}

SUSPENDS static void keep_round(struct keep *keep)
{
	struct registry registry;
	struct error err;
	int rc = registry_load(keep->conductor->db, &registry, &err);

	if (rc == 0) {
		keep->round++;
		rc = keep_all(keep, &registry, &err);
		registry_release(&registry);
	}
	/* only what the database has said in full may end a console */
	if (rc == 0 && !is_over(keep->conductor))
		console_sweep(keep->round);
	else if (rc < 0)
		log_warning("the enabled consoles could not be read: %s", err.text);
}

static void release_troubles(struct keep *keep)
{
	size_t cursor = 0;
	int64_t id;

	for (struct trouble *trouble; (trouble = map_next(&keep->troubles, &cursor, &id));)
		xfree(trouble);
	map_release(&keep->troubles);
}

static bool has_lease(void *arg)
{
	const struct conductor *conductor = arg;

	return clock_ms() < conductor->trusted_until_ms;
}

static void keep_loop(struct conductor *conductor)
{
	struct keep keep = { .conductor = conductor };

	console_set_permit(has_lease, conductor);
	while (!is_over(conductor)) {
		if (db_is_up(conductor->db))
			keep_round(&keep);
		conductor_pause(conductor, ROUND_MS);
	}
	release_troubles(&keep);
}

void console_keep_start(struct conductor *conductor)
{
	conductor_spawn(conductor, "console keep", keep_loop);
}
