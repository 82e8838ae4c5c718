#include "api/page.h"

#include <string.h>

#include "api/server.h"
#include "lib/url.h"
#include "lib/xalloc.h"

#define ARGUMENTS_MAX 8192
#define CHUNK_DEFAULT 250
#define CHUNK_FIRST   16           /* rows, while nobody knows how large they are */
#define CHUNK_BYTES   (256 * 1024) /* of JSON, about */
/* A larger body leaves in pieces of about this size; the pieces of all lists share the memory. */
#define PIECE_MAX   ((size_t)32 * 1024)
#define PIECE_MIN   ((size_t)4 * 1024)
#define PIECE_ROOM  ((size_t)4 * 1024) /* for the row with which a piece is full */
#define PIECES_SIZE ((size_t)1024 * 1024)

static unsigned lists; /* being written */

void page_init(struct page *page, struct api_request *request)
{
	*page = (struct page){ .request = request, .chunk_max = CHUNK_DEFAULT };
	buf_init(&page->arguments, ARGUMENTS_MAX);
}

int page_read(struct page *page, struct error *err)
{
	const struct query *query = &page->request->query;
	const char *limit = query_text(query, "limit");
	const char *sort_dir = query_text(query, "sort_dir");
	const char *sort_key = query_text(query, "sort_key");
	long value = server_max_limit();

	if (limit && parse_int("limit", limit, &value, err) < 0)
		return -ERR_INVALID;
	if (value <= 0)
		return fail(err, ERR_INVALID, "Limit must be positive");
	page->limit = (int)(value < server_max_limit() ? value : server_max_limit());
	if (sort_dir && strcmp(sort_dir, "asc") != 0 && strcmp(sort_dir, "desc") != 0)
		return fail(err, ERR_INVALID,
			    "Invalid sort direction: %s. Acceptable values are 'asc' or 'desc'", sort_dir);
	page->is_descending = sort_dir && strcmp(sort_dir, "desc") == 0;
	page->list.is_descending = page->is_descending;
	page->sort_key = sort_key ? sort_key : "id";
	return 0;
}

void page_release(struct page *page)
{
	chunk_give(&page->chunk);
	list_release(&page->list);
	buf_release(&page->arguments);
}

void page_argument(struct page *page, const char *name, const char *value)
{
	buf_puts(&page->arguments, name);
	buf_putc(&page->arguments, '=');
	url_encode(&page->arguments, value, ",:/");
	buf_putc(&page->arguments, '&');
}

static int find_marker(struct page *page, struct error *err)
{
	const char *marker = query_text(&page->request->query, "marker");

	return marker ? list_start_at(&page->list, page->request->db, page->uuid, marker, err) : 0;
}

void page_write_next(struct page *page, const char *marker)
{
	struct buf *body = &page->request->out->body;

	buf_printf(body, ",\"next\":\"%s%s?sort_key=%s&sort_dir=%s&", page->request->base, page->url,
		   page->sort_key, page->is_descending ? "desc" : "asc");
	buf_append(body, page->arguments.data, page->arguments.len);
	buf_printf(body, "limit=%d&marker=", page->limit);
	url_encode(body, marker, "");
	buf_putc(body, '"');
}

static size_t piece_size(void)
{
	size_t share = PIECES_SIZE / lists;

	return share < PIECE_MIN ? PIECE_MIN : share > PIECE_MAX ? PIECE_MAX : share;
}

/* The first piece takes status and headers along. */
static int begin_stream(struct page *page)
{
	server_finish_headers(page->request);
	int rc = http_stream_begin(page->request->out);

	page->is_streaming = rc == 0;
	return rc;
}

static bool has_rows(const struct page *page)
{
	return page->chunk.rows && page->chunk.row < db_rows_count(page->chunk.rows);
}

/* The reader is slow: other lists may have the place of the rows that are left, and this one goes on behind
 * the last that was written. */
static int wait_for_reader(struct page *page)
{
	struct chunk *chunk = &page->chunk;
	int64_t id = db_value_int(chunk->rows, chunk->row - 1, LIST_ID);
	char *key = db_value_dup(chunk->rows, chunk->row - 1, LIST_KEY);

	chunk_offer(chunk);
	int rc = http_stream_wait(page->request->out);
	if (!chunk_keep(chunk))
		list_start_after(&page->list, id, key);
	xfree(key);
	return rc;
}

/* Sends what has gathered. */
static int flush(struct page *page)
{
	struct http_response *out = page->request->out;
	int rc = page->is_streaming ? 0 : begin_stream(page);

	if (rc == 0)
		rc = http_stream_body(out);
	if (rc > 0 && has_rows(page)) {
		rc = wait_for_reader(page);
	} else if (rc > 0) {
		chunk_give(&page->chunk);
		rc = http_stream_wait(out);
	}
	if (rc == 0)
		buf_reserve(&out->body, piece_size() + PIECE_ROOM);
	return rc;
}

static void write_row(struct page *page)
{
	struct buf *body = &page->request->out->body;
	const struct db_rows *rows = page->chunk.rows;
	int row = page->chunk.row++;

	if (page->keep && !page->keep(page->request, page->arg, rows, row))
		return;
	size_t before = body->len;
	if (page->row_count > 0) /* the body may have left already: its last byte does not tell */
		buf_putc(body, ',');
	page->write(body, page->request, page->arg, rows, row);
	size_t len;
	const char *uuid = db_cell(rows, row, LIST_COLUMNS, &len);
	memcpy(page->last, uuid, len < UUID_TEXT ? len : UUID_TEXT - 1);
	page->byte_count += body->len - before;
	page->row_count++;
	page->left--;
}

static int write_rows(struct page *page)
{
	int rc = 0;

	while (rc == 0 && page->left > 0 && has_rows(page)) {
		write_row(page);
		if (page->request->out->body.len >= piece_size() && page->left > 0 &&
		    (has_rows(page) || !page->list.is_done))
			rc = flush(page);
	}
	return rc;
}

/* How many rows the next statement asks for, so that they and their text stay small in memory. */
static int chunk_size(const struct page *page)
{
	int size = page->chunk_max;

	if (page->row_count > 0) {
		size_t rows = CHUNK_BYTES / (page->byte_count / (size_t)page->row_count + 1);
		size = rows < 1 ? 1 : rows < (size_t)size ? (int)rows : size;
	} else if (page->has_documents && size > CHUNK_FIRST) {
		size = CHUNK_FIRST;
	}
	return page->keep || page->left > size ? size : page->left;
}

static int write_chunk(struct page *page, struct error *err)
{
	int rc = chunk_take(&page->chunk, err);

	if (rc < 0)
		return rc;
	rc = list_next(&page->list, page->request->db, chunk_size(page), &page->chunk.rows, err);
	if (rc < 0)
		return rc;
	page->chunk.row = 0;
	if (page->request->out->status == 0) {
		reply_json(page->request, 200);
		buf_printf(&page->request->out->body, "{\"%s\":[", page->collection);
	}
	rc = write_rows(page);
	chunk_give(&page->chunk);
	return rc;
}

/* After a failure in the middle of a stream there is no way to say so but to cut it. */
static int cut(struct page *page, int rc)
{
	if (!page->is_streaming)
		return rc;
	page->request->out->is_reset = true;
	return 0;
}

int page_reply(struct page *page, struct error *err)
{
	struct buf *body = &page->request->out->body;

	int rc = find_marker(page, err);
	if (rc < 0)
		return rc;
	lists++;
	buf_shrink(&page->list.columns);
	page->left = page->limit;
	while (rc == 0 && page->left > 0 && !page->list.is_done)
		rc = write_chunk(page, err);
	lists--;
	if (rc < 0)
		return cut(page, rc);
	buf_putc(body, ']');
	if (page->left == 0)
		page_write_next(page, page->last);
	buf_putc(body, '}');
	if (page->is_streaming && http_stream_body(page->request->out) > 0)
		http_stream_wait(page->request->out); /* a client that has gone needs no answer */
	return 0;
}
