#pragma once
/*
 * http_parse: bytes of one connection to HTTP/1.x requests, without any I/O. llhttp recognises the
 * grammar; this adds what it leaves open: limits, the target's form, singleton fields, folded and
 * bare-LF lines, transfer codings. Everything doubtful is refused, because a proxy in front may have
 * read it otherwise (request smuggling; RFC 9112 sections 2.2, 3.2, 5.2, 6.1, 6.3, 7.1).
 *
 * Used by http_conn.c and the fuzz target. Requests are parsed one at a time: bytes that arrive while
 * one is being answered are only kept.
 */
#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/http_server.h"

/* Bytes kept beyond the request being answered before the connection stops reading, and the most that
 * it feeds at once. */
#define HTTP_READ_AHEAD ((size_t)64 * 1024)
#define HTTP_READ_BYTES ((size_t)64 * 1024)

enum http_parse_result {
	HTTP_PARSE_MORE,     /* bytes are missing */
	HTTP_PARSE_COMPLETE, /* parser->request is whole, until http_parser_next */
	HTTP_PARSE_REFUSED   /* parser->status and parser->sentence say why; only release follows */
};

enum http_parse_phase { HTTP_PHASE_HEAD, HTTP_PHASE_BODY, HTTP_PHASE_DONE, HTTP_PHASE_REFUSED };

/* Where the pieces of one header line lie in the input, until the head is whole. */
struct http_parse_span {
	size_t name, name_len, value, value_len;
};

struct http_parser {
	const struct http_server_options *options; /* limits; borrowed */
	enum http_parse_phase phase;
	llhttp_t llhttp;
	struct buf in;    /* the head of the current request and what came with it */
	size_t start;     /* first byte of the current request in `in` */
	size_t parsed;    /* llhttp has seen `in` up to here */
	struct buf ahead; /* came later, while the request was read or answered */
	struct buf body;
	size_t body_max;
	size_t wire_len;               /* bytes of the body as sent, with chunk framing */
	size_t target, target_len;     /* in `in` */
	struct http_parse_span *spans; /* header_room of them, owned */
	struct http_header *headers;   /* as many, owned: request.headers */
	unsigned header_count, header_room;
	bool is_field_open; /* between on_header_field and on_header_value_complete */
	char trailer[32];   /* name of the trailer field being read, cut */
	size_t trailer_len;
	unsigned trailer_count;
	struct http_request request; /* valid when complete; texts live in `in`, `body` and the arena */
	bool is_http10;
	bool is_keep_alive;      /* what the client asked for */
	bool is_continue_wanted; /* Expect: 100-continue and no body byte has been seen */
	int status;              /* of a refusal */
	char sentence[160];
};

/* options must outlive the parser and have its zeros replaced by defaults. */
void http_parser_init(struct http_parser *parser, const struct http_server_options *options,
		      struct arena *arena);
void http_parser_release(struct http_parser *parser);

/* Takes bytes from the wire. While a request is complete they are kept: see http_parser_ahead. */
enum http_parse_result http_parser_feed(struct http_parser *parser, const char *data, size_t len);
/* Drops the completed request and goes on with the bytes kept so far. */
enum http_parse_result http_parser_next(struct http_parser *parser);
/* The client will send no more: refuses a request that has begun. */
enum http_parse_result http_parser_finish(struct http_parser *parser);

/* Bytes kept beyond the completed request. */
size_t http_parser_ahead(const struct http_parser *parser);
/* Bytes of memory that the request being read holds. */
size_t http_parser_held(const struct http_parser *parser);
/* Nothing of a request has arrived. */
bool http_parser_is_idle(const struct http_parser *parser);
/* Memory held beyond the first few KB is given back. Only when idle. */
void http_parser_trim(struct http_parser *parser);

/* http_parse.c: ends the parsing with a status and a sentence; the first one stays. */
enum http_parse_result http_parser_refuse(struct http_parser *parser, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));
/* http_head.c: turns the spans into the request. MORE: a body follows; COMPLETE: none. end: in `in`. */
enum http_parse_result http_head_take(struct http_parser *parser, size_t end);
/* A field that frames or routes a message: never in a trailer (RFC 9110 section 6.5.1). */
bool http_head_is_framing(const char *name, size_t len);
