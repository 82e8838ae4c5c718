#define PCRE2_CODE_UNIT_WIDTH 8
#include "lib/regex.h"

#include <pcre2.h>
#include <string.h>

/* Some milliseconds, and little of a fiber's stack. */
enum { STEPS_MAX = 200000, HEAP_KIB_MAX = 4096, DEPTH_MAX = 2000, NESTING_MAX = 30, PATTERN_MAX = 4096 };

static pcre2_code *compile(const char *pattern, enum regex_mode mode, struct error *err)
{
	uint32_t options = PCRE2_UTF | (mode == REGEX_WHOLE ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR text[128];
	int problem = 0;

	if (context) {
		pcre2_set_parens_nest_limit(context, NESTING_MAX);
		pcre2_set_max_pattern_length(context, PATTERN_MAX);
		code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &problem, &at,
				     context);
	}
	pcre2_compile_context_free(context);
	if (!code) {
		pcre2_get_error_message(problem, text, sizeof(text));
		fail(err, ERR_INVALID, "invalid regular expression: %s at position %zu", (const char *)text,
		     at);
	}
	return code;
}

static int match(const pcre2_code *code, const char *text)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	int rc = PCRE2_ERROR_NOMEMORY;

	if (data && context) {
		pcre2_set_match_limit(context, STEPS_MAX);
		pcre2_set_depth_limit(context, DEPTH_MAX);
		pcre2_set_heap_limit(context, HEAP_KIB_MAX);
		rc = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, context);
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return rc;
}

int regex_matches(const char *pattern, const char *text, enum regex_mode mode, bool *ret, struct error *err)
{
	pcre2_code *code = compile(pattern, mode, err);
	int rc;

	if (!code)
		return -ERR_INVALID;
	rc = match(code, text);
	pcre2_code_free(code);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		return fail(err, ERR_INVALID,
			    "a regular expression needs too much time or memory for its text");
	*ret = rc >= 0;
	return 0;
}
