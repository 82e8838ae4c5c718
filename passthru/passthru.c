/*
 * passthru: see passthru.h. Source for order and sentences: Ironic's conductor (ironic-contract, sections 7.4
 * and 7.5); what it answers with a 500 (surplus arguments, a body that is no object) is a 400 here.
 */
#include "passthru/passthru.h"

#include <string.h>
#include <strings.h>

#include "lib/xalloc.h"

/* clang-format off */
static const struct {
	enum http_verb verb;
	const char *name;
} verbs[] = {
	{ VERB_GET, "GET" }, { VERB_POST, "POST" }, { VERB_PUT, "PUT" }, { VERB_PATCH, "PATCH" },
	{ VERB_DELETE, "DELETE" },
};
/* clang-format on */
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

const char *http_verb_name(enum http_verb verb)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (verbs[i].verb == verb)
			return verbs[i].name;
	}
	return NULL;
}

enum http_verb http_verb_find(const char *name)
{
	for (size_t i = 0; name && i < VERB_COUNT; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return verbs[i].verb;
	}
	return (enum http_verb)0;
}

/* The methods that the task's vendor interface (or the hardware type's default one) offers at its level. */
static int methods_of(struct task *task, const struct passthru_method **ret, struct error *err)
{
	static const struct passthru_method none[1];
	const struct interface *interface;
	int rc;

	*ret = none;
	if (!task->node && !hardware_type_default(task->hardware, INTERFACE_VENDOR))
		return 0;
	rc = task_interface(task, INTERFACE_VENDOR, &interface, err);
	if (rc == 0) {
		const struct vendor_interface *vendor = vendor_interface(interface);
		const struct passthru_method *found =
			task->node ? vendor->node_methods : vendor->driver_methods;

		*ret = found ? found : none;
	}
	return rc;
}

int passthru_find(struct task *task, const char *method, const char *verb, const struct passthru_method **ret,
		  struct error *err)
{
	const struct passthru_method *row;
	int rc = methods_of(task, &row, err);

	if (rc < 0)
		return rc;
	while (row->name && strcmp(row->name, method) != 0)
		row++;
	if (!row->name)
		return fail(err, ERR_INVALID, "No handler for method %s", method);
	if (!(row->verbs & http_verb_find(verb)))
		return fail(err, ERR_INVALID, "The method %s does not support HTTP %s", method, verb);
	*ret = row;
	return 0;
}

/* ---- arguments ---- */

/* 1, 0, or -1 when the value does not read as a boolean. */
static int as_bool(const json_t *value)
{
	static const char *const words[2][6] = { { "0", "f", "false", "off", "n", "no" },
						 { "1", "t", "true", "on", "y", "yes" } };

	if (json_is_boolean(value))
		return json_is_true(value);
	if (json_is_integer(value) && (json_integer_value(value) | 1) == 1)
		return (int)json_integer_value(value);
	for (int is_true = 0; json_is_string(value) && is_true < 2; is_true++) {
		for (size_t i = 0; i < 6; i++) {
			if (strcasecmp(json_string_value(value), words[is_true][i]) == 0)
				return is_true;
		}
	}
	return -1;
}

static bool has_type(const json_t *value, enum argument_type type)
{
	/* clang-format off */
	switch (type) {
	case ARGUMENT_TEXT:   return json_is_string(value);
	case ARGUMENT_BOOL:   return as_bool(value) >= 0;
	case ARGUMENT_INT:    return json_is_integer(value);
	case ARGUMENT_LIST:   return json_is_array(value);
	case ARGUMENT_OBJECT: return json_is_object(value);
	case ARGUMENT_ANY:    return true;
	}
	/* clang-format on */
	return false;
}

/* clang-format off */
static const char *const type_names[] = {
	[ARGUMENT_TEXT] = "a string", [ARGUMENT_BOOL] = "a boolean", [ARGUMENT_INT] = "an integer",
	[ARGUMENT_LIST] = "a list",   [ARGUMENT_OBJECT] = "an object", [ARGUMENT_ANY] = "anything",
};
/* clang-format on */

static int check_known(const struct passthru_call *call, struct error *err)
{
	const struct passthru_method *method = call->method;
	const char *name;
	json_t *value;

	json_object_foreach(call->args, name, value)
	{
		const struct passthru_argument *row = method->arguments;

		while (row && row->name && strcmp(row->name, name) != 0)
			row++;
		if (!(row && row->name) && !method->is_open)
			return fail(err, ERR_INVALID, "Method %s() got an unexpected argument '%s'",
				    method->name, name);
		if (row && row->name && !json_is_null(value) && !has_type(value, row->type))
			return fail(err, ERR_INVALID, "Parameter '%s' of method '%s' is not %s", name,
				    method->name, type_names[row->type]);
	}
	return 0;
}

static int check_arguments(const struct passthru_call *call, struct error *err)
{
	const struct passthru_method *method = call->method;

	for (const struct passthru_argument *row = method->arguments; row && row->name; row++) {
		const json_t *value = json_object_get(call->args, row->name);

		if (row->is_required && (!value || json_is_null(value)))
			return fail(err, ERR_MISSING, "Parameter '%s' not passed to method '%s'.", row->name,
				    method->name);
	}
	return check_known(call, err);
}

int passthru_check(struct task *task, const struct passthru_call *call, struct error *err)
{
	const struct interface *interface;
	int rc = check_arguments(call, err);

	if (rc == 0)
		rc = task_interface(task, INTERFACE_VENDOR, &interface, err);
	if (rc == 0 && task->node)
		rc = interface_validate(interface, task, err);
	if (rc == 0 && call->method->validate)
		rc = call->method->validate(task, call, err);
	return rc;
}

int passthru_run(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		 struct error *err)
{
	struct error own;
	int rc;

	err = err ? err : &own;
	err->text[0] = '\0';
	memset(result, 0, sizeof(*result));
	rc = call->method->run(task, call, result, err);
	if (rc != 0 && !err->text[0]) /* out-of-tree code may do so */
		return fail(err, ERR_INTERNAL, "Method %s failed without saying why.", call->method->name);
	return rc;
}

void passthru_result_release(struct passthru_result *result)
{
	json_decref(result->value);
	xfree(result->bytes);
	memset(result, 0, sizeof(*result));
}

bool passthru_bool(const struct passthru_call *call, const char *name, bool preset)
{
	int value = as_bool(json_object_get(call->args, name));

	return value < 0 ? preset : value;
}

void passthru_attach(struct passthru_result *result, const void *bytes, size_t len)
{
	xfree(result->bytes);
	result->bytes = xmalloc(len ? len : 1);
	if (len)
		memcpy(result->bytes, bytes, len);
	result->bytes_len = len;
}

const char *passthru_text(const struct passthru_call *call, const char *name)
{
	return json_string_value(json_object_get(call->args, name));
}
