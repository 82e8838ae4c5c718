#pragma once
/* trace: what happened, in order, as letters. */

extern char trace[4096];

void note(char c);
/* Forgets all; a setup function of cmocka. */
int reset_trace(void **state);
