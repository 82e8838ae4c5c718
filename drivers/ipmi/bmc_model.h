#pragma once
/*
 * bmc_model: what a plain BMC answers to the commands that everyone sends: identity, chassis, boot options,
 * LAN and channel parameters. It keeps what only IPMI knows; the machine itself is behind bmc_model_ops, so
 * the same model stands before a simulated machine and, in a bridge, before a real one. Nothing suspends.
 *
 * Sources: IPMI 2.0 sections 20 (global), 22 (channel), 23 (LAN), 28 (chassis).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/server.h"

/* Chassis Control's data byte. */
enum chassis_control {
	CHASSIS_OFF,
	CHASSIS_ON,
	CHASSIS_CYCLE,
	CHASSIS_RESET,
	CHASSIS_NMI,
	CHASSIS_SOFT_OFF,
	CHASSIS_CONTROL_COUNT
};

enum { BOOT_FLAGS_LEN = 5 };

/* Each returns a completion code (0: done), or -1 to give no answer. arg is the model's. */
struct bmc_model_ops {
	bool (*is_on)(void *arg);
	int (*control)(void *arg, enum chassis_control control);
	void (*boot_get)(void *arg, uint8_t flags[BOOT_FLAGS_LEN]); /* boot option parameter 5 */
	int (*boot_set)(void *arg, const uint8_t flags[BOOT_FLAGS_LEN]);
	int (*reset)(void *arg, bool is_cold); /* of the BMC itself */
};

struct bmc_model {
	const struct bmc_model_ops *ops;
	void *arg;
	uint8_t firmware_major, firmware_minor;
	uint32_t manufacturer_id; /* IANA enterprise number, 20 bits */
	uint16_t product_id;
	uint8_t guid[RMCPP_GUID];
	uint8_t ip[4], mac[6];
	uint32_t suites; /* bit n: cipher suite n */

	uint8_t boot_in_progress;    /* parameter 0 */
	uint8_t boot_keep;           /* parameter 3: when the flags stay valid */
	uint8_t boot_acknowledge[2]; /* parameter 4 */
	uint8_t restore_policy;      /* 0 off, 1 as before, 2 on */
	uint8_t identify_s;          /* last Chassis Identify; 0: off, 255: until told */
};

/* Answers one command; as ipmi_server_ops.command. */
int bmc_model_command(struct bmc_model *model, const struct ipmi_server_call *call, uint8_t *ret_data,
		      size_t *ret_len);
