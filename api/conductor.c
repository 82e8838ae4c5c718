/* conductor: the conductors as they have made themselves known. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/fleet.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/page.h"

/* Members of an answer. */
enum {
	SHOW_HOSTNAME,
	SHOW_GROUP,
	SHOW_ALIVE,
	SHOW_CREATED_AT,
	SHOW_UPDATED_AT,
	SHOW_DRIVERS,
	SHOW_LINKS,
	SHOW_COUNT
};
static const char *const names[SHOW_COUNT] = { "hostname",   "conductor_group", "alive", "created_at",
					       "updated_at", "drivers",         "links" };
#define SHOW_LIST   (1u << SHOW_HOSTNAME | 1u << SHOW_GROUP | 1u << SHOW_ALIVE | 1u << SHOW_LINKS)
#define SHOW_DETAIL ((1u << SHOW_COUNT) - 1)

static int choose(const struct api_request *request, unsigned preset, unsigned *ret, struct error *err)
{
	const char *fields = query_text(&request->query, "fields"), *word;
	size_t len;

	*ret = query_bool(&request->query, "detail") == 1 ? SHOW_DETAIL : preset;
	if (!fields)
		return 0;
	if (query_bool(&request->query, "detail") == 1)
		return fail(err, ERR_INVALID, "Can't fetch a subset of fields with 'detail' set");
	*ret = 1u << SHOW_LINKS;
	while ((word = query_word(&fields, &len))) {
		size_t i = 0;

		while (i < SHOW_COUNT && (strlen(names[i]) != len || strncasecmp(names[i], word, len) != 0))
			i++;
		if (i == SHOW_COUNT)
			return fail(err, ERR_INVALID, "Field %.*s is not a valid field.",
				    (int)(len < 64 ? len : 64), word);
		*ret |= 1u << i;
	}
	return 0;
}

static void write_drivers(struct buf *body, const struct conductor_row *row)
{
	buf_putc(body, '[');
	for (size_t i = 0; i < row->driver_count; i++) {
		json_out_comma(body);
		buf_json_string(body, row->drivers[i], strlen(row->drivers[i]));
	}
	buf_putc(body, ']');
}

static void write_member(struct api_request *request, const struct conductor_row *row, int member)
{
	struct buf *body = &request->out->body;

	json_out_key(body, names[member]);
	switch (member) {
	case SHOW_HOSTNAME:
		buf_json_string(body, row->hostname, strlen(row->hostname));
		break;
	case SHOW_GROUP:
		buf_json_string(body, row->group, strlen(row->group));
		break;
	case SHOW_ALIVE:
		buf_puts(body, row->is_alive ? "true" : "false");
		break;
	case SHOW_CREATED_AT:
		json_out_time(body, row->created_at, row->created_at ? strlen(row->created_at) : 0);
		break;
	case SHOW_UPDATED_AT:
		json_out_time(body, row->seen_at, row->seen_at ? strlen(row->seen_at) : 0);
		break;
	case SHOW_DRIVERS:
		write_drivers(body, row);
		break;
	case SHOW_LINKS:
		json_out_item_links(body, request->base, "conductors", row->hostname, strlen(row->hostname),
				    "");
		break;
	}
}

static void write_conductor(struct api_request *request, const struct conductor_row *row, unsigned shown)
{
	buf_putc(&request->out->body, '{');
	for (int member = 0; member < SHOW_COUNT; member++) {
		if (shown & 1u << member)
			write_member(request, row, member);
	}
	buf_putc(&request->out->body, '}');
}

/* ---- list ---- */

static const char *text_of(const struct conductor_row *row, int member)
{
	const char *texts[SHOW_COUNT] = { [SHOW_HOSTNAME] = row->hostname,
					  [SHOW_GROUP] = row->group,
					  [SHOW_CREATED_AT] = row->created_at,
					  [SHOW_UPDATED_AT] = row->seen_at };

	return texts[member] ? texts[member] : "";
}

static int compare(const void *a, const void *b, void *arg)
{
	const int *member = arg;

	return strcmp(text_of(*(const struct conductor_row *const *)a, *member),
		      text_of(*(const struct conductor_row *const *)b, *member));
}

/* The member by which to sort; SHOW_COUNT: as they registered. */
static int find_sort_key(const char *name, int *ret, struct error *err)
{
	static const int sortable[] = { SHOW_HOSTNAME, SHOW_GROUP, SHOW_CREATED_AT, SHOW_UPDATED_AT };

	*ret = SHOW_COUNT;
	if (strcmp(name, "id") == 0)
		return 0;
	for (size_t i = 0; i < sizeof sortable / sizeof sortable[0]; i++) {
		if (strcmp(names[sortable[i]], name) == 0) {
			*ret = sortable[i];
			return 0;
		}
	}
	return fail(err, ERR_INVALID, "The sort_key value \"%s\" is an invalid field for sorting", name);
}

/* All conductors in the order of the page. */
static int sort(struct page *page, const struct conductor_row **rows, struct error *err)
{
	const struct registry *registry = page->request->registry;
	size_t count = registry->conductor_count;
	int member;

	int rc = find_sort_key(page->sort_key, &member, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++)
		rows[i] = &registry->conductors[i];
	if (member != SHOW_COUNT)
		qsort_r(rows, count, sizeof(const struct conductor_row *), compare, &member);
	for (size_t i = 0; page->is_descending && i < count / 2; i++) {
		const struct conductor_row *row = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
	return 0;
}

static int find_marker(const struct api_request *request, const struct conductor_row *const *rows,
		       size_t *ret, struct error *err)
{
	const char *marker = query_text(&request->query, "marker");

	for (*ret = 0; marker && *ret < request->registry->conductor_count; (*ret)++) {
		if (strcasecmp(rows[*ret]->hostname, marker) == 0) {
			(*ret)++;
			return 0;
		}
	}
	return marker ? fail(err, ERR_NOT_FOUND, "Conductor %s could not be found.", marker) : 0;
}

static int write_list(struct page *page, unsigned shown, struct error *err)
{
	struct api_request *request = page->request;
	size_t count = request->registry->conductor_count, at = 0;
	const struct conductor_row **rows =
		arena_alloc(request->arena, (count + 1) * sizeof(const struct conductor_row *));
	struct buf *body = &request->out->body;

	int rc = sort(page, rows, err);
	if (rc == 0)
		rc = find_marker(request, rows, &at, err);
	if (rc < 0)
		return rc;
	size_t end = count - at > (size_t)page->limit ? at + (size_t)page->limit : count;
	reply_json(request, 200);
	buf_puts(body, "{\"conductors\":[");
	for (; at < end; at++) {
		json_out_comma(body);
		write_conductor(request, rows[at], shown);
	}
	buf_putc(body, ']');
	if (end < count)
		page_write_next(page, rows[end - 1]->hostname);
	buf_putc(body, '}');
	return 0;
}

int conductor_list(struct api_request *request, struct error *err)
{
	struct page page;
	unsigned shown;

	page_init(&page, request);
	page.url = "/v1/conductors";
	int rc = choose(request, SHOW_LIST, &shown, err);
	if (rc == 0)
		rc = page_read(&page, err);
	if (rc == 0)
		rc = write_list(&page, shown, err);
	page_release(&page);
	return rc;
}

/* ---- one ---- */

int conductor_show(struct api_request *request, struct error *err)
{
	unsigned shown;

	int rc = choose(request, SHOW_DETAIL, &shown, err);
	for (size_t i = 0; rc == 0 && i < request->registry->conductor_count; i++) {
		const struct conductor_row *row = &request->registry->conductors[i];

		if (strcasecmp(row->hostname, request->ident[0]) == 0) {
			reply_json(request, 200);
			write_conductor(request, row, shown);
			return 0;
		}
	}
	return rc < 0 ? rc : fail(err, ERR_NOT_FOUND, "Conductor %s could not be found.", request->ident[0]);
}
