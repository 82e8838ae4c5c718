#pragma once
/*
 * observation: what is known of the age of nodes' power states, written to node_power_observed in batches
 * once a second. Losing some in a crash or an outage costs nothing: the next reading notes them again.
 */
#include <stdint.h>

struct conductor;

void observation_start(struct conductor *conductor);
/* The node's power was read just now. source: "poll", "action". */
void observation_read(struct conductor *conductor, int64_t node_id, const char *source);
/* It could not be read. The sentence is cut. */
void observation_failed(struct conductor *conductor, int64_t node_id, const char *sentence);
