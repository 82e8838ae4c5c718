#pragma once
/* json_out: writes rows as JSON straight into the reply; jansson is used only where a document must be
 * masked. */
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "model/node.h"

/* "," unless the last byte opens an object or a list. */
void json_out_comma(struct buf *buf);
/* ,"name": */
void json_out_key(struct buf *buf, const char *name);
/* A string or, for NULL, null. */
void json_out_text(struct buf *buf, const char *text, size_t len);
/* A PostgreSQL boolean (t, f, or NULL). */
void json_out_bool(struct buf *buf, const char *text);
/* A PostgreSQL timestamp in UTC as ISO 8601 with seconds, "2026-11-20T13:41:07+00:00"; NULL: null. */
void json_out_time(struct buf *buf, const char *text, size_t len);
/* A value as its type has it; objects and lists as stored. NULL: null. */
void json_out_value(struct buf *buf, enum field_type type, const char *text, size_t len);
/* ,"name": and the value of a text that ends with NUL. */
void json_out_member(struct buf *buf, const char *name, enum field_type type, const char *text);
/* A JSON document as stored; NULL: {}. */
void json_out_document(struct buf *buf, const char *text, size_t len);
/* The same with the values of secret keys replaced. */
void json_out_masked(struct buf *buf, const char *text, size_t len);
/* Masks what Ironic hides in a node's instance_info besides secrets: image_url. */
void json_out_instance_info(struct buf *buf, const char *text, size_t len);
/* The two links of an object: path as "nodes/<uuid>/states", without a leading slash. The whole list. */
void json_out_links(struct buf *buf, const char *base, const char *path);
/* The same of collection/ident/suffix, without making the path first; suffix "" or "/states". */
void json_out_item_links(struct buf *buf, const char *base, const char *collection, const char *ident,
			 size_t ident_len, const char *suffix);
