#pragma once
/* clock: the two clocks that the program uses. No other clock is read anywhere. */
#include <stddef.h>
#include <stdint.h>

/* ---- ferrule/driver.h: from here ---- */
/* CLOCK_BOOTTIME in milliseconds, read now: leases, deadlines, gates. Never the loop's cached time. */
int64_t clock_ms(void);
/* ---- ferrule/driver.h: to here ---- */
/* CLOCK_BOOTTIME in nanoseconds, read now: journals and measurements. */
int64_t clock_ns(void);
/* Wall clock in milliseconds since 1970, for data that carries such times. */
int64_t clock_wall_ms(void);
/* Wall clock as "2026-11-20T13:41:07+00:00", for logs and JSON. text: at least 32 bytes. */
void clock_wall_text(char *text, size_t size);
