#include "db/action_list.h"

#include <string.h>

/* Two indexes hold the rows of a node, one the open, one the ended. Merged they give them by id. */
#define OF_NODE                                                                                              \
	"(SELECT * FROM actions WHERE finished_at IS NULL"                                                   \
	" UNION ALL SELECT * FROM actions WHERE finished_at IS NOT NULL) a"
#define WITH_HOLDER                                                                                          \
	" LEFT JOIN nodes n ON n.id = a.node_id AND n.lock_action = a.id"                                    \
	" LEFT JOIN conductors c ON c.instance = a.instance"

#define RESULT_IN_LIST_MAX "65536"

/* Of a step its name alone: arguments may be secret. */
#define PROGRESS                                                                                             \
	"CASE WHEN n.id IS NOT NULL THEN json_build_object('provision_state', n.provision_state,"            \
	" 'target_provision_state', n.target_provision_state, 'target_power_state', n.target_power_state,"   \
	" 'step', (SELECT json_build_object('interface', s.value->>'interface', 'step', s.value->>'step')"   \
	" FROM (VALUES (n.clean_step), (n.deploy_step), (n.service_step)) s (value)"                         \
	" WHERE s.value->>'step' IS NOT NULL LIMIT 1)) END"

#define COLUMNS                                                                                              \
	", a.uuid, a.node_uuid, a.kind, a.state, a.request_id, a.created_at, a.started_at, a.accepted_at,"   \
	" a.finished_at, c.hostname, " PROGRESS ", a.error, a.error_code, a.result_type"
#define RESULT(condition)                                                                                    \
	", CASE WHEN a.result_type = 'application/json'" condition " THEN convert_from(a.result, 'UTF8') "   \
								   "END"

void action_list_init(struct list *list, const char *node_id)
{
	list_init(list, node_id ? OF_NODE WITH_HOLDER : "actions a" WITH_HOLDER, "a.id");
	buf_puts(&list->columns, COLUMNS RESULT(" AND length(a.result) <= " RESULT_IN_LIST_MAX));
	if (node_id)
		list_where(list, "a.node_id = $?::bigint", node_id);
}

void action_list_init_one(struct list *list, const char *uuid)
{
	list_init(list, "actions a" WITH_HOLDER, "a.id");
	buf_puts(&list->columns, COLUMNS RESULT(""));
	list_where(list, "a.uuid = $?::uuid", uuid);
}

void action_list_state(struct list *list, const char *state)
{
	list_where(list, "a.state = $?", state);
	if (strcmp(state, "queued") == 0 || strcmp(state, "running") == 0)
		list_where(list, "a.finished_at IS NULL", NULL); /* which has an index, and few rows */
}

void action_list_since(struct list *list, const char *since)
{
	list_where(list, "coalesce(a.finished_at, a.created_at) >= $?::timestamptz", since);
}
