#include "api/page.h"

#include <string.h>

#include "api/server.h"

#define CHUNK_DEFAULT 250
#define ARGUMENTS_MAX 8192
#define CHUNK_FIRST    16           /* rows, while nobody knows how large they are */
#define CHUNK_BYTES    (64 * 1024)  /* of JSON, about */
#define STREAM_BYTES   (16 * 1024)  /* a body larger than this leaves in pieces */
/* Many lists at once share the memory: so many halve the chunks of all, and of those that wait for their
 * readers fewer do, since they stay longest. */
#define LISTS_HALVE   32
#define WAITING_HALVE 8

static unsigned lists, waiting;

void page_init(struct page *page, struct api_request *request)
{
	*page = (struct page){ .request = request, .chunk = CHUNK_DEFAULT };
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
	list_release(&page->list);
	buf_release(&page->arguments);
}

void page_argument(struct page *page, const char *name, const char *value)
{
	buf_puts(&page->arguments, name);
	buf_putc(&page->arguments, '=');
	percent_encode(&page->arguments, value, ",:/");
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
	percent_encode(body, marker, "");
	buf_putc(body, '"');
}

/* Writes the rows that are kept; returns how many. marker: uuid of the last row so far, "" before the
 * first. */
static int write_rows(struct page *page, const struct db_rows *rows, int room, char marker[UUID_TEXT])
{
	struct buf *body = &page->request->out->body;
	int count = db_rows_count(rows), written = 0;

	for (int row = 0; row < count && written < room; row++) {
		if (page->keep && !page->keep(page->request, page->arg, rows, row))
			continue;
		if (marker[0]) /* the body may have left already: its last byte does not tell */
			buf_putc(body, ',');
		page->write(body, page->request, page->arg, rows, row);
		const char *uuid = db_value(rows, row, LIST_COLUMNS);
		size_t len = strnlen(uuid, UUID_TEXT - 1);
		memcpy(marker, uuid, len);
		marker[len] = '\0';
		written++;
	}
	return written;
}

/* Sends what has gathered. The first time this also sends status and headers. */
static int flush(struct page *page, bool *is_streaming)
{
	struct http_response *out = page->request->out;

	if (!*is_streaming) {
		server_finish_headers(page->request);
		int rc = http_stream_begin(out);
		if (rc < 0)
			return rc;
		*is_streaming = true;
	}
	waiting++;
	int rc = http_stream_write(out, out->body.data, out->body.len);
	waiting--;
	buf_clear(&out->body);
	return rc;
}

/* After a failure in the middle of a stream there is no way to say so but to cut it. */
static int cut(struct page *page, bool is_streaming, int rc)
{
	if (!is_streaming)
		return rc;
	page->request->out->is_reset = true;
	return 0;
}

/* How many rows the next statement asks for, so that they and their text stay small in memory. */
static int chunk_of(const struct page *page, int left)
{
	size_t bytes = CHUNK_BYTES / (1 + lists / LISTS_HALVE + waiting / WAITING_HALVE);
	int chunk = page->chunk;

	if (page->row_count > 0 && bytes / (page->byte_count / (size_t)page->row_count + 1) < (size_t)chunk)
		chunk = (int)(bytes / (page->byte_count / (size_t)page->row_count + 1));
	else if (page->row_count == 0 && page->has_documents && chunk > CHUNK_FIRST)
		chunk = CHUNK_FIRST;
	if (chunk < 1)
		chunk = 1;
	return page->keep || left > chunk ? chunk : left;
}

/* Writes the rows in chunks, at most *left; marker as in write_rows. */
static int write_chunks(struct page *page, int *left, char marker[UUID_TEXT], bool *is_streaming,
			struct error *err)
{
	struct buf *body = &page->request->out->body;
	int rc = 0;

	while (rc == 0 && *left > 0 && !page->list.is_done) {
		struct db_rows *rows = NULL;

		rc = list_next(&page->list, page->request->db, chunk_of(page, *left), &rows, err);
		if (rc < 0)
			break;
		if (page->request->out->status == 0) {
			reply_json(page->request, 200);
			buf_printf(body, "{\"%s\":[", page->collection);
		}
		size_t before = body->len;
		int written = write_rows(page, rows, *left, marker);
		db_rows_release(rows);
		*left -= written;
		page->row_count += written;
		page->byte_count += body->len - before;
		if (body->len >= STREAM_BYTES && !page->list.is_done && *left > 0)
			rc = flush(page, is_streaming);
	}
	return rc;
}

int page_reply(struct page *page, struct error *err)
{
	struct buf *body = &page->request->out->body;
	char marker[UUID_TEXT] = "";
	bool is_streaming = false;
	int left = page->limit;

	int rc = find_marker(page, err);
	if (rc < 0)
		return rc;
	lists++;
	rc = write_chunks(page, &left, marker, &is_streaming, err);
	lists--;
	if (rc < 0)
		return cut(page, is_streaming, rc);
	buf_putc(body, ']');
	if (left == 0)
		page_write_next(page, marker);
	buf_putc(body, '}');
	if (is_streaming)
		flush(page, &is_streaming); /* a client that has gone needs no answer */
	return 0;
}
