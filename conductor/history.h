#pragma once
/* history: keeps nodes' histories short. */
struct conductor;

/* Removes old entries every node_history_cleanup_interval. */
void history_start(struct conductor *conductor);
