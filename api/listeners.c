#include "api/listeners.h"

#include <assert.h>

#include "lib/log.h"

int listeners_start(struct listeners *listeners, const struct option_list *addresses,
		    const struct http_server_options *common, const char *sentence, struct error *err)
{
	assert(addresses->count <= LISTENERS_MAX);
	for (size_t i = 0; i < addresses->count; i++) {
		struct http_server_options options = *common;
		struct http_server *server;

		options.address = addresses->items[i];
		int rc = http_server_new(&options, &server, err);
		if (rc < 0)
			return rc;
		listeners->servers[listeners->count++] = server;
		log_info("%s on %s port %d", sentence, options.address, http_server_port(server));
	}
	return 0;
}

void listeners_drain(struct listeners *listeners, int64_t deadline_ms)
{
	for (size_t i = 0; i < listeners->count; i++)
		http_server_drain(listeners->servers[i], deadline_ms);
}

void listeners_free(struct listeners *listeners)
{
	while (listeners->count > 0)
		http_server_free(listeners->servers[--listeners->count]);
}
