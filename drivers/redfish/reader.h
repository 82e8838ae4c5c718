#pragma once
/*
 * reader: reads a service as the graph that it is, for operations that need many resources of it. Documents
 * are read once in an operation, however often links lead to them, so loops end; the number of requests is
 * bounded. What the BMC does not have, refuses, or answers with nonsense is not there: NULL. What ends the
 * whole reading (no connection, no access, cancelled) is kept and told by redfish_reader_end, so that what is
 * in between reads without checks.
 *
 * All documents are borrowed from the reader and live as long as it does.
 * Source: DSP0266 sections 7.3.1 ($expand) and 9 (resources, collections, links).
 */
#include "drivers/redfish/client.h"

#define REDFISH_READS_MAX   400 /* requests of one operation */
#define REDFISH_MEMBERS_MAX 512 /* of one collection that are looked at */

struct redfish_reader {
	struct redfish_client *client; /* borrowed */
	json_t *documents;             /* owned; by path; null: not there */
	json_t *lists;                 /* owned; those given out by redfish_members */
	unsigned reads, busy;
	int rc; /* 0, or why nothing more is read */
	struct error err;
};

void redfish_reader_begin(struct redfish_reader *reader, struct redfish_client *client);
/* What has ended the reading: 0, or its code with the sentence. */
int redfish_reader_end(struct redfish_reader *reader, struct error *err);

/* A document that was read otherwise becomes what is known of its path. Returns it, borrowed as all are. */
const json_t *redfish_reader_keep(struct redfish_reader *reader, const char *path, json_t *take_document);

/* The object at a path; NULL: not there. */
SUSPENDS const json_t *redfish_read(struct redfish_reader *reader, const char *path);
/* The same, asked for with what it contains, `levels` deep, where the service can do that; where not, the
 * links remain, and redfish_follow reads them one by one. */
SUSPENDS const json_t *redfish_read_expanded(struct redfish_reader *reader, const char *path,
					     unsigned levels);
/* Where {"@odata.id": path} leads; the object itself when the BMC has put it there. NULL: not there. */
SUSPENDS const json_t *redfish_follow(struct redfish_reader *reader, const json_t *link);
SUSPENDS const json_t *redfish_follow_expanded(struct redfish_reader *reader, const json_t *link,
					       unsigned levels);
/* The members of a collection, or what a list of links leads to: a list of objects, never NULL. */
SUSPENDS const json_t *redfish_members(struct redfish_reader *reader, const json_t *collection_or_list);

/* ---- members of documents; NULL, 0 or false for what is not of that type ---- */

const char *redfish_text(const json_t *object, const char *name);
/* Without white space at both ends; in the task's arena. NULL also when nothing is left. */
const char *redfish_trimmed(const struct redfish_reader *reader, const json_t *object, const char *name);
/* The path of a link; NULL: none, or it leads to another host. */
const char *redfish_link(const json_t *object, const char *name);
/* A number that may be real, as long as it is finite and fits. */
int64_t redfish_number(const json_t *object, const char *name);
/* Status.State is neither Absent nor Disabled. */
bool redfish_is_present(const json_t *object);
