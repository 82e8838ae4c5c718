#pragma once
/*
 * changes: GET /v1/changes, the stream of node changes as server-sent events. One fiber asks the database
 * whether there is news, and only while somebody reads; each reader then reads its own pages. Nothing of the
 * database is held while a page is written to a slow client. Source: WHATWG HTML, section 9.2 (server-sent
 * events).
 */
#include "lib/fiber.h"

struct db;

void changes_start(struct db *db);
/* Ends all streams, before the server drains. */
SUSPENDS void changes_stop(void);
