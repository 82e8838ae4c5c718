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
 * -ERR_MISSING "Parameter 'bar' not passed to method 'third_method_sync'.", -ERR_INVALID for an unknown
 * argument or one of the wrong type. */
int passthru_check(struct task *task, const struct passthru_call *call, struct error *err);
SUSPENDS int passthru_run(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			  struct error *err);
void passthru_result_release(struct passthru_result *result);
/* ---- ferrule/driver.h: from here ---- */
/* An argument as a boolean: true, false, or (as Ironic reads them) the words and numbers that mean it. preset
 * when the argument is absent or null. Only for arguments of type ARGUMENT_BOOL, which were checked. */
bool passthru_bool(const struct passthru_call *call, const char *name, bool preset);
/* As text; NULL when absent or null. Only for ARGUMENT_TEXT. Borrowed from the call. */
const char *passthru_text(const struct passthru_call *call, const char *name);
/* Makes a copy of the bytes the result; of `attach` methods. */
void passthru_attach(struct passthru_result *result, const void *bytes, size_t len);
/* ---- ferrule/driver.h: to here ---- */
const char *http_verb_name(enum http_verb verb);
/* 0 when the name is none of the five. */
enum http_verb http_verb_find(const char *name);
