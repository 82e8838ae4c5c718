/* ipmi_console: see ipmi_console.h. */
#include "tests/support/ipmi_console.h"

#include <string.h>

static void on_send(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	struct ipmi_console *console = arg;

	(void)peer;
	if (console->answer_count < 4) {
		memcpy(console->answers[console->answer_count], data, len);
		console->answer_lens[console->answer_count] = len;
	}
	console->answer_count++;
	console->answer_len = len;
	memcpy(console->answer, data, len);
}

/* Says what it was asked, and counts. */
static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	struct ipmi_console *console = arg;

	console->command_count++;
	ret_data[0] = call->request->command;
	*ret_len = 1;
	return COMPLETION_OK;
}

const struct ipmi_server_ops ipmi_console_ops = { .send = on_send, .command = on_command };

void ipmi_console_init(struct ipmi_console *console, unsigned suite)
{
	*console = (struct ipmi_console){ .peer = { .address = { 127, 0, 0, 1 }, .port = 4000 },
					  .now_ms = 1000,
					  .user = "admin",
					  .password = "password",
					  .suite = suite,
					  .privilege = IPMI_ADMINISTRATOR,
					  .id = 0x600df00d,
					  .tag = 7 };
}

bool ipmi_console_send(struct ipmi_console *console, const uint8_t *data, size_t len)
{
	console->answer_count = 0;
	ipmi_server_input(console->server, console->now_ms, &console->peer, data, len);
	return console->answer_count > 0;
}

/* Sends a payload outside a session and decodes the frame of the answer. */
static bool converse(struct ipmi_console *console, enum rmcpp_payload type, const uint8_t *payload,
		     size_t len, struct rmcp_packet *ret)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];

	len = rmcpp_plain_encode(type, payload, len, datagram, sizeof(datagram));
	return ipmi_console_send(console, datagram, len) &&
	       rmcp_decode(console->answer, console->answer_len, ret) && ret->payload_type == type + 1;
}

int ipmi_console_open(struct ipmi_console *console)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX];
	struct open_session_request request = { console->tag, console->privilege, console->id, { 0 } };
	struct open_session_response response;
	struct rmcp_packet packet;

	console->secrets = (struct rakp_secrets){ .suite = cipher_suite_find(console->suite) };
	request.algorithms = console->secrets.suite->algorithms;
	if (!converse(console, PAYLOAD_OPEN_REQUEST, payload, open_session_request_encode(&request, payload),
		      &packet) ||
	    !open_session_response_decode(packet.payload, packet.payload_len, &response) ||
	    response.tag != console->tag)
		return -1;
	console->bmc_id = response.bmc_id;
	return response.status;
}

static void set_secrets(struct ipmi_console *console)
{
	struct rakp_secrets *secrets = &console->secrets;

	secrets->console_id = console->id;
	secrets->bmc_id = console->bmc_id;
	memset(secrets->console_random, 0x5a, RMCPP_RANDOM);
	secrets->role = RMCPP_ROLE_NAME_ONLY | console->privilege;
	secrets->user_len = (uint8_t)strlen(console->user);
	memcpy(secrets->user, console->user, secrets->user_len);
	rmcpp_key_set(secrets->password, console->password, strlen(console->password));
	secrets->has_kg = console->kg != NULL;
	if (secrets->has_kg)
		memcpy(secrets->kg, console->kg, RMCPP_KEY);
}

int ipmi_console_rakp1(struct ipmi_console *console)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX];
	struct rakp_secrets *secrets = &console->secrets;
	struct rakp1 rakp1 = { .tag = console->tag, .bmc_id = console->bmc_id };
	struct rakp_reply reply;
	struct rmcp_packet packet;

	set_secrets(console);
	memcpy(rakp1.random, secrets->console_random, RMCPP_RANDOM);
	rakp1.role = secrets->role;
	rakp1.user_len = secrets->user_len;
	memcpy(rakp1.user, secrets->user, secrets->user_len);
	if (!converse(console, PAYLOAD_RAKP1, payload, rakp1_encode(&rakp1, payload), &packet) ||
	    !rakp2_decode(packet.payload, packet.payload_len, &reply) || reply.tag != console->tag)
		return -1;
	memcpy(secrets->bmc_random, reply.random, RMCPP_RANDOM);
	memcpy(secrets->guid, reply.guid, RMCPP_GUID);
	return reply.status;
}

int ipmi_console_rakp3(struct ipmi_console *console)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX], code[RMCPP_CODE_MAX];
	struct rakp_reply rakp3 = { .tag = console->tag, .session_id = console->bmc_id }, reply;
	struct rmcp_packet packet;

	rakp3.code_len = rakp3_code(&console->secrets, rakp3.code);
	if (!converse(console, PAYLOAD_RAKP3, payload, rakp3_encode(&rakp3, payload), &packet) ||
	    !rakp4_decode(packet.payload, packet.payload_len, &reply) || reply.tag != console->tag)
		return -1;
	if (reply.status != RMCPP_OK)
		return reply.status;
	rmcpp_session_start(&console->wire, &console->secrets, console->bmc_id);

	size_t len = rakp4_code(&console->secrets, code);
	return rmcpp_code_equal(code, len, reply.code, reply.code_len) ? RMCPP_OK : -1;
}

bool ipmi_console_login(struct ipmi_console *console)
{
	return ipmi_console_open(console) == RMCPP_OK && ipmi_console_rakp1(console) == RMCPP_OK &&
	       ipmi_console_rakp3(console) == RMCPP_OK;
}

int ipmi_console_repeat(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			size_t len, struct ipmi_message *ret)
{
	static uint8_t plain[RMCPP_PAYLOAD_MAX];
	uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	const struct ipmi_message request = { .to = IPMI_BMC_ADDRESS,
					      .netfn = netfn,
					      .from = IPMI_CONSOLE_ADDRESS,
					      .sequence = console->request_sequence,
					      .command = command,
					      .data = data,
					      .data_len = len };
	struct rmcp_packet packet;

	len = ipmi_message_encode(&request, message, sizeof(message));
	len = rmcpp_seal(&console->wire, PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
	if (!ipmi_console_send(console, datagram, len) ||
	    !rmcp_decode(console->answer, console->answer_len, &packet) || packet.session_id != console->id ||
	    !rmcpp_unseal(&console->wire, &packet, plain, &len) || !ipmi_message_decode(plain, len, ret))
		return -1;
	if (ret->is_checksum_bad || ret->sequence != request.sequence || ret->command != command ||
	    ret->netfn != (netfn | 1))
		return -1;
	return ret->completion;
}

int ipmi_console_request(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			 size_t len, struct ipmi_message *ret)
{
	console->request_sequence = (console->request_sequence + 1) & 0x3f;
	return ipmi_console_repeat(console, netfn, command, data, len, ret);
}

bool ipmi_console_seal_and_send(struct ipmi_console *console, enum rmcpp_payload type, const uint8_t *payload,
				size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_seal(&console->wire, type, payload, len, datagram, sizeof(datagram));

	return total > 0 && ipmi_console_send(console, datagram, total);
}

bool ipmi_console_answer(struct ipmi_console *console, unsigned n, struct ipmi_message *ret)
{
	static uint8_t plain[RMCPP_PAYLOAD_MAX];
	struct rmcp_packet packet;
	size_t len;

	return n < console->answer_count && n < 4 &&
	       rmcp_decode(console->answers[n], console->answer_lens[n], &packet) &&
	       rmcpp_unseal(&console->wire, &packet, plain, &len) && ipmi_message_decode(plain, len, ret);
}

/* ---- IPMI 1.5 ---- */

/* Completion code of the answer that was sent in a frame of IPMI 1.5, -1 without one. */
static int completion15(struct ipmi_console *console, uint8_t command, struct ipmi_message *ret)
{
	struct rmcp_packet packet;

	if (!rmcp_decode(console->answer, console->answer_len, &packet) || packet.kind != RMCP_IPMI15 ||
	    !ipmi_message_decode(packet.payload, packet.payload_len, ret) || ret->command != command)
		return -1;
	return ret->completion;
}

static size_t encode_request(struct ipmi_console *console, uint8_t netfn, uint8_t command,
			     const uint8_t *data, size_t len, uint8_t out[IPMI_MESSAGE_MAX])
{
	console->request_sequence = (console->request_sequence + 1) & 0x3f;
	const struct ipmi_message request = { .to = IPMI_BMC_ADDRESS,
					      .netfn = netfn,
					      .from = IPMI_CONSOLE_ADDRESS,
					      .sequence = console->request_sequence,
					      .command = command,
					      .data = data,
					      .data_len = len };

	return ipmi_message_encode(&request, out, IPMI_MESSAGE_MAX);
}

int ipmi_console_challenge15(struct ipmi_console *console, enum lan15_auth auth)
{
	struct lan15_challenge_request request = { .auth = (uint8_t)auth };
	uint8_t data[LAN15_CHALLENGE_REQUEST_LEN], message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	struct lan15_challenge challenge;
	struct ipmi_message answer;

	memcpy(request.user, console->user, strlen(console->user));
	size_t len = encode_request(console, NETFN_APP, APP_SESSION_CHALLENGE, data,
				    lan15_challenge_request_encode(&request, data), message);
	len = rmcp_ipmi15_encode(message, len, datagram, sizeof(datagram));
	if (!ipmi_console_send(console, datagram, len))
		return -1;
	int completion = completion15(console, APP_SESSION_CHALLENGE, &answer);
	if (completion != 0 || !lan15_challenge_decode(answer.data, answer.data_len, &challenge))
		return completion;
	console->old = (struct lan15_session){ .auth = auth, .id = challenge.temporary_id };
	memcpy(console->challenge, challenge.challenge, sizeof(console->challenge));
	return completion;
}

int ipmi_console_activate15(struct ipmi_console *console, const char *password)
{
	struct lan15_activate_request request = { .auth = (uint8_t)console->old.auth,
						  .privilege = console->privilege,
						  .outbound_sequence = 0x1234 };
	uint8_t data[LAN15_ACTIVATE_REQUEST_LEN], message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	struct lan15_activated activated;
	struct ipmi_message answer;

	memset(console->old.password, 0, LAN15_KEY);
	memcpy(console->old.password, password, strnlen(password, LAN15_KEY));
	memcpy(request.challenge, console->challenge, sizeof(request.challenge));
	size_t len = encode_request(console, NETFN_APP, APP_ACTIVATE_SESSION, data,
				    lan15_activate_request_encode(&request, data), message);
	len = lan15_seal(&console->old, message, len, datagram, sizeof(datagram));
	if (!ipmi_console_send(console, datagram, len))
		return -1;
	int completion = completion15(console, APP_ACTIVATE_SESSION, &answer);
	if (completion != 0 || !lan15_activated_decode(answer.data, answer.data_len, &activated))
		return completion;
	console->old.auth = activated.auth;
	console->old.id = activated.session_id;
	console->old.send_sequence = activated.inbound_sequence;
	return completion;
}

int ipmi_console_request15(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			   size_t len, struct ipmi_message *ret)
{
	uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	struct rmcp_packet packet;

	len = encode_request(console, netfn, command, data, len, message);
	len = lan15_seal(&console->old, message, len, datagram, sizeof(datagram));
	if (len == 0 || !ipmi_console_send(console, datagram, len) ||
	    !rmcp_decode(console->answer, console->answer_len, &packet) ||
	    !lan15_unseal(&console->old, &packet))
		return -1;
	return completion15(console, command, ret);
}
