/* server_sol: see server_sol.h. */
#include "drivers/ipmi/server_sol.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/command.h"

enum { INSTANCE = 1, PAYLOAD_VERSION = 0x10, PAYLOAD_LIMIT = 1, NO_VLAN = 0xffff };
enum { SOL_PARAMETER_REVISION = 0x11 };

void sol_server_init(struct sol_server *sol, const struct sol_server_config *config,
		     const struct sol_server_ops *ops, void *arg, struct ipmi_server *server, uint16_t port)
{
	*sol = (struct sol_server){
		.config = *config, .ops = ops, .arg = arg, .server = server, .port = port
	};
}

bool sol_server_is_active(const struct sol_server *sol)
{
	return sol->owner != 0;
}

/* ---- characters ---- */

static void send_payload(struct sol_server *sol, int64_t now_ms, const uint8_t *payload, size_t len)
{
	(void)ipmi_server_send(sol->server, now_ms, sol->owner, PAYLOAD_SOL, payload, len);
}

static void pump(struct sol_server *sol, int64_t now_ms)
{
	uint8_t payload[SOL_PAYLOAD_MAX];
	size_t taken;

	if (sol->owner == 0 || !sol_end_is_free(&sol->end) || (sol->out_len == 0 && !sol->has_overrun))
		return;
	size_t len = sol_end_send(&sol->end, now_ms, sol->out, sol->out_len,
				  sol->has_overrun ? SOL_OVERRUN : 0, payload, &taken);
	sol->has_overrun = false;
	sol->out_len -= taken;
	memmove(sol->out, sol->out + taken, sol->out_len);
	send_payload(sol, now_ms, payload, len);
}

void sol_server_output(struct sol_server *sol, int64_t now_ms, const uint8_t *data, size_t len)
{
	size_t room = sizeof(sol->out) - sol->out_len, taken = len < room ? len : room;

	if (sol->owner == 0)
		return;
	memcpy(sol->out + sol->out_len, data, taken);
	sol->out_len += taken;
	sol->has_overrun |= taken < len;
	pump(sol, now_ms);
}

int64_t sol_server_due_ms(const struct sol_server *sol)
{
	return sol->owner != 0 ? sol_end_due_ms(&sol->end) : INT64_MAX;
}

static void deactivate(struct sol_server *sol)
{
	sol->owner = 0;
	sol->out_len = 0;
	sol->has_overrun = false;
}

void sol_server_tick(struct sol_server *sol, int64_t now_ms)
{
	uint8_t payload[SOL_PAYLOAD_MAX];

	if (sol->owner == 0)
		return;
	if (sol_end_is_lost(&sol->end, now_ms)) /* the session stays; its console can activate again */
		return deactivate(sol);
	size_t len = sol_end_repeat(&sol->end, now_ms, payload);
	if (len > 0)
		send_payload(sol, now_ms, payload, len);
	pump(sol, now_ms);
}

/* What the console's control bits ask for. */
static void obey(struct sol_server *sol, uint8_t control)
{
	if (control & SOL_FLUSH_OUT)
		sol->out_len = 0;
	if (control & SOL_BREAK)
		sol->ops->serial_break(sol->arg);
}

void sol_server_payload(struct sol_server *sol, int64_t now_ms, uint32_t session_id, const uint8_t *payload,
			size_t len)
{
	uint8_t answer[SOL_PAYLOAD_MAX];
	struct sol_received received;

	if (session_id != sol->owner || sol->owner == 0 ||
	    !sol_end_input(&sol->end, now_ms, 0, payload, len, &received))
		return;
	if (received.wants_ack) {
		size_t taken = received.len > 0 ? sol->ops->typed(sol->arg, received.data, received.len) : 0;
		uint8_t status = taken == 0 && received.len > 0 ? SOL_UNAVAILABLE : 0;

		send_payload(sol, now_ms, answer,
			     sol_end_ack(&sol->end, taken, received.len, status, answer));
		/* a refused packet comes again with its control bits */
		if (received.is_new && status == 0)
			obey(sol, received.flags);
	}
	pump(sol, now_ms);
}

void sol_server_ended(struct sol_server *sol, uint32_t session_id)
{
	if (sol->owner == session_id)
		deactivate(sol);
}

/* ---- commands ---- */

struct answer {
	struct sol_server *sol;
	int64_t now_ms;
	const struct ipmi_server_call *call;
	const uint8_t *request;
	size_t request_len;
	uint8_t *data;
	size_t *len;
};

static void put(struct answer *answer, const uint8_t *data, size_t len)
{
	memcpy(answer->data + *answer->len, data, len);
	*answer->len += len;
}

static bool is_sol(const struct answer *answer)
{
	return answer->request_len >= 1 && (answer->request[0] & 0x3f) == PAYLOAD_SOL;
}

static bool is_instance(const struct answer *answer)
{
	return is_sol(answer) && answer->request_len >= 2 && (answer->request[1] & 0x0f) == INSTANCE;
}

static int activate(struct answer *answer)
{
	struct sol_server *sol = answer->sol;
	uint8_t data[12] = { 0 };

	if (!is_instance(answer))
		return is_sol(answer) ? COMPLETION_RANGE : COMPLETION_INVALID_FIELD;
	if (sol->config.is_disabled)
		return COMPLETION_PAYLOAD_DISABLED;
	if (sol->owner != 0)
		return COMPLETION_PAYLOAD_ACTIVE;
	if (sol->config.needs_encryption && !answer->call->is_encrypted)
		return COMPLETION_PAYLOAD_ENCRYPTED_ONLY;
	sol->owner = answer->call->session_id;
	sol->out_len = 0;
	sol->end = (struct sol_end){ .send_max = sol_data_size(sol->config.payload_size) };
	put_u16(data + 4, (uint16_t)sol->config.payload_size);
	put_u16(data + 6, (uint16_t)sol->config.payload_size);
	put_u16(data + 8, sol->port);
	put_u16(data + 10, NO_VLAN);
	put(answer, data, sizeof(data));
	return COMPLETION_OK;
}

/* The console that loses the payload is told, if it is another one than who asks. */
static int give_up(struct answer *answer)
{
	struct sol_server *sol = answer->sol;
	uint8_t payload[SOL_PAYLOAD_MAX];
	const struct sol_packet packet = { .flags = SOL_DEACTIVATED };

	if (!is_instance(answer))
		return COMPLETION_INVALID_FIELD;
	if (sol->owner == 0)
		return COMPLETION_PAYLOAD_ACTIVE; /* the same number here says that it is not */
	if (sol->owner != answer->call->session_id)
		send_payload(sol, answer->now_ms, payload, sol_encode(&packet, payload));
	deactivate(sol);
	return COMPLETION_OK;
}

static int activation_status(struct answer *answer)
{
	const uint8_t data[] = { PAYLOAD_LIMIT, answer->sol->owner != 0, 0 };

	if (!is_sol(answer))
		return COMPLETION_INVALID_FIELD;
	put(answer, data, sizeof(data));
	return COMPLETION_OK;
}

static int instance_info(struct answer *answer)
{
	uint8_t data[12] = { 0 };

	if (!is_sol(answer))
		return COMPLETION_INVALID_FIELD;
	if (is_instance(answer))
		put_u32(data, answer->sol->owner);
	put(answer, data, sizeof(data));
	return COMPLETION_OK;
}

static int user_payloads(struct answer *answer)
{
	put(answer, (const uint8_t[]){ 1 << PAYLOAD_SOL, 0, 0, 0 }, 4);
	return COMPLETION_OK;
}

static int channel_payloads(struct answer *answer)
{
	/* IPMI and SOL; the handshake's six; no OEM's */
	put(answer, (const uint8_t[]){ 0x03, 0, 0x3f, 0, 0, 0, 0, 0 }, 8);
	return COMPLETION_OK;
}

static int payload_version(struct answer *answer)
{
	const uint8_t version = PAYLOAD_VERSION;

	if (answer->request_len < 2 || answer->request[1] > PAYLOAD_SOL)
		return COMPLETION_PAYLOAD_ACTIVE; /* here: the payload type is not available */
	put(answer, &version, 1);
	return COMPLETION_OK;
}

/* Source: IPMI 2.0 table 26-5. */
static int get_parameter(struct answer *answer)
{
	const struct sol_server *sol = answer->sol;
	static const uint8_t revision = SOL_PARAMETER_REVISION;
	const struct {
		uint8_t len, data[2];
	} parameters[] = {
		{ 1, { 0 } },                                                     /* no change under way */
		{ 1, { !sol->config.is_disabled } },                              /* enabled */
		{ 1, { (sol->config.needs_encryption ? 0xc0 : 0) | IPMI_USER } }, /* authentication */
		{ 2, { 10, 96 } },                                                /* accumulation */
		{ 2, { 7, 80 } },                                                 /* repetition */
		{ 1, { 0x0a } },                                                  /* 115,200 bit/s now ... */
		{ 1, { 0x0a } },                                                  /* ... and later */
		{ 1, { 1 } },                                                     /* channel */
		{ 2, { (uint8_t)sol->port, (uint8_t)(sol->port >> 8) } },
	};
	uint8_t number = answer->request[1];

	if (number >= sizeof(parameters) / sizeof(parameters[0]))
		return COMPLETION_UNSUPPORTED_PARAMETER;
	put(answer, &revision, 1);
	if (!(answer->request[0] & 0x80)) /* else only the revision is asked for */
		put(answer, parameters[number].data, parameters[number].len);
	return COMPLETION_OK;
}

static const struct {
	uint8_t netfn, command;
	int (*run)(struct answer *answer);
} commands[] = {
	{ NETFN_APP, APP_ACTIVATE_PAYLOAD, activate },
	{ NETFN_APP, APP_DEACTIVATE_PAYLOAD, give_up },
	{ NETFN_APP, APP_PAYLOAD_STATUS, activation_status },
	{ NETFN_APP, APP_PAYLOAD_INSTANCE, instance_info },
	{ NETFN_APP, APP_USER_PAYLOADS, user_payloads },
	{ NETFN_APP, APP_CHANNEL_PAYLOADS, channel_payloads },
	{ NETFN_APP, APP_PAYLOAD_VERSION, payload_version },
	{ NETFN_TRANSPORT, TRANSPORT_GET_SOL, get_parameter },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

/* COMMAND_COUNT: none of ours. */
static size_t find(uint8_t netfn, uint8_t command)
{
	size_t i = 0;

	while (i < COMMAND_COUNT && (commands[i].netfn != netfn || commands[i].command != command))
		i++;
	return i;
}

bool sol_server_has_command(uint8_t netfn, uint8_t command)
{
	return find(netfn, command) < COMMAND_COUNT;
}

int sol_server_command(struct sol_server *sol, int64_t now_ms, const struct ipmi_server_call *call,
		       uint8_t *ret_data, size_t *ret_len)
{
	struct answer answer = { sol,      now_ms, call, call->request->data, call->request->data_len,
				 ret_data, ret_len };
	size_t place = find(call->request->netfn, call->request->command);

	*ret_len = 0;
	return place < COMMAND_COUNT ? commands[place].run(&answer) : SOL_SERVER_OTHER;
}
