#pragma once
/*
 * lossy: a proxy in front of PostgreSQL's unix socket, on the loop of the test, that loses replies: what a
 * client sends arrives, what the server answers does not, and then the connection breaks. That is how the
 * outcome of a commit gets in doubt.
 */
struct lossy;

/* Listens at a socket in a new folder for the server of `connection` ("host=/folder ..."). */
struct lossy *lossy_new(const char *connection);
/* The connection string that goes through the proxy. */
const char *lossy_connection(const struct lossy *lossy);
/* From now on the replies of each connection are lost with a chance of 1 in `odds`; the connection breaks 10
 * ms later. 0: none. Returns how many connections have been broken so far. */
unsigned lossy_set(struct lossy *lossy, unsigned odds);
void lossy_free(struct lossy *lossy);
