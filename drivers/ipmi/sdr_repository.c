/*
 * sdr_repository: reads a target's sensor data records. BMCs count them wrongly, name other records than
 * asked for, leave the end mark out, refuse large pieces or cut them off, and cancel the reservation when
 * another console reads too. Source: IPMI 2.0 sections 33.9-33.12, 35.2-35.4; docs/ipmi.rst, quirks.
 */
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/records.h"
#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/target.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

enum { RECORDS_MAX = 2048, BYTES_MAX = 256 * 1024, RESERVATIONS_MAX = 12, WHOLE = 0xff };
enum { TRUST_MS = 3600 * 1000 };
enum { PIECE = 16, PIECE_SHORT = 8, NEXT_ID = 2 };

/* The repository, or what a controller without one has itself. */
struct source {
	uint8_t netfn, info, reserve, get;
};
static const struct source repository_source = { NETFN_STORAGE, STORAGE_SDR_INFO, STORAGE_RESERVE_SDR,
						 STORAGE_GET_SDR };
static const struct source device_source = { NETFN_SENSOR, SENSOR_DEVICE_SDR_INFO, SENSOR_RESERVE_DEVICE_SDR,
					     SENSOR_GET_DEVICE_SDR };

struct reader {
	struct ipmi_operation *operation;
	const struct source *source;
	uint16_t reservation;
	unsigned reservations; /* taken so far */
	bool is_in_pieces;     /* whole records were refused or cut off */
	uint16_t next;         /* record after the one in hand */
	struct buf records;    /* as in struct sdr_cache */
};

/* A completion code by which a BMC says that it was asked for too much at once. */
static bool is_too_much(uint8_t completion)
{
	return completion == COMPLETION_CANNOT_RETURN || completion == COMPLETION_LENGTH ||
	       completion == COMPLETION_FIELD_LENGTH || completion == COMPLETION_RANGE ||
	       completion == COMPLETION_INVALID_FIELD || completion == COMPLETION_UNSPECIFIED;
}

SUSPENDS static int reserve(struct reader *reader, struct error *err)
{
	const struct ipmi_request request = { .netfn = reader->source->netfn,
					      .command = reader->source->reserve };
	struct ipmi_reply reply;
	uint16_t jitter;

	reader->reservation = 0;
	if (reader->reservations++ == RESERVATIONS_MAX)
		return fail(err, ERR_BMC,
			    "IPMI BMC %s: the sensor records cannot be read: others read them all the time",
			    reader->operation->info.address);
	if (ipmi_has_quirk(reader->operation, QUIRK_NO_RESERVATION))
		return 0;
	/* two consoles that take it from each other must not stay in step */
	rmcpp_random(&jitter, sizeof(jitter));
	int rc = reader->reservations > 1 ? fiber_sleep(20 + jitter % (100 * reader->reservations)) : 0;
	if (rc == 0)
		rc = ipmi_request(reader->operation, &request, &reply, err);
	if (rc < 0)
		return rc;
	if (reply.completion == COMPLETION_OK && reply.data_len >= 2)
		reader->reservation = get_u16(reply.data);
	else
		ipmi_found_quirk(reader->operation, QUIRK_NO_RESERVATION);
	return 0;
}

/* One Get SDR. 0 with the BMC's completion code; data behind the next record's id. */
SUSPENDS static int get(struct reader *reader, uint16_t id, uint8_t offset, uint8_t count,
			struct ipmi_reply *reply, struct error *err)
{
	const struct records_get get = { reader->reservation, id, offset, count };
	uint8_t data[RECORDS_GET_LEN];
	const struct ipmi_request request = { reader->source->netfn, reader->source->get, data,
					      records_get_encode(&get, data) };

	return ipmi_request(reader->operation, &request, reply, err);
}

/* Puts what was read behind what is there; returns how many bytes of the record are known now. */
static size_t take_piece(const struct ipmi_reply *reply, uint8_t record[SDR_MAX], size_t offset)
{
	size_t len = reply->data_len < NEXT_ID ? 0 : reply->data_len - NEXT_ID;

	if (len > SDR_MAX - offset)
		len = SDR_MAX - offset;
	memcpy(record + offset, reply->data + NEXT_ID, len);
	return offset + len;
}

enum { RECORD_BAD, RECORD_READ, RECORD_RESERVE };

/* How a completion code that is not 0 goes on: RECORD_RESERVE, RECORD_BAD, or RECORD_READ for "in smaller
 * pieces". */
static int after_refusal(struct reader *reader, uint8_t completion, uint8_t count)
{
	if (completion == COMPLETION_RESERVATION)
		return RECORD_RESERVE;
	if (!is_too_much(completion) || count <= PIECE_SHORT)
		return RECORD_BAD;
	if (count == WHOLE)
		reader->is_in_pieces = true;
	else
		ipmi_found_quirk(reader->operation, QUIRK_SHORT_READS);
	return RECORD_READ;
}

static uint8_t next_count(const struct reader *reader, const uint8_t *record, size_t known)
{
	size_t piece = ipmi_has_quirk(reader->operation, QUIRK_SHORT_READS) ? PIECE_SHORT : PIECE;

	if (known == 0)
		return reader->is_in_pieces || piece == PIECE_SHORT ? SDR_HEADER : WHOLE;
	if (known < SDR_HEADER)
		return (uint8_t)(SDR_HEADER - known);

	size_t left = SDR_HEADER + (size_t)record[4] - known;
	return (uint8_t)(left < piece ? left : piece);
}

/* Reads one record. *ret: RECORD_READ, RECORD_BAD (next may be known) or RECORD_RESERVE. */
SUSPENDS static int read_record(struct reader *reader, uint16_t id, uint8_t record[SDR_MAX], size_t *ret_len,
				int *ret, struct error *err)
{
	struct ipmi_reply reply;
	size_t known = 0;

	*ret = RECORD_READ;
	while (*ret == RECORD_READ && (known < SDR_HEADER || known < SDR_HEADER + (size_t)record[4])) {
		uint8_t count = next_count(reader, record, known);
		int rc = get(reader, id, (uint8_t)known, count, &reply, err);
		if (rc < 0)
			return rc;
		if (reply.completion != COMPLETION_OK) {
			*ret = after_refusal(reader, reply.completion, count);
			continue;
		}
		size_t before = known;
		known = take_piece(&reply, record, known);
		if (known == before) /* a record whose length is a lie: what there is of it counts */
			break;
		reader->next = get_u16(reply.data);
		if (count == WHOLE && known >= SDR_HEADER && known < SDR_HEADER + (size_t)record[4])
			reader->is_in_pieces = true;
	}
	*ret_len = known;
	if (known < SDR_HEADER && *ret == RECORD_READ)
		*ret = RECORD_BAD;
	return 0;
}

static void keep(struct reader *reader, const uint8_t *record, size_t len)
{
	uint8_t head[2];

	/* a piece may have brought more than the record has */
	if (len > SDR_HEADER + (size_t)record[4])
		len = SDR_HEADER + (size_t)record[4];
	put_u16(head, (uint16_t)len);
	buf_append(&reader->records, head, sizeof(head));
	buf_append(&reader->records, record, len);
}

SUSPENDS static int read_all(struct reader *reader, struct error *err)
{
	uint8_t record[SDR_MAX], *seen = xcalloc(1, (SDR_LAST + 1) / 8);
	uint16_t id = SDR_FIRST;
	int rc = reserve(reader, err);

	for (unsigned count = 0; rc == 0 && count < RECORDS_MAX && !reader->records.overflow;) {
		size_t len;
		int how;
		reader->next = SDR_LAST;
		rc = read_record(reader, id, record, &len, &how, err);
		if (rc == 0 && how == RECORD_RESERVE) {
			/* a BMC that asks for one has them, whatever it said before */
			reader->operation->target->quirks &= ~((uint32_t)1 << QUIRK_NO_RESERVATION);
			rc = reserve(reader, err);
			continue;
		}
		if (rc == 0 && how == RECORD_READ)
			keep(reader, record, len);
		count++;
		seen[id / 8] |= (uint8_t)(1U << id % 8);
		id = reader->next;
		if (id == SDR_LAST || seen[id / 8] >> id % 8 & 1)
			break;
	}
	xfree(seen);
	return rc;
}

/* What the target says of its records; *ret_source: where they are. */
SUSPENDS static int ask_repository(struct ipmi_operation *operation, struct records_info *ret,
				   const struct source **ret_source, struct error *err)
{
	const struct ipmi_request request = { .netfn = NETFN_STORAGE, .command = STORAGE_SDR_INFO };
	struct ipmi_reply reply;
	int rc = ipmi_request(operation, &request, &reply, err);

	*ret = (struct records_info){ 0 };
	if (rc < 0)
		return rc;
	*ret_source = &repository_source;
	if (reply.completion == COMPLETION_INVALID_COMMAND)
		*ret_source = &device_source;
	else if (reply.completion != COMPLETION_OK)
		return ipmi_refusal(operation, &request, &reply, err);
	else
		records_info_decode(reply.data, reply.data_len, ret);
	return 0;
}

static bool is_told(uint32_t time)
{
	return time != 0 && time != UINT32_MAX;
}

/* A repository that does not tell when it was changed is believed for a while. */
static bool is_unchanged(const struct sdr_cache *cache, const struct records_info *repository)
{
	if (!cache->is_full || cache->added_at != repository->added_at ||
	    cache->erased_at != repository->erased_at || cache->count != repository->count)
		return false;
	return is_told(repository->added_at) || is_told(repository->erased_at) ||
	       clock_ms() - cache->read_ms < TRUST_MS;
}

int ipmi_sdrs_read(struct ipmi_operation *operation, const struct sdr_cache **ret, struct error *err)
{
	struct sdr_cache *cache = &operation->target->sdrs;
	struct records_info repository;
	struct reader reader = { .operation = operation };
	int rc = ask_repository(operation, &repository, &reader.source, err);

	if (rc < 0)
		return rc;
	*ret = cache;
	if (is_unchanged(cache, &repository))
		return 0;
	buf_init(&reader.records, BYTES_MAX);
	rc = read_all(&reader, err);
	if (rc < 0) {
		buf_release(&reader.records);
		return rc;
	}
	xfree(cache->records);
	*cache = (struct sdr_cache){
		.len = reader.records.len,
		.added_at = repository.added_at,
		.erased_at = repository.erased_at,
		.count = repository.count,
		.read_ms = clock_ms(),
		.is_full = true,
	};
	cache->records = (uint8_t *)buf_take(&reader.records);
	return 0;
}
