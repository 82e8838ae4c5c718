/*
 * Datagrams into the BMC side. The input is a list of steps: raw datagrams from two addresses, a good login
 * with any suite or by IPMI 1.5, messages and payloads inside the sessions made by them, to the BMC, to
 * controllers behind it and to its serial line, time that passes. Nothing gets to a machine without a session
 * of sufficient privilege, and the counters agree with the table.
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

static size_t machine_fru(void *arg, uint8_t id, uint8_t *out, size_t size)
{
	(void)arg;
	memset(out, id, size);
	return id < 2 ? 64 : 0;
}

static const struct bmc_model_ops machine_ops = {
	.is_on = machine_is_on,
	.control = machine_control,
	.boot_get = machine_boot_get,
	.boot_set = machine_boot_set,
	.reset = machine_reset,
	.fru = machine_fru,
};

/* One record of each type; the second sensor is not linear. */
static const struct sensor_factors *factors_of(uint8_t raw)
{
	static const struct sensor_factors factors = { .linearization = LINEAR_NOT, .m = -3, .b = 500 };

	return raw > 3 ? &factors : &factors;
}

static const struct bmc_record records[] = {
	{ .sdr = { .type = SDR_MC_LOCATOR, .device_address = 0x20, .name = "BMC" } },
	{ .sdr = { .type = SDR_FRU_LOCATOR, .device_address = 0x20, .name = "Board" } },
	{ .sdr = { .type = SDR_FULL,
		   .owner = 0x20,
		   .number = 1,
		   .event_type = EVENT_TYPE_THRESHOLD,
		   .readable = 0x3f,
		   .settable = 0x3f,
		   .format = FORMAT_TWOS_COMPLEMENT,
		   .name = "One" } },
	{ .sdr = { .type = SDR_FULL,
		   .owner = 0x20,
		   .number = 2,
		   .event_type = EVENT_TYPE_THRESHOLD,
		   .readable = 0x3f,
		   .format = FORMAT_ONES_COMPLEMENT,
		   .name = "Two" },
	  .factors = factors_of },
	{ .sdr = { .type = SDR_COMPACT, .owner = 0x20, .number = 3, .share_count = 4, .name = "Many" } },
	{ .sdr = { .type = SDR_EVENT_ONLY, .owner = 0x20, .number = 9, .name = "Event" } },
};

/* The BMC, and a controller behind it. */
static struct bmc_model model, satellite;

static const struct ipmi_route single = { .hops = 1, .target_channel = 0, .target_address = 0x30 };
static const struct ipmi_route dual = {
	.hops = 2, .transit_channel = 7, .transit_address = 0x82, .target_channel = 6, .target_address = 0x72
};

static int on_reach(void *arg, const struct ipmi_route *route)
{
	(void)arg;
	assert(route->hops == 1 || route->hops == 2);
	return route->target_address == 0x30 || route->target_address == 0x82 || route->target_address == 0x72
		       ? 0
		       : 0x83;
}

/* The serial line sends back what it hears. */
static void on_payload(void *arg, uint32_t session_id, enum rmcpp_payload type, const uint8_t *data,
		       size_t len)
{
	(void)arg;
	ipmi_server_send(console.server, console.now_ms, session_id, type, data, len);
}

static unsigned ended;
static void on_ended(void *arg, uint32_t session_id)
{
	(void)arg;
	assert(session_id != 0);
	ended++;
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	const struct ipmi_message *request = call->request;
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);

	(void)arg;
	assert(command != NULL
		       ? call->privilege >= command->privilege && request->data_len >= command->min_len
		       : call->privilege == IPMI_ADMINISTRATOR);
	return bmc_model_command(call->route != NULL ? &satellite : &model, call, ret_data, ret_len);
}

static void start(void)
{
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 2,
						   .suites = SUITES,
						   .auth_types = 1 << LAN15_NONE | 1 << LAN15_MD5 |
								 1 << LAN15_PASSWORD,
						   .session_limit = SESSIONS,
						   .failures_per_second = 50 };
	struct ipmi_server_ops ops = ipmi_console_ops;

	ops.command = on_command;
	ops.reach = on_reach;
	ops.payload = on_payload;
	ops.ended = on_ended;
	ended = 0;
	model = (struct bmc_model){ .ops = &machine_ops,
				    .suites = SUITES,
				    .users = users,
				    .user_count = 2,
				    .system_name = "fuzzed",
				    .records = records,
				    .record_count = sizeof(records) / sizeof(records[0]),
				    .sel_erase_ms = 1000 };
	satellite = model;
	satellite.is_satellite = true;
	satellite.address = 0x30;
	ipmi_console_init(&console, 3);
	console.server = ipmi_server_new(&config, &ops, &console);
}

static void log_in(uint8_t how)
{
	static const unsigned suites[] = { 0, 1, 2, 3, 15, 16, 17 };
	static const enum lan15_auth types[] = { LAN15_NONE, LAN15_MD5, LAN15_PASSWORD, LAN15_MD2 };

	if (how >= 28) {
		if (ipmi_console_challenge15(&console, types[how % 4]) == 0)
			ipmi_console_activate15(&console, console.password);
		return;
	}
	console.suite = suites[how % 7];
	console.id++;
	ipmi_console_login(&console);
}

/* netfn, command and data as a good message: in the session, or along a route, or in the session of IPMI 1.5.
 */
static void request(uint8_t how, const uint8_t *data, size_t len)
{
	uint8_t message[IPMI_MESSAGE_MAX];
	struct ipmi_message answer;
	const struct ipmi_message inner = {
		.netfn = data[0] & 0x3e, .command = data[1], .data = data + 2, .data_len = len - 2
	};

	if (how == 3) {
		if (console.old.id != 0)
			ipmi_console_request15(&console, data[0] & 0x3f, data[1], data + 2, len - 2, &answer);
	} else if (console.wire.suite == NULL) {
		return;
	} else if (how == 0) {
		ipmi_console_request(&console, data[0] & 0x3f, data[1], data + 2, len - 2, &answer);
	} else {
		len = ipmi_route_encode(how == 1 ? &single : &dual, &inner, message);
		ipmi_console_seal_and_send(&console, PAYLOAD_IPMI, message, len);
	}
}

static void step(uint8_t what, const uint8_t *data, size_t len)
{
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
			ipmi_console_seal_and_send(&console, what & 8 ? PAYLOAD_SOL : PAYLOAD_IPMI, data,
						   len);
		break;
	case 4:
		if (len >= 2)
			request(what >> 3 & 3, data, len);
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
		assert(counters.opened == counters.sessions + ended);
		assert(model.sel.count <= BMC_MODEL_SEL_LIMIT && model.sel.count <= model.sel.allocated);
	}
	ipmi_server_free(console.server);
	bmc_model_release(&model);
	bmc_model_release(&satellite);
	return 0;
}
