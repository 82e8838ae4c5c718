/* rule_action: what actions of inspection rules can do. See rule_private.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "model/field.h"
#include "model/node.h"
#include "model/properties.h"
#include "model/resource.h"
#include "model/rule_private.h"
#include "model/trait.h"

/* Deeper paths than anybody needs would make documents that nobody can write. */
enum { PATH_PARTS_MAX = 16, LOG_TEXT_MAX = 1000 };

/* ---- paths ---- */

struct path {
	char *text; /* owned; its parts are cut there */
	char *parts[PATH_PARTS_MAX];
	size_t count;
};

static void path_close(struct path *path)
{
	xfree(path->text);
	path->text = NULL;
}

/* "a/b/c" or "a.b.c"; the first with a slash in front as well. separators: which of them are meant. A path
 * that could not be opened may be closed. */
static int path_open(const json_t *value, const char *separators, struct path *ret, struct error *err)
{
	const char *text = json_string_value(value);
	char separator = text && strchr(separators, '/') && strchr(text, '/') ? '/' : '.';
	char *at;

	*ret = (struct path){ 0 };
	if (!text)
		return fail(err, ERR_INVALID, "path is not a text");
	while (separator == '/' && *text == '/')
		text++;
	ret->text = at = xstrdup(text);
	while (at && ret->count < PATH_PARTS_MAX) {
		char *end = strchr(at, separator);

		if (end)
			*end = '\0';
		if (!*at) {
			path_close(ret);
			return fail(err, ERR_INVALID, "path '%.200s' has an empty part", text);
		}
		ret->parts[ret->count++] = at;
		at = end ? end + 1 : NULL;
	}
	if (!at)
		return 0;
	path_close(ret);
	return fail(err, ERR_INVALID, "path has more than %d parts", PATH_PARTS_MAX);
}

/* The object in which the last part of the path is a member, borrowed; made on the way if `makes`. NULL: it
 * is not there, or something else stands in the way. */
static json_t *path_parent(json_t *root, const struct path *path, bool makes)
{
	json_t *current = root;

	for (size_t i = 0; current && i + 1 < path->count; i++) {
		json_t *next = json_object_get(current, path->parts[i]);

		if (!next && makes) {
			next = json_object();
			json_object_set_new(current, path->parts[i], next);
		}
		current = json_is_object(next) ? next : NULL;
	}
	return current;
}

static const char *path_last(const struct path *path)
{
	return path->parts[path->count - 1];
}

/* ---- changing documents ---- */

enum verb { VERB_SET, VERB_EXTEND, VERB_DELETE };

static bool has_equal(const json_t *list, const json_t *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_equal(item, value))
			return true;
	}
	return false;
}

static int extend(json_t *parent, const char *name, json_t *value, bool is_unique, struct error *err)
{
	json_t *list = json_object_get(parent, name);

	if (!list || json_is_null(list)) {
		list = json_array();
		json_object_set_new(parent, name, list);
	}
	if (!json_is_array(list))
		return fail(err, ERR_INVALID, "Cannot extend non-list attribute");
	if (!is_unique || !has_equal(list, value))
		json_array_append(list, value);
	return 0;
}

static int change(json_t *root, const struct path *path, enum verb verb, json_t *value, bool is_unique,
		  struct error *err)
{
	json_t *parent = path_parent(root, path, verb != VERB_DELETE);

	if (!parent)
		return fail(err, ERR_INVALID, "there is no object on the way to '%s'", path_last(path));
	switch (verb) {
	case VERB_SET:
		json_object_set(parent, path_last(path), value);
		return 0;
	case VERB_EXTEND:
		return extend(parent, path_last(path), value, is_unique, err);
	case VERB_DELETE:
		break;
	}
	return json_object_del(parent, path_last(path)) == 0
		       ? 0
		       : fail(err, ERR_INVALID, "there is no '%s'", path_last(path));
}

/* A field as a whole: one that is taken away is null, or an empty object. */
static json_t *whole_value(const struct node_field_info *info, enum verb verb, json_t *value)
{
	if (verb != VERB_DELETE && !json_is_null(value))
		return json_incref(value);
	return info->type == FIELD_OBJECT ? json_object() : json_null();
}

/* Changes a copy of the field, checks it by the table that clients' requests are checked by, and keeps it. */
static int change_field(json_t *document, const struct node_field_info *info, const struct path *path,
			enum verb verb, json_t *const *args, struct error *err)
{
	json_t *value = args[0], *copy;
	bool is_unique = json_is_true(args[1]);
	int rc = 0;

	if (path->count > 1 && info->type != FIELD_OBJECT)
		return fail(err, ERR_INVALID, "'%s' has no members", info->name);
	if (path->count == 1 && verb == VERB_EXTEND)
		return fail(err, ERR_INVALID, "Cannot extend non-list attribute");
	copy = json_object();
	json_object_set_new(copy, info->name, json_deep_copy(json_object_get(document, info->name)));
	if (path->count == 1)
		json_object_set_new(copy, info->name, whole_value(info, verb, value));
	else
		rc = change(copy, path, verb, value, is_unique, err);
	if (rc == 0)
		rc = field_check(info, json_object_get(copy, info->name), "inspection rule", err);
	if (rc == 0)
		json_object_set(document, info->name, json_object_get(copy, info->name));
	json_decref(copy);
	return rc;
}

/* ---- the node ---- */

/* What PATCH may; the group is the node's way to its conductor, which is at work now. */
static bool may_change(enum node_field field)
{
	return field < NODE_COLUMN_COUNT && field != NODE_CONDUCTOR_GROUP &&
	       (node_field_info(field)->flags & FIELD_IN_PATCH);
}

static bool is_node_name(const json_t *value)
{
	const char *name = json_string_value(value);

	return !name || (node_name_is_valid(name) && !uuid_is_valid(name));
}

static int change_node(const struct rule_run *run, json_t *path_value, enum verb verb, json_t *const *args,
		       struct error *err)
{
	struct path path;
	enum node_field field;
	int rc = path_open(path_value, "/.", &path, err);

	if (rc < 0)
		return rc;
	field = node_field_find(path.parts[0]);
	if (!may_change(field))
		rc = fail(err, ERR_INVALID, "rules do not change a node's '%.200s'", path.parts[0]);
	else
		rc = change_field(run->inspected->node, node_field_info(field), &path, verb, args, err);
	if (rc == 0 && field == NODE_NAME && !is_node_name(json_object_get(run->inspected->node, "name")))
		rc = fail(err, ERR_INVALID, "Cannot change name to invalid name '%.255s'",
			  json_string_value(json_object_get(run->inspected->node, "name")));
	if (rc == 0 && field == NODE_PROPERTIES)
		rc = properties_check(json_object_get(run->inspected->node, "properties"),
				      run->inspected->node_uuid, err);
	path_close(&path);
	return rc;
}

static int set_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_node(run, args[0], VERB_SET, (json_t *[]){ args[1], NULL }, err);
}

static int extend_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_node(run, args[0], VERB_EXTEND, (json_t *[]){ args[1], args[2] }, err);
}

static int del_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_node(run, args[0], VERB_DELETE, (json_t *[]){ NULL, NULL }, err);
}

/* ---- its ports ---- */

static const struct node_field_info *port_field(const char *name)
{
	size_t field = resource_field_find(&port_resource, name);
	const struct node_field_info *info;

	if (field == port_resource.field_count || strcmp(name, "address") == 0 ||
	    strcmp(name, "portgroup_uuid") == 0)
		return NULL;
	info = &port_resource.fields[field];
	return info->flags & FIELD_IN_PATCH ? info : NULL;
}

/* port_id: the port's uuid or its MAC address. */
static int change_port(const struct rule_run *run, json_t *const *names, enum verb verb, json_t *const *args,
		       struct error *err)
{
	const char *ident = json_string_value(names[0]);
	json_t *port = ident ? inspected_port(run->inspected, ident) : NULL;
	struct path path;
	int rc;

	if (!port)
		return fail(err, ERR_INVALID, "Port %.100s could not be found.", ident ? ident : "None");
	rc = path_open(names[1], "/.", &path, err);
	if (rc < 0)
		return rc;
	if (!port_field(path.parts[0]))
		rc = fail(err, ERR_INVALID, "rules do not change a port's '%.200s'", path.parts[0]);
	else
		rc = change_field(port, port_field(path.parts[0]), &path, verb, args, err);
	path_close(&path);
	return rc;
}

static int set_port_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_port(run, args, VERB_SET, (json_t *[]){ args[2], NULL }, err);
}

static int extend_port_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_port(run, args, VERB_EXTEND, (json_t *[]){ args[2], args[3] }, err);
}

static int del_port_attribute(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_port(run, args, VERB_DELETE, (json_t *[]){ NULL, NULL }, err);
}

/* ---- traits and capabilities ---- */

static long find_trait(const json_t *traits, const char *name)
{
	for (size_t i = 0; i < json_array_size(traits); i++) {
		if (strcmp(json_string_value(json_array_get(traits, i)), name) == 0)
			return (long)i;
	}
	return -1;
}

static int add_trait(const struct rule_run *run, json_t *const *args, struct error *err)
{
	const char *name = json_string_value(args[0]);
	json_t *traits = run->inspected->traits;
	int rc = trait_check(name ? name : "", "trait", err);

	if (rc < 0 || find_trait(traits, name) >= 0)
		return rc;
	if (json_array_size(traits) >= TRAITS_MAX)
		return fail(err, ERR_INVALID, "Node %s has %d traits already, the most a node can have.",
			    run->inspected->node_uuid, TRAITS_MAX);
	json_array_append_new(traits, json_string(name));
	return 0;
}

static int remove_trait(const struct rule_run *run, json_t *const *args, struct error *err)
{
	const char *name = json_string_value(args[0]);
	long index = name ? find_trait(run->inspected->traits, name) : -1;

	(void)err;
	if (index >= 0)
		json_array_remove(run->inspected->traits, (size_t)index);
	return 0;
}

/* Capabilities stand in one text, parted by commas: nobody smuggles another one in. */
static int set_capability(const struct rule_run *run, json_t *const *args, struct error *err)
{
	const char *name = json_string_value(args[0]);
	char *value;
	int rc = 0;

	if (!name || !*name || strpbrk(name, ",:"))
		return fail(err, ERR_INVALID, "the name of a capability is a text without ',' and ':'");
	value = rule_text(args[1]);
	if (strchr(value, ','))
		rc = fail(err, ERR_INVALID, "the value of a capability has no ','");
	else
		properties_set_capability(inspected_object(run->inspected, "properties"), name, value);
	xfree(value);
	return rc;
}

static int unset_capability(const struct rule_run *run, json_t *const *args, struct error *err)
{
	const char *name = json_string_value(args[0]);

	(void)err;
	if (name && *name)
		properties_set_capability(inspected_object(run->inspected, "properties"), name, NULL);
	return 0;
}

/* ---- plugin data ---- */

static int change_plugin_data(const struct rule_run *run, json_t *path_value, enum verb verb, json_t *value,
			      bool is_unique, struct error *err)
{
	struct path path;
	int rc = path_open(path_value, ".", &path, err);

	if (rc == 0)
		rc = change(run->inspected->plugin_data, &path, verb, value, is_unique, err);
	path_close(&path);
	return rc;
}

static int set_plugin_data(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_plugin_data(run, args[0], VERB_SET, args[1], false, err);
}

static int extend_plugin_data(const struct rule_run *run, json_t *const *args, struct error *err)
{
	return change_plugin_data(run, args[0], VERB_EXTEND, args[1], json_is_true(args[2]), err);
}

/* One that is not there is no failure. An object that becomes empty goes too. */
static int unset_plugin_data(const struct rule_run *run, json_t *const *args, struct error *err)
{
	struct path path;
	json_t *parent;
	int rc = path_open(args[0], ".", &path, err);

	if (rc < 0)
		return rc;
	parent = path_parent(run->inspected->plugin_data, &path, false);
	if (json_object_del(parent, path_last(&path)) == 0 && json_object_size(parent) == 0 &&
	    path.count > 1) {
		path.count--;
		json_object_del(path_parent(run->inspected->plugin_data, &path, false), path_last(&path));
	}
	path_close(&path);
	return 0;
}

/* ---- saying something ---- */

static int log_message(const struct rule_run *run, json_t *const *args, struct error *err)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = { { "debug", LOG_DEBUG },
		       { "info", LOG_INFO },
		       { "warning", LOG_WARNING },
		       { "error", LOG_ERROR },
		       { "critical", LOG_ERROR } };
	const char *wanted = args[1] ? json_string_value(args[1]) : "info";
	char *text;
	size_t i = 0;

	while (i < sizeof(levels) / sizeof(levels[0]) && !(wanted && strcasecmp(levels[i].name, wanted) == 0))
		i++;
	if (i == sizeof(levels) / sizeof(levels[0]))
		return fail(err, ERR_INVALID, "Invalid log level: %.20s", wanted ? wanted : "None");
	text = rule_text(args[0]);
	if (log_enabled(levels[i].level))
		log_write(levels[i].level, "inspection rule %s: %.*s", run->rule->uuid, LOG_TEXT_MAX,
			  run->rule->is_sensitive ? "(a sensitive message)" : text);
	xfree(text);
	return 0;
}

static int fail_inspection(const struct rule_run *run, json_t *const *args, struct error *err)
{
	char *text = rule_text(args[0]);

	(void)run;
	fail(err, ERR_INVALID, "%.*s", LOG_TEXT_MAX, text);
	xfree(text);
	return -ERR_INVALID;
}

/* ---- the table ---- */

/* clang-format off */
#define NAME  { { "name", true, false }, { 0 } }
#define PATH  { "path", true, false }
#define VALUE { "value", true, true }
#define PORT  { "port_id", true, false }
#define UNIQUE { "unique", false, false }

const struct rule_operator rule_actions[] = {
	{ "fail", { { "msg", true, false }, { 0 } }, .act = fail_inspection },
	{ "log", { { "msg", true, true }, { "level", false, false }, { 0 } }, .act = log_message },
	{ "set-attribute",         { PATH, VALUE, { 0 } },               .act = set_attribute },
	{ "extend-attribute",      { PATH, VALUE, UNIQUE, { 0 } },       .act = extend_attribute },
	{ "del-attribute",         { PATH, { 0 } },                      .act = del_attribute },
	{ "set-port-attribute",    { PORT, PATH, VALUE, { 0 } },         .act = set_port_attribute },
	{ "extend-port-attribute", { PORT, PATH, VALUE, UNIQUE, { 0 } }, .act = extend_port_attribute },
	{ "del-port-attribute",    { PORT, PATH, { 0 } },                .act = del_port_attribute },
	{ "add-trait",             NAME,                                 .act = add_trait },
	{ "remove-trait",          NAME,                                 .act = remove_trait },
	{ "set-capability",        { { "name", true, false }, VALUE, { 0 } }, .act = set_capability },
	{ "unset-capability",      NAME,                                 .act = unset_capability },
	{ "set-plugin-data",       { PATH, VALUE, { 0 } },               .act = set_plugin_data },
	{ "extend-plugin-data",    { PATH, VALUE, UNIQUE, { 0 } },       .act = extend_plugin_data },
	{ "unset-plugin-data",     { PATH, { 0 } },                      .act = unset_plugin_data },
	{ 0 }
};
/* clang-format on */

const struct rule_operator *rule_action_find(const char *name)
{
	for (const struct rule_operator *row = rule_actions; row->name; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}
