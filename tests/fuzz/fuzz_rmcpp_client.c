/*
 * What a BMC answers, into the client's login (of RMCP+ and of IPMI 1.5) and exchanges, bridged ones too. The
 * socket is replaced: what the client sends goes to a server in this process, and the input decides what
 * becomes of each answer: passed on, bent, cut, doubled, made up, or lost. The clock and sleeping are the
 * fuzzer's too, so a run takes no time. Whatever comes, the client ends by its deadline; and a session that
 * it takes for open is one that the server agrees with, unless the suite proves nothing.
 */
#include <assert.h>
#include <string.h>

#include "drivers/ipmi/session.h"
#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tests/support/ipmi_console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- time, by the linker's --wrap ---- */

int64_t __wrap_clock_ms(void);
int __wrap_fiber_sleep(int64_t ms);

static int64_t now_ms;
int64_t __wrap_clock_ms(void)
{
	return now_ms;
}

int __wrap_fiber_sleep(int64_t ms)
{
	now_ms += ms > 0 ? ms : 0;
	return 0;
}

/* ---- the input ---- */

static const uint8_t *input;
static size_t input_len;

static uint8_t draw(void)
{
	if (input_len == 0)
		return 0;
	input_len--;
	return *input++;
}

/* ---- the line: one BMC in this process ---- */

static struct ipmi_console bmc; /* only its ops are used: they keep the server's answers */
static unsigned taken;          /* of the answers to the latest datagram */

int ipmi_line_open(struct ipmi_line *line, const struct udp_address *peer, struct error *err)
{
	(void)peer;
	(void)err;
	*line = (struct ipmi_line){ .id = 0x10001 };
	return 0;
}

void ipmi_line_renew(struct ipmi_line *line)
{
	line->id += 0x10000;
}

void ipmi_line_close(struct ipmi_line *line)
{
	line->id = 0;
}

void ipmi_line_note(struct ipmi_line *line, uint32_t bmc_session_id)
{
	line->noted = bmc_session_id;
}

void ipmi_line_settle(struct ipmi_line *line)
{
	line->noted = 0;
}

void ipmi_line_listen(struct ipmi_line *line, ipmi_listen_fn *listen, void *arg)
{
	(void)line;
	(void)listen;
	(void)arg;
}

void ipmi_line_send(struct ipmi_line *line, const uint8_t *datagram, size_t len, bool is_now)
{
	(void)line;
	(void)is_now;
	bmc.now_ms = now_ms;
	taken = 0;
	ipmi_console_send(&bmc, datagram, len);
}

static bool deliver(ipmi_accept_fn *accept, void *arg, const uint8_t *data, size_t len)
{
	/* of exactly that size, so that ASan sees the first byte read past the end */
	uint8_t *exact = xmalloc(len > 0 ? len : 1);
	struct rmcp_packet packet;

	memcpy(exact, data, len);
	bool is_taken = rmcp_decode(exact, len, &packet) && accept(arg, &packet);
	xfree(exact);
	return is_taken;
}

/* Bends the answer as the input says. */
static size_t bend(uint8_t how, uint8_t *answer, size_t len)
{
	switch (how) {
	case 0: /* some bytes differ */
		for (unsigned i = draw() & 7; i > 0 && len > 0; i--) {
			uint8_t at = draw();
			answer[at % len] ^= draw();
		}
		return len;
	case 1: /* cut */
		return len > 0 ? draw() % (len + 1) : 0;
	default: /* made up from byte n on */
		for (size_t at = draw(); at < RMCPP_DATAGRAM_MAX && input_len > 0; at++) {
			answer[at] = draw();
			len = at + 1;
		}
		return len;
	}
}

/* The next answer to the latest datagram, or one of them that the input chooses; an old one when there is
 * none. */
static size_t take_answer(bool is_any, uint8_t answer[RMCPP_DATAGRAM_MAX])
{
	unsigned count = bmc.answer_count < 4 ? bmc.answer_count : 4;
	unsigned n = count == 0 ? 0 : is_any ? draw() % count : taken < count ? taken : count - 1;
	const uint8_t *data = count > 0 ? bmc.answers[n] : bmc.answer;
	size_t len = count > 0 ? bmc.answer_lens[n] : bmc.answer_len;

	taken++;
	memset(answer, 0, RMCPP_DATAGRAM_MAX);
	memcpy(answer, data, len);
	return len;
}

int ipmi_line_wait(struct ipmi_line *line, ipmi_accept_fn *accept, void *arg, int64_t deadline_ms)
{
	uint8_t answer[RMCPP_DATAGRAM_MAX];
	uint8_t how;

	(void)line;
	do {
		how = draw();
		size_t len = take_answer(how & 0x20, answer);
		if (how % 4 == 3)
			continue; /* lost */
		if (how % 4 != 0)
			len = bend(how >> 3 & 3, answer, len);
		if (deliver(accept, arg, answer, len))
			return 0;
	} while (how & 4);
	now_ms = deadline_ms > now_ms ? deadline_ms : now_ms;
	return -ERR_TIMEOUT;
}

/* ---- the client ---- */

static const struct ipmi_server_user users[] = { { "admin", "password", IPMI_OPERATOR } };

static int on_reach(void *arg, const struct ipmi_route *route)
{
	(void)arg;
	(void)route;
	return COMPLETION_OK;
}

/* Whether the session's codes prove each answer. */
static bool is_protected(const struct ipmi_session *session)
{
	return session->is_15 ? session->lan15.auth == LAN15_MD5 : session->wire.suite->integrity_len > 0;
}

static void run_requests(struct ipmi_session *session, struct ipmi_learnt *learnt,
			 const struct ipmi_route *route)
{
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t data[] = { 0xdc, 1 };
		const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_STATUS, data, i % 3 };
		struct ipmi_exchange exchange = { .request = &request,
						  .route = route->hops > 0 ? route : NULL,
						  .tries = 3,
						  .resend_until_ms = DEADLINE_NEVER,
						  .deadline_ms = now_ms + 10000 };
		struct ipmi_reply reply;
		int rc = ipmi_session_exchange(session, learnt, &exchange, &reply, NULL);

		assert(rc == 0 || rc == -ERR_TIMEOUT);
		assert(now_ms <= exchange.deadline_ms);
		/* what the integrity code protects cannot have been bent */
		if (rc == 0 && is_protected(session))
			assert(reply.completion == 0 && reply.data_len == 1 &&
			       reply.data[0] == CHASSIS_STATUS);
	}
	ipmi_session_logout(session, learnt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int suites[] = { -1, 3, 17, 0, 1, 2, 15, 16 };
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 1,
						   .suites = 0x38001 | 0xe,
						   .auth_types = 1 << LAN15_MD5 | 1 << LAN15_PASSWORD,
						   .session_limit = 4,
						   .failures_per_second = 1000 };
	struct ipmi_info info = {
		.address = "bmc", .port = 623, .user_len = 5, .user = "admin", .privilege = IPMI_ADMINISTRATOR
	};
	struct ipmi_session session = { 0 };
	struct ipmi_learnt learnt = { 0 };
	struct error err;

	input = data;
	input_len = size;
	now_ms = 1000000;
	uint8_t how = draw();
	info.suite = suites[how & 7];
	info.is_15 = how & 8;
	info.route = (struct ipmi_route){ .hops = (how >> 4 & 3) % 3,
					  .target_address = 0x72,
					  .target_channel = 6,
					  .transit_address = 0x82,
					  .transit_channel = 7 };
	rmcpp_key_set(info.password, "password", 8);
	ipmi_console_init(&bmc, 3);
	struct ipmi_server_ops ops = ipmi_console_ops;
	ops.reach = on_reach;
	bmc.server = ipmi_server_new(&config, &ops, &bmc);
	ipmi_line_open(&session.line, NULL, NULL);

	int rc = ipmi_login(&session, &learnt, &info, now_ms + 60000, &err);
	assert(now_ms <= 1000000 + 60000 + 16000);
	if (rc == 0)
		run_requests(&session, &learnt, &info.route);
	ipmi_server_free(bmc.server);
	return 0;
}
