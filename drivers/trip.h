#pragma once
/*
 * trip: how long BMCs take to answer and how they fail, by driver (ferrule_bmc_*). A trip is one request and
 * its answer, repeats of datagrams included; a login is one too.
 */
#include <stdint.h>

/* A trip that began at clock_ns() begun_ns has ended: rc as the client returns it, 0 or a negative errcode.
 * driver: "ipmi", "redfish". */
void trip_ended(const char *driver, int64_t begun_ns, int rc);
