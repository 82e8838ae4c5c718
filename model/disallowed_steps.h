#pragma once
/*
 * disallowed_steps: steps that the operator lets nobody run: [api] disallow_clean_steps,
 * disallow_deploy_steps, disallow_service_steps. A request that names one is refused, by the API and again by
 * the conductor; those of interfaces and deploy templates are left out silently, as in Ironic. Lists go by
 * their names: "clean_steps", "deploy_steps", "service_steps".
 */
#include <jansson.h>
#include <stdbool.h>

#include "lib/error.h"

void disallowed_steps_register(void);
/* The step is an object with interface and step. */
bool disallowed_steps_has(const char *list, const json_t *step);
/* -ERR_INVALID naming the first that is disallowed; NULL steps are none. */
int disallowed_steps_check(const char *list, const json_t *steps, struct error *err);
