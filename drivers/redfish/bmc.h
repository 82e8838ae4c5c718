#pragma once
/*
 * bmc: what the process knows of each BMC that it talks Redfish to: the session, what was learned about it,
 * how many requests are under way. Kept by address and credentials, so that a changed password is another
 * entry and never sees the old one's session; least recently used entries go first, and idle ones after
 * REDFISH_IDLE_S, those of which nothing was learned at once. An entry that goes ends its session at the BMC.
 */
#include <stdint.h>

#include "drivers/redfish/driver_info.h"
#include "lib/digest.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/uuid.h"

#define REDFISH_IDLE_S        600       /* an unused session is ended after that */
#define REDFISH_SLOTS         2         /* requests to one BMC at once */
#define REDFISH_REPLY_MAX     (4 << 20) /* bytes of an answer */
#define REDFISH_FRESH_MS      5000      /* writes do not use a connection that was idle for longer */
#define REDFISH_FLIGHT_MS     3000      /* longest life of an unacknowledged write: as [conductor] flight */
#define REDFISH_PATH_MAX      1024
#define REDFISH_TOKEN_MAX     1024

/* What the service root tells. See features.h. */
struct redfish_features {
	bool is_read;
	unsigned expand_levels; /* that $expand takes; 0: it does not know it */
	char vendor[128];       /* "": not told */
};

struct redfish_bmc {
	struct redfish_info info;      /* own copies of its texts */
	int64_t hash; /* of the info: the key in the cache */
	char key[DIGEST_TEXT];         /* of info, for the store of sessions */
	struct redfish_bmc *next;      /* of the same hash */
	struct redfish_bmc *older, *newer;
	bool is_listed;                /* in the cache; else freed by the last user */
	unsigned users;

	char node_uuid[UUID_TEXT];     /* of the node that used it last; "": none */
	char *token;                   /* of the session; NULL: none */
	char *session_path;            /* what DELETE ends; NULL: the BMC did not say */
	bool has_session_worked;       /* then auto never falls back to Basic */
	int64_t basic_until_ms;        /* auto: sessions were refused, Basic until then */
	struct semaphore login;        /* one login at a time */
	char *system_path;             /* of the only system; NULL: not looked for yet */
	struct redfish_features features;

	struct semaphore slots;
	bool is_untrusted;             /* the latest connection's certificate did not verify */
	int64_t used_ms;               /* clock_ms of the last answer or release */
	unsigned exchanges, reuse_failures; /* of the last few, for close_until_ms */
	int64_t close_until_ms;        /* connections are not kept until then */
};

/* The entry for these credentials, made when new; in use until given back. */
struct redfish_bmc *redfish_bmc_take(const struct redfish_info *info);
void redfish_bmc_give(struct redfish_bmc *bmc);

/* Ends all sessions and forgets all BMCs; waits for the logouts until the deadline. For the end of the
 * process, before http_client_release. */
SUSPENDS void redfish_drain(int64_t deadline_ms);

/* One request. All borrowed. */
struct redfish_request {
	const char *method;
	const char *path;              /* from the authority on */
	const char *body;              /* JSON; NULL: none */
	size_t body_len;
	const char *if_match;          /* NULL: none */
	const char *token;             /* NULL: none */
	bool is_basic;                 /* with Basic credentials */
	bool is_write;                 /* never on a connection that was idle for long */
	int64_t deadline_ms;
	int (*may_send)(void *arg, unsigned attempt, struct error *err); /* NULL: always */
	void *may_send_arg;
};
/* Sends it once and waits, in its turn among the BMC's requests. What http_fetch returns; the caller releases
 * fetch in any case. */
SUSPENDS int redfish_exchange(struct redfish_bmc *bmc, const struct redfish_request *request,
			      struct http_fetch *fetch, struct error *err);

/* Turns a link of the BMC (path, or URL of this same BMC) into a path. -ERR_BMC for other hosts and for what
 * cannot be a path. */
int redfish_path_of_link(const struct redfish_bmc *bmc, const char *link, char *path, size_t size,
			 struct error *err);
