/* Queries and path segments into url: results are NUL-free UTF-8 no longer than their source, walks end,
 * and what was decoded survives encoding and decoding. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct arena *arena, const char *text)
{
	struct buf buf;

	buf_init(&buf, 3 * strlen(text) + 1);
	url_encode(&buf, text, "");
	assert(!buf.overflow);
	assert(strcmp(url_decode(arena, buf.len > 0 ? buf.data : "", buf.len), text) == 0);
	buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct url_param param;
	char *text, *segment;
	struct url_query walk;
	size_t pairs = 0;
	int rc;

	if (size > 4096)
		return 0;
	arena_init(&arena);
	segment = url_decode(&arena, (const char *)data, size);
	if (segment != NULL) {
		assert(strlen(segment) <= size);
		round_trip(&arena, segment);
	}
	text = arena_strndup(&arena, (const char *)data, size);
	walk.rest = text;
	while ((rc = url_query_next(&walk, &arena, &param)) != 0) {
		assert(walk.rest <= text + strlen(text));
		assert(++pairs <= size);
		if (rc > 0) {
			round_trip(&arena, param.name);
			round_trip(&arena, param.value);
		}
	}
	arena_release(&arena);
	return 0;
}
