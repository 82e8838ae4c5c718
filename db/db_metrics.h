#pragma once
/* db_metrics: how busy the pool is (ferrule_db_*). */
struct db;

/* From now on metrics_write asks this pool. */
void db_metrics_start(struct db *db);
/* Before db_free. */
void db_metrics_stop(void);
