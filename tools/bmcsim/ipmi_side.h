#pragma once
/* ipmi_side: what the files ipmi*.c share: one BMC on its UDP socket and the controllers behind it. */
#include <jansson.h>

#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/send_message.h"
#include "drivers/ipmi/server.h"
#include "drivers/ipmi/udp.h"
#include "tools/bmcsim/bmc.h"

struct ipmi_side;
struct serial;

/* A machine as IPMI sees it: the BMC's own, or that of a controller behind it. */
struct ipmi_machine {
	struct bmc *bmc;
	struct ipmi_side *side;
	struct bmc_model model;
	int64_t boot_set_ms; /* when the boot flags were set, or the machine was last switched */
};

/* A controller that Send Message reaches; its machine is of its own. */
struct ipmi_target {
	struct ipmi_route route; /* no local address */
	struct bmc bmc;
	struct ipmi_machine machine;
};

enum { IPMI_TARGETS_MAX = 32, IPMI_USERS_MAX = 16 };

struct ipmi_delayed;

struct ipmi_side {
	struct bmc *bmc;
	struct udp_socket *socket;
	struct ipmi_server *server;
	struct ipmi_machine machine;
	struct ipmi_target *targets; /* owned */
	size_t target_count;
	struct ipmi_server_user *users; /* owned; their texts are in user_text */
	size_t user_count;
	char *user_text; /* owned */
	uint8_t kg[RMCPP_KEY];
	struct serial *serial;        /* owned; NULL: nobody has asked for it */
	bool is_ipv6;                 /* the family that it listens on */
	bool is_fault_shown;          /* of the datagram in hand: */
	enum bmc_fault_kind fault;    /* how its answer is spoilt */
	struct ipmi_delayed *delayed; /* soonest first */
	unsigned delayed_count;
	struct loop_timer *timer; /* of the soonest; made when first needed */
};

/* ---- ipmi_machine.c ---- */

/* Sets up the model before a machine. address 20h: the BMC itself. */
void ipmi_machine_init(struct ipmi_machine *machine, struct ipmi_side *side, struct bmc *bmc,
		       uint8_t address);
/* What the profile says may have changed. */
void ipmi_machine_profile(struct ipmi_machine *machine);

/* ---- ipmi_config.c: the texts of the rack file ---- */

/* "night:secret:operator,look:secret:user": with the account of user and password as number 2 and nobody as
 * number 1. Fills side->users when side is not NULL. */
int ipmi_config_users(struct ipmi_side *side, const char *text, struct error *err);
/* "0:0x30, 7:0x82/6:0x72": channel and address, dual with the transit's before. Fills side->targets when side
 * is not NULL. */
int ipmi_config_targets(struct ipmi_side *side, const char *text, struct error *err);
/* "none,md5,password"; "": none at all. Bits of enum lan15_auth. */
int ipmi_config_auth_types(const char *text, uint8_t *ret, struct error *err);
void ipmi_config_release(struct ipmi_side *side);

/* ---- ipmi_network.c ---- */

void ipmi_network_send(struct ipmi_side *side, const struct ipmi_peer *peer, const uint8_t *data, size_t len);
struct ipmi_peer ipmi_network_peer(const struct udp_address *from);
void ipmi_network_release(struct ipmi_side *side);

/* ---- ipmi_inventory.c ---- */

/* The records of a machine's repository: sensors, locators. */
extern const struct bmc_record ipmi_inventory_records[];
extern const size_t ipmi_inventory_record_count;
/* As bmc_model_ops.fru: 0 the main board, 1 the power supply; others do not exist. */
size_t ipmi_inventory_fru(const struct bmc *bmc, uint8_t id, uint8_t *out, size_t size);

/* ---- ipmi_control.c: member "ipmi" of the control port ---- */

json_t *ipmi_control_show(struct bmc *bmc);
int ipmi_control_apply(struct bmc *bmc, const json_t *value, struct error *err);
