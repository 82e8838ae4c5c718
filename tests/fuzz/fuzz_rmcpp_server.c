/*
 * Datagrams into the BMC side. The input is a list of steps: raw datagrams from two addresses, a good login
 * with any suite, messages and payloads inside the session made by it, time that passes. Nothing gets to the
 * machine without a session of sufficient privilege, and the counters agree with the table.
 */
#include <assert.h>
#include <string.h>

#include "tests/support/ipmi_console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ipmi_server_user users[] = {
	{ "admin", "password", IPMI_ADMINISTRATOR },
	{ "night", "operator", IPMI_OPERATOR },
};

enum { SUITES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 15 | 1 << 16 | 1 << 17, SESSIONS = 3 };

/* The machine behind the model. */
static bool is_on;
static bool machine_is_on(void *arg)
{
	(void)arg;
	return is_on;
}

static int machine_control(void *arg, enum chassis_control control)
{
	(void)arg;
	assert(control < CHASSIS_CONTROL_COUNT);
	is_on = control == CHASSIS_ON;
	return COMPLETION_OK;
}

static uint8_t boot_flags[BOOT_FLAGS_LEN];
static void machine_boot_get(void *arg, uint8_t flags[BOOT_FLAGS_LEN])
{
	(void)arg;
	memcpy(flags, boot_flags, sizeof(boot_flags));
}

static int machine_boot_set(void *arg, const uint8_t flags[BOOT_FLAGS_LEN])
{
	(void)arg;
	memcpy(boot_flags, flags, sizeof(boot_flags));
	return COMPLETION_OK;
}

static struct ipmi_console console;
static int machine_reset(void *arg, bool is_cold)
{
	(void)arg;
	if (is_cold)
		ipmi_server_reset(console.server);
	return is_cold ? -1 : COMPLETION_OK;
}

static const struct bmc_model_ops machine_ops = {
	.is_on = machine_is_on,
	.control = machine_control,
	.boot_get = machine_boot_get,
	.boot_set = machine_boot_set,
	.reset = machine_reset,
};
static struct bmc_model model;

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	const struct ipmi_message *request = call->request;
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);

	(void)arg;
	assert(command != NULL
		       ? call->privilege >= command->privilege && request->data_len >= command->min_len
		       : call->privilege == IPMI_ADMINISTRATOR);
	return bmc_model_command(&model, call, ret_data, ret_len);
}

static void start(void)
{
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 2,
						   .suites = SUITES,
						   .session_limit = SESSIONS,
						   .failures_per_second = 50 };
	struct ipmi_server_ops ops = ipmi_console_ops;

	ops.command = on_command;
	model = (struct bmc_model){ .ops = &machine_ops, .suites = SUITES };
	ipmi_console_init(&console, 3);
	console.server = ipmi_server_new(&config, &ops, &console);
}

/* A payload sealed in the console's session. */
static void send_sealed(const uint8_t *data, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_seal(&console.wire, PAYLOAD_IPMI, data, len, datagram, sizeof(datagram));

	if (total > 0)
		ipmi_console_send(&console, datagram, total);
}

static void log_in(uint8_t suite)
{
	static const unsigned suites[] = { 0, 1, 2, 3, 15, 16, 17 };

	console.suite = suites[suite % 7];
	console.id++;
	ipmi_console_login(&console);
}

static void step(uint8_t what, const uint8_t *data, size_t len)
{
	struct ipmi_message answer;

	switch (what & 7) {
	case 0:
	case 1: /* a datagram as it is, from one of two addresses */
		console.peer.port = 4000 + (what & 1);
		ipmi_console_send(&console, data, len);
		console.peer.port = 4000;
		break;
	case 2:
		log_in(what >> 3);
		break;
	case 3: /* the bytes as a payload in the session */
		if (console.wire.suite != NULL)
			send_sealed(data, len);
		break;
	case 4: /* the bytes as netfn, command and data of a good message */
		if (console.wire.suite != NULL && len >= 2)
			ipmi_console_request(&console, data[0] & 0x3f, data[1], data + 2, len - 2, &answer);
		break;
	case 5:
		console.now_ms += (int64_t)(what >> 3) * 3000;
		break;
	case 6: /* parts of a login in any order */
		if (what & 8)
			ipmi_console_open(&console);
		if (what & 16)
			ipmi_console_rakp1(&console);
		if (what & 32)
			ipmi_console_rakp3(&console);
		break;
	default:
		console.user = what & 8 ? "night" : "admin";
		console.privilege = what >> 4 & 7;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	while (size >= 2) {
		size_t len = data[1];
		if (len > size - 2)
			len = size - 2;
		/* steps of the console's own need a suite, which opening sets */
		if ((data[0] & 7) != 6 || console.secrets.suite != NULL || data[0] & 8)
			step(data[0], data + 2, len);
		data += 2 + len;
		size -= 2 + len;

		struct ipmi_server_counters counters = ipmi_server_counters(console.server);
		assert(counters.sessions + counters.handshakes <= SESSIONS);
	}
	ipmi_server_free(console.server);
	return 0;
}
