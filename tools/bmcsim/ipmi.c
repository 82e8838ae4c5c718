/*
 * ipmi: the IPMI side of a simulated BMC: a UDP socket, the RMCP+ server, the plain BMC model over the
 * machine, and a network that delays, loses, doubles and reorders.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server.h"
#include "drivers/ipmi/udp.h"
#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/bmc.h"

enum { WHAT_MAX = 96, DELAYED_MAX = 1024, REORDER_MS = 15 };

/* An answer on its way. */
struct delayed {
	int64_t due_ms;
	struct udp_address to;
	struct delayed *next;
	size_t len;
	uint8_t data[];
};

struct ipmi_side {
	struct bmc *bmc;
	struct udp_socket *socket;
	struct ipmi_server *server;
	struct bmc_model model;
	struct ipmi_server_user user;
	uint8_t kg[RMCPP_KEY];
	bool is_ipv6;            /* the family that it listens on */
	bool is_answer_lost;     /* the fault of the request in hand */
	const char *fault_name;  /* the same, for the log */
	struct delayed *delayed; /* soonest first */
	unsigned delayed_count;
	struct loop_timer *timer; /* of the soonest; made when first needed */
};

/* ---- the machine ---- */

static bool machine_is_on(void *arg)
{
	struct ipmi_side *side = arg;

	return bmc_is_on(side->bmc);
}

static int machine_control(void *arg, enum chassis_control control)
{
	static const enum bmc_reset resets[CHASSIS_CONTROL_COUNT] = {
		[CHASSIS_OFF] = BMC_RESET_FORCE_OFF, [CHASSIS_ON] = BMC_RESET_ON,
		[CHASSIS_CYCLE] = BMC_RESET_CYCLE,   [CHASSIS_RESET] = BMC_RESET_FORCE,
		[CHASSIS_NMI] = BMC_RESET_NMI,       [CHASSIS_SOFT_OFF] = BMC_RESET_SOFT_OFF,
	};
	struct ipmi_side *side = arg;

	return bmc_reset(side->bmc, resets[control], NULL) < 0 ? COMPLETION_STATE : COMPLETION_OK;
}

/* Boot flags' device numbers; the first of a device is what reading gives. */
static const struct {
	uint8_t code;
	enum bmc_boot_device device;
} boot_codes[] = {
	{ 0, BMC_BOOT_NONE },      { 1, BMC_BOOT_PXE },    { 2, BMC_BOOT_DISK },  { 3, BMC_BOOT_SAFE },
	{ 4, BMC_BOOT_DIAG },      { 5, BMC_BOOT_CDROM },  { 6, BMC_BOOT_BIOS },  { 15, BMC_BOOT_FLOPPY },
	{ 9, BMC_BOOT_USB },       { 7, BMC_BOOT_FLOPPY }, { 8, BMC_BOOT_CDROM }, { 11, BMC_BOOT_DISK },
	{ 1, BMC_BOOT_UEFI_HTTP },
};
enum { BOOT_CODE_COUNT = sizeof(boot_codes) / sizeof(boot_codes[0]) };
enum { FLAGS_VALID = 0x80, FLAGS_PERSISTENT = 0x40, FLAGS_EFI = 0x20 };

static void machine_boot_get(void *arg, uint8_t flags[BOOT_FLAGS_LEN])
{
	struct ipmi_side *side = arg;
	const struct bmc_boot *boot = &side->bmc->boot;

	bmc_power(side->bmc); /* a boot that is due uses up the device */
	memset(flags, 0, BOOT_FLAGS_LEN);
	if (boot->persistence != BMC_BOOT_DISABLED)
		flags[0] = FLAGS_VALID | (boot->persistence == BMC_BOOT_CONTINUOUS ? FLAGS_PERSISTENT : 0);
	flags[0] |= boot->is_uefi ? FLAGS_EFI : 0;
	for (size_t i = 0; i < BOOT_CODE_COUNT; i++) {
		if (boot_codes[i].device == boot->device) {
			flags[1] = (uint8_t)(boot_codes[i].code << 2);
			break;
		}
	}
}

static int machine_boot_set(void *arg, const uint8_t flags[BOOT_FLAGS_LEN])
{
	struct ipmi_side *side = arg;
	uint8_t code = flags[1] >> 2 & 0x0f;

	for (size_t i = 0; i < BOOT_CODE_COUNT; i++) {
		if (boot_codes[i].code != code)
			continue;
		side->bmc->boot = (struct bmc_boot){
			.device = boot_codes[i].device,
			.persistence = !(flags[0] & FLAGS_VALID)     ? BMC_BOOT_DISABLED
				       : flags[0] & FLAGS_PERSISTENT ? BMC_BOOT_CONTINUOUS
								     : BMC_BOOT_ONCE,
			.is_uefi = flags[0] & FLAGS_EFI,
		};
		return COMPLETION_OK;
	}
	return COMPLETION_INVALID_FIELD;
}

/* The firmware starts over: after a cold reset no session is left, and the answer never comes. */
static int machine_reset(void *arg, bool is_cold)
{
	struct ipmi_side *side = arg;

	if (is_cold)
		ipmi_server_reset(side->server);
	return is_cold ? -1 : COMPLETION_OK;
}

static const struct bmc_model_ops machine_ops = {
	.is_on = machine_is_on,
	.control = machine_control,
	.boot_get = machine_boot_get,
	.boot_set = machine_boot_set,
	.reset = machine_reset,
};

/* ---- the network ---- */

static struct ipmi_peer peer_of(const struct udp_address *from)
{
	struct ipmi_peer peer = { .port = udp_address_port(from) };

	if (from->any.sa_family == AF_INET) {
		peer.address[10] = peer.address[11] = 0xff; /* as an IPv6 address */
		memcpy(peer.address + 12, &from->v4.sin_addr, 4);
	} else {
		memcpy(peer.address, &from->v6.sin6_addr, 16);
	}
	return peer;
}

static struct udp_address address_of(const struct ipmi_side *side, const struct ipmi_peer *peer)
{
	struct udp_address address = { 0 };

	if (side->is_ipv6) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(peer->port);
		memcpy(&address.v6.sin6_addr, peer->address, 16);
	} else {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(peer->port);
		memcpy(&address.v4.sin_addr, peer->address + 12, 4);
	}
	return address;
}

static void send_due(void *arg)
{
	struct ipmi_side *side = arg;
	int64_t now = clock_ms();

	while (side->delayed != NULL && side->delayed->due_ms <= now) {
		struct delayed *due = side->delayed;
		side->delayed = due->next;
		side->delayed_count--;
		udp_send(side->socket, &due->to, due->data, due->len);
		xfree(due);
	}
	if (side->delayed != NULL)
		loop_timer_set(side->timer, side->delayed->due_ms - now);
}

static void delay(struct ipmi_side *side, const struct udp_address *to, int64_t delay_ms, const uint8_t *data,
		  size_t len)
{
	if (side->delayed_count >= DELAYED_MAX)
		return;

	struct delayed *added = xmalloc(sizeof(*added) + len), **place = &side->delayed;
	added->due_ms = clock_ms() + delay_ms;
	added->to = *to;
	added->len = len;
	memcpy(added->data, data, len);
	while (*place != NULL && (*place)->due_ms <= added->due_ms)
		place = &(*place)->next;
	added->next = *place;
	*place = added;
	side->delayed_count++;
	if (side->timer == NULL)
		side->timer = loop_timer_new(send_due, side);
	if (side->delayed == added)
		loop_timer_set(side->timer, delay_ms);
}

static bool draw(int percent)
{
	return percent > 0 && random() % 100 < percent;
}

static void on_send(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	struct ipmi_side *side = arg;
	const struct udp_address to = address_of(side, peer);
	int64_t delay_ms = side->bmc->latency_ms;

	if (side->is_answer_lost)
		return;
	if (draw(side->bmc->reorder_percent))
		delay_ms += REORDER_MS;
	for (int copies = draw(side->bmc->duplicate_percent) ? 2 : 1; copies > 0; copies--) {
		if (delay_ms > 0)
			delay(side, &to, delay_ms, data, len);
		else
			udp_send(side->socket, &to, data, len);
	}
}

/* ---- requests ---- */

/* "Chassis Control 0x00 0x02 0x01". */
static void describe(const struct ipmi_message *request, char text[WHAT_MAX])
{
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);
	int len = snprintf(text, WHAT_MAX, "%s 0x%02x 0x%02x", command != NULL ? command->name : "Unknown",
			   request->netfn, request->command);

	for (size_t i = 0; i < request->data_len && len < WHAT_MAX - 6; i++)
		len += snprintf(text + len, (size_t)(WHAT_MAX - len), " 0x%02x", request->data[i]);
}

static int on_filter(void *arg, const struct ipmi_server_call *call)
{
	struct ipmi_side *side = arg;
	struct bmc_fault fault;
	char what[WHAT_MAX];

	if (ipmi_command_is_write(call->request->netfn, call->request->command, call->request->data,
				  call->request->data_len))
		side->bmc->writes++;
	if (side->bmc->faults == NULL)
		return IPMI_SERVER_GO_ON;
	describe(call->request, what);
	if (!bmc_fault_take(side->bmc, what, &fault))
		return IPMI_SERVER_GO_ON;
	side->fault_name = bmc_fault_name(fault.kind);
	if (fault.kind == BMC_FAULT_STATUS)
		return fault.status & 0xff;
	if (fault.kind == BMC_FAULT_LOST_REPLY) {
		side->is_answer_lost = true;
		return IPMI_SERVER_GO_ON;
	}
	return -1;
}

static void on_note(void *arg, const struct ipmi_server_call *call, int completion)
{
	struct ipmi_side *side = arg;
	char what[WHAT_MAX];

	describe(call->request, what);
	bmc_log(side->bmc, what, side->is_answer_lost ? -1 : completion, side->fault_name);
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	struct ipmi_side *side = arg;

	return bmc_model_command(&side->model, call, ret_data, ret_len);
}

/* Name of a datagram that is part of a login; NULL for all others. */
static const char *login_name(const uint8_t *data, size_t len)
{
	struct rmcp_packet packet;

	if (!rmcp_decode(data, len, &packet) || packet.kind != RMCP_IPMI20 || packet.session_id != 0)
		return NULL;
	switch (packet.payload_type) {
	case PAYLOAD_OPEN_REQUEST:
		return "Open Session Request";
	case PAYLOAD_RAKP1:
		return "RAKP Message 1";
	case PAYLOAD_RAKP3:
		return "RAKP Message 3";
	default:
		return NULL;
	}
}

/* True when the login datagram meets a fault and gets no further. */
static bool login_fails(struct ipmi_side *side, const char *what)
{
	struct bmc_fault fault;

	if (side->bmc->faults == NULL || !bmc_fault_take(side->bmc, what, &fault))
		return false;
	side->is_answer_lost = fault.kind == BMC_FAULT_LOST_REPLY;
	bmc_log(side->bmc, what, -1, bmc_fault_name(fault.kind));
	return !side->is_answer_lost;
}

static void on_datagram(void *arg, const struct udp_address *from, const uint8_t *data, size_t len)
{
	struct ipmi_side *side = arg;
	struct ipmi_peer peer = peer_of(from);
	const char *login = login_name(data, len);

	side->is_answer_lost = false;
	side->fault_name = NULL;
	if (bmc_is_lost(side->bmc)) {
		bmc_log(side->bmc, login != NULL ? login : "datagram", -1, "loss");
		return;
	}
	if (login != NULL && login_fails(side, login))
		return;
	ipmi_server_input(side->server, clock_ms(), &peer, data, len);

	struct ipmi_server_counters counters = ipmi_server_counters(side->server);
	side->bmc->sessions_opened = counters.opened;
	side->bmc->auth_failures = counters.auth_failures;
	if (login != NULL && side->fault_name == NULL && !side->is_answer_lost)
		bmc_log(side->bmc, login, 0, NULL);
}

/* ---- life ---- */

static void parse_hex(const char *text, uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size && text[2 * i] != '\0'; i++) {
		char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

/* The UUID's bytes from the last to the first. Source: IPMI 2.0 section 20.8. */
static void set_guid(uint8_t guid[RMCPP_GUID], const char *uuid)
{
	char digits[2 * RMCPP_GUID + 1] = { 0 };
	uint8_t bytes[RMCPP_GUID] = { 0 };
	size_t len = 0;

	for (; *uuid != '\0' && len < sizeof(digits) - 1; uuid++) {
		if (*uuid != '-')
			digits[len++] = *uuid;
	}
	parse_hex(digits, bytes, sizeof(bytes));
	for (size_t i = 0; i < RMCPP_GUID; i++)
		guid[i] = bytes[RMCPP_GUID - 1 - i];
}

static void init_model(struct ipmi_side *side, const struct udp_address *address)
{
	struct bmc *bmc = side->bmc;

	side->model = (struct bmc_model){
		.ops = &machine_ops,
		.arg = side,
		.firmware_major = 1,
		.manufacturer_id = bmc->profile->ipmi_manufacturer_id,
		.product_id = bmc->profile->ipmi_product_id,
		.mac = { 0x02, 0x00 },
		.suites = bmc->cipher_suites,
	};
	set_guid(side->model.guid, bmc->system_uuid);
	if (address->any.sa_family == AF_INET) {
		memcpy(side->model.ip, &address->v4.sin_addr, 4);
		memcpy(side->model.mac + 2, &address->v4.sin_addr, 4);
	}
}

static void init_server(struct ipmi_side *side)
{
	static const struct ipmi_server_ops ops = {
		.send = on_send,
		.command = on_command,
		.filter = on_filter,
		.note = on_note,
	};
	struct bmc *bmc = side->bmc;
	struct ipmi_server_config config = {
		.users = &side->user,
		.user_count = 1,
		.suites = bmc->cipher_suites,
		.session_limit = (unsigned)bmc->session_limit,
	};

	side->user = (struct ipmi_server_user){ bmc->user, bmc->password, IPMI_ADMINISTRATOR };
	memcpy(config.guid, side->model.guid, sizeof(config.guid));
	if (bmc->kg_key != NULL) {
		parse_hex(bmc->kg_key, side->kg, sizeof(side->kg));
		config.kg = side->kg;
	}
	side->server = ipmi_server_new(&config, &ops, side);
}

static int start(struct bmc *bmc, struct error *err)
{
	struct udp_address address;
	struct udp_socket *socket;

	if (!udp_address_parse(bmc->address, (uint16_t)bmc->port, &address))
		return fail(err, ERR_INVALID, "%s: '%s' is not an IP address", bmc->name, bmc->address);
	if (strlen(bmc->user) > RMCPP_USER_MAX || strlen(bmc->password) > RMCPP_KEY)
		return fail(err, ERR_INVALID,
			    "%s: IPMI takes user names up to 16 and passwords up to 20 bytes", bmc->name);

	struct ipmi_side *side = xcalloc(1, sizeof(*side));
	int rc = udp_open(&address, 0, on_datagram, side, &socket, err);
	if (rc < 0) {
		xfree(side);
		return rc;
	}
	side->bmc = bmc;
	side->socket = socket;
	side->is_ipv6 = address.any.sa_family == AF_INET6;
	init_model(side, &address);
	init_server(side);
	bmc->port = udp_port(socket);
	bmc->side = side;
	return 0;
}

static void stop(struct bmc *bmc)
{
	struct ipmi_side *side = bmc->side;

	if (side == NULL)
		return;
	udp_close(side->socket);
	ipmi_server_free(side->server);
	bmc_model_release(&side->model);
	while (side->delayed != NULL) {
		struct delayed *next = side->delayed->next;
		xfree(side->delayed);
		side->delayed = next;
	}
	loop_timer_free(side->timer);
	rmcpp_wipe(side->kg, sizeof(side->kg));
	xfree(side);
	bmc->side = NULL;
}

static json_t *state(struct bmc *bmc)
{
	const struct ipmi_side *side = bmc->side;

	if (side == NULL)
		return NULL;

	struct ipmi_server_counters counters = ipmi_server_counters(side->server);

	return json_pack("{s:i, s:i, s:I, s:I, s:i, s:i}", "sessions", (int)counters.sessions, "handshakes",
			 (int)counters.handshakes, "dropped", (json_int_t)counters.dropped, "repeated",
			 (json_int_t)counters.repeated, "identify_s", side->model.identify_s,
			 "restore_policy", side->model.restore_policy);
}

static void changed(struct bmc *bmc)
{
	struct ipmi_side *side = bmc->side;

	if (side != NULL) {
		side->model.manufacturer_id = bmc->profile->ipmi_manufacturer_id;
		side->model.product_id = bmc->profile->ipmi_product_id;
	}
}

const struct bmc_side bmc_ipmi_side = {
	.name = "ipmi",
	.start = start,
	.stop = stop,
	.state = state,
	.changed = changed,
};
