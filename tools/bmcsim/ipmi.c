/*
 * ipmi: the IPMI side of a simulated BMC: a UDP socket, the server with its sessions, the plain BMC model
 * over the machine, and faults in between.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_sol.h"
#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/ipmi_side.h"
#include "tools/bmcsim/serial.h"

enum { WHAT_MAX = 96, NO_ACKNOWLEDGE = 0x83 };

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

/* The name of the fault that the request in hand has met, or NULL. */
static const char *shown_fault(const struct ipmi_side *side)
{
	return side->is_fault_shown ? bmc_fault_name(side->fault) : NULL;
}

/* Takes a fault for what was asked: what is to be answered instead (completion code or status), -1 for
 * nothing, or IPMI_SERVER_GO_ON, when it is the answer that will be spoilt. */
static int meet_fault(struct ipmi_side *side, const char *what)
{
	struct bmc_fault fault;

	if (!bmc_fault_take(side->bmc, what, &fault))
		return IPMI_SERVER_GO_ON;
	side->is_fault_shown = true;
	side->fault = fault.kind;
	switch (fault.kind) {
	case BMC_FAULT_STATUS:
		return fault.status & 0xff;
	case BMC_FAULT_LOST_REPLY:
	case BMC_FAULT_TRUNCATE:
	case BMC_FAULT_BAD_CHECKSUM:
	case BMC_FAULT_BAD_AUTHCODE:
		return IPMI_SERVER_GO_ON;
	case BMC_FAULT_DROP:
	case BMC_FAULT_RESET:
	case BMC_FAULT_HTML: /* of Redfish, as the next */
	case BMC_FAULT_DEEP:
	case BMC_FAULT_HUGE:
	case BMC_FAULT_REDIRECT:
	case BMC_FAULT_COUNT:
		break;
	}
	return -1;
}

static int on_filter(void *arg, const struct ipmi_server_call *call)
{
	struct ipmi_side *side = arg;
	char what[WHAT_MAX];

	if (side->bmc->faults == NULL)
		return IPMI_SERVER_GO_ON;
	describe(call->request, what);
	return meet_fault(side, what);
}

static void on_note(void *arg, const struct ipmi_server_call *call, int completion)
{
	struct ipmi_side *side = arg;
	bool is_lost = side->is_fault_shown && side->fault == BMC_FAULT_LOST_REPLY;
	char what[WHAT_MAX];

	if (ipmi_command_is_write(call->request->netfn, call->request->command, call->request->data,
				  call->request->data_len))
		side->bmc->writes++;
	if (!bmc_log_is_open())
		return;
	describe(call->request, what);
	bmc_log(side->bmc, what, is_lost ? -1 : completion, shown_fault(side));
}

static struct ipmi_target *find_target(const struct ipmi_side *side, const struct ipmi_route *route)
{
	for (size_t i = 0; i < side->target_count; i++) {
		const struct ipmi_route *known = &side->targets[i].route;
		if (known->hops == route->hops && known->target_channel == route->target_channel &&
		    known->target_address == route->target_address &&
		    (known->hops == 1 || (known->transit_channel == route->transit_channel &&
					  known->transit_address == route->transit_address)))
			return &side->targets[i];
	}
	return NULL;
}

/* A controller that only passes on: the first hop to others. */
static bool is_transit(const struct ipmi_side *side, const struct ipmi_route *route)
{
	for (size_t i = 0; i < side->target_count && route->hops == 1; i++) {
		const struct ipmi_route *known = &side->targets[i].route;
		if (known->hops == 2 && known->transit_channel == route->target_channel &&
		    known->transit_address == route->target_address)
			return true;
	}
	return false;
}

static int on_reach(void *arg, const struct ipmi_route *route)
{
	return find_target(arg, route) != NULL || is_transit(arg, route) ? COMPLETION_OK : NO_ACKNOWLEDGE;
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	struct ipmi_side *side = arg;
	struct ipmi_target *target = call->route != NULL ? find_target(side, call->route) : NULL;

	if (call->route == NULL && sol_server_has_command(call->request->netfn, call->request->command)) {
		if (side->serial == NULL)
			side->serial = serial_new(side->bmc, side->server);
		return serial_command(side->serial, call, ret_data, ret_len);
	}
	if (call->route != NULL && target == NULL) /* a transit controller that is asked itself */
		return COMPLETION_INVALID_COMMAND;
	return bmc_model_command(target != NULL ? &target->machine.model : &side->machine.model, call,
				 ret_data, ret_len);
}

static void on_payload(void *arg, uint32_t session_id, enum rmcpp_payload type, const uint8_t *data,
		       size_t len)
{
	const struct ipmi_side *side = arg;

	if (type == PAYLOAD_SOL && side->serial != NULL)
		serial_payload(side->serial, session_id, data, len);
}

static void on_ended(void *arg, uint32_t session_id)
{
	const struct ipmi_side *side = arg;

	if (side->serial != NULL)
		serial_ended(side->serial, session_id);
}

static void on_send(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	ipmi_network_send(arg, peer, data, len);
}

/* The last byte is the second checksum. */
static void on_edit(void *arg, uint8_t *message, size_t len)
{
	const struct ipmi_side *side = arg;

	if (side->is_fault_shown && side->fault == BMC_FAULT_BAD_CHECKSUM)
		message[len - 1] ^= 0x55;
}

static const char *login_name(enum rmcpp_payload type)
{
	return type == PAYLOAD_OPEN_REQUEST ? "Open Session Request"
	       : type == PAYLOAD_RAKP1      ? "RAKP Message 1"
					    : "RAKP Message 3";
}

static int on_login(void *arg, enum rmcpp_payload type)
{
	struct ipmi_side *side = arg;
	int status = side->bmc->faults != NULL ? meet_fault(side, login_name(type)) : IPMI_SERVER_GO_ON;
	bool is_lost = side->is_fault_shown && side->fault == BMC_FAULT_LOST_REPLY;

	bmc_log(side->bmc, login_name(type),
		is_lost                       ? -1
		: status == IPMI_SERVER_GO_ON ? 0
					      : status,
		shown_fault(side));
	return status;
}

static void on_datagram(void *arg, const struct udp_address *from, const uint8_t *data, size_t len)
{
	struct ipmi_side *side = arg;
	struct ipmi_peer peer = ipmi_network_peer(from);

	side->is_fault_shown = false;
	if (bmc_is_lost(side->bmc)) {
		bmc_log(side->bmc, "datagram", -1, "loss");
		return;
	}
	ipmi_server_input(side->server, clock_ms(), &peer, data, len);
	side->is_fault_shown = false;

	struct ipmi_server_counters counters = ipmi_server_counters(side->server);
	side->bmc->sessions = counters.sessions;
	side->bmc->sessions_opened = counters.opened;
	side->bmc->sessions_refused = counters.full;
	side->bmc->auth_failures = counters.auth_failures;
}

/* ---- life ---- */

static void parse_hex(const char *text, uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size && text[2 * i] != '\0'; i++) {
		char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static void init_server(struct ipmi_side *side)
{
	static const struct ipmi_server_ops ops = {
		.send = on_send,
		.command = on_command,
		.reach = on_reach,
		.filter = on_filter,
		.note = on_note,
		.login = on_login,
		.edit = on_edit,
		.payload = on_payload,
		.ended = on_ended,
	};
	struct bmc *bmc = side->bmc;
	struct ipmi_server_config config = {
		.users = side->users,
		.user_count = side->user_count,
		.suites = bmc->cipher_suites,
		.auth_types = bmc->auth_types,
		.is_message_auth_off = bmc->is_message_auth_off,
		.session_limit = (unsigned)bmc->session_limit,
		.idle_ms = 1000 * (int64_t)bmc->session_idle_s,
	};

	memcpy(config.guid, side->machine.model.guid, sizeof(config.guid));
	if (bmc->kg_key != NULL) {
		parse_hex(bmc->kg_key, side->kg, sizeof(side->kg));
		config.kg = side->kg;
	}
	side->server = ipmi_server_new(&config, &ops, side);
}

static void init_model(struct ipmi_side *side, const struct udp_address *address)
{
	struct bmc_model *model = &side->machine.model;

	ipmi_machine_init(&side->machine, side, side->bmc, IPMI_BMC_ADDRESS);
	model->users = side->users;
	model->user_count = side->user_count;
	if (address->any.sa_family == AF_INET) {
		memcpy(model->ip, &address->v4.sin_addr, 4);
		memcpy(model->mac + 2, &address->v4.sin_addr, 4);
	}
}

static void side_free(struct ipmi_side *side)
{
	udp_close(side->socket);
	ipmi_server_free(side->server);
	serial_free(side->serial);
	bmc_model_release(&side->machine.model);
	ipmi_network_release(side);
	ipmi_config_release(side);
	rmcpp_wipe(side->kg, sizeof(side->kg));
	xfree(side);
}

static int start(struct bmc *bmc, struct error *err)
{
	struct udp_address address;

	if (!udp_address_parse(bmc->address, (uint16_t)bmc->port, &address))
		return fail(err, ERR_INVALID, "%s: '%s' is not an IP address", bmc->name, bmc->address);
	if (strlen(bmc->user) > RMCPP_USER_MAX || strlen(bmc->password) > RMCPP_KEY)
		return fail(err, ERR_INVALID,
			    "%s: IPMI takes user names up to 16 and passwords up to 20 bytes", bmc->name);

	struct ipmi_side *side = xcalloc(1, sizeof(*side));
	side->bmc = bmc;
	side->is_ipv6 = address.any.sa_family == AF_INET6;
	int rc = ipmi_config_users(side, bmc->users, err);
	if (rc == 0)
		rc = udp_open(&address, 0, on_datagram, side, &side->socket, err);
	if (rc == 0)
		rc = ipmi_config_targets(side, bmc->targets, err);
	if (rc < 0) {
		side_free(side);
		return rc;
	}
	init_model(side, &address);
	init_server(side);
	bmc->port = udp_port(side->socket);
	bmc->side = side;
	return 0;
}

static void stop(struct bmc *bmc)
{
	if (bmc->side != NULL)
		side_free(bmc->side);
	bmc->side = NULL;
}

static void changed(struct bmc *bmc)
{
	struct ipmi_side *side = bmc->side;

	if (side == NULL)
		return;
	ipmi_machine_profile(&side->machine);
	for (size_t i = 0; i < side->target_count; i++) {
		side->targets[i].bmc.profile = bmc->profile;
		ipmi_machine_profile(&side->targets[i].machine);
	}
}

const struct bmc_side bmc_ipmi_side = {
	.name = "ipmi",
	.start = start,
	.stop = stop,
	.state = ipmi_control_show,
	.changed = changed,
	.apply = ipmi_control_apply,
};
