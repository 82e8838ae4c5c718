#include "lib/url.h"

#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "tests/support/unit.h"

static void test_url_decode__table__decodes_or_refuses(void **state)
{
	static const struct {
		const char *text, *decoded;
	} rows[] = {
		{ "", "" },
		{ "node-1", "node-1" },
		{ "a%20b%2Fc", "a b/c" },
		{ "%c3%A9", "\xc3\xa9" },
		{ "a+b", "a+b" },
		{ "%", NULL },
		{ "%4", NULL },
		{ "a%4", NULL },
		{ "%zz", NULL },
		{ "%4g", NULL },
		{ "%%41", NULL },
		{ "%00", NULL },
		{ "a%00b", NULL },
		{ "%ff", NULL },
		{ "\xff", NULL },
		{ "%c3", NULL },
		{ "%ed%a0%80", NULL }, /* a surrogate */
		{ "%c0%af", NULL },    /* an overlong slash */
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *decoded = url_decode(&arena, rows[i].text, strlen(rows[i].text));

		if ((decoded == NULL) != (rows[i].decoded == NULL) ||
		    (decoded != NULL && strcmp(decoded, rows[i].decoded) != 0))
			fail_with("%s became %s", rows[i].text, decoded != NULL ? decoded : "an error");
	}
	arena_release(&arena);
}

static void test_url_decode__length_inside_an_escape__stays_within(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_null(url_decode(&arena, "ab%41", 4));
	assert_string_equal(url_decode(&arena, "ab%41", 2), "ab");
	arena_release(&arena);
}

/* The whole walk as text: name=value; or name; without '=', and "!" for each error. */
static void walk_text(const char *query, char *text, size_t size)
{
	struct url_query walk = { .rest = query };
	struct url_param param;
	struct arena arena;
	size_t len = 0;
	int rc;

	arena_init(&arena);
	text[0] = '\0';
	while ((rc = url_query_next(&walk, &arena, &param)) != 0) {
		if (rc < 0)
			len += (size_t)snprintf(text + len, size - len, "!");
		else
			len += (size_t)snprintf(text + len, size - len, "%s%s%s;", param.name,
						param.has_value ? "=" : "", param.value);
	}
	arena_release(&arena);
}

static void test_url_query_next__table__walks_in_order(void **state)
{
	static const struct {
		const char *query, *walk;
	} rows[] = {
		{ "", "" },
		{ "&&", "" },
		{ "a=1", "a=1;" },
		{ "a=1&b=2&a=3", "a=1;b=2;a=3;" },
		{ "a=1&&b=2&", "a=1;b=2;" },
		{ "a", "a;" },
		{ "a=", "a=;" },
		{ "=1", "=1;" },
		{ "a=b=c", "a=b=c;" },
		{ "a=x+y%2Bz", "a=x y+z;" },
		{ "fields=name%2Cuuid", "fields=name,uuid;" },
		{ "a%26b=1%3D2", "a&b=1=2;" },
		{ "a=%zz&b=1", "!b=1;" },
		{ "%=1&b=1", "!b=1;" },
		{ "a=%00&b=1", "!b=1;" },
		{ "a=1;b=2", "a=1;b=2;" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		walk_text(rows[i].query, text, sizeof(text));
		if (strcmp(text, rows[i].walk) != 0)
			fail_with("%s became %s, not %s", rows[i].query, text, rows[i].walk);
	}
}

static void test_url_encode__every_byte__comes_back(void **state)
{
	char text[128] = "", *decoded;
	struct arena arena;
	struct buf buf;

	(void)state;
	for (int i = 0; i < 127; i++)
		text[i] = (char)(i + 1);
	arena_init(&arena);
	buf_init(&buf, 4096);
	url_encode(&buf, text, "");
	assert_null(strpbrk(buf.data, " /?#&+=\"<>\r\n"));
	decoded = url_decode(&arena, buf.data, buf.len);
	assert_non_null(decoded);
	assert_memory_equal(decoded, text, 127);
	buf_clear(&buf);
	url_encode(&buf, "a b/\xc3\xa9-._~", "");
	assert_string_equal(buf.data, "a%20b%2F%C3%A9-._~");
	buf_clear(&buf);
	url_encode(&buf, "a/b:c", "/");
	assert_string_equal(buf.data, "a/b%3Ac");
	buf_release(&buf);
	arena_release(&arena);
}

static void test_url_is_absolute__table__wants_scheme_and_host(void **state)
{
	static const char *const good[] = { "http://h", "https://h:8/a?b=c#d", "nfs://10.0.0.1/a.iso",
					    "https://[2001:db8::1]/x", "http://user@h/" };
	static const char *const bad[] = {
		"",          ":",           "http:",      "http://",      "http:///a",   "//h/a",
		"h/a",       "/etc/passwd", "1http://h",  "http://h/a b", "http://h/\n", "http://\xc3\xa9/",
		"http://?x", "ht tp://h",   "http://:80/"
	};
	char text[URL_BYTES_MAX + 16] = "http://";

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_string_equal(url_is_absolute(good[i]) ? good[i] : "refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_string_equal(url_is_absolute(bad[i]) ? "taken" : bad[i], bad[i]);
	memset(text + 7, 'h', URL_BYTES_MAX - 7);
	assert_true(url_is_absolute(text));
	text[URL_BYTES_MAX] = 'h';
	assert_false(url_is_absolute(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_decode__table__decodes_or_refuses),
		cmocka_unit_test(test_url_decode__length_inside_an_escape__stays_within),
		cmocka_unit_test(test_url_query_next__table__walks_in_order),
		cmocka_unit_test(test_url_encode__every_byte__comes_back),
		cmocka_unit_test(test_url_is_absolute__table__wants_scheme_and_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
