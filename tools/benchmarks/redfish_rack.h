#pragma once
/*
 * redfish_rack: simulated BMCs in processes of their own, and nodes for them, for the benches of Redfish.
 * BMC i listens at an address of its own on the loopback network. Client and simulators run on a core each,
 * where there are two.
 */
#include <sys/types.h>

#include "model/node.h"

enum { REDFISH_RACKS_MAX = 4 };

struct redfish_rack {
	char folder[64];
	pid_t simulators[REDFISH_RACKS_MAX];
	unsigned count;
};

/* Puts the calling process on its core. */
void redfish_rack_init(struct redfish_rack *rack);
/* Starts a simulator with BMCs first to first + count - 1, over TLS; options: more lines for each. -1: it
 * does not start. One process holds as many as half its descriptors. */
int redfish_rack_start(struct redfish_rack *rack, unsigned first, unsigned count, const char *options);
void redfish_rack_stop(const struct redfish_rack *rack);

void redfish_rack_url(unsigned i, char *url, size_t size);
/* Nodes of BMCs first to first + count - 1; the caller frees. */
struct node *redfish_rack_nodes(unsigned first, unsigned count);

/* CPU that this process has used so far, in microseconds, and memory resident now, in bytes. */
double redfish_rack_cpu_us(void);
double redfish_rack_resident(void);
void redfish_rack_print(const char *name, double value, const char *unit, const char *peer,
			double peer_value);
