/* conductor: the conductors as they have made themselves known. */
#include <string.h>
#include <strings.h>

#include "api/fleet.h"
#include "api/handlers.h"
#include "api/json_out.h"

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
	const char *fields = query_text(&request->query, "fields");

	*ret = query_bool(&request->query, "detail") == 1 ? SHOW_DETAIL : preset;
	if (!fields)
		return 0;
	if (query_bool(&request->query, "detail") == 1)
		return fail(err, ERR_INVALID, "Can't fetch a subset of fields with 'detail' set");
	*ret = 1u << SHOW_LINKS;
	while (*fields) {
		size_t len = strcspn(fields, ","), i = 0;

		while (i < SHOW_COUNT && (strlen(names[i]) != len || strncasecmp(names[i], fields, len) != 0))
			i++;
		if (i == SHOW_COUNT)
			return fail(err, ERR_INVALID, "Field %.*s is not a valid field.",
				    (int)(len < 64 ? len : 64), fields);
		*ret |= 1u << i;
		fields += len;
		fields += *fields == ',';
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

int conductor_list(struct api_request *request, struct error *err)
{
	struct buf *body = &request->out->body;
	unsigned shown;

	int rc = choose(request, SHOW_LIST, &shown, err);
	if (rc < 0)
		return rc;
	reply_json(request, 200);
	buf_puts(body, "{\"conductors\":[");
	for (size_t i = 0; i < request->registry->conductor_count; i++) {
		json_out_comma(body);
		write_conductor(request, &request->registry->conductors[i], shown);
	}
	buf_puts(body, "]}");
	return 0;
}

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
