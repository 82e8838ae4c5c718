#pragma once
/* array: array parameters in PostgreSQL's text form, for unnest(): an array a column, an element an item. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct array {
	struct buf text;
};

void array_init(struct array *array);
void array_release(struct array *array);
void array_int(struct array *array, int64_t value);
void array_bool(struct array *array, bool value);
/* text NULL: SQL NULL. Bytes that are not UTF-8 become U+FFFD, NUL ends the text. */
void array_text(struct array *array, const char *text);
/* Words that need no quotes: uuids, names of ours. NULL: SQL NULL. */
void array_word(struct array *array, const char *word);
/* An element of bytea[]; data NULL: SQL NULL. */
void array_bytes(struct array *array, const void *data, size_t len);
/* Ends the array: the parameter's text, borrowed until array_release. */
const char *array_end(struct array *array);

/* Bytes of a bytea value ("\x6162"). xfree the result, NUL-terminated beyond *ret_len; NULL for NULL. */
char *bytea_decode(const char *text, size_t len, size_t *ret_len);
