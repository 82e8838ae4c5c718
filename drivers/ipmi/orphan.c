/* orphan: see orphan.h. Source: IPMI 2.0 section 22.19 (Close Session: of another session, by
 * administrators). */
#include "drivers/ipmi/orphan.h"

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/ledger.h"
#include "lib/fiber.h"

enum { TRIES = 4, BUSY_MAX = 64 };

/* BMCs where a fiber is closing orphans. Beyond the table's size nobody waits. */
static struct {
	struct udp_address peers[BUSY_MAX];
	unsigned count;
	struct cond ended;
} busy;

static unsigned find_busy(const struct udp_address *peer)
{
	unsigned i = 0;

	while (i < busy.count && !udp_address_equal(&busy.peers[i], peer))
		i++;
	return i;
}

int ipmi_orphans_begin(const struct udp_address *peer, int64_t deadline_ms, bool *ret_has_orphans)
{
	while (find_busy(peer) < busy.count) {
		int rc = cond_wait(&busy.ended, deadline_ms);
		if (rc < 0)
			return rc;
	}
	*ret_has_orphans = ledger_find(peer) != NULL;
	if (*ret_has_orphans && busy.count < BUSY_MAX)
		busy.peers[busy.count++] = *peer;
	return 0;
}

void ipmi_orphans_end(const struct udp_address *peer)
{
	unsigned place = find_busy(peer);

	if (place == busy.count)
		return;
	busy.peers[place] = busy.peers[--busy.count];
	cond_broadcast(&busy.ended);
}

SUSPENDS static int ask(struct ipmi_session *session, struct ipmi_learnt *learnt, uint8_t command,
			const uint8_t *data, size_t len, int64_t deadline_ms, struct ipmi_reply *reply)
{
	const struct ipmi_request request = { NETFN_APP, command, data, len };
	struct ipmi_exchange exchange = { .request = &request,
					  .tries = TRIES,
					  .resend_until_ms = DEADLINE_NEVER,
					  .deadline_ms = deadline_ms };

	return ipmi_session_exchange(session, learnt, &exchange, reply, NULL);
}

void ipmi_orphans_close(struct ipmi_session *session, struct ipmi_learnt *learnt, int64_t deadline_ms)
{
	const uint8_t administrator = IPMI_ADMINISTRATOR;
	struct ledger_orphan *orphan;
	struct ipmi_reply reply;
	uint8_t id[4];

	/* who is none cannot close another's session: they end by themselves */
	if (session->limit < IPMI_ADMINISTRATOR ||
	    ask(session, learnt, APP_SET_PRIVILEGE, &administrator, 1, deadline_ms, &reply) < 0 ||
	    reply.completion != COMPLETION_OK)
		return;
	session->privilege = IPMI_ADMINISTRATOR;
	while ((orphan = ledger_find(&session->line.peer)) != NULL) {
		put_u32(id, orphan->session_id);
		/* an id that the BMC has given out again is ours now */
		if (orphan->session_id != session->bmc_id &&
		    ask(session, learnt, APP_CLOSE_SESSION, id, sizeof(id), deadline_ms, &reply) < 0)
			return;
		/* closed, or unknown; or refused, which it would be again */
		orphan = ledger_find(&session->line.peer);
		if (orphan != NULL && orphan->session_id == get_u32(id))
			ledger_settle(orphan);
	}
}
