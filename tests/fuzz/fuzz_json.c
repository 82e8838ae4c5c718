/*
 * fuzz_json: the scanner must agree with jansson: what jansson parses, the scanner passes, and finds the
 * first member of an object; what is written reads back as the same value; what is masked as text is what the
 * masked value is written as.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(json_t *value)
{
	struct buf buf;
	struct error err;
	json_t *again = NULL;

	buf_init(&buf, 16 * 1024 * 1024);
	json_write(&buf, value);
	assert(!buf.overflow);
	assert(json_parse(buf.data, buf.len, JSON_DEPTH_MAX, &again, &err) == 0);
	assert(json_equal(value, again));
	json_decref(again);
	buf_clear(&buf);
	json_repr(&buf, value);
	buf_release(&buf);
}

/* The raw text of an unambiguous member parses to what jansson has for it. */
static void check_scanned(const char *text, size_t len, json_t *value)
{
	const char *found;
	size_t found_len;
	void *at = json_object_iter(value);

	if (!at)
		return;
	const char *key = json_object_iter_key(at);
	assert(json_scan(text, len, (const char *const[]){ key, NULL }, &found, &found_len));
	assert(found >= text && found + found_len <= text + len);
	json_t *member = NULL;
	assert(json_parse(found, found_len, JSON_DEPTH_MAX, &member, NULL) == 0);
	json_decref(member);
	if (*found == '"') {
		char *plain = xmalloc(found_len);
		json_unquote(found, found_len, plain, found_len);
		xfree(plain);
	}
}

/* Takes the value's secrets away. */
static void check_masked(json_t *value)
{
	struct buf text, as_text, as_value;

	buf_init(&text, 16 * 1024 * 1024);
	buf_init(&as_text, 16 * 1024 * 1024);
	buf_init(&as_value, 16 * 1024 * 1024);
	json_write(&text, value);
	json_mask_secrets(value);
	json_write(&as_value, value);
	if (json_mask_text(&as_text, text.data, text.len, NULL))
		assert(as_text.len == as_value.len && memcmp(as_text.data, as_value.data, as_text.len) == 0);
	buf_release(&text);
	buf_release(&as_text);
	buf_release(&as_value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *found;
	size_t found_len;
	struct error err;
	json_t *value = NULL;

	bool is_scanned = json_scan(text, size, (const char *const[]){ NULL }, &found, &found_len);
	json_scan(text, size, (const char *const[]){ "a", "b", NULL }, &found, &found_len);
	if (json_parse(text, size, JSON_DEPTH_MAX, &value, &err) < 0) {
		assert(err.code == ERR_INVALID && *err.text);
		return 0;
	}
	assert(is_scanned);
	assert(json_value_depth(value, JSON_DEPTH_MAX) <= json_depth(text, size));
	check_written(value);
	check_scanned(text, size, value);
	if (json_is_object(value) || json_is_array(value))
		check_masked(value);
	json_decref(value);
	return 0;
}
