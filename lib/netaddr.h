#pragma once
/* netaddr: MAC and IP addresses as texts. */
#include <stdbool.h>

#include "lib/error.h"

#define MAC_TEXT 18 /* with NUL */

/* "52:54:00:12:34:56", in either case. */
bool netaddr_is_mac(const char *text);
/* To lower case, in place. */
void netaddr_lower(char *text);
/* 127.0.0.0/8 or ::1. */
bool netaddr_is_loopback(const char *text);
/* Is the address in "192.0.2.0/24", "2001:db8::/32", or the one that stands there without a length? An
 * address of the other family is in no net. -ERR_INVALID: either is malformed. */
int netaddr_is_in(const char *address, const char *net, bool *ret, struct error *err);
