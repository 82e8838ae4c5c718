#pragma once
/*
 * page: answers with a list: limit, marker, sort_key, sort_dir, the `next` link. Rows leave in chunks by key,
 * one statement each; a long list is streamed, so neither the document nor a connection waits for a slow
 * reader, nor do rows that another list has a use for the place of.
 */
#include <stdbool.h>

#include "api/chunk.h"
#include "api/request.h"
#include "db/list.h"

struct page {
	struct api_request *request;
	struct list list;
	const char *collection; /* member name: "nodes" */
	const char *url;        /* of the next link: "/v1/nodes" */
	const char *uuid;       /* SQL expression of the marker; the rows' column LIST_COLUMNS must be it */
	const char *sort_key;   /* as asked for; "id" */
	bool is_descending;
	int limit;
	int chunk_max;        /* rows a statement, at most */
	bool has_documents;   /* rows may be large */
	struct chunk chunk;   /* what the latest statement gave */
	int left;             /* rows still to be written, at most */
	int row_count;        /* written so far, */
	size_t byte_count;    /* and their bytes */
	char last[UUID_TEXT]; /* of those: uuid of the last, "" before the first */
	bool is_streaming;    /* status and headers have left */
	struct buf arguments; /* of the next link, between sort_dir and limit: "detail=True&" */
	void (*write)(struct buf *buf, const struct api_request *request, const void *arg,
		      const struct db_rows *rows, int row);
	bool (*keep)(const struct api_request *request, const void *arg, const struct db_rows *rows, int row);
	const void *arg; /* of write and keep; keep may be NULL: all */
};

/* The parameters of each list, for the routes' tables. */
#define PAGE_PARAMETERS                                                                                      \
	{ "limit", QUERY_INT, 0 }, { "marker", QUERY_UUID, 0 }, { "sort_key", QUERY_TEXT, 0 },               \
	{                                                                                                    \
		"sort_dir", QUERY_TEXT, 0                                                                    \
	}

/* Empties the page. */
void page_init(struct page *page, struct api_request *request);
void page_release(struct page *page);
/* Reads limit, sort_key and sort_dir. page->list is made; the caller sets its order by sort_key.
 * -ERR_INVALID. */
int page_read(struct page *page, struct error *err);
/* Adds name=value to the next link. */
void page_argument(struct page *page, const char *name, const char *value);
/* The member `next` of an answer with more to come. */
void page_write_next(struct page *page, const char *marker);
/* Finds the marker, then answers. -ERR_NOT_FOUND without a sentence: the marker is nothing. */
SUSPENDS int page_reply(struct page *page, struct error *err);
