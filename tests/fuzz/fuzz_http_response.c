/* Bytes of a connection into http_answer: nothing is read out of bounds, limits are kept, what is complete
 * has a final status, and how the bytes were cut makes no difference. The first byte says how they are cut,
 * and whether the request was HEAD. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/http_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_MAX = 2048, BODY_MAX = 4096 };

/* Everything that the client would see. */
struct seen {
	enum http_answer_result result;
	int status;
	bool is_keepable;
	size_t used;
	uint64_t sum;
};

static uint64_t sum_of(const struct buf *buf, uint64_t sum)
{
	for (size_t i = 0; i < buf->len; i++)
		sum = sum * 31 + (unsigned char)buf->data[i];
	return sum * 31 + buf->len;
}

static struct seen parse(const char *data, size_t size, size_t piece, bool is_head)
{
	struct http_answer answer;
	struct seen seen = { .result = HTTP_ANSWER_MORE };
	struct buf head, body;

	buf_init(&head, HEAD_MAX);
	buf_init(&body, BODY_MAX);
	http_answer_init(&answer, &head, &body, is_head);
	for (size_t at = 0, used; at < size && seen.result == HTTP_ANSWER_MORE; at += piece) {
		size_t len = size - at < piece ? size - at : piece;
		seen.result = http_answer_feed(&answer, data + at, len, &used);
		assert(used <= len);
		seen.used = at + used;
	}
	if (seen.result == HTTP_ANSWER_MORE)
		seen.result = http_answer_finish(&answer);
	assert(seen.result != HTTP_ANSWER_MORE);
	assert(head.len <= HEAD_MAX && body.len <= BODY_MAX);
	assert((seen.result == HTTP_ANSWER_TOO_LARGE) == (head.overflow || body.overflow));
	if (seen.result == HTTP_ANSWER_COMPLETE) {
		assert(answer.status >= 200 || answer.status < 100);
		assert(!is_head || body.len == 0);
		seen.status = answer.status;
		seen.is_keepable = answer.is_keepable;
		seen.sum = sum_of(&body, sum_of(&head, 1));
	}
	buf_release(&head);
	buf_release(&body);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct seen whole, cut;

	if (size < 1)
		return 0;
	whole = parse(text + 1, size - 1, size, data[0] & 1);
	cut = parse(text + 1, size - 1, 1 + (data[0] >> 1) % 64, data[0] & 1);
	assert(whole.result == cut.result);
	if (whole.result != HTTP_ANSWER_COMPLETE)
		return 0;
	assert(whole.status == cut.status && whole.is_keepable == cut.is_keepable);
	assert(whole.sum == cut.sum && whole.used == cut.used);
	return 0;
}
