#pragma once
/*
 * regex: Perl-compatible regular expressions, which are Python's but for rare spellings. Both pattern and
 * text may come from others: time and memory are limited.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

enum regex_mode {
	REGEX_SEARCH, /* anywhere in the text */
	REGEX_WHOLE   /* from the text's beginning to its end */
};

/* Neither contains a NUL. -ERR_INVALID: the pattern is malformed, or the match costs too much; the sentence
 * quotes neither. */
int regex_matches(const char *pattern, const char *text, enum regex_mode mode, bool *ret, struct error *err);
