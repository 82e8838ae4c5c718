#pragma once
/*
 * resource: list, show, create, patch and delete of objects that are rows of one table (model/resource.h).
 * What is special about a kind of object stands in its struct resource_rules.
 */
#include "api/page.h"
#include "api/request.h"
#include "db/resource.h"

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

struct resource_rules {
	const struct resource *resource;
	bool has_name; /* idents may be names */
	/* Checks the values of a draft and completes them; is_new: POST. */
	SUSPENDS int (*check)(struct resource_draft *draft, bool is_new, struct error *err);
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

/* Index of a field, which must exist. */
size_t resource_index(const struct resource *resource, const char *name);
/* Text of a draft's field as it will be. */
const char *resource_draft_text(const struct resource_draft *draft, const char *name);
void resource_draft_set(struct resource_draft *draft, const char *name, const char *value);

/* page: made by page_init and resource_list_init, with filters; url and the rest are set here. detail: 1, 0,
 * -1. */
SUSPENDS int resource_reply_list(struct page *page, const struct resource_rules *rules, int detail,
				 struct error *err);
SUSPENDS int resource_show(struct api_request *request, const struct resource_rules *rules,
			   struct error *err);
SUSPENDS int resource_create(struct api_request *request, const struct resource_rules *rules,
			     struct error *err);
SUSPENDS int resource_patch(struct api_request *request, const struct resource_rules *rules,
			    struct error *err);
SUSPENDS int resource_remove(struct api_request *request, const struct resource_rules *rules,
			     struct error *err);
