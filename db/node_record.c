#include "db/node_record.h"

void history_list_init(struct list *list, const char *node_id, const char *uuid)
{
	list_init(list, "node_history h", "h.id");
	buf_puts(&list->columns, ", h.uuid, h.created_at, h.severity, h.event, h.event_type, h.conductor, "
				 "h.user_id, h.project,"
				 " h.state, h.target_provision_state, h.duration_seconds");
	list_where(list, "h.node_id = $?::bigint", node_id);
	if (uuid)
		list_where(list, "h.uuid = $?::uuid", uuid);
}
