#pragma once
/*
 * resolve: host names to addresses, in libuv's pool and with a limit of its own, so that a dead name
 * server delays nothing but those who ask it.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"

/* "127.0.0.1" or "fe80::1" and NUL. */
#define RESOLVE_ADDRESS_MAX 46
/* As many addresses of one name are looked at. */
#define RESOLVE_COUNT_MAX 8

/* Resolves a host name in the thread pool (limited to 4 at once), for at most 30 s. Numeric addresses
 * return at once. -ERR_BMC_UNREACHABLE when it does not resolve, -ERR_CANCELLED. Gives the first address
 * in the system's order of preference. address: at least 46 bytes. */
SUSPENDS int resolve_host(const char *host, char *address, size_t size, struct error *err);

/* The same for all addresses, with a deadline (clock_ms). Returns their number, or an error. */
SUSPENDS int resolve_all(const char *host, int64_t deadline_ms,
			 char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX], struct error *err);
