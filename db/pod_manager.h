#pragma once
/*
 * pod_manager: the managers of pooled devices (EEMs), by name, uuid or URL. They are made by operators, or by
 * the first node whose driver_info names a URL that is not known yet; those follow that node's credentials.
 * Texts that are read live in the caller's arena.
 */
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/arena.h"
#include "model/device.h"

/* By uuid or name (whichever fits the text). -ERR_NOT_FOUND "Pod manager x could not be found." */
SUSPENDS int pod_manager_find(struct db *db, const char *ident, struct arena *arena, struct pod_manager *ret,
			      struct error *err);
SUSPENDS int pod_manager_read(struct db *db, int64_t id, struct arena *arena, struct pod_manager *ret,
			      struct error *err);
/* All of the driver (NULL: all), by id. */
SUSPENDS int pod_manager_list(struct db *db, const char *driver, struct arena *arena,
			      struct pod_manager **ret, size_t *ret_count, struct error *err);
/* Inserts uuid, name, url, driver and credentials; a row that a node has made for the URL is taken over. Its
 * first sync is due at once. -ERR_CONFLICT, the text is the constraint: pod_managers_name, pod_managers_url.
 */
SUSPENDS int pod_manager_insert(struct db *db, const struct pod_manager *row, struct error *err);
/* Writes name and credentials of the row with that id. *ret_done: it is there. -ERR_CONFLICT as above. */
SUSPENDS int pod_manager_update(struct db *db, const struct pod_manager *row, bool *ret_done,
				struct error *err);
/* Removes it and its devices. *ret_done false: it is gone, or a device of it is still held for a node. */
SUSPENDS int pod_manager_delete(struct db *db, int64_t id, bool *ret_done, struct error *err);

/* The row for a node's URL, made if there is none; credentials of rows that nodes have made are brought up to
 * date. Of *wanted: url, driver, username, password, verify_ca. */
SUSPENDS int pod_manager_for_node(struct db *db, const struct pod_manager *wanted, struct arena *arena,
				  struct pod_manager *ret, struct error *err);

/* Nodes of that driver: columns uuid and driver_info. */
SUSPENDS int pod_manager_nodes(struct db *db, const char *driver, struct db_rows **ret, struct error *err);

/* ---- sync ---- */

/* Takes the managers that are due, at most max, so that no other conductor does: those asked for, those not
 * begun for interval_s (0: periodic sync is off), and those with devices in whose write a conductor died. */
SUSPENDS int pod_manager_take_due(struct db *db, const char *driver, double interval_s, size_t max,
				  int64_t *ret_ids, size_t *ret_count, struct error *err);
/* What came of talking to it: failure NULL is Online, with synced_at when is_synced. Writes only changes of
 * the status, and synced_at. */
SUSPENDS int pod_manager_note(struct db *db, int64_t id, const char *failure, bool is_synced,
			      struct error *err);
/* Takes managers that have devices of deleted nodes, at most max; none is given twice within 10 s. */
SUSPENDS int pod_manager_take_orphaned(struct db *db, const char *driver, size_t max, int64_t *ret_ids,
				       size_t *ret_count, struct error *err);
