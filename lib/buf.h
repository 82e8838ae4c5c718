#pragma once
/*
 * buf: a growing byte buffer with a hard maximum. Appending past the maximum sets `overflow` and
 * drops the bytes; the owner checks once at the end. Always NUL-terminated (not counted in len).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- ferrule/driver.h: from here ---- */
struct buf {
	char *data;     /* owned; NULL until the first byte */
	size_t len;     /* bytes in use */
	size_t size;    /* bytes allocated */
	size_t max;     /* hard maximum of len */
	bool overflow;  /* something was dropped */
};
/* ---- ferrule/driver.h: to here ---- */

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_reserve(struct buf *buf, size_t more);
void buf_shrink(struct buf *buf); /* gives back the memory beyond len */
/* buf_append where the memory must grow, or the maximum is reached. */
void buf_append_slowly(struct buf *buf, const void *data, size_t len);
static inline void buf_append(struct buf *buf, const void *data, size_t len)
{
	if (!len || len >= buf->size - buf->len) {
		buf_append_slowly(buf, data, len);
		return;
	}
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_put_int(struct buf *buf, int64_t value);
/* Drops the first len bytes. */
void buf_consume(struct buf *buf, size_t len);
/* Appends a JSON string literal, quotes included; invalid UTF-8 becomes U+FFFD. */
void buf_json_string(struct buf *buf, const char *text, size_t len);
/* Appends one element of a PostgreSQL array literal, quoted: for text[] parameters. */
void buf_pg_element(struct buf *buf, const char *text, size_t len);
/* Gives the memory to the caller (xfree) and empties the buf. Never NULL. */
char *buf_take(struct buf *buf);
