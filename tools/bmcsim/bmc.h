#pragma once
/*
 * bmc: one simulated BMC and the machine behind it, without any protocol: power, boot order, virtual
 * media, faults, counters. The Redfish side (bmcsim/redfish.c) and the IPMI side (bmcsim/ipmi.c) answer
 * requests out of it; the control port (bmcsim/control.c) shows and changes it. Kept small: one process
 * holds 10,000 of them. Everything runs on the loop's thread; only functions marked SUSPENDS wait.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"
#include "tools/bmcsim/manners.h"
#include "tools/bmcsim/profile.h"

enum bmc_protocol { BMC_REDFISH, BMC_IPMI, BMC_EEM, BMC_PROTOCOL_COUNT };
extern const char *const bmc_protocol_names[BMC_PROTOCOL_COUNT]; /* "redfish", ... */

/* What the machine shows. IPMI knows only on and off: bmc_is_on. */
enum bmc_power { BMC_POWER_OFF, BMC_POWER_ON, BMC_POWERING_ON, BMC_POWERING_OFF };

/* What may be asked of the machine's power. */
enum bmc_reset {
	BMC_RESET_ON,          /* does nothing when on */
	BMC_RESET_FORCE_OFF,   /* does nothing when off */
	BMC_RESET_SOFT_OFF,    /* ACPI button: the system obeys after soft_off_delay_ms */
	BMC_RESET_CYCLE,       /* off, then on */
	BMC_RESET_FORCE,       /* hard reset: stays on, boots again */
	BMC_RESET_SOFT_REBOOT, /* ACPI: off, then on */
	BMC_RESET_NMI
};

/* Where the next boot goes. The order is that of bmc_boot_names. */
enum bmc_boot_device {
	BMC_BOOT_NONE, BMC_BOOT_PXE, BMC_BOOT_DISK, BMC_BOOT_CDROM, BMC_BOOT_BIOS, BMC_BOOT_SAFE,
	BMC_BOOT_DIAG, BMC_BOOT_USB, BMC_BOOT_FLOPPY, BMC_BOOT_UEFI_HTTP, BMC_BOOT_COUNT
};
enum bmc_boot_persistence { BMC_BOOT_DISABLED, BMC_BOOT_ONCE, BMC_BOOT_CONTINUOUS };
extern const char *const bmc_boot_names[BMC_BOOT_COUNT];      /* "none", "pxe", ... for the control port */
extern const char *const bmc_persistence_names[3];            /* "disabled", "once", "continuous" */

/* What is behind the serial port, for Serial-over-LAN. */
enum bmc_serial { BMC_SERIAL_LOGIN, BMC_SERIAL_ECHO, BMC_SERIAL_NONE, BMC_SERIAL_COUNT };
extern const char *const bmc_serial_names[BMC_SERIAL_COUNT]; /* "login", "echo", "none" */

struct bmc_boot {
	enum bmc_boot_device device;
	enum bmc_boot_persistence persistence;
	bool is_uefi;
};

/* What goes wrong, with requests whose description contains `match`. */
enum bmc_fault_kind {
	BMC_FAULT_STATUS,     /* answer `status` (HTTP status, IPMI completion code) and do nothing */
	BMC_FAULT_DROP,       /* no answer, nothing done */
	BMC_FAULT_LOST_REPLY, /* done, but no answer */
	BMC_FAULT_RESET,      /* TCP: RST instead of an answer, nothing done */
	BMC_FAULT_TRUNCATE,   /* half of the answer, then the connection ends */
	BMC_FAULT_HTML,       /* `status` and an HTML page */
	BMC_FAULT_DEEP,       /* 200 and JSON of 100 levels */
	BMC_FAULT_HUGE,       /* 200 and 64 MiB of JSON */
	BMC_FAULT_REDIRECT,   /* 302 to another host */
	BMC_FAULT_BAD_CHECKSUM, /* IPMI: the checksum of the answer's message is wrong, its code right */
	BMC_FAULT_BAD_AUTHCODE, /* IPMI: the answer's authentication code is wrong */
	BMC_FAULT_COUNT
};
struct bmc_fault {
	enum bmc_fault_kind kind;
	int status;             /* BMC_FAULT_STATUS, BMC_FAULT_HTML */
	long skip;              /* so many matching requests go through before */
	long times;             /* how often still; -1: always */
	char *match;            /* owned; NULL: every request */
	char *text;             /* owned; BMC_FAULT_STATUS: body of the answer; may be NULL */
	struct bmc_fault *next;
};

struct service_tree;

struct bmc {
	/* fixed by the rack file */
	char *name;                      /* section name */
	enum bmc_protocol protocol;
	char *address;                   /* "127.0.0.1" */
	int port;                        /* 0: any; then set by the side that listens */
	char *user, *password;
	const struct bmc_profile *profile;
	char *system_uuid;
	int on_delay_ms, off_delay_ms;   /* request to state */
	int soft_off_delay_ms;           /* ACPI request to off; < 0: the system ignores it */
	bool is_tls;                     /* Redfish */
	bool is_tls_forgetful;           /* Redfish: no TLS session is resumed */
	const struct service_tree *tree; /* Redfish: captured tree; NULL: none. Borrowed of mockup.h */
	char *tls_cert, *tls_key;        /* Redfish: PEM files; NULL: a self-signed certificate */
	char *kg_key;                    /* IPMI: BMC key in hexadecimal; NULL: none */
	int session_limit;               /* IPMI: sessions and logins at once */
	int session_idle_s;              /* IPMI: an idle session ends */
	uint32_t cipher_suites;          /* IPMI: bit n: suite n is offered */
	uint8_t auth_types;              /* IPMI 1.5: bit n: enum lan15_auth n is offered */
	bool is_message_auth_off;        /* IPMI 1.5: only the login is authenticated */
	char *users;                     /* IPMI: more accounts, "name:password:privilege,..."; NULL: none */
	char *targets;                   /* IPMI: controllers behind the BMC; NULL: none */
	int count;                       /* BMCs that its section stands for; 0: one */
	bool is_count_by_port;           /* they differ by port, else by address */
	enum bmc_serial serial;          /* IPMI */
	int serial_line_ms;              /* IPMI: between lines printed unasked; 0: none */
	int serial_accept;               /* IPMI: most characters taken of a packet; 0: all */
	int cards;                       /* EEM: free cards of its fleet; 0: the small one of all kinds */

	/* the machine */
	bool is_on;                      /* as of the last settled change */
	bool will_be_on;                 /* the change under way */
	bool is_cycling;                 /* on again after this off */
	int64_t settle_ms;               /* clock_ms when the change is done; 0: none under way */
	int64_t last_off_ms;             /* clock_ms of the last power-off; 0: never */
	struct bmc_boot boot;            /* next boot */
	int boot_flags_s;                /* IPMI: flags for one boot are forgotten after so long */
	enum bmc_boot_device booted;     /* what the last boot came from */
	unsigned boots, nmis;            /* since the start */

	/* faults, set at run time */
	int latency_ms;                  /* before each answer; with a tail: the median */
	int latency_tail_ms;             /* the longest; 0: no tail */
	int loss_percent;                /* of requests that get no answer */
	int duplicate_percent;           /* IPMI: of answers that come twice */
	int reorder_percent;             /* IPMI: of answers that come late, behind others */
	int burst, freeze_ms;            /* so many requests a second freeze it for so long; 0: never */
	int burst_seen;                  /* requests of the second that began at: */
	int64_t burst_since_ms, frozen_until_ms;
	struct bmc_fault *faults;        /* owned list */

	/* counters */
	uint64_t requests;               /* taken in, lost ones too */
	uint64_t writes;                 /* those that change something */
	uint64_t auth_failures;
	uint64_t sessions_opened;
	unsigned sessions;               /* IPMI: now */
	uint64_t sessions_refused;       /* IPMI: logins while all were taken */
	uint64_t faults_shown;

	void *side;                      /* owned by the protocol's side: listener, sessions, ... */
};

/* Zeroed and preset (on, no delays); name is copied. */
void bmc_init(struct bmc *bmc, const char *name);
void bmc_release(struct bmc *bmc); /* not the side */
/* Gives a BMC that was just set up all that the other's section says but name, address, port and UUID. */
void bmc_copy(struct bmc *bmc, const struct bmc *other);

/* State as of now: changes under way settle by the clock when somebody looks. */
enum bmc_power bmc_power(struct bmc *bmc);
bool bmc_is_on(struct bmc *bmc); /* powering on is not on; powering off still is */
/* Starts the change. -ERR_CONFLICT when it makes no sense in this state (soft off while off). */
int bmc_reset(struct bmc *bmc, enum bmc_reset reset, struct error *err);
/* A short AC loss of the machine, or the control port's will: the state at once. */
void bmc_power_force(struct bmc *bmc, bool is_on);

/* ---- faults ---- */

/* Draws whether this request is lost; counts it as taken in. Call once per request. */
bool bmc_is_lost(struct bmc *bmc);
/* The first fault that matches, with its count taken down; false: none. *ret is borrowed until the next
 * call for this BMC. what: as in the log, "POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset" or
 * "chassis control". */
bool bmc_fault_take(struct bmc *bmc, const char *what, struct bmc_fault *ret);
/* Puts a copy before the others; its texts are copied. */
void bmc_fault_add(struct bmc *bmc, const struct bmc_fault *fault);
void bmc_faults_clear(struct bmc *bmc);

/* ---- log ---- */

/* One JSON line for each request: {"time_ns":, "bmc":, "protocol":, "what":, "status":, "fault":}. status:
 * HTTP status or completion code; -1: no answer. fault: its name, or NULL. */
void bmc_log(const struct bmc *bmc, const char *what, int status, const char *fault);
/* NULL: no log. Appends. */
int bmc_log_open(const char *path, struct error *err);
void bmc_log_close(void);
bool bmc_log_is_open(void); /* else what it would say need not be made */
const char *bmc_fault_name(enum bmc_fault_kind kind);

/* ---- control port ---- */

json_t *bmc_to_json(struct bmc *bmc); /* new reference; no password */
/* Applies {"manners", "latency_ms", "latency_tail_ms", "loss_percent", "duplicate_percent",
 * "reorder_percent", "power": "on"|"off",
 * "boot": {...}, "fault": {...} | null, "on_delay_ms", "off_delay_ms", "soft_off_delay_ms", "profile"}.
 * Nothing is changed on error. */
int bmc_apply(struct bmc *bmc, const json_t *changes, struct error *err);

/* ---- protocol sides ---- */

/* Listens at address and port and serves the BMC out of bmc->side. stop frees the side. */
struct bmc_side {
	const char *name; /* "redfish" */
	int (*start)(struct bmc *bmc, struct error *err);
	void (*stop)(struct bmc *bmc);
	json_t *(*state)(struct bmc *bmc); /* new reference, for the control port; NULL: nothing to show */
	void (*changed)(struct bmc *bmc);  /* after bmc_apply, e.g. another profile; may be NULL */
	/* Changes by the member of the side's name; may be NULL. Nothing is changed on error. */
	int (*apply)(struct bmc *bmc, const json_t *value, struct error *err);
};
extern const struct bmc_side bmc_redfish_side; /* redfish.c */
extern const struct bmc_side bmc_ipmi_side;    /* ipmi.c */
extern const struct bmc_side bmc_eem_side;     /* eem.c */
