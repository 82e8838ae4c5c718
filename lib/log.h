#pragma once
/*
 * log: one line an event on stderr, "time level program [request node] text", or one JSON object a
 * line with [DEFAULT] log_json = true. The running fiber's labels are added. Only those who give up
 * on a failure log it. Secrets never get here: callers pass no credentials. Control characters and
 * invalid UTF-8 in the text are written as \xNN, so that nobody's input forges a line. A line is cut at
 * 8 KiB. Loop thread only (log_fatal: any).
 */
/* ---- ferrule/driver.h: from here ---- */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
/* ---- ferrule/driver.h: to here ---- */

void log_init(const char *program, enum log_level level, int as_json);
/* ---- ferrule/driver.h: from here ---- */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
int log_enabled(enum log_level level);
/* ---- ferrule/driver.h: to here ---- */
/* Writes the line as an error and aborts: for what cannot happen and cannot be survived. */
void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn, cold));

/* ---- ferrule/driver.h: from here ---- */
#define log_debug(...) (log_enabled(LOG_DEBUG) ? log_write(LOG_DEBUG, __VA_ARGS__) : (void)0)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
/* ---- ferrule/driver.h: to here ---- */
