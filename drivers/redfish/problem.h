#pragma once
/*
 * problem: what a BMC says when it refuses, out of the error objects in their many forms, as one sentence.
 * Source: DSP0266 section 8.6; the forms are those of the makes named in problem.c.
 */
#include <stdbool.h>
#include <stddef.h>

struct redfish_problem {
	char code[128];   /* "Base.1.13.0.ActionParameterValueConflict"; "" when not told */
	char text[600];   /* for a reader; "" when not told */
};

/* body: any bytes. Never fails: what cannot be read leaves both empty. Control characters become spaces. */
void redfish_problem_read(const char *body, size_t len, struct redfish_problem *ret);
/* Replaces every occurrence of the secret in the text by asterisks; NULL and secrets shorter than 3 are
 * skipped. */
void redfish_problem_mask(struct redfish_problem *problem, const char *secret);
