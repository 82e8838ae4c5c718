#pragma once
/*
 * service: the server side of Redfish for one BMC with one system: resources, sessions, actions and
 * error objects over lib/http_server's requests. What the machine does is behind `struct
 * redfish_backend`; bmcsim puts a simulated machine there, a bridge may put another protocol.
 *
 * Resources: service root, $metadata, odata, Registries (Base), SessionService, AccountService,
 * EventService with Subscriptions, Systems/1, Chassis/1, Managers/1 with VirtualMedia, and an inventory
 * (service_inventory.c); or a captured tree, of which sessions, subscriptions, actions, power, boot override
 * and media are alive and members can be PATCHed. Protocol rules:
 * DSP0266 1.20 sections 6 to 9 and 13 (methods, ETags, status codes, error responses, security).
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_server.h"

#define REDFISH_SERVICE_SESSIONS 32      /* at once; beyond: 503 */
#define REDFISH_SERVICE_SUBSCRIPTIONS 20 /* at once; beyond: 400 */

/* ComputerSystem.PowerState. */
enum redfish_power {
	REDFISH_OFF, REDFISH_ON, REDFISH_POWERING_ON, REDFISH_POWERING_OFF, REDFISH_POWER_COUNT
};

/* ResetType of ComputerSystem.Reset. */
enum redfish_reset {
	REDFISH_RESET_ON, REDFISH_RESET_FORCE_OFF, REDFISH_RESET_GRACEFUL_SHUTDOWN,
	REDFISH_RESET_GRACEFUL_RESTART, REDFISH_RESET_FORCE_RESTART, REDFISH_RESET_FORCE_ON,
	REDFISH_RESET_PUSH_POWER_BUTTON, REDFISH_RESET_POWER_CYCLE, REDFISH_RESET_NMI, REDFISH_RESET_COUNT
};

/* BootSourceOverrideTarget. */
enum redfish_boot_target {
	REDFISH_BOOT_NONE, REDFISH_BOOT_PXE, REDFISH_BOOT_HDD, REDFISH_BOOT_CD, REDFISH_BOOT_BIOS_SETUP,
	REDFISH_BOOT_USB, REDFISH_BOOT_FLOPPY, REDFISH_BOOT_UEFI_HTTP, REDFISH_BOOT_DIAGS,
	REDFISH_BOOT_USB_CD, /* offered by makes that have it */
	REDFISH_BOOT_COUNT
};
enum redfish_boot_enabled { REDFISH_BOOT_DISABLED, REDFISH_BOOT_ONCE, REDFISH_BOOT_CONTINUOUS };

struct redfish_boot {
	enum redfish_boot_target target;
	enum redfish_boot_enabled enabled;
	bool is_uefi; /* BootSourceOverrideMode: UEFI or Legacy */
};

/* The machine behind the service. Functions run in the request's fiber and may suspend. Errors become
 * Redfish answers: ERR_CONFLICT 409 ActionParameterValueConflict, ERR_INVALID 400, else 500. */
struct redfish_backend {
	SUSPENDS enum redfish_power (*power)(void *arg);
	SUSPENDS int (*reset)(void *arg, enum redfish_reset type, struct error *err);
	SUSPENDS void (*boot_get)(void *arg, struct redfish_boot *ret);
	SUSPENDS int (*boot_set)(void *arg, const struct redfish_boot *boot, struct error *err);
	SUSPENDS int (*manager_reset)(void *arg, struct error *err);
	/* True when the pair is right. Must take the same time for any wrong pair. */
	SUSPENDS bool (*is_authentic)(void *arg, const char *user, const char *password);
};

/* Requests that a make refuses. Texts in the body are looked for as bytes. */
#define REDFISH_REFUSALS_MAX 8
struct redfish_refusal {
	const char *path;             /* part of it; NULL ends a table */
	const char *method;           /* NULL: any */
	const char *with;             /* text that the body has; NULL: whatever it has */
	const char *without;          /* text that the body lacks; NULL: whatever it lacks */
	unsigned times;               /* so many of them, then no more; 0: always */
	int after_start_ms;           /* only so long after a start of the system (POST); 0: at any time */
	int status;
	const char *message_id, *text;
};

enum redfish_etag {
	REDFISH_ETAG_PLAIN,
	REDFISH_ETAG_TWICE,        /* the header comes twice (bmcweb) */
	REDFISH_ETAG_QUOTED_TWICE,
	REDFISH_ETAG_EMPTY,
	REDFISH_ETAG_FOREIGN       /* what GET sends never matches (Gigabyte) */
};

/* How a make of BMC departs from the plain service. All zero: it does not. */
struct redfish_quirks {
	const char *vendor;           /* ServiceRoot.Vendor; NULL: absent */
	const char *redfish_version;  /* NULL: "1.13.0" */
	const struct redfish_refusal *refusals; /* NULL: none */
	enum redfish_etag etag;
	bool has_no_etag;             /* neither sent nor checked */
	bool has_weak_etag;           /* sends W/"x", wants "x" (412 otherwise) */
	bool needs_if_match;          /* PATCH without If-Match: 428 (Lenovo) */
	bool is_close;                /* Connection: close on each answer (iDRAC7) */
	bool has_no_sessions;         /* logins answer 503, RAC0218 (iDRAC: pool full) */
	bool is_info_object;          /* @Message.ExtendedInfo is an object (iDRAC) */
	bool is_mode_readonly;        /* BootSourceOverrideMode in a PATCH: 400 (iLO5) */
	bool is_mode_absent;          /* no BootSourceOverrideMode at all (iLO4) */
	bool is_once_only;            /* Continuous: 400 */
	bool is_boot_forgetful;       /* setting the target resets mode and enabled (Supermicro) */
	bool is_mode_a_job;           /* Boot with its mode starts a job, whose boot uses Once up (iDRAC9) */
	bool needs_full_boot;         /* mode, enabled and target together or 400 (AMI) */
	bool has_usb_cd;              /* UsbCd is offered beside Cd (Supermicro), and ... */
	bool is_media_usb_cd;         /* ... virtual media boot by that alone; else by Cd alone */
	bool has_board_system;        /* a second system without Reset: an accelerator board (OpenBMC) */
	bool is_boot_in_settings;     /* Boot is written at Systems/1/Settings only (iDRAC10) */
	bool is_boot_in_sd;           /* ... that is Systems/1/SD, without the values allowed (AMI) */
	bool has_settings_without_boot; /* Systems/1/Settings is there, but Boot is not in it (SE450) */
	bool has_old_manager_link;    /* Links.Managers instead of ManagedBy (Huawei) */
	bool has_no_interfaces;       /* no EthernetInterfaces (Cisco) */
	bool has_no_members;          /* collections of interfaces and simple storage lack Members (AMI) */
	bool has_no_session_location; /* logins do not say where the session is */
	bool has_no_context;          /* subscriptions show no Context */
	bool drops_subscriptions;     /* whose listener was not reached (iLO) */
	bool has_sku;                 /* the service tag is the SKU, the serial number the board's (Dell) */
	bool has_tasks;               /* PATCH of a system and Reset: 202 and a task's monitor, which ... */
	int task_reads;               /* answers 202 so often, and then ... */
	const char *task_state;       /* shows a task in this state; NULL: is gone (iDRAC) */
	int power_cache_ms;           /* PowerState is as old as that */
	bool has_media_without_actions; /* media are inserted by PATCH (Lenovo) */
	bool has_dvd_slot;            /* another slot, for DVD alone (Cisco) */
	bool keeps_image;             /* ejected media still show their Image (Supermicro) */
	int media_stale_reads;        /* so many reads after EjectMedia show the media inserted (Dell) */
	bool needs_eject_body;        /* EjectMedia without a body: 415 (iLO) */
	int same_state_status;        /* Reset to the state it is in: this status; 0: 204 */
};

struct service_tree;

struct redfish_service_options {
	const struct redfish_backend *backend;
	void *arg;                          /* of backend */
	const struct redfish_quirks *quirks;/* NULL: none */
	const struct service_tree *tree;    /* shown in place of the service's own; NULL: none. Borrowed */
	const char *name;                   /* HostName; all texts borrowed for the service's life */
	const char *user;                   /* the one account's name */
	const char *system_uuid;
	const char *manufacturer, *model;
	int session_timeout_s;              /* idle; 0: 1800 */
};

struct redfish_service;
struct redfish_service *redfish_service_new(const struct redfish_service_options *options);
void redfish_service_free(struct redfish_service *service);

/* Answers one request. */
SUSPENDS void redfish_service_handle(struct redfish_service *service, struct http_request *request,
				     struct http_response *response);
/* Fills an error answer for what never became a request: http_server's refuse. */
void redfish_service_refuse(int status, const char *sentence, struct http_response *response);

/* Quirks of another make from now on. */
void redfish_service_set_quirks(struct redfish_service *service, const struct redfish_quirks *quirks);
/* {"sessions": n, "subscriptions": [...], "media": [...], "changes": {path: members}} for the simulator's
 * control port; new reference. */
json_t *redfish_service_state(const struct redfish_service *service);
