#pragma once
/* bios_registry: what a BMC says of the attributes of its BIOS: their types, bounds and words. Source:
 * DSP0268 AttributeRegistry, MessageRegistryFile; DSP2046 Bios.AttributeRegistry. */
#include "drivers/redfish/reader.h"

#define REDFISH_ATTRIBUTES_MAX 8192 /* of one registry or BIOS that are looked at */

/* The entries of the registry that a Bios resource names, by attribute: a new object, empty when there is
 * none that can be read. */
SUSPENDS json_t *redfish_bios_registry(struct redfish_reader *reader, const json_t *bios);

/* The words of an enumeration's entry, a new list. Most makes use ValueName; Supermicro shows and takes
 * ValueDisplayName: what the current value is one of decides. NULL: the entry lists none. */
json_t *redfish_bios_words(const json_t *entry, const json_t *value);
/* A bound that the entry has; false: none, or it is no integer of 64 bits. */
bool redfish_bios_bound(const json_t *entry, const char *name, int64_t *ret);

/* A setting's value as the BMC wants it: text for an Integer becomes a number, "true" for a Boolean true; new
 * reference. current: of now; NULL: not shown. NULL for what the registry, or else the current value, does
 * not allow. */
json_t *redfish_bios_converted(const json_t *entry, const json_t *current, const json_t *value);
