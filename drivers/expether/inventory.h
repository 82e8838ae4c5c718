#pragma once
/* inventory: the cards that an EEM shows, as rows to record. Source: docs/expether.rst, "Sync". */
#include "drivers/expether/board.h"
#include "drivers/pool.h"

/* A card's row. host_id: who has its group; NULL: nobody. Texts live in the arena, or are borrowed. */
void inventory_store(struct task *task, const struct board *card, const char *host_id,
		     struct device_store *ret);
/* Of struct pool_driver. */
SUSPENDS int inventory_read(struct task *task, const struct pod_manager *manager, struct device_store **ret,
			    size_t *ret_count, struct error *err);

/* Which host has which group: read once, asked for each card. */
struct group_hosts {
	char (*ids)[EEM_ID_MAX]; /* by group; "": nobody */
};
void group_hosts_add(struct task *task, struct group_hosts *hosts, const struct board *host);
const char *group_hosts_find(const struct group_hosts *hosts, const char *group); /* NULL: nobody */
