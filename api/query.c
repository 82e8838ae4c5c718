#include "api/query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/url.h"
#include "lib/uuid.h"
#include "model/field.h"

int query_parse(struct query *query, const char *text, struct arena *arena, struct error *err)
{
	struct url_query walk = { .rest = text };
	struct url_param param;
	int rc;

	query->count = 0;
	while ((rc = url_query_next(&walk, arena, &param)) > 0) {
		if (query->count == QUERY_MAX)
			return fail(err, ERR_INVALID, "More than %d arguments.", QUERY_MAX);
		query->pairs[query->count++] =
			(struct query_pair){ .name = param.name, .value = param.value };
	}
	return rc < 0 ? fail(err, ERR_INVALID, "The query is not valid percent-encoded UTF-8.") : 0;
}

int parse_int(const char *name, const char *text, long *ret, struct error *err)
{
	char *end;

	long value = strtol(text, &end, 10); /* Ironic's integers have no end */
	if (end == text || *end)
		return fail(err, ERR_INVALID, "Expected an integer for %s: %s", name, text);
	*ret = value;
	return 0;
}

static int check_value(const struct query_parameter *row, const char *value, struct error *err)
{
	bool as_bool;
	long as_int;

	switch (row->type) {
	case QUERY_BOOL:
	case QUERY_DETAIL:
		return parse_bool(row->name, value, &as_bool, err);
	case QUERY_INT:
		return parse_int(row->name, value, &as_int, err);
	case QUERY_UUID:
		return uuid_is_valid(value)
			       ? 0
			       : fail(err, ERR_INVALID, "Expected UUID for %s: %s", row->name, value);
	case QUERY_TEXT:
	case QUERY_LIST:
		break;
	}
	return 0;
}

/* Appends the words of a list. */
static size_t add_words(char *joined, size_t used, const char *list)
{
	while (*list) {
		const char *word = list + strspn(list, " ,");
		size_t len = strcspn(word, ",");

		list = word + len;
		while (len > 0 && word[len - 1] == ' ')
			len--;
		if (len > 0 && used > 0)
			joined[used++] = ',';
		memcpy(joined + used, word, len);
		used += len;
	}
	return used;
}

/* What the pair at i is the last of. */
static const char *join_list(const struct query *query, size_t i, struct arena *arena)
{
	size_t size = 0, used = 0;

	for (size_t j = 0; j <= i; j++)
		size += strlen(query->pairs[j].value) + 1;
	char *joined = arena_alloc(arena, size + 1);
	for (size_t j = 0; j <= i; j++) {
		if (strcmp(query->pairs[j].name, query->pairs[i].name) == 0)
			used = add_words(joined, used, query->pairs[j].value);
	}
	joined[used] = '\0';
	return joined;
}

static bool is_last(const struct query *query, size_t i)
{
	for (size_t j = i + 1; j < query->count; j++) {
		if (strcmp(query->pairs[j].name, query->pairs[i].name) == 0)
			return false;
	}
	return true;
}

static int check_repetition(struct query *query, size_t i, const struct query_parameter *row,
			    struct arena *arena, struct error *err)
{
	struct query_pair *pair = &query->pairs[i];

	if (strcmp(row->name, QUERY_ANY_NAME) == 0)
		return 0;
	if (row->type != QUERY_LIST)
		return is_last(query, i) ? 0
					 : fail(err, ERR_INVALID, "Expected one value for %s, got several.",
						pair->name);
	if (is_last(query, i))
		pair->value = join_list(query, i, arena);
	return 0;
}

static const struct query_parameter *find_row(const struct query_parameter *table, const char *name)
{
	while (table && table->name && strcmp(table->name, name) != 0 &&
	       strcmp(table->name, QUERY_ANY_NAME) != 0)
		table++;
	return table && table->name ? table : NULL;
}

void query_yield(struct query *query, const struct query_parameter *table, const json_t *body)
{
	size_t kept = 0;

	for (size_t i = 0; i < query->count; i++) {
		const char *name = query->pairs[i].name;

		if (find_row(table, name) || !json_object_get(body, name))
			query->pairs[kept++] = query->pairs[i];
	}
	query->count = kept;
}

int query_check(struct query *query, const struct query_parameter *table, int version, struct arena *arena,
		struct error *err)
{
	for (size_t i = 0; i < query->count; i++) {
		if (!find_row(table, query->pairs[i].name))
			return fail(err, ERR_INVALID, "Unexpected arguments: %s", query->pairs[i].name);
	}
	for (size_t i = 0; i < query->count; i++) {
		const struct query_parameter *row = find_row(table, query->pairs[i].name);

		if (version < row->since && row->type == QUERY_DETAIL)
			return fail(err, ERR_INVALID, "Invalid query parameter ?%s=%s received.", row->name,
				    query->pairs[i].value);
		if (version < row->since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		int rc = check_value(row, query->pairs[i].value, err);
		if (rc == 0)
			rc = check_repetition(query, i, row, arena, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

const char *query_text(const struct query *query, const char *name)
{
	for (size_t i = query->count; i-- > 0;) {
		if (strcmp(query->pairs[i].name, name) == 0)
			return query->pairs[i].value;
	}
	return NULL;
}

const char *query_word(const char **rest, size_t *ret_len)
{
	const char *word = *rest;

	*ret_len = strcspn(word, ",");
	*rest = word + *ret_len + (word[*ret_len] == ',');
	return *word ? word : NULL;
}

bool query_word_lower(const char **rest, char *word, size_t size)
{
	size_t len;
	const char *text = query_word(rest, &len);

	if (!text)
		return false;
	if (len >= size)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		word[i] = (char)tolower((unsigned char)text[i]);
	word[len] = '\0';
	return true;
}

int query_bool(const struct query *query, const char *name)
{
	const char *text = query_text(query, name);
	bool value = false;

	if (!text || parse_bool(name, text, &value, NULL) < 0)
		return -1;
	return value;
}
