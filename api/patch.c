#include "api/patch.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"

#define SHOWN_MAX      900 /* of an operation or a value in a sentence */
#define SEGMENT_MAX    1024
#define ESCAPES_SINCE  98
#define OPERATIONS_MAX 10000

/* "Schema error for patch: " and a value as Python shows it, and the rest. */
static int schema_error(const json_t *value, const char *rest, struct error *err)
{
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	json_repr(&shown, value);
	fail(err, ERR_INVALID, "Schema error for patch: %s%s", shown.data ? shown.data : "", rest);
	buf_release(&shown);
	return -ERR_INVALID;
}

static bool path_is_valid(const char *path, int version)
{
	bool is_empty = true;

	if (*path != '/')
		return false;
	for (const char *p = path; *p; p++) {
		bool is_word = isalnum((unsigned char)*p) || *p == '_' || *p == '-' || (*p & 0x80) ||
			       (version >= ESCAPES_SINCE && (*p == '~' || *p == '.' || *p == ':'));

		if (*p == '/' && p != path && is_empty)
			return false;
		if (*p != '/' && !is_word)
			return false;
		is_empty = *p == '/';
	}
	return !is_empty;
}

static int check_member_names(const json_t *operation, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)operation, name, value)
	{
		if (strcmp(name, "op") != 0 && strcmp(name, "path") != 0 && strcmp(name, "value") != 0)
			return fail(err, ERR_INVALID,
				    "Schema error for patch: Additional properties are not allowed ('%s' was "
				    "unexpected)",
				    name);
	}
	return 0;
}

static int check_operation(const json_t *operation, int version, struct error *err)
{
	const json_t *op = json_object_get(operation, "op");
	const json_t *path = json_object_get(operation, "path");

	if (!json_is_object(operation))
		return schema_error(operation, " is not of type 'object'", err);
	int rc = check_member_names(operation, err);
	if (rc < 0)
		return rc;
	if (!op)
		return fail(err, ERR_INVALID, "Schema error for patch: 'op' is a required property");
	if (!path)
		return fail(err, ERR_INVALID, "Schema error for patch: 'path' is a required property");
	const char *word = json_string_value(op);
	if (!word ||
	    (strcmp(word, "add") != 0 && strcmp(word, "replace") != 0 && strcmp(word, "remove") != 0))
		return schema_error(op, " is not one of ['add', 'replace', 'remove']", err);
	if (!json_is_string(path))
		return schema_error(path, " is not of type 'string'", err);
	if (!path_is_valid(json_string_value(path), version))
		return schema_error(path, " does not match '^(/[\\\\w-]+)+$'", err);
	return 0;
}

int patch_check(const json_t *operations, int version, struct error *err)
{
	if (!json_is_array(operations))
		return schema_error(operations ? operations : json_null(), " is not of type 'array'", err);
	if (json_array_size(operations) > OPERATIONS_MAX)
		return fail(err, ERR_INVALID, "A patch has at most %d operations.", OPERATIONS_MAX);
	for (size_t i = 0; i < json_array_size(operations); i++) {
		int rc = check_operation(json_array_get(operations, i), version, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Takes the next segment off *path, unescaped. False: too long. */
static bool next_segment(const char **path, char segment[SEGMENT_MAX])
{
	size_t used = 0;
	const char *p = *path + 1;

	for (; *p && *p != '/'; p++) {
		char c = *p;

		if (used + 1 >= SEGMENT_MAX)
			return false;
		if (c == '~' && (p[1] == '0' || p[1] == '1'))
			c = *++p == '0' ? '~' : '/';
		segment[used++] = c;
	}
	segment[used] = '\0';
	*path = p;
	return true;
}

bool patch_root(const json_t *operation, char root[PATCH_ROOT_MAX])
{
	const char *path = json_string_value(json_object_get(operation, "path"));
	char segment[SEGMENT_MAX];

	if (!next_segment(&path, segment) || strlen(segment) >= PATCH_ROOT_MAX)
		return false;
	memcpy(root, segment, strlen(segment) + 1);
	return true;
}

/* ---- applying ---- */

static int patch_error(const json_t *operation, struct error *err, const char *reason, const char *name)
{
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	json_repr(&shown, operation);
	fail(err, ERR_PATCH, "Couldn't apply patch '%s'. Reason: %s%s%s%s", shown.data, reason,
	     name ? " '" : "", name ? name : "", name ? "'" : "");
	buf_release(&shown);
	return -ERR_PATCH;
}

/* An index of an array; -1: not one, or beyond the end (is_end: the end itself and "-" are fine). */
static long array_index(const json_t *array, const char *segment, bool is_end)
{
	long size = (long)json_array_size(array);
	char *end;

	if (is_end && strcmp(segment, "-") == 0)
		return size;
	if (!isdigit((unsigned char)segment[0]) || (segment[0] == '0' && segment[1]))
		return -1;
	errno = 0;
	long index = strtol(segment, &end, 10);
	return *end || errno || index > size - !is_end ? -1 : index;
}

static json_t *step(json_t *at, const char *segment)
{
	if (json_is_array(at)) {
		long index = array_index(at, segment, false);

		return index < 0 ? NULL : json_array_get(at, (size_t)index);
	}
	return json_object_get(at, segment);
}

static int apply_to_array(json_t *array, const json_t *operation, const char *op, const char *segment,
			  json_t *value, struct error *err)
{
	bool is_add = strcmp(op, "add") == 0;
	long index = array_index(array, segment, is_add);

	if (index < 0)
		return patch_error(operation, err,
				   is_add ? "can't insert outside of list"
					  : "can't change a non-existent object",
				   is_add ? NULL : segment);
	if (is_add)
		json_array_insert(array, (size_t)index, value);
	else if (value)
		json_array_set(array, (size_t)index, value);
	else
		json_array_remove(array, (size_t)index);
	return 0;
}

static int apply_to_object(json_t *object, const json_t *operation, const char *op, const char *segment,
			   json_t *value, struct error *err)
{
	bool is_add = strcmp(op, "add") == 0;

	if (!is_add && !json_object_get(object, segment))
		return patch_error(operation, err,
				   value ? "can't replace a non-existent object"
					 : "can't remove a non-existent object",
				   segment);
	if (value)
		json_object_set(object, segment, value);
	else
		json_object_del(object, segment);
	return 0;
}

static int apply(json_t *document, const json_t *operation, struct error *err)
{
	const char *op = json_string_value(json_object_get(operation, "op"));
	const char *path = json_string_value(json_object_get(operation, "path"));
	json_t *given = strcmp(op, "remove") == 0 ? NULL : json_object_get(operation, "value");
	char segment[SEGMENT_MAX];
	json_t *at = document;
	int rc;

	if (!given && strcmp(op, "remove") != 0)
		return patch_error(operation, err, "The operation does not contain a 'value' member", NULL);
	for (;;) {
		if (!next_segment(&path, segment))
			return patch_error(operation, err, "a name in the path is too long", NULL);
		if (*path == '\0')
			break;
		at = step(at, segment);
		if (!at)
			return patch_error(operation, err, "there is no member", segment);
	}
	/* A copy: the same value may be put in two places, and be patched in one of them. */
	json_t *value = json_deep_copy(given);
	if (json_is_array(at))
		rc = apply_to_array(at, operation, op, segment, value, err);
	else if (json_is_object(at))
		rc = apply_to_object(at, operation, op, segment, value, err);
	else
		rc = patch_error(operation, err, "the parent is neither object nor list of", segment);
	json_decref(value);
	return rc;
}

int patch_apply(json_t *document, const json_t *operations, struct error *err)
{
	for (size_t i = 0; i < json_array_size(operations); i++) {
		int rc = apply(document, json_array_get(operations, i), err);

		if (rc < 0)
			return rc;
		/* Each operation may deepen the document: nothing that recurses may see it too deep. */
		if (json_value_depth(document, JSON_DEPTH_MAX + 1) > JSON_DEPTH_MAX + 1)
			return fail(err, ERR_PATCH, "The patched object is nested deeper than %d levels.",
				    JSON_DEPTH_MAX);
	}
	return 0;
}
