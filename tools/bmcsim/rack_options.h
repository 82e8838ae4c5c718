#pragma once
/* rack_options: what a section of the rack file may say, as one table. */
#include "tools/bmcsim/bmc.h"

struct rack_option {
	const char *name;
	/* -ERR_INVALID; the sentence is without the option's name */
	int (*set)(struct bmc *bmc, const char *value, struct error *err);
	bool is_required;
	const char *help; /* with the value that it has without the option */
};
extern const struct rack_option rack_options[];
extern const size_t rack_option_count; /* at most 64 */
