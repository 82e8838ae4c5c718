#pragma once
/* bmc_session: keeps drivers' sessions at BMCs in the database (drivers/session_store.h), and ends those of
 * processes that are no more. */
struct conductor;

void bmc_session_start(struct conductor *conductor);
/* After the drivers have been drained. */
void bmc_session_stop(void);
