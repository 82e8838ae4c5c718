/* reader: see reader.h. */
#include "drivers/redfish/reader.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "drivers/redfish/features.h"
#include "lib/json.h"

/* So many resources are waited for that are answered by 5xx; then it is not a moment's weakness. */
#define BUSY_MAX 3

void redfish_reader_begin(struct redfish_reader *reader, struct redfish_client *client)
{
	*reader = (struct redfish_reader){ .client = client,
					   .documents = json_object(),
					   .lists = json_array() };
	client->patience = 2;
}

int redfish_reader_end(struct redfish_reader *reader, struct error *err)
{
	reader->client->patience = 0;
	json_decref(reader->documents);
	json_decref(reader->lists);
	reader->documents = reader->lists = NULL;
	if (reader->rc < 0 && err)
		*err = reader->err;
	return reader->rc;
}

/* ---- one document ---- */

/* The BMC's word on one resource; everything else concerns all that could be asked. */
static bool is_only_this(const struct redfish_client *client, int rc)
{
	return rc == -ERR_BMC || rc == -ERR_TOO_LARGE || rc == -ERR_INVALID ||
	       (rc == -ERR_BMC_AUTH && client->status == 403);
}

static int count_read(struct redfish_reader *reader, struct error *err)
{
	if (++reader->reads > REDFISH_READS_MAX)
		return fail(err, ERR_BMC, "%s leads to more than %d resources", reader->client->info.address,
			    REDFISH_READS_MAX);
	return 0;
}

/* New reference; NULL: not there, or reader->rc is set. */
SUSPENDS static json_t *fetch(struct redfish_reader *reader, const char *path)
{
	json_t *document = NULL;
	int rc;

	if (reader->rc < 0 || reader->reads > REDFISH_READS_MAX)
		return NULL;
	rc = count_read(reader, &reader->err);
	if (rc == 0)
		rc = redfish_get(reader->client, path, &reader->err);
	if (rc == 0)
		rc = redfish_object(reader->client, &document, &reader->err);
	if (rc < 0 && !is_only_this(reader->client, rc))
		reader->rc = rc;
	if (rc < 0 && reader->client->status >= 500 && ++reader->busy == BUSY_MAX)
		reader->client->patience = 1;
	return document;
}

const json_t *redfish_reader_keep(struct redfish_reader *reader, const char *path, json_t *take_document)
{
	json_t *old = json_object_get(reader->documents, path);

	if (!take_document && reader->rc < 0)
		return NULL;
	if (old) /* somebody may still read in it */
		json_array_append(reader->lists, old);
	json_object_set_new_nocheck(reader->documents, path, take_document ? take_document : json_null());
	return take_document;
}

/* A resource has an Id, a collection has members; a link has neither. */
static bool is_expanded(const json_t *link)
{
	return json_object_get(link, "Id") || json_object_get(link, "Members");
}

static bool normalise(const struct redfish_reader *reader, const char *link, char *path)
{
	return redfish_path_of_link(reader->client->bmc, link, path, REDFISH_PATH_MAX, NULL) == 0;
}

const json_t *redfish_read(struct redfish_reader *reader, const char *path)
{
	char normal[REDFISH_PATH_MAX];
	const json_t *known;

	if (!normalise(reader, path, normal))
		return NULL;
	known = json_object_get(reader->documents, normal);
	if (known)
		return json_is_object(known) ? known : NULL;
	return redfish_reader_keep(reader, normal, fetch(reader, normal));
}

/* Remembers the resources that stand in an expanded answer: other links lead to them, too.
 * NOLINTNEXTLINE(misc-no-recursion): depth bounds it. */
static void learn(struct redfish_reader *reader, json_t *value, unsigned depth)
{
	const char *path = redfish_text(value, "@odata.id");
	const char *name;
	char normal[REDFISH_PATH_MAX];
	json_t *item;
	size_t index;

	if (!depth)
		return;
	if (path && is_expanded(value) && !strchr(path, '#') && normalise(reader, path, normal) &&
	    !json_object_get(reader->documents, normal))
		json_object_set_nocheck(reader->documents, normal, value);
	if (json_is_object(value))
		json_object_foreach(value, name, item) learn(reader, item, depth - 1);
	else
		json_array_foreach(value, index, item) learn(reader, item, depth - 1);
}

const json_t *redfish_read_expanded(struct redfish_reader *reader, const char *path, unsigned levels)
{
	char normal[REDFISH_PATH_MAX], query[REDFISH_PATH_MAX + 32];
	const struct redfish_features *features = redfish_features_get(reader);
	json_t *document;
	bool is_refused;

	if (levels > features->expand_levels)
		levels = features->expand_levels;
	if (!levels || !normalise(reader, path, normal) || json_object_get(reader->documents, normal))
		return redfish_read(reader, path);
	snprintf(query, sizeof(query), "%s?$expand=.($levels=%u)", normal, levels);
	document = fetch(reader, query);
	if (document) {
		learn(reader, document, JSON_DEPTH_MAX);
		return redfish_reader_keep(reader, normal, document);
	}
	is_refused = reader->client->status >= 400;
	document = (json_t *)redfish_read(reader, path);
	if (document && is_refused)
		redfish_features_unexpandable(reader);
	return document;
}

/* ---- links ---- */

SUSPENDS static const json_t *follow(struct redfish_reader *reader, const json_t *link, unsigned levels)
{
	const char *path = redfish_text(link, "@odata.id");

	if (is_expanded(link))
		return link;
	if (!path)
		return NULL;
	return levels ? redfish_read_expanded(reader, path, levels) : redfish_read(reader, path);
}

const json_t *redfish_follow(struct redfish_reader *reader, const json_t *link)
{
	return follow(reader, link, 0);
}

const json_t *redfish_follow_expanded(struct redfish_reader *reader, const json_t *link, unsigned levels)
{
	return follow(reader, link, levels);
}

SUSPENDS static void add_members(struct redfish_reader *reader, const json_t *links, json_t *list)
{
	const json_t *link;
	size_t index;

	json_array_foreach((json_t *)links, index, link)
	{
		const json_t *document;
		if (reader->rc < 0 || json_array_size(list) == REDFISH_MEMBERS_MAX)
			return;
		document = redfish_follow(reader, link);
		if (document)
			json_array_append(list, (json_t *)document);
	}
}

const json_t *redfish_members(struct redfish_reader *reader, const json_t *collection_or_list)
{
	const json_t *page = collection_or_list;
	json_t *list = json_array();

	json_array_append_new(reader->lists, list);
	if (json_is_array(page))
		add_members(reader, page, list);
	/* each page is a document, and each document is read once: a loop of pages ends by the bound */
	while (json_is_object(page) && json_array_size(list) < REDFISH_MEMBERS_MAX) {
		const char *next = redfish_text(page, "Members@odata.nextLink");
		add_members(reader, json_object_get(page, "Members"), list);
		if (!next || ++reader->reads > REDFISH_READS_MAX)
			break;
		page = redfish_read(reader, next);
	}
	return list;
}

/* ---- members of documents ---- */

const char *redfish_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

const char *redfish_trimmed(const struct redfish_reader *reader, const json_t *object, const char *name)
{
	const char *text = redfish_text(object, name);
	size_t len;

	while (text && isspace((unsigned char)*text))
		text++;
	len = text ? strlen(text) : 0;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return len ? arena_strndup(&reader->client->task->arena, text, len) : NULL;
}

const char *redfish_link(const json_t *object, const char *name)
{
	return redfish_text(json_object_get(object, name), "@odata.id");
}

int64_t redfish_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	double number = json_number_value(value);

	if (json_is_integer(value))
		return json_integer_value(value);
	return isfinite(number) && fabs(number) < 9e18 ? (int64_t)number : 0;
}

bool redfish_is_present(const json_t *object)
{
	const char *state = redfish_text(json_object_get(object, "Status"), "State");

	return !state || (strcmp(state, "Absent") != 0 && strcmp(state, "Disabled") != 0);
}
