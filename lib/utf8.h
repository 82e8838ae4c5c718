#pragma once
/* utf8: checks and decodes what may or may not be UTF-8 (RFC 3629: no surrogates, nothing overlong). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid character at text (1 to 4), or 0 when the bytes there are not one. len > 0. */
size_t utf8_length(const char *text, size_t len);
/* Whether all of the text is valid characters. */
bool utf8_is_valid(const char *text, size_t len);
/* Code point of a character that utf8_length has measured. */
uint32_t utf8_decode(const char *text, size_t length);
/* Writes the character, at most 4 bytes; returns its length. */
size_t utf8_encode(uint32_t point, char *text);
