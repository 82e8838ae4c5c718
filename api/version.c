#include "api/version.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SERVICE "baremetal"

/* What stands after the service's name in a comma-separated list, the last time that it is there; NULL when
 * the list has no such entry. */
static const char *find_service(const char *header, size_t *ret_len)
{
	const char *found = NULL;

	for (const char *entry = header; entry;
	     entry = strchr(entry, ','), entry = entry ? entry + 1 : NULL) {
		entry += strspn(entry, " \t");
		if (strncasecmp(entry, SERVICE, strlen(SERVICE)) != 0)
			continue;
		const char *word = entry + strlen(SERVICE);
		size_t gap = strspn(word, " \t");
		size_t len = strcspn(word + gap, ",");

		while (len > 0 && (word[gap + len - 1] == ' ' || word[gap + len - 1] == '\t'))
			len--;
		if (gap > 0 && len > 0) {
			*ret_len = len;
			found = word + gap;
		}
	}
	return found;
}

/* Decimal digits only: "060" is 60. One that is out of any range is no greater than this. */
#define NUMBER_MAX 999999

static const char *read_number(const char *text, const char *end, int *ret)
{
	int value = 0;
	const char *p = text;

	for (; p < end && isdigit((unsigned char)*p); p++) {
		value = value * 10 + (*p - '0');
		if (value > NUMBER_MAX)
			value = NUMBER_MAX;
	}
	*ret = value;
	return p == text ? NULL : p;
}

static enum version_result read_version(const char *text, size_t len, struct version *ret, struct error *err)
{
	const char *end = text + len;
	int major, minor;

	if (len == 6 && strncasecmp(text, "latest", 6) == 0) {
		ret->minor = VERSION_MAX;
		return VERSION_OK;
	}
	const char *p = read_number(text, end, &major);
	if (p && p < end && *p == '.')
		p = read_number(p + 1, end, &minor);
	else
		p = NULL;
	if (p != end) {
		fail(err, ERR_NOT_ACCEPTABLE, "Invalid value for X-OpenStack-Ironic-API-Version header");
		return VERSION_MALFORMED;
	}
	if (major != 1) {
		fail(err, ERR_NOT_ACCEPTABLE,
		     "Mutually exclusive versions requested. Version %d.%d requested but not supported by "
		     "this "
		     "service. The supported version range is: [1.%d, 1.%d].",
		     major, minor, VERSION_MIN, VERSION_MAX);
		return VERSION_OUT_OF_RANGE;
	}
	if (minor < VERSION_MIN || minor > VERSION_MAX) {
		fail(err, ERR_NOT_ACCEPTABLE,
		     "Version %d.%d was requested but the minor version is not supported by this service. "
		     "The "
		     "supported version range is: [1.%d, 1.%d].",
		     major, minor, VERSION_MIN, VERSION_MAX);
		return VERSION_OUT_OF_RANGE;
	}
	ret->minor = minor;
	return VERSION_OK;
}

enum version_result version_negotiate(const char *standard, const char *legacy, struct version *ret,
				      struct error *err)
{
	size_t len = 0;
	const char *text = standard ? find_service(standard, &len) : NULL;

	if (!text && legacy) {
		text = legacy;
		len = strlen(legacy);
	}
	*ret = (struct version){ .minor = VERSION_MIN, .is_explicit = text != NULL };
	return text ? read_version(text, len, ret, err) : VERSION_OK;
}
