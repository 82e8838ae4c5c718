/* session_store: see session_store.h. */
#include "drivers/session_store.h"

#include <string.h>

#include "lib/http_client.h"
#include "lib/xalloc.h"

#define END_MS 10000

static const struct session_store *current;
static void *current_arg;
static void (*current_drop)(const char *key);

void session_store_set(const struct session_store *store, void *arg)
{
	current = store;
	current_arg = arg;
}

int session_store_save(const struct stored_session *session, struct error *err)
{
	return current ? current->save(current_arg, session, err) : 0;
}

int session_store_adopt(const char *key, struct arena *arena, struct stored_session *ret, struct error *err)
{
	*ret = (struct stored_session){ 0 };
	return current ? current->adopt(current_arg, key, arena, ret, err) : 0;
}

void session_store_forget(const char *key, const char *token)
{
	if (current)
		current->forget(current_arg, key, token);
}

void session_store_set_drop(void (*drop)(const char *key))
{
	current_drop = drop;
}

void session_store_drop(const char *key)
{
	if (current_drop)
		current_drop(key);
}

int session_store_end(const struct stored_session *session, struct error *err)
{
	char *url = xasprintf("%s%s", session->address, session->path);
	char *token = xasprintf("X-Auth-Token: %s", session->token);
	const char *const headers[] = { "OData-Version: 4.0", token, NULL };
	struct http_fetch fetch = {
		.method = "DELETE",
		.url = url,
		.headers = headers,
		.is_tls_unverified = session->is_tls_unverified,
		.ca_path = session->ca_path,
		.is_fresh = true,
		.is_last = true,
		.connect_timeout_ms = END_MS,
		.timeout_ms = END_MS,
		.max_body_bytes = 65536,
	};
	int rc = http_fetch(&fetch, err);

	http_fetch_release(&fetch);
	xfree_secret(token);
	xfree(url);
	return rc;
}
