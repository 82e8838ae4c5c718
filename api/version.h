#pragma once
/* version: the microversion that a request asks for. Source: Ironic API reference, "API versions". */
#include "lib/error.h"

#define VERSION_MIN 1   /* 1.1 */
#define VERSION_MAX 115 /* 1.115 */

/* What the refusal shows besides its sentence. */
enum version_result {
	VERSION_OK,
	VERSION_OUT_OF_RANGE, /* 406 with the minimum and maximum headers */
	VERSION_MALFORMED     /* 406 without any version header */
};

struct version {
	int minor;       /* N of 1.N */
	int is_explicit; /* a header named it */
};

/* standard: OpenStack-API-Version ("baremetal 1.60", other services' entries are ignored), wins over
 * legacy: X-OpenStack-Ironic-API-Version ("1.60"). NULL: absent; neither: 1.1. On refusal err is
 * ERR_NOT_ACCEPTABLE with Ironic's sentence. */
enum version_result version_negotiate(const char *standard, const char *legacy, struct version *ret,
				      struct error *err);
