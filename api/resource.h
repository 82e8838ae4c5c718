#pragma once
/*
 * resource: list, show, create, patch and delete of objects that are rows of one table (model/resource.h).
 * What is special about a kind of object stands in its struct resource_rules.
 */
#include "api/page.h"
#include "api/request.h"
#include "db/resource.h"
#include "model/node.h"

/* An object in the making, or being patched. */
struct resource_draft {
	struct api_request *request;
	const struct resource *resource;
	const char *value[RESOURCE_FIELD_MAX]; /* column texts; NULL: null. In the request's arena */
	bool is_changed[RESOURCE_FIELD_MAX];   /* given at POST, or changed by PATCH */
	const char *uuid;
	const struct db_rows *rows; /* PATCH: the row as it was, at column[] */
	const int *column;
};

/* A filter of lists: an argument whose value is compared as it is, is a MAC address, or names a node or port
 * group. */
struct resource_filter {
	const char *name;
	enum {
		RESOURCE_FILTER_PLAIN,
		RESOURCE_FILTER_MAC,
		RESOURCE_FILTER_NODE,
		RESOURCE_FILTER_PORTGROUP
	} kind;
};

struct resource_rules {
	const struct resource *resource;
	bool has_name;                         /* idents may be names */
	int names_since;                       /* from this microversion; 0: always */
	bool is_deleted_by_uuid;               /* names are refused by DELETE */
	const char *const *required;           /* members that POST must have; ends with NULL. NULL: none */
	const struct resource_filter *filters; /* ends with a NULL name. NULL: none */
	const char *contains;                  /* what keeps a row from being deleted: "ports" */
	/* Rewrites the body of POST before it is checked. NULL: nothing to do. */
	SUSPENDS int (*prepare)(struct api_request *request, struct error *err);
	/* Which filters go together? NULL: all. */
	int (*check_filters)(const struct query *query, bool is_below_node, struct error *err);
	/* Checks the values of a draft and completes them; is_new: POST. */
	SUSPENDS int (*check)(struct resource_draft *draft, bool is_new, struct error *err);
	/* Stores a new row and makes the sentences of its errors. NULL: resource_insert, then conflict. */
	SUSPENDS int (*insert)(const struct resource_draft *draft, const struct change *changes, size_t count,
			       struct error *err);
	/* The sentence for a violated unique constraint, whose name is err->text. */
	int (*conflict)(const struct resource_draft *draft, struct error *err);
	/* May this row go? NULL: always. */
	SUSPENDS int (*check_delete)(struct api_request *request, const struct db_rows *rows,
				     const int *column, struct error *err);
	/* Writes a field that is no column (FIELD_LIST). NULL: there is none. */
	void (*write_special)(struct buf *buf, const struct api_request *request, const char *uuid);
	const char
		*lock_column; /* the field with the uuid of the node whose lock guards the row; NULL: none */
};

/* The tables of objects that stand below others too. */
extern const struct resource_rules port_rules;
extern const struct resource_rules portgroup_rules;
extern const struct resource_rules chassis_rules;
extern const struct resource_rules volume_connector_rules;
extern const struct resource_rules volume_target_rules;
extern const struct resource_rules allocation_rules;
extern const struct resource_rules deploy_template_rules;
extern const struct resource_rules runbook_rules;
extern const struct resource_rules inspection_rule_rules;

/* Index of a field, which must exist. */
size_t resource_index(const struct resource *resource, const char *name);
/* Text of a draft's field as it will be. */
const char *resource_draft_text(const struct resource_draft *draft, const char *name);
void resource_draft_set(struct resource_draft *draft, const char *name, const char *value);
/* Given at POST, or changed by PATCH. */
bool resource_draft_changes(const struct resource_draft *draft, const char *name);
/* A list or object of the draft, parsed. NULL: none. New reference. */
json_t *resource_draft_value(const struct resource_draft *draft, const char *name);

/* ---- checks that several kinds share (resource_check.c) ---- */

/* The MAC address of `address`, brought to lower case. -ERR_INVALID. */
int resource_check_address(struct resource_draft *draft, struct error *err);
/* A name of RFC 3986's unreserved characters that is no UUID. -ERR_INVALID. */
int resource_check_name(const struct resource_draft *draft, struct error *err);
/* One of the words, which end with NULL. -ERR_INVALID. */
int resource_check_word(const struct resource_draft *draft, const char *name, const char *const *words,
			struct error *err);
/* Reads the node of node_uuid. An unknown one in POST is the client's mistake: 400. */
SUSPENDS int resource_read_node(struct resource_draft *draft, bool is_new, struct node *ret,
				struct error *err);
/* Nothing may change while the node's inspection writes it. -ERR_CONFLICT. */
int resource_check_inspection(const struct resource_draft *draft, const struct node *node, struct error *err);
/* "A portgroup with name x already exists." */
int resource_conflict(const struct resource_draft *draft, const char *noun, const char *what,
		      const char *field, struct error *err);

/* page: made by page_init and resource_list_init, with filters; url and the rest are set here. detail: 1, 0,
 * -1. */
SUSPENDS int resource_reply_list(struct page *page, const struct resource_rules *rules, int detail,
				 struct error *err);
/* Reads the object of the path; column as of resource_read. 1: the answer is made. */
SUSPENDS int resource_find(struct api_request *request, const struct resource_rules *rules, int *column,
			   struct db_rows **ret, struct error *err);
SUSPENDS int resource_show(struct api_request *request, const struct resource_rules *rules,
			   struct error *err);
SUSPENDS int resource_create(struct api_request *request, const struct resource_rules *rules,
			     struct error *err);
SUSPENDS int resource_patch(struct api_request *request, const struct resource_rules *rules,
			    struct error *err);
SUSPENDS int resource_remove(struct api_request *request, const struct resource_rules *rules,
			     struct error *err);
