#pragma once
/*
 * network_data: is a node's network_data what OpenStack's metadata says of links, networks and services?
 * Source: Nova's network_data.json, as Ironic checks it.
 */
#include <jansson.h>

#include "lib/error.h"

/* value: an object. {} is no configuration, and fine. -ERR_INVALID names the place: "networks[0].netmask". */
int network_data_check(const json_t *value, struct error *err);
