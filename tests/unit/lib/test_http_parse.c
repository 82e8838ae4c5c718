/* Requests as bytes against http_parse: what is taken, what is refused and with which status, however the
 * bytes are cut; and two corpora of requests when they are at hand. */
#include "lib/http_parse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tests/support/unit.h"

#define HEAD_MAX  8192
#define COUNT_MAX 20
#define BODY_MAX  100

static const struct http_server_options limits = {
	.max_header_bytes = HEAD_MAX,
	.max_header_count = COUNT_MAX,
	.max_body_bytes = BODY_MAX,
};

struct outcome {
	int status;     /* of the refusal; 0: none */
	int completed;  /* requests */
	char last[200]; /* "METHOD path?query [body]" of the last one, cut */
};

static enum http_parse_result take_complete(struct http_parser *parser, enum http_parse_result result,
					    struct outcome *outcome)
{
	while (result == HTTP_PARSE_COMPLETE) {
		const struct http_request *request = &parser->request;

		outcome->completed++;
		snprintf(outcome->last, sizeof(outcome->last), "%s %s%s%s [%s]", request->method,
			 request->path, *request->query != '\0' ? "?" : "", request->query, request->body);
		result = http_parser_next(parser);
	}
	return result;
}

/* Feeds pieces of at most `piece` bytes, the first one cut at `first`. */
static struct outcome parse_within(const struct http_server_options *options, const char *data, size_t len,
				   size_t first, size_t piece)
{
	struct outcome outcome = { 0 };
	struct http_parser parser;
	struct arena arena;
	enum http_parse_result result = HTTP_PARSE_MORE;

	arena_init(&arena);
	http_parser_init(&parser, options, &arena);
	for (size_t at = 0, take; at < len && result != HTTP_PARSE_REFUSED; at += take) {
		char *exact;

		take = at == 0 && first > 0 ? first : piece;
		if (take > len - at)
			take = len - at;
		exact = xmalloc(take); /* so that a sanitizer sees a read beyond the piece */
		memcpy(exact, data + at, take);
		result = take_complete(&parser, http_parser_feed(&parser, exact, take), &outcome);
		xfree(exact);
	}
	if (result == HTTP_PARSE_MORE)
		result = http_parser_finish(&parser);
	if (result == HTTP_PARSE_REFUSED)
		outcome.status = parser.status;
	http_parser_release(&parser);
	arena_release(&arena);
	return outcome;
}

static struct outcome parse(const char *data, size_t len, size_t first, size_t piece)
{
	return parse_within(&limits, data, len, first, piece);
}

struct row {
	const char *wire;
	int status;       /* 0: taken */
	const char *last; /* of those taken; NULL: not looked at */
};

/* clang-format off */
static const struct row rows[] = {
	/* request line and target */
	{"GET / HTTP/1.1\r\n\r\n", 0, "GET / []"},
	{"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0, "GET / []"},
	{"GET /a/b?x=1&y=%20 HTTP/1.1\r\nHost: h\r\n\r\n", 0, "GET /a/b?x=1&y=%20 []"},
	{"GET /a? HTTP/1.1\r\n\r\n", 0, "GET /a []"},
	{"GET /a#frag HTTP/1.1\r\n\r\n", 0, "GET /a []"},
	{"GET /a?b=1#frag HTTP/1.1\r\n\r\n", 0, "GET /a?b=1 []"},
	{"GET //a//b HTTP/1.1\r\n\r\n", 0, "GET //a//b []"},
	{"GET http://h/a?b HTTP/1.1\r\n\r\n", 0, "GET /a?b []"},
	{"GET http://h HTTP/1.1\r\n\r\n", 0, "GET / []"},
	{"GET http://h?x HTTP/1.1\r\n\r\n", 0, "GET /?x []"},
	{"GET HTTPS://[::1]:8/a HTTP/1.1\r\n\r\n", 0, "GET /a []"},
	{"OPTIONS * HTTP/1.1\r\n\r\n", 0, "OPTIONS * []"},
	{"GET * HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET a HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET http:// HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET ftp://h/a HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET h:80 HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET  / HTTP/1.1\r\n\r\n", 0, "GET / []"},
	{"GET /a b HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /\x7f HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /%zz HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /%4 HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /%00 HTTP/1.1\r\n\r\n", 400, NULL},
	{"CONNECT h:443 HTTP/1.1\r\n\r\n", 501, NULL},
	{"BREW / HTTP/1.1\r\n\r\n", 405, NULL},
	{"get / HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /\r\n\r\n", 505, NULL},
	{"GET / HTTP/0.9\r\n\r\n", 505, NULL},
	{"GET / HTTP/2.0\r\n\r\n", 505, NULL},
	{"GET / HTTP/1.2\r\n\r\n", 400, NULL},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL},
	{"\x16\x03\x01\x02", 400, NULL},
	{"GET / HTTP/1.1\n\n", 400, NULL},
	/* header fields */
	{"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA:\r\n c\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\n A: b\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\n: b\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nContent-Type: a\r\ncontent-type: b\r\n\r\n", 400, NULL},
	/* bodies by length */
	{"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 0, "POST / [abc]"},
	{"POST / HTTP/1.1\r\ncontent-length:3 \r\n\r\nabc", 0, "POST / [abc]"},
	{"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0, "POST / []"},
	{"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 0, "GET / [abc]"},
	{"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 0, "POST / [abc]"},
	{"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", 0, "POST / [a]"},
	{"POST / HTTP/1.1\r\nExpect: tea\r\nContent-Length: 1\r\n\r\na", 417, NULL},
	/* bodies by chunks */
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	 0, "POST / [abcde]"},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", 0, "POST / []"},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "1;a=\"b c\"\r\na\r\n0\r\nX: y\r\nContent-Type: z\r\n\r\n",
	 0, "POST / [a]"},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 400, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501, NULL},
	{"POST / HTTP/1.1\r\nTransfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL},
	/* several, and switching protocols, which is not done */
	{"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", 0, "GET /2 []"},
	{"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabPOST /2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nc\r\n",
	 0, "POST /2 [c]"},
	{"POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
	 0, "GET /2 []"},
	{"GET /1 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
	 0, "GET /2 []"},
	{"POST /1 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\na"
	 "GET /2 HTTP/1.1\r\n\r\n",
	 0,
	 "GET /2 []"},
	{"GET /1 HTTP/1.1\r\nConnection: close\r\n\r\n", 0, "GET /1 []"},
	{"GET /1 HTTP/1.1\r\n\r\nGARBAGE", 405, "GET /1 []"},
	{"", 0, ""},
	{"\r\n", 0, ""},
	{"GET", 400, NULL},
	{"GET / HTTP/1.1\r\nA: b\r\n", 400, NULL},
};
/* clang-format on */

static void check(const struct row *row, size_t first, size_t piece)
{
	struct outcome outcome = parse(row->wire, strlen(row->wire), first, piece);

	if (outcome.status != row->status)
		fail_with("cut at %zu/%zu, status %d, not %d: %s", first, piece, outcome.status, row->status,
			  row->wire);
	if (row->last != NULL && strcmp(outcome.last, row->last) != 0)
		fail_with("cut at %zu/%zu, %s, not %s", first, piece, outcome.last, row->last);
}

static void test_http_parser__table__takes_or_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i], 0, SIZE_MAX);
}

static void test_http_parser__bytes_cut_anywhere__make_no_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check(&rows[i], 0, 1);
		for (size_t first = 1; first < strlen(rows[i].wire); first++)
			check(&rows[i], first, SIZE_MAX);
	}
}

static void test_http_parser__nul_in_the_head__is_refused(void **state)
{
	static const char in_value[] = "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
			  in_name[] = "GET / HTTP/1.1\r\nA\0: c\r\n\r\n",
			  in_target[] = "GET /a\0b HTTP/1.1\r\n\r\n",
			  in_body[] = "POST / HTTP/1.1\r\nContent-Length: "
				      "3\r\n\r\na\0c";
	(void)state;
	assert_int_equal(parse(in_value, sizeof(in_value) - 1, 0, SIZE_MAX).status, 400);
	assert_int_equal(parse(in_name, sizeof(in_name) - 1, 0, SIZE_MAX).status, 400);
	assert_int_equal(parse(in_target, sizeof(in_target) - 1, 0, SIZE_MAX).status, 400);
	assert_int_equal(parse(in_body, sizeof(in_body) - 1, 0, SIZE_MAX).completed, 1);
}

static void test_http_parser__headers__are_trimmed_and_found(void **state)
{
	static const char wire[] = "GET / HTTP/1.1\r\nHost:h\r\nX-Tab:\t a b \t\r\nX-Empty:\r\nX-Blank:  \r\n"
				   "X-Latin: caf\xc3\xa9\r\nx-tab: second\r\n\r\n";
	struct http_parser parser;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	assert_int_equal(http_parser_feed(&parser, wire, sizeof(wire) - 1), HTTP_PARSE_COMPLETE);
	assert_int_equal(parser.request.header_count, 6);
	assert_string_equal(http_request_header(&parser.request, "HOST"), "h");
	assert_string_equal(http_request_header(&parser.request, "x-tab"), "a b");
	assert_string_equal(http_request_header(&parser.request, "X-Empty"), "");
	assert_string_equal(http_request_header(&parser.request, "X-Blank"), "");
	assert_string_equal(http_request_header(&parser.request, "X-Latin"), "caf\xc3\xa9");
	assert_null(http_request_header(&parser.request, "X-None"));
	assert_string_equal(parser.request.headers[5].name, "x-tab");
	http_parser_release(&parser);
	arena_release(&arena);
}

/* A head of exactly that many bytes. */
static char *head_of(size_t len)
{
	static const char begin[] = "GET / HTTP/1.1\r\nA: ", end[] = "\r\n\r\n";
	char *head = xmalloc(len + 1);

	memset(head, 'a', len);
	memcpy(head, begin, sizeof(begin) - 1);
	memcpy(head + len - (sizeof(end) - 1), end, sizeof(end));
	return head;
}

static void test_http_parser__limits_of_the_head__are_exact(void **state)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 4096 };
	char *fits = head_of(HEAD_MAX), *exceeds = head_of(HEAD_MAX + 1), many[2000] = "GET / HTTP/1.1\r\n";

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(parse(fits, HEAD_MAX, 0, pieces[i]).completed, 1);
		assert_int_equal(parse(exceeds, HEAD_MAX + 1, 0, pieces[i]).status, 431);
	}
	for (int i = 0; i < COUNT_MAX; i++)
		strncat(many, "A: b\r\n", sizeof(many) - strlen(many) - 1);
	strncat(many, "\r\n", sizeof(many) - strlen(many) - 1);
	assert_int_equal(parse(many, strlen(many), 0, SIZE_MAX).completed, 1);
	many[strlen(many) - 2] = '\0';
	strncat(many, "A: b\r\n\r\n", sizeof(many) - strlen(many) - 1);
	assert_int_equal(parse(many, strlen(many), 0, SIZE_MAX).status, 431);
	xfree(fits);
	xfree(exceeds);
}

static void test_http_parser__endless_head__is_refused_early(void **state)
{
	struct http_parser parser;
	struct arena arena;
	size_t fed = 0;

	(void)state;
	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	assert_int_equal(http_parser_feed(&parser, "GET /", 5), HTTP_PARSE_MORE);
	while (http_parser_feed(&parser, "aaaaaaaa", 8) == HTTP_PARSE_MORE)
		fed += 8;
	assert_int_equal(parser.status, 431);
	assert_true(fed <= HEAD_MAX);
	http_parser_release(&parser);
	arena_release(&arena);
}

static void test_http_parser__chunks_over_the_limit__413_at_the_first_byte_beyond(void **state)
{
	struct http_parser parser;
	struct arena arena;
	static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	int chunks = 0;

	(void)state;
	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	assert_int_equal(http_parser_feed(&parser, head, sizeof(head) - 1), HTTP_PARSE_MORE);
	while (http_parser_feed(&parser, "1\r\na\r\n", 6) == HTTP_PARSE_MORE)
		chunks++;
	assert_int_equal(parser.status, 413);
	assert_int_equal(chunks, BODY_MAX);
	http_parser_release(&parser);
	arena_release(&arena);
}

static void test_http_parser__endless_chunk_extension__is_refused(void **state)
{
	struct http_parser parser;
	struct arena arena;
	static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;";
	size_t fed = 0;

	(void)state;
	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	assert_int_equal(http_parser_feed(&parser, head, sizeof(head) - 1), HTTP_PARSE_MORE);
	while (http_parser_feed(&parser, "aaaaaaaa", 8) == HTTP_PARSE_MORE)
		fed += 8;
	assert_int_equal(parser.status, 400);
	assert_true(fed < 100000);
	http_parser_release(&parser);
	arena_release(&arena);
}

static void test_http_parser__bytes_during_the_answer__are_kept_in_order(void **state)
{
	static const char first[] = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTT",
			  rest[] = "P/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n";
	struct http_parser parser;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	assert_int_equal(http_parser_feed(&parser, first, sizeof(first) - 1), HTTP_PARSE_COMPLETE);
	for (size_t i = 0; i < sizeof(rest) - 1; i++)
		assert_int_equal(http_parser_feed(&parser, rest + i, 1), HTTP_PARSE_COMPLETE);
	assert_string_equal(parser.request.path, "/1");
	assert_int_equal(http_parser_ahead(&parser), 10 + sizeof(rest) - 1);
	assert_int_equal(http_parser_next(&parser), HTTP_PARSE_COMPLETE);
	assert_string_equal(parser.request.path, "/2");
	assert_int_equal(http_parser_next(&parser), HTTP_PARSE_COMPLETE);
	assert_string_equal(parser.request.path, "/3");
	assert_int_equal(http_parser_next(&parser), HTTP_PARSE_MORE);
	assert_true(http_parser_is_idle(&parser));
	http_parser_release(&parser);
	arena_release(&arena);
}

static void test_http_parser__keep_alive__as_the_version_says(void **state)
{
	static const struct {
		const char *wire;
		bool is_keep_alive;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_parser parser;
		struct arena arena;

		arena_init(&arena);
		http_parser_init(&parser, &limits, &arena);
		assert_int_equal(http_parser_feed(&parser, cases[i].wire, strlen(cases[i].wire)),
				 HTTP_PARSE_COMPLETE);
		assert_int_equal(parser.is_keep_alive, cases[i].is_keep_alive);
		http_parser_release(&parser);
		arena_release(&arena);
	}
}

/* ---- corpora ---- */

#define NO_PROXY_PROTOCOL "the PROXY protocol is not spoken"
#define ONLY_CHUNKED      "codings other than chunked are answered 501, repeated fields 400"
#define NO_SUCH_METHOD    "methods that are not registered are unknown"
#define NO_FOLDING        "folded lines are refused, as RFC 9112 section 5.2 allows"
#define NO_TUNNEL         "CONNECT is answered 501: this is no proxy"
#define OTHER_LIMIT       "the corpus sets a smaller limit for this file"
#define NO_CGI            "there is no mapping to CGI variables in which these two fields collide"

/* Files judged otherwise here, and why. */
/* clang-format off */
static const struct {
	const char *name, *reason;
} deviations[] = {
	{"valid/009.http", "Content-Length and Transfer-Encoding exclude each other"},
	{"valid/013.http", "llhttp takes no blank after the semicolon of a chunk extension"},
	{"valid/025.http", ONLY_CHUNKED},
	{"valid/025_line.http", ONLY_CHUNKED},
	{"valid/027.http", "the target has bytes above 0x7f, which RFC 3986 does not have"},
	{"valid/028.http", "a blank before the colon is refused, as RFC 9112 section 5.1 demands"},
	{"valid/029.http", ONLY_CHUNKED},
	{"valid/030.http", ONLY_CHUNKED},
	{"valid/031.http", NO_SUCH_METHOD},
	{"valid/031compat.http", NO_SUCH_METHOD},
	{"valid/031compat2.http", NO_SUCH_METHOD},
	{"valid/099.http", "the file ends before its Content-Length"},
	{"valid/compat_obs_fold.http", NO_FOLDING},
	{"valid/compat_obs_fold_huge.http", NO_FOLDING},
	{"valid/pp_01.http", NO_PROXY_PROTOCOL},
	{"valid/pp_02.http", NO_PROXY_PROTOCOL},
	{"valid/pp_04.http", NO_PROXY_PROTOCOL},
	{"valid/pp_05.http", NO_PROXY_PROTOCOL},
	{"valid/rfc9112_smuggle_gzip_chunked_01.http", ONLY_CHUNKED},
	{"valid/rfc9112_smuggle_te_identity_chunked_01.http", ONLY_CHUNKED},
	{"valid/rfc9112_target_authority_connect_01.http", NO_TUNNEL},
	{"valid/rfc9112_target_authority_ipv6_01.http", NO_TUNNEL},
	{"invalid/006.http", OTHER_LIMIT},
	{"invalid/007.http", OTHER_LIMIT},
	{"invalid/008.http", OTHER_LIMIT},
	{"invalid/010.http", OTHER_LIMIT},
	{"invalid/011.http", OTHER_LIMIT},
	{"invalid/012.http", OTHER_LIMIT},
	{"invalid/017.http", OTHER_LIMIT},
	{"invalid/limit_header_default_01.http", OTHER_LIMIT},
	{"invalid/019.http", "X-Forwarded fields are not looked at"},
	{"invalid/040.http", NO_CGI},
	{"invalid/chunked_07.http", NO_CGI},
};
/* clang-format on */

static bool deviates(const char *name)
{
	for (size_t i = 0; i < sizeof(deviations) / sizeof(*deviations); i++) {
		if (strcmp(deviations[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Line ends of the file do not count; \r \n \t \0 and \xHH are written out. Returns the new length. */
static size_t unescape(char *data, size_t len)
{
	size_t to = 0;

	for (size_t at = 0; at < len; at++) {
		char c = data[at];

		if (c == '\n' || c == '\r')
			continue;
		if (c == '\\' && at + 1 < len) {
			char digits[3] = { 0 };

			c = data[++at];
			if (c == 'x' && at + 2 < len) {
				memcpy(digits, data + at + 1, 2);
				c = (char)strtol(digits, NULL, 16);
				at += 2;
			} else {
				c = (char)(c == 'r'   ? '\r'
					   : c == 'n' ? '\n'
					   : c == 't' ? '\t'
					   : c == '0' ? '\0'
						      : c);
			}
		}
		data[to++] = c;
	}
	return to;
}

static size_t read_file(const char *path, char *data, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t len = file != NULL ? fread(data, 1, size, file) : 0;

	if (file != NULL)
		fclose(file);
	return len;
}

/* Judges each file of one folder; returns how many were wrong. */
static int judge_folder(const char *folder, const char *kind, bool is_valid)
{
	static const struct http_server_options usual = {
		.max_header_bytes = 64 * 1024,
		.max_header_count = 100,
		.max_body_bytes = 1024 * 1024,
	};
	static char data[1 << 20];
	char path[600];
	struct dirent *entry;
	DIR *dir;
	int wrong = 0;

	snprintf(path, sizeof(path), "%s/http-requests/%s", folder, kind);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct outcome outcome;
		char name[300];
		bool is_taken;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%.255s", kind, entry->d_name);
		snprintf(path, sizeof(path), "%s/http-requests/%s", folder, name);
		outcome = parse_within(&usual, data, unescape(data, read_file(path, data, sizeof(data))), 0,
				       SIZE_MAX);
		is_taken = outcome.status == 0 && outcome.completed > 0;
		if ((is_taken != is_valid) != deviates(name)) {
			print_error("%s: status %d, %d requests\n", name, outcome.status, outcome.completed);
			wrong++;
		}
	}
	closedir(dir);
	return wrong;
}

/* Named by the environment, or beside the source tree. */
static const char *find_archive(void)
{
	static char path[1024];
	const char *named = getenv("FERRULE_HTTP_CORPUS");
	int root_len = (int)(strstr(__FILE__, "tests/unit/lib") - __FILE__);

	if (named != NULL)
		return named;
	snprintf(path, sizeof(path), "%.*s../shared/corpora/http-requests.tar.xz", root_len, __FILE__);
	return path;
}

static void test_http_parser__corpus__is_judged_alike(void **state)
{
	char folder[] = "/tmp/ferrule-http-XXXXXX", command[1200];
	int wrong;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "tar -xJf '%s' -C %s", find_archive(), folder);
	assert_int_equal(system(command), 0);
	wrong = judge_folder(folder, "valid", true) + judge_folder(folder, "invalid", false);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_parser__table__takes_or_refuses),
		cmocka_unit_test(test_http_parser__bytes_cut_anywhere__make_no_difference),
		cmocka_unit_test(test_http_parser__nul_in_the_head__is_refused),
		cmocka_unit_test(test_http_parser__headers__are_trimmed_and_found),
		cmocka_unit_test(test_http_parser__limits_of_the_head__are_exact),
		cmocka_unit_test(test_http_parser__endless_head__is_refused_early),
		cmocka_unit_test(test_http_parser__chunks_over_the_limit__413_at_the_first_byte_beyond),
		cmocka_unit_test(test_http_parser__endless_chunk_extension__is_refused),
		cmocka_unit_test(test_http_parser__bytes_during_the_answer__are_kept_in_order),
		cmocka_unit_test(test_http_parser__keep_alive__as_the_version_says),
	};
	const struct CMUnitTest corpus[] = {
		cmocka_unit_test(test_http_parser__corpus__is_judged_alike),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	/* The corpora are not part of the project. */
	if (access(find_archive(), R_OK) == 0)
		failed += cmocka_run_group_tests(corpus, NULL, NULL);
	return failed;
}
