#pragma once
/*
 * json: what we add to jansson. Depth is limited by a linear scan before parsing, because jansson
 * recurses and stacks are small; also before dumping what a PATCH has built.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

#define JSON_DEPTH_MAX 25        /* of a request, as in Ironic */
#define JSON_VALUE_DEPTH_MAX 100 /* of anything that is written, printed, masked or scanned */

/* Nesting depth of the text by a scan that knows strings; malformed text gives some number. */
unsigned json_depth(const char *text, size_t len);
/* ---- ferrule/driver.h: from here ---- */
/* Parses a whole document of any type. Depth over max_depth, trailing garbage, duplicate-key
 * tolerance as jansson's default, invalid UTF-8: -ERR_INVALID with position in the sentence, which
 * never quotes the text (it may hold a password). *ret_value is a new reference. */
int json_parse(const char *text, size_t len, unsigned max_depth, json_t **ret_value, struct error *err);
/* ---- ferrule/driver.h: to here ---- */
/* The same of a text that may hold integers of more than 63 bits (bounds of iDRAC's registries are 2^64 - 1):
 * all integers of such a text become reals. */
int json_parse_large(const char *text, size_t len, unsigned max_depth, json_t **ret_value, struct error *err);
/* Appends compact JSON text of the value: UTF-8 as it is, numbers as Python prints them. What lies
 * deeper than JSON_VALUE_DEPTH_MAX becomes null, and the buf's overflow is set. */
void json_write(struct buf *buf, const json_t *value);
/* Appends the value as Python's repr() prints it ({'a': True, 'b': None}): Ironic's messages do. */
void json_repr(struct buf *buf, const json_t *value);
/* Whether a list has that string; false of what is no list. */
bool json_list_has(const json_t *list, const char *text);
/* Depth of a value in memory, without recursion beyond the limit: > limit when deeper. */
unsigned json_value_depth(const json_t *value, unsigned limit);

/* A pull scanner over raw JSON bytes for hot paths that read a few members: no allocation, depth and
 * bounds checked. Finds the value at path (member names, NULL-terminated) and returns its raw text
 * (a string still quoted and escaped). Of equal member names the first counts, and what stands behind
 * the value is not looked at. False: absent, malformed or too deep. */
bool json_scan(const char *text, size_t len, const char *const *path, const char **ret_value,
	       size_t *ret_len);

/* Decodes such a raw string, quotes included, into text, NUL-terminated. False: not a string, not valid
 * UTF-8, a NUL in it, or longer than size - 1 bytes. */
bool json_unquote(const char *raw, size_t len, char *text, size_t size);

/* Secrets: replaces, in place and recursively, the value of each key that names a secret by
 * "******", and password=... fragments inside strings, as Ironic masks driver_info. */
void json_mask_secrets(json_t *value);
/* Appends JSON text as it stands, but for the values that json_mask_secrets would replace, and that of the
 * outermost object's member `hidden` (NULL: none). Far cheaper than to parse, but not for every text: false,
 * and nothing is appended, when it has an escape, a secret's name within a value or too much depth, or is no
 * JSON. text: NUL-terminated. */
bool json_mask_text(struct buf *buf, const char *text, size_t len, const char *hidden);
/* True when a key of that name holds a secret (case-insensitive substring, Ironic's list plus ours). */
bool json_key_is_secret(const char *key);
