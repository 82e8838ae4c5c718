#include "api/prefer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "model/options.h"

#define DIGITS_MAX 9

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Past the rest of a preference, quoted texts included. */
static const char *skip_preference(const char *p)
{
	bool is_quoted = false;

	for (; *p && (is_quoted || *p != ','); p++) {
		if (is_quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			is_quoted = !is_quoted;
	}
	return *p == ',' ? p + 1 : p;
}

/* A count of seconds, quoted or not, up to the end of the preference's value. */
static long read_seconds(const char *p)
{
	bool is_quoted = *p == '"';
	long seconds = 0;
	int digits = 0;

	p += is_quoted;
	for (; isdigit((unsigned char)*p); p++) {
		if (digits++ < DIGITS_MAX)
			seconds = seconds * 10 + (*p - '0');
	}
	if (digits == 0 || (is_quoted && *p++ != '"'))
		return -1;
	p = skip_space(p);
	return *p == '\0' || *p == ',' || *p == ';' ? (digits > DIGITS_MAX ? PREFER_WAIT_MAX_S : seconds)
						    : -1;
}

long prefer_wait_of(const char *text)
{
	for (const char *p = text; *p; p = skip_preference(p)) {
		p = skip_space(p);
		if (strncasecmp(p, "wait", 4) != 0)
			continue;
		const char *sign = skip_space(p + 4);
		if (*sign == '=')
			return read_seconds(skip_space(sign + 1)); /* the first counts */
	}
	return -1;
}

int64_t prefer_wait_ms(struct api_request *request)
{
	long seconds = -1;

	for (size_t i = 0; i < request->http->header_count && seconds < 0; i++) {
		if (strcasecmp(request->http->headers[i].name, "Prefer") == 0)
			seconds = prefer_wait_of(request->http->headers[i].value);
	}
	if (seconds < 0)
		return common_lock_wait_ms();
	if (seconds > PREFER_WAIT_MAX_S)
		seconds = PREFER_WAIT_MAX_S;
	if (!request->is_preference_applied)
		http_response_header(request->out, "Preference-Applied", "wait=%ld", seconds);
	request->is_preference_applied = true;
	return seconds * (int64_t)1000;
}
