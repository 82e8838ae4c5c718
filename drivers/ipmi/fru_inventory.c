/* fru_inventory: see fru_inventory.h. */
#include "drivers/ipmi/fru_inventory.h"

#include <string.h>

#include "lib/xalloc.h"

enum { PIECE = 32, PIECE_SHORT = 8, FRU_BUSY = 0x81, BUSY_TRIES = 10, BUSY_PAUSE_MS = 100 };

struct reader {
	struct ipmi_operation *operation;
	uint8_t id;
	bool is_in_words;
	size_t size; /* of the inventory, at most FRU_MAX */
	size_t len;  /* known so far */
	uint8_t *data;
	unsigned busy;
	bool is_refused;
};

SUSPENDS static int read_info(struct reader *reader, struct error *err)
{
	const struct ipmi_request request = { NETFN_STORAGE, STORAGE_FRU_INFO, &reader->id, 1 };
	struct ipmi_reply reply;
	uint16_t size_bytes;
	int rc = ipmi_request(reader->operation, &request, &reply, err);

	if (rc < 0)
		return rc;
	if (reply.completion != COMPLETION_OK ||
	    !fru_info_decode(reply.data, reply.data_len, &size_bytes, &reader->is_in_words))
		reader->is_refused = true;
	else
		reader->size = size_bytes < FRU_MAX ? size_bytes : FRU_MAX;
	return 0;
}

/* A refused piece: wait, or ask for less, or give up. */
SUSPENDS static int after_refusal(struct reader *reader, uint8_t completion, size_t count)
{
	if (completion == FRU_BUSY && reader->busy++ < BUSY_TRIES)
		return fiber_sleep(BUSY_PAUSE_MS);
	if (count > PIECE_SHORT &&
	    (completion == COMPLETION_CANNOT_RETURN || completion == COMPLETION_LENGTH ||
	     completion == COMPLETION_FIELD_LENGTH || completion == COMPLETION_RANGE ||
	     completion == COMPLETION_INVALID_FIELD || completion == COMPLETION_UNSPECIFIED))
		ipmi_found_quirk(reader->operation, QUIRK_SHORT_READS);
	else
		reader->is_refused = true;
	return 0;
}

static void take_piece(struct reader *reader, const struct ipmi_reply *reply)
{
	size_t len = reply->data_len > 0 ? reply->data_len - 1 : 0;

	if (len > reader->size - reader->len)
		len = reader->size - reader->len;
	memcpy(reader->data + reader->len, reply->data + 1, len);
	reader->len += len;
	/* nothing came: asking again would bring as much */
	if (len == 0)
		reader->is_refused = true;
}

/* Reads on until `until` bytes are known, or no more come. */
SUSPENDS static int read_until(struct reader *reader, size_t until, struct error *err)
{
	int rc = 0;

	if (until > reader->size)
		until = reader->size;
	while (rc == 0 && reader->len < until && !reader->is_refused) {
		size_t count = ipmi_has_quirk(reader->operation, QUIRK_SHORT_READS) ? PIECE_SHORT : PIECE;
		unsigned unit = reader->is_in_words ? 2 : 1;
		if (count > reader->size - reader->len)
			count = reader->size - reader->len;
		const struct fru_read read = { reader->id, (uint16_t)(reader->len / unit),
					       (uint8_t)((count + unit - 1) / unit) };
		uint8_t data[FRU_READ_LEN];
		const struct ipmi_request request = { NETFN_STORAGE, STORAGE_READ_FRU, data,
						      fru_read_encode(&read, data) };
		struct ipmi_reply reply;

		rc = ipmi_request(reader->operation, &request, &reply, err);
		if (rc == 0 && reply.completion != COMPLETION_OK)
			rc = after_refusal(reader, reply.completion, count);
		else if (rc == 0)
			take_piece(reader, &reply);
	}
	return rc;
}

/* Header, then each area that it names. */
SUSPENDS static int read_areas(struct reader *reader, struct error *err)
{
	int rc = read_until(reader, FRU_HEADER, err);

	for (unsigned place = 2; rc == 0 && place <= 4 && reader->len >= FRU_HEADER; place++) {
		size_t offset = (size_t)reader->data[place] * 8;
		if (offset == 0)
			continue;
		rc = read_until(reader, offset + 2, err);
		if (rc == 0 && reader->len >= offset + 2)
			rc = read_until(reader, offset + (size_t)reader->data[offset + 1] * 8, err);
	}
	return rc;
}

int ipmi_fru_read(struct ipmi_operation *operation, uint8_t id, struct fru *ret, bool *ret_is_there,
		  struct error *err)
{
	struct reader reader = { .operation = operation, .id = id };
	int rc = read_info(&reader, err);

	*ret_is_there = false;
	if (rc < 0 || reader.is_refused)
		return rc;
	reader.data = xcalloc(1, FRU_MAX);
	rc = read_areas(&reader, err);
	if (rc == 0)
		*ret_is_there = fru_decode(reader.data, reader.len, ret);
	xfree(reader.data);
	return rc;
}
