#pragma once
/*
 * passthru: the one dispatcher of vendor methods. It checks, in order: method known, HTTP verb
 * allowed, (lock: the caller's), arguments, the method's own validation; then runs.
 */
#include "drivers/driver.h"

/* Finds the method for the node of the task (node level) or the hardware type (driver level: task->node
 * is NULL, task->hardware set). -ERR_INVALID "No handler for method x" or "The method x does not support
 * HTTP PUT". */
int passthru_find(struct task *task, const char *method, const char *verb, const struct passthru_method **ret,
		  struct error *err);
/* Arguments against the table, then the interface's and the method's validation. Null counts as missing.
 * "Parameter 'bar' not passed to method 'third_method_sync'." */
int passthru_check(struct task *task, const struct passthru_call *call, struct error *err);
SUSPENDS int passthru_run(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err);
void passthru_result_release(struct passthru_result *result);
const char *http_verb_name(enum http_verb verb);
/* 0 when the name is none of the five. */
enum http_verb http_verb_find(const char *name);
