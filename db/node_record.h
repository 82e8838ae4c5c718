#pragma once
/* node_record: rows that hang on a node: its history. */
#include "db/list.h"

/* Columns of history rows, after LIST_COLUMNS. */
enum {
	HISTORY_UUID = LIST_COLUMNS,
	HISTORY_CREATED_AT,
	HISTORY_SEVERITY,
	HISTORY_EVENT,
	HISTORY_EVENT_TYPE,
	HISTORY_CONDUCTOR,
	HISTORY_USER,
	HISTORY_PROJECT,
	HISTORY_STATE,
	HISTORY_TARGET_PROVISION_STATE,
	HISTORY_DURATION_SECONDS
};

/* The history of the node, oldest first. node_id as decimal text, borrowed until list_release; uuid NULL:
 * all. */
void history_list_init(struct list *list, const char *node_id, const char *uuid);
