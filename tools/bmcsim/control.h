#pragma once
/*
 * control: bmcsim's control port. GET /bmc lists the BMCs, GET /bmc/<name> shows one with its state and
 * counters, POST /bmc/<name> changes it (bmc_apply) and answers what GET does.
 */
#include "lib/http_server.h"
#include "tools/bmcsim/rack.h"

/* The rack must outlive the server. */
int control_start(struct rack *rack, const char *address, int port, struct http_server **ret,
		  struct error *err);
