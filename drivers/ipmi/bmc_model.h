#pragma once
/*
 * bmc_model: what a plain BMC answers to the commands that everyone sends: identity, chassis, boot options,
 * channels, LAN and users, sensors, event log, inventory. It keeps what only IPMI knows; the machine itself
 * is behind bmc_model_ops, so the same model stands before a simulated machine and, in a bridge, before a
 * real one. A controller behind the BMC (bridging) is a model too. Nothing suspends.
 *
 * Small, because one process holds 10,000: what they have in common is const tables, and what one has of its
 * own (event log, changed sensors, written inventory) is allocated when it is first there.
 *
 * Sources: IPMI 2.0 sections 20 (global), 22 (channel, users), 23 (LAN), 28 (chassis), 31 (SEL), 33 (SDR),
 * 34 (FRU), 35 (sensors).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/sdr.h"
#include "drivers/ipmi/sel.h"
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
enum {
	BMC_MODEL_SEL_LIMIT = 256, /* records of the event log */
	BMC_MODEL_FRU_SIZE = 512   /* of an inventory */
};

/* A record of the repository and, when it is a sensor's, what that shows at first. */
struct bmc_record {
	struct sdr sdr; /* its id is its position from 1 */
	uint8_t raw;
	uint16_t states; /* discrete sensors */
	bool is_unavailable;
	/* factors for each raw value, of a sensor that is not linear; NULL: those of the record */
	const struct sensor_factors *(*factors)(uint8_t raw);
};

/* Each returns a completion code (0: done), or -1 to give no answer. arg is the model's. */
struct bmc_model_ops {
	bool (*is_on)(void *arg);
	int (*control)(void *arg, enum chassis_control control);
	void (*boot_get)(void *arg, uint8_t flags[BOOT_FLAGS_LEN]); /* boot option parameter 5 */
	int (*boot_set)(void *arg, const uint8_t flags[BOOT_FLAGS_LEN]);
	int (*reset)(void *arg, bool is_cold); /* of the BMC itself */
	/* Seconds since 1970. NULL: the BMC knows only how long it runs. */
	uint32_t (*time)(void *arg);
	/* Writes the inventory of a unit and returns its length; 0: there is no such unit. NULL: none at all.
	 */
	size_t (*fru)(void *arg, uint8_t id, uint8_t *out, size_t size);
};

struct bmc_sensor_state {
	uint8_t raw, thresholds[THRESHOLD_COUNT];
	uint16_t states;
	bool is_unavailable;
};

struct bmc_sel {
	uint8_t (*records)[SEL_RECORD_LEN]; /* owned */
	unsigned count, allocated;
	uint16_t last_id, reservation; /* latest given out; 0: none */
	uint32_t added_at, erased_at;
	int64_t erased_ms; /* when the erasure under way is done; 0: none is */
	bool is_overflown;
};

struct bmc_model {
	/* set by the caller before the first command; pointers are borrowed */
	const struct bmc_model_ops *ops;
	void *arg;
	uint8_t address;   /* of a satellite, on its channel */
	bool is_satellite; /* behind a BMC: device SDRs instead of a repository */
	uint8_t firmware_major, firmware_minor;
	uint32_t manufacturer_id; /* IANA enterprise number, 20 bits */
	uint16_t product_id;
	uint8_t guid[RMCPP_GUID];
	uint8_t ip[4], mac[6];
	uint32_t suites;    /* bit n: cipher suite n */
	uint8_t auth_types; /* bit n: enum lan15_auth n */
	const struct ipmi_server_user *users;
	size_t user_count;
	const char *system_name; /* NULL: none */
	const struct bmc_record *records;
	size_t record_count;
	unsigned read_max;    /* bytes of one piece of a record or inventory; 0: 32 */
	int64_t sel_erase_ms; /* how long erasing the event log takes */

	/* its own */
	uint8_t boot_in_progress;    /* parameter 0 */
	uint8_t boot_keep;           /* parameter 3: when the flags stay valid */
	uint8_t boot_acknowledge[2]; /* parameter 4 */
	uint8_t restore_policy;      /* 0 off, 1 as before, 2 on */
	uint8_t identify_s;          /* last Chassis Identify; 0: off, 255: until told */
	int64_t identify_end_ms;     /* when it ends of itself */
	uint8_t global_enables;
	int64_t time_offset_s;            /* by Set SEL Time */
	uint16_t sdr_reservation;         /* latest given out */
	struct bmc_sensor_state *sensors; /* owned; by record; NULL: as in the records */
	struct bmc_sel sel;
	uint8_t *fru; /* owned; BMC_MODEL_FRU_SIZE bytes of unit 0 once it was written; NULL before */
};

/* Answers one command; as ipmi_server_ops.command. */
int bmc_model_command(struct bmc_model *model, const struct ipmi_server_call *call, uint8_t *ret_data,
		      size_t *ret_len);
/* What the model owns. */
void bmc_model_release(struct bmc_model *model);

/* ---- from the machine's side ---- */

/* Position of the sensor of that name, or -1. */
int bmc_model_sensor_find(const struct bmc_model *model, const char *name);
/* The state that may be changed. */
struct bmc_sensor_state *bmc_model_sensor_change(struct bmc_model *model, size_t position);
/* Appends to the event log with the next id, and the time unless the record has one (other than 0). Its id;
 * 0: full. */
uint16_t bmc_model_sel_add(struct bmc_model *model, int64_t now_ms, const struct sel_record *record);
/* Empties the event log. */
void bmc_model_sel_clear(struct bmc_model *model, int64_t now_ms);
/* Takes back reservations of the repository and of the event log, as another party's reading does. */
void bmc_model_cancel_reservations(struct bmc_model *model);
