#pragma once
/* listeners: one HTTP server on each of several addresses. */
#include <stddef.h>
#include <stdint.h>

#include "lib/config.h"
#include "lib/http_server.h"

#define LISTENERS_MAX 16

/* Zeroed is empty. */
struct listeners {
	struct http_server *servers[LISTENERS_MAX];
	size_t count;
};

/* Starts one on each address, at most LISTENERS_MAX; common: what they share, its address is not read.
 * sentence: what the log says, up to "... on <address> port <port>". Those that were started stay so when one
 * fails. */
int listeners_start(struct listeners *listeners, const struct option_list *addresses,
		    const struct http_server_options *common, const char *sentence, struct error *err);
SUSPENDS void listeners_drain(struct listeners *listeners, int64_t deadline_ms);
void listeners_free(struct listeners *listeners);
