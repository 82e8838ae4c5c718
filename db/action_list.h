#pragma once
/* action_list: actions as GET /v1/actions lists them, open and ended, by id. */
#include "db/list.h"

/* Columns of the rows, after LIST_COLUMNS. */
enum {
	ACTION_ROW_UUID = LIST_COLUMNS,
	ACTION_ROW_NODE_UUID,
	ACTION_ROW_KIND,
	ACTION_ROW_STATE,
	ACTION_ROW_REQUEST_ID,
	ACTION_ROW_CREATED_AT,
	ACTION_ROW_STARTED_AT,
	ACTION_ROW_ACCEPTED_AT,
	ACTION_ROW_FINISHED_AT,
	ACTION_ROW_HOST,     /* of the conductor that has it */
	ACTION_ROW_PROGRESS, /* JSON: how far its node is, while the action holds the node; else NULL */
	ACTION_ROW_ERROR,
	ACTION_ROW_ERROR_CODE,
	ACTION_ROW_RESULT_TYPE,
	ACTION_ROW_RESULT /* JSON text; NULL when there is none, it is no JSON, or it is too long for a list
			   */
};

/* node_id: decimal, borrowed until list_release; NULL: of all nodes and drivers. */
void action_list_init(struct list *list, const char *node_id);
/* The one with that uuid, with its result however long. */
void action_list_init_one(struct list *list, const char *uuid);
/* state: its name. since: a timestamp; what was made or has ended then or later. Borrowed as above. */
void action_list_state(struct list *list, const char *state);
void action_list_since(struct list *list, const char *since);
