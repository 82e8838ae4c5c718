/* http_peer: see http_link.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/http_link.h"
#include "lib/map.h"
#include "lib/xalloc.h"

/* Peers remembered for their sessions; those not used for longest go first. */
#define PEERS_MAX 20000

static struct {
	struct map by_hash; /* first of a chain */
	struct http_peer *oldest, *newest;
	unsigned peers;
	struct http_link *idle_oldest, *idle_newest;
	unsigned idle, idle_max;
} pool = { .idle_max = 1000 };

/* ---- peers ---- */

static void unlink_age(struct http_peer *peer)
{
	*(peer->older ? &peer->older->newer : &pool.oldest) = peer->newer;
	*(peer->newer ? &peer->newer->older : &pool.newest) = peer->older;
}

static void link_newest(struct http_peer *peer)
{
	peer->newer = NULL;
	peer->older = pool.newest;
	*(pool.newest ? &pool.newest->newer : &pool.oldest) = peer;
	pool.newest = peer;
}

static void peer_free(struct http_peer *peer)
{
	struct http_peer *first = map_take(&pool.by_hash, peer->hash);
	struct http_peer **place = &first;

	while (*place != peer)
		place = &(*place)->next;
	*place = peer->next;
	if (first)
		map_put(&pool.by_hash, peer->hash, first);
	unlink_age(peer);
	pool.peers--;
	SSL_SESSION_free(peer->session);
	xfree(peer->key);
	xfree(peer->host);
	xfree(peer);
}

static void forget_oldest(void)
{
	struct http_peer *peer = pool.oldest;

	while (peer && peer->users)
		peer = peer->newer;
	if (peer)
		peer_free(peer);
}

static struct http_peer *peer_new(const struct http_place *place, const char *key, int64_t hash)
{
	struct http_peer *peer = xcalloc(1, sizeof(*peer));
	struct http_peer *first = map_get(&pool.by_hash, hash);
	char address[16];

	peer->hash = hash;
	peer->key = xstrdup(key);
	peer->host = xstrdup(place->host);
	peer->is_ip = place->is_ip6 || inet_pton(AF_INET, place->host, address) == 1;
	peer->next = first;
	map_put(&pool.by_hash, hash, peer);
	link_newest(peer);
	if (++pool.peers > PEERS_MAX)
		forget_oldest();
	return peer;
}

struct http_peer *http_peer_take(const struct http_place *place, const struct http_wishes *wishes)
{
	char key[2048];
	struct http_peer *peer;
	int64_t hash;

	/* Blanks part the words: none of them can be in a host, and a path with one is another path. */
	if (place->is_tls)
		snprintf(key, sizeof(key), "%s %d %s %s %s", place->where, wishes->is_unverified,
			 wishes->minimum ? wishes->minimum : "", wishes->ciphers ? wishes->ciphers : "",
			 wishes->ca_path ? wishes->ca_path : "");
	else
		snprintf(key, sizeof(key), "%s", place->where);
	hash = hash_key(hash_text(HASH_START, key));
	for (peer = map_get(&pool.by_hash, hash); peer && strcmp(peer->key, key) != 0;
	     peer = peer->next)
		;
	if (peer) {
		unlink_age(peer);
		link_newest(peer);
	} else {
		peer = peer_new(place, key, hash);
	}
	peer->users++;
	return peer;
}

void http_peer_give(struct http_peer *peer)
{
	if (--peer->users == 0 && !peer->session)
		peer_free(peer);
}

struct http_link *http_peer_idle(struct http_peer *peer)
{
	return peer->idle;
}

/* ---- idle connections ---- */

void http_links_put(struct http_link *link)
{
	link->next = link->peer->idle;
	link->peer->idle = link;
	link->newer = NULL;
	link->older = pool.idle_newest;
	*(pool.idle_newest ? &pool.idle_newest->newer : &pool.idle_oldest) = link;
	pool.idle_newest = link;
	pool.idle++;
	while (pool.idle > pool.idle_max)
		http_link_close(pool.idle_oldest);
}

void http_links_take(struct http_link *link)
{
	struct http_link **place = &link->peer->idle;

	while (*place != link)
		place = &(*place)->next;
	*place = link->next;
	*(link->older ? &link->older->newer : &pool.idle_oldest) = link->newer;
	*(link->newer ? &link->newer->older : &pool.idle_newest) = link->older;
	pool.idle--;
}

void http_links_keep(unsigned max)
{
	pool.idle_max = max;
}

void http_links_release(void)
{
	while (pool.idle_oldest)
		http_link_close(pool.idle_oldest);
	while (pool.oldest)
		peer_free(pool.oldest);
	map_release(&pool.by_hash);
}
