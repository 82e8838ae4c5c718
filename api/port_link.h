#pragma once
/* port_link: local_link_connection, what a port is cabled to. Source: Ironic's API reference, "Ports". */
#include "api/resource.h"

/* Checks the draft's link and brings switch_id to lower case. is_new: POST, whose microversion must know the
 * members and whose smart NICs need a host. -ERR_INVALID, -ERR_NOT_ACCEPTABLE. */
int port_link_check(struct resource_draft *draft, bool is_new, struct error *err);
