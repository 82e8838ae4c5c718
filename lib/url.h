#pragma once
/*
 * url: percent encoding and query strings (RFC 3986 section 2.1; "+" for a space in queries, as forms
 * write it). All results live in the arena.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"

/* Decodes %XX of one path segment. NULL when an escape is malformed, when the result holds a NUL or is
 * not UTF-8. */
char *url_decode(struct arena *arena, const char *text, size_t len);

/* One name=value of a query. */
struct url_param {
	const char *name;
	const char *value; /* "" when there is no '=' */
	bool has_value;    /* there was a '=' */
};

/* Walks a query in order, repeated names included: struct url_query walk = {.rest = query}; */
struct url_query {
	const char *rest;
};

/* 1: param is the next one; 0: no more; -ERR_INVALID: a malformed escape, NUL or bad UTF-8 (the walk may
 * go on behind it). Empty pairs ("a=1&&b=2") are skipped. */
int url_query_next(struct url_query *walk, struct arena *arena, struct url_param *param);

/* Appends text with everything but unreserved characters (A-Z a-z 0-9 - . _ ~) and those of keep as %XX. */
void url_encode(struct buf *buf, const char *text, const char *keep);

/* scheme://host..., of characters that a URI may have (RFC 3986), and at most URL_BYTES_MAX bytes. */
#define URL_BYTES_MAX 2048
bool url_is_absolute(const char *text);
