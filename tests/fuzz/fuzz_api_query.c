/*
 * fuzz_api_query: a request target. The router and the query parser take anything; what they decode is UTF-8
 * without NUL, and a version header never gives a version out of range.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "api/query.h"
#include "api/route.h"
#include "api/version.h"
#include "lib/arena.h"
#include "lib/url.h"
#include "lib/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct query_parameter table[] = {
	{ "limit", QUERY_INT, 0 }, { "detail", QUERY_DETAIL, 43 }, { "flag", QUERY_BOOL, 5 },
	{ "node", QUERY_UUID, 0 }, { "fields", QUERY_LIST, 8 },    { 0 },
};

static void take_query(const char *text, struct arena *arena)
{
	struct query query;
	struct error err;

	if (query_parse(&query, text, arena, &err) < 0)
		return;
	assert(query.count <= QUERY_MAX);
	for (size_t i = 0; i < query.count; i++) {
		assert(utf8_is_valid(query.pairs[i].name, strlen(query.pairs[i].name)));
		assert(utf8_is_valid(query.pairs[i].value, strlen(query.pairs[i].value)));
	}
	if (query_check(&query, table, 115, arena, &err) == 0 && query_text(&query, "flag"))
		assert(query_bool(&query, "flag") >= 0);
}

static void take_path(const char *text, struct arena *arena)
{
	struct route_path cut;
	char allow[128];

	if (!route_cut(&cut, text))
		return;
	assert(cut.count <= ROUTE_SEGMENT_MAX);
	for (size_t i = 0; i < cut.count; i++)
		url_decode(arena, cut.segments[i], cut.lens[i]);
	route_find(&cut, "GET", allow, sizeof allow);
	route_find(&cut, text, allow, sizeof allow);
	assert(strlen(allow) < sizeof allow);
}

static void take_version(const char *text)
{
	struct version version;
	struct error err;

	if (version_negotiate(text, NULL, &version, &err) == VERSION_OK)
		assert(version.minor >= VERSION_MIN && version.minor <= VERSION_MAX);
	if (version_negotiate(NULL, text, &version, &err) == VERSION_OK)
		assert(version.minor >= VERSION_MIN && version.minor <= VERSION_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;

	arena_init(&arena);
	char *text = arena_strndup(&arena, (const char *)data, size);
	take_query(text, &arena);
	take_path(text, &arena);
	take_version(text);
	arena_release(&arena);
	return 0;
}
