#pragma once
/*
 * driver: hardware types, interfaces and passthru methods as const tables. A hardware type is a
 * composition of interface tables. Drivers outside the tree see the marked parts, as ferrule/driver.h
 * (docs/out-of-tree-drivers.rst). There are no NULL slots in an interface that offers the operation at all:
 * what is not supported has no code, and the caller is told by -ERR_UNSUPPORTED from the wrappers in
 * drivers/driver.c.
 *
 * All operations run in a fiber and may suspend. They return 0 or a negative enum errcode with the
 * sentence in err. node driver_info was validated before the operation is called.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "drivers/task.h"
#include "lib/config.h"
#include "lib/error.h"
#include "model/interface.h"
#include "model/states.h"

/* ---- ferrule/driver.h: from here ---- */
/* One driver_info member that an interface reads. */
struct driver_property {
	const char *name;
	const char *help; /* one line ending in "Required." or "Optional.", as Ironic's */
};

/* ---- steps ---- */

/* What a step may be part of. */
enum { STEP_CLEAN = 1, STEP_DEPLOY = 2, STEP_SERVICE = 4 };
/* The work goes on elsewhere (a ramdisk, a job of the BMC): the node waits without a lock until it is told
 * to go on. What may return it says so. */
enum { STEP_WAITS = 1 };

struct step_argument {
	const char *name;
	bool is_required;
	const char *help;
};

/* One thing that cleaning, deploying or servicing can consist of. A method with other priorities for other
 * uses has a row for each. */
struct step {
	const char *name;
	unsigned uses; /* STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE */
	int priority; /* of automated cleaning and deploying, highest first; 0: only when asked for by name */
	bool is_abortable; /* while the node waits for its end */
	const struct step_argument *arguments; /* ends with a NULL name; NULL: none allowed */
	/* May return STEP_WAITS. args: a borrowed object, checked against the arguments. */
	SUSPENDS int (*run)(struct task *task, const json_t *args, struct error *err);
};

/* Head of every interface table. */
struct interface {
	enum interface_type type;
	const char *name;                         /* "ipmitool" */
	const struct driver_property *properties; /* ends with a NULL name; may be NULL */
	/* Checks the node's driver_info without touching the BMC. NULL: nothing to check. Never suspends
	 * for I/O. -ERR_MISSING, -ERR_INVALID. */
	int (*validate)(struct task *task, struct error *err);
	/* What only the hardware can tell of driver_info: asked for by `validate` alone, after the above.
	 * NULL: nothing. Any error. */
	SUSPENDS int (*probe)(struct task *task, struct error *err);
	const struct step *steps; /* ends with a NULL name; may be NULL */
};

struct power_interface {
	struct interface base;
	const enum power_state *supported; /* targets; ends with POWER_UNKNOWN */
	SUSPENDS int (*get)(struct task *task, enum power_state *ret_state, struct error *err);
	/* Brings the node to `target` and waits until the BMC says so, at most timeout_s. Reboots too. */
	SUSPENDS int (*set)(struct task *task, enum power_state target, unsigned timeout_s,
			    struct error *err);
};

struct boot_device {
	const char *device; /* "pxe", "disk", "cdrom", "bios", "safe", "uefihttp"; NULL: unknown */
	int persistent;     /* 1, 0, -1: unknown (null) */
};

struct indicator {
	const char *component; /* "chassis" */
	const char *name;      /* "led-0" */
	bool is_readonly;
	const char *const *states; /* NULL-terminated */
};

/* What a look at the machine tells beyond its power state. Texts are constants or live in the task's arena;
 * NULL and -1: not told. */
struct machine_facts {
	const char *boot_mode; /* "bios", "uefi" */
	int secure_boot;       /* 1, 0 */
	const char *health;    /* "OK", "Warning", "Critical" */
	const char *vendor;    /* as the machine names its maker */
};

struct management_interface {
	struct interface base;
	const char *const *boot_devices; /* supported, NULL-terminated; may be NULL */
	SUSPENDS int (*boot_device_get)(struct task *task, struct boot_device *ret, struct error *err);
	SUSPENDS int (*boot_device_set)(struct task *task, const char *device, bool persistent,
					struct error *err);
	SUSPENDS int (*inject_nmi)(struct task *task, struct error *err);
	SUSPENDS int (*boot_mode_set)(struct task *task, const char *mode,
				      struct error *err); /* "bios", "uefi" */
	SUSPENDS int (*secure_boot_set)(struct task *task, bool is_on, struct error *err);
	/* In as few requests as the BMC allows: asked for whenever a node becomes manageable, is inspected or
	 * has been switched. What cannot be read is left unknown; an error only when nothing could be. */
	SUSPENDS int (*facts_get)(struct task *task, struct machine_facts *ret, struct error *err);
	/* Either the table, for hardware that is always the same, or the function, for what differs from
	 * machine to machine: *ret in the task's arena, ends with a NULL name. With the function, `which`
	 * of the two below holds component and name as asked for and nothing else, and a state as asked for
	 * is theirs to check: -ERR_INVALID for what the machine does not have. */
	const struct indicator *indicators; /* ends with a NULL name; may be NULL */
	SUSPENDS int (*indicators_get)(struct task *task, const struct indicator **ret, struct error *err);
	SUSPENDS int (*indicator_get)(struct task *task, const struct indicator *which,
				      const char **ret_state, struct error *err);
	SUSPENDS int (*indicator_set)(struct task *task, const struct indicator *which, const char *state,
				      struct error *err);
	SUSPENDS int (*sensors_get)(struct task *task, json_t **ret_sensors, struct error *err);
	/* MAC addresses of the machine's own interfaces as the BMC knows them, lower case, without doubles:
	 * a list of texts, new reference. */
	SUSPENDS int (*macs_get)(struct task *task, json_t **ret_list, struct error *err);
	/* Virtual media. device: "cdrom", "disk", "floppy"; for detach NULL means all. The list has
	 * {"media_types": [...], "inserted": ..., "image": ...} for each slot; new reference. */
	SUSPENDS int (*vmedia_attach)(struct task *task, const char *device, const char *image_url,
				      struct error *err);
	SUSPENDS int (*vmedia_detach)(struct task *task, const char *device, struct error *err);
	SUSPENDS int (*vmedia_get)(struct task *task, json_t **ret_list, struct error *err);
};

struct console_interface {
	struct interface base;
	/* Opens the console and waits until it is connected, or fails. */
	SUSPENDS int (*start)(struct task *task, struct error *err);
	/* Also of a console that another conductor had opened. */
	SUSPENDS int (*stop)(struct task *task, struct error *err);
	/* The console is enabled, and this conductor's now (drivers/console.h): opens it without waiting for
	 * the BMC; one that is open takes over what has changed in the node's properties. Writes nothing to
	 * the node. NULL: nothing to do. */
	SUSPENDS int (*resume)(struct task *task, struct error *err);
	SUSPENDS int (*get)(struct task *task, json_t **ret_info,
			    struct error *err); /* {"type":..., "url":...} */
};

/* What an inspection found, for the conductor to record. The node's properties are the interface's to set.
 * All are new references, released by the caller; NULL: nothing of the kind. */
struct inspection {
	json_t *inventory;   /* GET inventory: "inventory" */
	json_t *plugin_data; /* the same: "plugin_data" */
	json_t *macs;        /* a list of texts: the node gets a port for each that it has none for */
};
void inspection_release(struct inspection *inspection);

struct inspect_interface {
	struct interface base;
	/* ret: empty before; also released after failures. May return STEP_WAITS. */
	SUSPENDS int (*inspect)(struct task *task, struct inspection *ret, struct error *err);
	SUSPENDS int (*abort)(struct task *task, struct error *err);   /* NULL: cannot be aborted */
};

/* Brings instances on nodes, and cleans and services them. What runs in between are steps, of this and of
 * other interfaces. A NULL member: nothing to do. */
struct deploy_interface {
	struct interface base;
	/* Before the first step; may return STEP_WAITS. */
	SUSPENDS int (*prepare)(struct task *task, struct error *err);
	SUSPENDS int (*clean_prepare)(struct task *task, struct error *err);
	SUSPENDS int (*service_prepare)(struct task *task, struct error *err);
	/* After the last step, after a failure, and when it is aborted. */
	SUSPENDS int (*clean_up)(struct task *task, struct error *err);
	SUSPENDS int (*clean_finish)(struct task *task, struct error *err);
	SUSPENDS int (*service_finish)(struct task *task, struct error *err);
	SUSPENDS int (*tear_down)(struct task *task, struct error *err);
	/* An instance that is there already becomes ours. */
	SUSPENDS int (*take_over)(struct task *task, struct error *err);
};

struct rescue_interface {
	struct interface base;
	/* The hashed password is in instance_info hashed_rescue_password. May return STEP_WAITS. */
	SUSPENDS int (*rescue)(struct task *task, struct error *err);
	SUSPENDS int (*unrescue)(struct task *task, struct error *err);
	SUSPENDS int (*clean_up)(struct task *task, struct error *err); /* NULL: nothing to do */
};

struct bios_interface {
	struct interface base;
	/* All settings that the machine has: a list of {"name": "BootMode", "value": "Uefi"}, with what is
	 * known of "attribute_type", "allowable_values" (texts), "lower_bound", "upper_bound", "min_length",
	 * "max_length" (integers), "read_only", "reset_required" and "unique" (booleans); new reference.
	 * Values are texts or null. Asked for also after each of the interface's steps. NULL: cannot be told.
	 */
	SUSPENDS int (*settings_get)(struct task *task, json_t **ret_list, struct error *err);
};

struct firmware_interface {
	struct interface base;
	/* What runs where: a list of {"component": "bios", "current_version": "1.2"}, with "vendor", "model"
	 * and "serial_number" where they are known; new reference. NULL: cannot be told. */
	SUSPENDS int (*components_get)(struct task *task, json_t **ret_list, struct error *err);
};

/* Interfaces that for now only exist, validate and are reported; their verbs come with their issues. */
struct plain_interface {
	struct interface base;
};

/* ---- vendor passthru ---- */

enum http_verb { VERB_GET = 1, VERB_POST = 2, VERB_PUT = 4, VERB_PATCH = 8, VERB_DELETE = 16 };
enum passthru_mode { PASSTHRU_SYNC, PASSTHRU_ASYNC };
enum lock_kind { LOCK_EXCLUSIVE, LOCK_SHARED };
/* What a conductor's death in the middle means: repeat what merely sets a state, never what does not. */
enum on_crash { CRASH_NEVER, CRASH_REPEAT };

enum argument_type {
	ARGUMENT_TEXT,
	ARGUMENT_BOOL,
	ARGUMENT_INT,
	ARGUMENT_LIST,
	ARGUMENT_OBJECT,
	ARGUMENT_ANY
};
struct passthru_argument {
	const char *name;
	enum argument_type type;
	bool is_required;
};

struct passthru_call {
	const struct passthru_method *method;
	const char *verb; /* "POST" */
	json_t *args;     /* borrowed object, checked against the argument table */
};

/* What a synchronous method gives back: JSON, or bytes when the method is `attach`. */
struct passthru_result {
	json_t *value; /* owned by the result; NULL: null */
	void *bytes;   /* xalloc'ed, owned by the result */
	size_t bytes_len;
};

struct passthru_method {
	const char *name;
	unsigned verbs; /* of enum http_verb */
	enum passthru_mode mode;
	enum lock_kind lock; /* node level only */
	bool is_attach;
	bool is_open; /* other arguments than the table's are allowed too */
	enum on_crash on_crash;
	unsigned run_s;                            /* longest run; 0: 60 */
	const struct passthru_argument *arguments; /* ends with a NULL name; NULL: none allowed */
	/* Further checks, after the table's, before the reply; may be NULL. Does not touch the BMC. */
	int (*validate)(struct task *task, const struct passthru_call *call, struct error *err);
	SUSPENDS int (*run)(struct task *task, const struct passthru_call *call,
			    struct passthru_result *result, struct error *err);
	const char *help; /* the listing's description */
};

struct vendor_interface {
	struct interface base;
	const struct passthru_method *node_methods;   /* ends with a NULL name; may be NULL */
	const struct passthru_method *driver_methods; /* same; called with task->node == NULL */
};

/* ---- hardware types ---- */

struct hardware_type {
	const char *name;       /* "redfish" */
	const char *class_name; /* "RedfishHardware", as Ironic names it in messages */
	/* The type whose interfaces stand where this one lists none; of modules alone, may be NULL. */
	const char *based_on;
	const struct option *options;   /* of its own section of the configuration; may be NULL */
	const struct pool_driver *pool; /* drivers/pool.h: it has pooled devices; may be NULL */
	/* Ends what the type keeps with BMCs (sessions) and forgets them, until the deadline; may be NULL. */
	SUSPENDS void (*drain)(int64_t deadline_ms);
	/* Interfaces by type, each NULL-terminated, first = most preferred. Only what has code behind it. */
	const struct interface *const *interfaces[INTERFACE_COUNT];
};

/* A NULL-terminated list of interface tables: .interfaces[INTERFACE_POWER] = INTERFACES(&fake_power.base). */
#define INTERFACES(...)                                                                                      \
	(const struct interface *const[])                                                                    \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}
/* Interfaces of one type that a hardware type may list. */
#define INTERFACES_MAX 15
/* ---- ferrule/driver.h: to here ---- */

/* All hardware types, NULL-terminated: those of the tree (drivers/registry.c), then those of modules. */
#define HARDWARE_TYPES_MAX 32
extern const struct hardware_type *hardware_types[HARDWARE_TYPES_MAX + 1];
/* One more, kept until the process ends: before the configuration is checked. False: full. */
bool hardware_type_add(const struct hardware_type *hardware);
const struct hardware_type *hardware_type_find(const char *name);

/* Stops all consoles and has every hardware type end its sessions with BMCs: at the end of the process, when
 * no task runs any more and before http_client_release. */
SUSPENDS void drivers_drain(int64_t deadline_ms);

/* Registers the [DEFAULT] enabled_* and default_* options and those of each hardware type. */
void drivers_config_register(void);
/* Checks the lists and takes them into use; call it after each load of the configuration. Unknown hardware
 * type or interface, a type left without an interface of a kind that it has, a default that is not enabled:
 * -ERR_INVALID with option and word named. Unset enabled_X_interfaces: all. */
int drivers_check_config(struct error *err);
bool hardware_type_is_enabled(const struct hardware_type *hardware);
/* Enabled interfaces of a type in order of preference; returns how many. */
size_t hardware_type_enabled(const struct hardware_type *hardware, enum interface_type type,
			     const struct interface **ret, size_t max);
/* The default for new nodes: [DEFAULT] default_X_interface if offered, else the first enabled. May be NULL.
 */
const struct interface *hardware_type_default(const struct hardware_type *hardware, enum interface_type type);
/* The interface of that name if enabled and offered by the type, else NULL. */
const struct interface *hardware_type_interface(const struct hardware_type *hardware,
						enum interface_type type, const char *name);
/* The interface that the task's node uses. -ERR_INTERFACE when it is not enabled here. */
int task_interface(struct task *task, enum interface_type type, const struct interface **ret,
		   struct error *err);
/* ---- ferrule/driver.h: from here ---- */
/* -ERR_UNSUPPORTED, "Driver ipmi does not support inject_nmi (disabled or not implemented)." */
int task_unsupported(const struct task *task, const char *what, struct error *err);
/* ---- ferrule/driver.h: to here ---- */
/* Runs the interface's validate, if it has one. */
int interface_validate(const struct interface *interface, struct task *task, struct error *err);
/* What PUT states/raid accepts: a name and its help a row, ending with a NULL name. */
extern const struct driver_property raid_properties[];
/* Casts, checked by type. */
const struct power_interface *power_interface(const struct interface *interface);
const struct management_interface *management_interface(const struct interface *interface);
const struct vendor_interface *vendor_interface(const struct interface *interface);
const struct console_interface *console_interface(const struct interface *interface);
const struct inspect_interface *inspect_interface(const struct interface *interface);
const struct bios_interface *bios_interface(const struct interface *interface);
const struct firmware_interface *firmware_interface(const struct interface *interface);
const struct deploy_interface *deploy_interface(const struct interface *interface);
const struct rescue_interface *rescue_interface(const struct interface *interface);
