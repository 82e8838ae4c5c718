#pragma once
/*
 * rack: the BMCs of one bmcsim process, from an INI file with a section for each:
 *
 *     [redfish-1]
 *     protocol = redfish          ; redfish or ipmi
 *     listen = 127.0.0.1:8001     ; port 0: any free one
 *     user = admin
 *     password = secret
 */
#include "tools/bmcsim/bmc.h"

struct rack {
	struct bmc *bmcs;     /* owned; in the order of the file */
	size_t count;
	json_t *index;        /* owned; name to position */
};

/* -ERR_INVALID, the sentence names file, section and option. */
int rack_load(struct rack *rack, const char *path, struct error *err);
/* Gives Redfish BMCs that have no captured tree this one. */
int rack_set_mockup(struct rack *rack, const char *path, struct error *err);
void rack_release(struct rack *rack);
struct bmc *rack_find(const struct rack *rack, const char *name); /* NULL: none */

/* Starts every BMC's listener; on failure those started are stopped. */
int rack_start(struct rack *rack, struct error *err);
void rack_stop(struct rack *rack);
const struct bmc_side *rack_side(const struct bmc *bmc);

/* The options and their meaning, for --help. */
void rack_print_help(FILE *out);
