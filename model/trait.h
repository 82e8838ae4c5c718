#pragma once
/* trait: names that schedulers ask for, of nodes, runbooks and allocations. */
#include <jansson.h>

#include "lib/error.h"

#define TRAITS_MAX    50
#define TRAIT_MAX_LEN 255

/* A name of os-traits' shape. -ERR_INVALID with Ironic's sentence; what: after "Schema error for". */
int trait_check(const char *trait, const char *what, struct error *err);
/* The same for one that a path names: then a body (NULL: none) has nothing to say. */
int trait_check_added(const char *trait, const json_t *body, struct error *err);
/* A list of at most TRAITS_MAX such names. -ERR_INVALID. */
int trait_check_list(const json_t *traits, struct error *err);
