#include "api/json_out.h"

#include <string.h>

#include "lib/json.h"

#define DOCUMENT_DEPTH_MAX 100 /* documents were checked when they were stored */
#define MASK               "******"

#define PUT(buf, literal) buf_append(buf, literal, sizeof literal - 1)

void json_out_comma(struct buf *buf)
{
	char last = buf->len > 0 ? buf->data[buf->len - 1] : '{';

	if (last != '{' && last != '[')
		buf_putc(buf, ',');
}

void json_out_key(struct buf *buf, const char *name)
{
	json_out_comma(buf);
	buf_putc(buf, '"');
	buf_puts(buf, name);
	PUT(buf, "\":");
}

void json_out_text(struct buf *buf, const char *text, size_t len)
{
	if (text)
		buf_json_string(buf, text, len);
	else
		PUT(buf, "null");
}

void json_out_bool(struct buf *buf, const char *text)
{
	buf_puts(buf, !text ? "null" : text[0] == 't' ? "true" : "false");
}

void json_out_time(struct buf *buf, const char *text, size_t len)
{
	if (!text || len < 19) {
		PUT(buf, "null");
		return;
	}
	buf_putc(buf, '"');
	buf_append(buf, text, 10);
	buf_putc(buf, 'T');
	buf_append(buf, text + 11, 8);
	PUT(buf, "+00:00\"");
}

void json_out_value(struct buf *buf, enum field_type type, const char *text, size_t len)
{
	switch (type) {
	case FIELD_TEXT:
	case FIELD_UUID:
		json_out_text(buf, text, len);
		break;
	case FIELD_BOOL:
		json_out_bool(buf, text);
		break;
	case FIELD_TIME:
		json_out_time(buf, text, len);
		break;
	case FIELD_INT:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_LINKS:
		buf_puts(buf, text ? text : "null");
		break;
	}
}

void json_out_member(struct buf *buf, const char *name, enum field_type type, const char *text)
{
	json_out_key(buf, name);
	json_out_value(buf, type, text, text ? strlen(text) : 0);
}

void json_out_document(struct buf *buf, const char *text, size_t len)
{
	if (text)
		buf_append(buf, text, len);
	else
		PUT(buf, "{}");
}

static json_t *parse_document(const char *text, size_t len)
{
	json_t *value = NULL;

	return json_parse(text, len, DOCUMENT_DEPTH_MAX, &value, NULL) == 0 ? value : NULL;
}

static void write_masked(struct buf *buf, const char *text, size_t len, const char *hidden)
{
	if (!text) {
		PUT(buf, "{}");
		return;
	}
	if (json_mask_text(buf, text, len, hidden))
		return;
	json_t *value = parse_document(text, len);
	if (!value) {
		PUT(buf, "{}");
		return;
	}
	json_mask_secrets(value);
	if (hidden && json_object_get(value, hidden))
		json_object_set_new(value, hidden, json_string(MASK));
	json_write(buf, value);
	json_decref(value);
}

void json_out_masked(struct buf *buf, const char *text, size_t len)
{
	write_masked(buf, text, len, NULL);
}

void json_out_instance_info(struct buf *buf, const char *text, size_t len)
{
	write_masked(buf, text, len, "image_url");
}

void json_out_links(struct buf *buf, const char *base, const char *path)
{
	size_t base_len = strlen(base), path_len = strlen(path);

	PUT(buf, "[{\"href\":\"");
	buf_append(buf, base, base_len);
	PUT(buf, "/v1/");
	buf_append(buf, path, path_len);
	PUT(buf, "\",\"rel\":\"self\"},{\"href\":\"");
	buf_append(buf, base, base_len);
	PUT(buf, "/");
	buf_append(buf, path, path_len);
	PUT(buf, "\",\"rel\":\"bookmark\"}]");
}

void json_out_item_links(struct buf *buf, const char *base, const char *collection, const char *ident,
			 size_t ident_len, const char *suffix)
{
	char path[512];
	size_t collection_len = strlen(collection), suffix_len = strlen(suffix);

	if (collection_len + ident_len + suffix_len + 2 > sizeof path) {
		PUT(buf, "[]");
		return;
	}
	memcpy(path, collection, collection_len);
	path[collection_len] = '/';
	memcpy(path + collection_len + 1, ident, ident_len);
	memcpy(path + collection_len + 1 + ident_len, suffix, suffix_len + 1);
	json_out_links(buf, base, path);
}
