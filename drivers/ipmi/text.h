#pragma once
/*
 * text: the type/length byte and the packed strings of SDR and FRU records. Pure codec, shared by the client
 * and the BMC side. Decoded text is UTF-8 without control characters (they become '?'), so it may go into
 * JSON and logs as it stands.
 *
 * Sources: IPMI 2.0 section 43.15 (SDR), Platform Management FRU Information Storage 1.0 section 13.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IPMI_TEXT_LEN_MAX = 63, /* bytes of one string: 31 in an SDR, 63 in a FRU */
	IPMI_TEXT_MAX = 128     /* the longest decoded string, with its NUL */
};

/* Bits 7:6 of a type/length byte. 0 is unicode in an SDR and binary in a FRU. */
enum ipmi_text_type { IPMI_TEXT_SPECIAL, IPMI_TEXT_BCD, IPMI_TEXT_SIX_BIT, IPMI_TEXT_LATIN };
/* What type 0 stands for. */
enum ipmi_text_special { IPMI_TEXT_UNICODE, IPMI_TEXT_BINARY };

/* Decodes len bytes (at most IPMI_TEXT_LEN_MAX are looked at). Binary becomes hexadecimal digits; padding
 * (blanks, NULs) at the end is cut. */
void ipmi_text_decode(enum ipmi_text_type type, enum ipmi_text_special special, const uint8_t *data,
		      size_t len, char ret[IPMI_TEXT_MAX]);

/* Writes a type/length byte and the text (ASCII or Latin-1, as it stands) as 8-bit characters, cut to
 * len_max bytes; returns how many bytes were written. A FRU string of one character gets a blank behind it,
 * since C1h means the end there. */
size_t ipmi_text_encode(const char *text, size_t len_max, uint8_t *out);
