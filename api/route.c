#include "api/route.h"

#include <stdio.h>
#include <string.h>

#include "lib/url.h"

#define ALL_METHODS "GET, POST, PUT, PATCH, DELETE, HEAD"

static bool segment_is(const struct route_path *cut, size_t i, const char *word, size_t len)
{
	return cut->lens[i] == len && memcmp(cut->segments[i], word, len) == 0;
}

static void push(struct route_path *cut, const char *segment, size_t len)
{
	cut->segments[cut->count] = segment;
	cut->lens[cut->count++] = len;
}

/* The first segments that are no resource of /v1. */
static bool is_root(const char *segment, size_t len)
{
	static const char *const roots[] = { "v1", "healthcheck", "metrics" };

	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		if (strlen(roots[i]) == len && memcmp(segment, roots[i], len) == 0)
			return true;
	}
	return false;
}

/* Does the cut path end in a slash that says nothing? Ironic's router drops it, but not after "detail". */
static bool has_loose_slash(const struct route_path *cut)
{
	return cut->lens[cut->count - 1] == 0 &&
	       !(cut->count > 1 && segment_is(cut, cut->count - 2, "detail", strlen("detail")));
}

bool route_cut(struct route_path *cut, const char *path)
{
	cut->count = 0;
	if (path[0] != '/')
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *p = path; *p == '/';) {
		size_t len = strcspn(++p, "/");

		if (cut->count == 0 && !is_root(p, len))
			push(cut, "v1", 2);
		if (cut->count == ROUTE_SEGMENT_MAX)
			return false;
		push(cut, p, len);
		p += len;
	}
	if (has_loose_slash(cut))
		cut->count--;
	for (size_t i = 0; i < cut->count; i++) {
		if (cut->lens[i] == 0)
			return false;
	}
	return true;
}

static bool path_matches(const char *pattern, const struct route_path *cut)
{
	if (pattern[1] == '\0')
		return cut->count == 0;
	for (size_t i = 0; i < cut->count; i++) {
		if (*pattern++ != '/')
			return false;
		size_t len = strcspn(pattern, "/");
		bool is_any = len == 2 && pattern[0] == '{';

		if (!is_any && !segment_is(cut, i, pattern, len))
			return false;
		pattern += len;
	}
	return *pattern == '\0';
}

static bool method_matches(const char *row, const char *method)
{
	return strcmp(row, method) == 0 || (row[0] == '*' && strstr(ALL_METHODS, method));
}

const struct route *route_find_in(const struct route *table, const struct route_path *cut, const char *method,
				  char *ret_allow, size_t allow_size)
{
	size_t used = 0;

	ret_allow[0] = '\0';
	for (const struct route *row = table; row->method; row++) {
		if (!path_matches(row->path, cut))
			continue;
		if (method_matches(row->method, method))
			return row;
		const char *word = row->method[0] == '*' ? ALL_METHODS : row->method;
		if (used < allow_size && !strstr(ret_allow, word))
			used += (size_t)snprintf(ret_allow + used, allow_size - used, "%s%s",
						 used ? ", " : "", word);
	}
	return NULL;
}

const struct route *route_find(const struct route_path *cut, const char *method, char *ret_allow,
			       size_t allow_size)
{
	return route_find_in(routes, cut, method, ret_allow, allow_size);
}

bool route_read_idents(struct api_request *request, const struct route_path *cut)
{
	const char *pattern = request->route->path;
	size_t idents = 0;

	for (size_t i = 0; i < cut->count; i++) {
		pattern = strchr(pattern, '/') + 1;
		if (*pattern != '{')
			continue;
		const char *ident = url_decode(request->arena, cut->segments[i], cut->lens[i]);
		if (!ident)
			return false;
		request->ident[idents++] = ident;
	}
	return true;
}

size_t route_body_limit(const char *method, const char *path, void *arg)
{
	struct route_path cut;
	char allow[128];

	(void)arg;
	const struct route *row =
		route_cut(&cut, path) ? route_find(&cut, method, allow, sizeof allow) : NULL;
	return row && row->max_body_bytes ? row->max_body_bytes : BODY_DEFAULT_BYTES;
}

int route_status(const struct route *row)
{
	static const int of_action[] = {
		[REPLY_ACCEPTED] = 202, [REPLY_RESULT] = 200, [REPLY_NO_CONTENT] = 204
	};

	if (row->status)
		return row->status;
	if (row->action.kind)
		return of_action[row->action.reply];
	if (strcmp(row->method, "POST") == 0)
		return 201;
	return strcmp(row->method, "PUT") == 0 || strcmp(row->method, "DELETE") == 0 ? 204 : 200;
}

bool route_has_condition(const struct route *row)
{
	return row->has_etag || row->action.kind;
}

bool route_refuse_old(struct api_request *request)
{
	if (request->version >= request->route->since)
		return false;
	switch (request->route->too_old) {
	case TOO_OLD_NOT_FOUND:
		reply_fault(request, 404, "The API is not supported for this version");
		break;
	case TOO_OLD_NO_SUCH_PATH:
		reply_router_refusal(request, 404, "");
		break;
	case TOO_OLD_NOT_ACCEPTABLE:
		reply_fault(request, 406, "Request not acceptable.");
		break;
	case TOO_OLD_METHOD:
		reply_fault(request, 405,
			    "The server could not comply with the request since it is either malformed or "
			    "otherwise "
			    "incorrect.");
		break;
	}
	return true;
}
