#pragma once
/*
 * eem_fleet: the boards behind eem_service, kept as the JSON objects that EEM shows, and what EEM derives
 * from their groups. Source: the data model that known clients read (docs/expether.rst).
 */
#include <jansson.h>
#include <stdbool.h>

#define EEM_GROUP_MIN     16
#define EEM_GROUP_MAX     4092
#define EEM_GROUP_NO_EEIO "4093" /* an I/O unit that is free */
#define EEM_GROUP_NO_EESV "4094" /* a host that was given none yet */

struct eem_fleet {
	json_t *devices; /* owned; id to object, in the order of their appearance */
};

void eem_fleet_init(struct eem_fleet *fleet);
void eem_fleet_release(struct eem_fleet *fleet);
void eem_fleet_seed(struct eem_fleet *fleet);
void eem_fleet_fill(struct eem_fleet *fleet, unsigned cards);

/* "0x" and 12 hexadecimal digits in lower case. */
bool eem_id_is_valid(const char *id);
json_t *eem_fleet_find(const struct eem_fleet *fleet, const char *id); /* borrowed; NULL: none */
/* A board of that side with members from *take_members over the ordinary ones. */
void eem_fleet_add(struct eem_fleet *fleet, const char *id, json_t *take_members);
void eem_fleet_remove(struct eem_fleet *fleet, const char *id);
/* Brings ports, paths and connections in line with the groups: after every change. */
void eem_fleet_derive(struct eem_fleet *fleet);
/* It has changed now. */
void eem_device_touch(json_t *device);

const char *eem_text(const json_t *device, const char *name); /* "" when absent */
bool eem_is_host(const json_t *device);
/* At least one link of the board is up. */
bool eem_is_alive(const json_t *device);
/* Some host has that group. */
bool eem_fleet_has_group(const struct eem_fleet *fleet, const char *group);
/* No more cards fit to the host of that group. */
bool eem_fleet_is_full(const struct eem_fleet *fleet, const char *group);
/* The lowest group that nobody has; false: none is left. */
bool eem_fleet_pick_group(const struct eem_fleet *fleet, char group[8]);
