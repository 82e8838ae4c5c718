#pragma once
/* digest: SHA-256 (FIPS 180-4) of a text in parts. */
#include <stddef.h>

#define DIGEST_TEXT 65 /* in hexadecimal, NUL included */

struct digest_part {
	const void *data;
	size_t len;
};

/* Each part's length goes in before it, so that no two lists of parts have the same digest. */
void digest_of(const struct digest_part *parts, size_t count, char text[DIGEST_TEXT]);
