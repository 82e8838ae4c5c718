#pragma once
/*
 * action: from queued rows to running jobs. What is known to wait (told by NOTIFY or found by polling) is a
 * hint; the start statement decides. A node's line is started by one fiber at a time, a shared action by its
 * own; neither without a free slot.
 */
#include <stdint.h>

struct conductor;

/* Listens and polls. */
void action_start(struct conductor *conductor);
/* After draining: frees what waits. No fiber runs any more. */
void action_release_all(struct conductor *conductor);
/* Something may wait in the node's line. */
void action_wake_node(struct conductor *conductor, int64_t node_id);
/* Starts what waits, as far as slots are free and the lease is good. */
void action_pump(struct conductor *conductor);
