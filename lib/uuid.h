#pragma once
/* uuid: random UUIDs (version 4) and their check. */
#include <stdbool.h>

#define UUID_TEXT 37 /* with NUL */
void uuid_new(char text[UUID_TEXT]); /* lower case; from a bulk-filled CSPRNG buffer */
bool uuid_is_valid(const char *text); /* 8-4-4-4-12 hexadecimal digits, any case */
bool uuid_is_like(const char *text);  /* likewise, or the 32 digits alone: no name may read so */
