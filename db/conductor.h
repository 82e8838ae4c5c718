#pragma once
/*
 * conductor: the rows by which conductors make themselves known (`conductors` and what each can do), and
 * the registry: all of them as one process sees them. The API knows no driver and no method by name but
 * from here. Any change notifies the channel "conductors"; who keeps a registry loads it again then, and
 * every few seconds.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/arena.h"

#define CONDUCTOR_CHANNEL "conductors"

/* ---- what a conductor can do; also the rows of the registry ---- */

struct conductor_interface {
	const char *hardware_type;
	const char *interface_type; /* "power" */
	const char *name;           /* "ipmitool" */
	int position;               /* order of preference in the hardware type, from 0 */
	bool is_default;
};

struct conductor_property {
	const char *hardware_type;
	const char *name, *help;
};

struct conductor_method {
	const char *hardware_type;
	const char *interface_name; /* the vendor interface that offers it */
	const char *level;          /* "node", "driver" */
	const char *name;
	const char *const *http_methods;
	size_t http_method_count;
	bool is_async, is_attach, is_exclusive;
	const char *on_crash; /* "repeat", "never" */
	int run_s;
	const char *description;
};

struct conductor_row {
	const char *instance; /* a uuid; one per process start */
	const char *hostname, *group, *version;
	const char *const *pools; /* "group:driver" */
	size_t pool_count;
	const char *const *drivers;
	size_t driver_count;
	/* read only: */
	bool is_alive;                    /* state = live */
	const char *created_at, *seen_at; /* ISO 8601; seen_at is for display alone */
};

struct conductor_abilities {
	const struct conductor_interface *interfaces;
	size_t interface_count;
	const struct conductor_property *properties, *raid_properties;
	size_t property_count, raid_property_count;
	const struct conductor_method *methods;
	size_t method_count;
};

/* Inserts the row, live, with all abilities, in one transaction. The same hostname may have live rows of
 * earlier instances: they die by their silence. Safe to repeat. */
SUSPENDS int conductor_register(struct db *db, const struct conductor_row *row,
				const struct conductor_abilities *abilities, struct error *err);
/* Draining: no pools any more, so nobody sends new work here; still live until conductor_leave. */
SUSPENDS int conductor_drain(struct db *db, const char *instance, struct error *err);
/* The end of a clean stop: nothing of this instance runs. Its abilities go too. */
SUSPENDS int conductor_leave(struct db *db, const char *instance, struct error *err);
/* Removes the abilities of instances that are not live, and rows not live for more than a day. Run it now
 * and then. *ret_count: rows of conductors removed. */
SUSPENDS int conductor_purge(struct db *db, int *ret_count, struct error *err);

/* ---- the registry ---- */

/* Everything known, in one snapshot. All texts live in the arena. Sorted: conductors by hostname (one row
 * each: the live or else newest instance), the others by hardware type and then as published. What several
 * live conductors publish alike stands once. */
struct registry {
	struct arena arena;
	struct conductor_row *conductors;
	size_t conductor_count;
	struct conductor_interface *interfaces;
	size_t interface_count;
	struct conductor_property *properties;
	size_t property_count;
	struct conductor_property *raid_properties;
	size_t raid_property_count;
	struct conductor_method *methods;
	size_t method_count;
};

/* Fills *ret; untouched on failure. One flush. */
SUSPENDS int registry_load(struct db *db, struct registry *ret, struct error *err);
void registry_release(struct registry *registry); /* leaves it empty */

/* True when a live conductor serves the driver; group NULL: any group. */
bool registry_has_driver(const struct registry *registry, const char *driver, const char *group);
/* Host names of the live conductors of pool "group:driver", sorted, at most max: for rendezvous hashing. */
size_t registry_hosts(const struct registry *registry, const char *pool, const char **ret, size_t max);
/* Host names of all live conductors that have the driver, whatever their group; sorted. */
size_t registry_driver_hosts(const struct registry *registry, const char *driver, const char **ret,
			     size_t max);
const struct conductor_interface *registry_interface(const struct registry *registry,
						     const char *hardware_type, const char *interface_type,
						     const char *name);
/* The default interface of the type, or NULL. */
const struct conductor_interface *registry_default(const struct registry *registry, const char *hardware_type,
						   const char *interface_type);
/* The method as the vendor interface offers it; level "node" or "driver". */
const struct conductor_method *registry_method(const struct registry *registry, const char *hardware_type,
					       const char *interface_name, const char *level,
					       const char *name);
