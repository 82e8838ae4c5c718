#pragma once
/* node_list: the columns, filters and order of lists of nodes. */
#include "db/list.h"
#include "model/node.h"

/* A list of all nodes, by id. */
void node_list_init(struct list *list);
/* Narrows it by a filter of the API's name ("driver"). Boolean filters take "t" or "f", shard a
 * comma-separated list, uuids must be valid; value is borrowed until list_release. False: no such filter. */
bool node_list_filter(struct list *list, const char *name, const char *value);
bool node_list_filter_is_bool(const char *name);
/* Without child nodes. */
void node_list_hide_children(struct list *list);
/* Selects uuid (always, first) and the other wanted fields; column[] of each is set to where it stands.
 * Fields that are computed elsewhere (links, conductor) have no column. */
void node_list_select(struct list *list, const bool wanted[NODE_FIELD_COUNT], int column[NODE_FIELD_COUNT]);
/* Orders by a column. */
void node_list_sort(struct list *list, enum node_field field);
