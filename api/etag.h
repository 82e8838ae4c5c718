#pragma once
/*
 * etag: strong entity tags of what is one row, and the conditions that name them (RFC 9110, sections 8.8.3
 * and 13.1). A tag is "<id>-<version>-<print>": the row, how often it was changed, and a hash of the
 * document. If-Match compares the first two, so a tag of any microversion or choice of fields names the state
 * of the row; If-None-Match compares all, so 304 never hides a difference.
 */
#include <stdint.h>

#include "api/request.h"

/* The row that a request is about to change, as it was read. */
struct etag_row {
	const char *title; /* "Node", in the sentence */
	const char *uuid;
	int64_t id, version;
};

/* True when the request has an If-Match. */
bool etag_is_expected(const struct api_request *request);
/* -ERR_PRECONDITION: If-Match names other states of the row. Who gets 0 writes on condition that the version
 * is still this one, and reads and asks again when it is not. */
int etag_check(const struct api_request *request, const struct etag_row *row, struct error *err);
/* ETag of an answer whose body is whole. A GET that has it already (If-None-Match) becomes a 304. */
void etag_reply(struct api_request *request, int64_t id, int64_t version);
/* True when a route that knows no tags was asked to change something on condition: the 412 is made. */
bool etag_refuse(struct api_request *request);
