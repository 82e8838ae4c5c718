/* step_list: which steps, and in which order. See step.h. */
#include <stdlib.h>
#include <string.h>

#include "conductor/step_private.h"
#include "model/disallowed_steps.h"

/* Those whose interfaces have steps, in the order of steps of equal priority. */
static const enum interface_type bearers[] = { INTERFACE_VENDOR,   INTERFACE_POWER,  INTERFACE_MANAGEMENT,
					       INTERFACE_FIRMWARE, INTERFACE_DEPLOY, INTERFACE_BIOS,
					       INTERFACE_RAID };

static const struct step *find_in(const struct step *steps, unsigned use, const char *name)
{
	for (; steps && steps->name; steps++) {
		if ((steps->uses & use) && strcmp(steps->name, name) == 0)
			return steps;
	}
	return NULL;
}

int step_find(struct task *task, const struct step_phase *phase, const json_t *entry, const struct step **ret,
	      struct error *err)
{
	const char *kind = json_string_value(json_object_get(entry, "interface"));
	const char *name = json_string_value(json_object_get(entry, "step"));
	enum interface_type type = interface_type_find(kind ? kind : "");
	const struct interface *interface;
	int rc;

	*ret = find_in(reserved_steps, phase->use, name ? name : "");
	if (*ret || type == INTERFACE_COUNT || !name)
		return *ret ? 0
			    : fail(err, ERR_INVALID, "There is no %s step %s.%s", phase->word,
				   kind ? kind : "None", name ? name : "None");
	rc = task_interface(task, type, &interface, err);
	if (rc < 0)
		return rc;
	*ret = find_in(interface->steps, phase->use, name);
	if (!*ret)
		return fail(err, ERR_INVALID,
			    "Node %s does not support the %s step %s.%s: its %s interface %s "
			    "has none of that name",
			    node_uuid(task->node), phase->word, kind, name, kind, interface->name);
	return 0;
}

bool step_is_of_children(const json_t *entry)
{
	return json_is_true(json_object_get(entry, "execute_on_child_nodes"));
}

static const struct step_argument *argument_find(const struct step *step, const char *name)
{
	for (const struct step_argument *row = step->arguments; row && row->name; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static int check_arguments(const struct step_phase *phase, const struct step *step, json_t *args,
			   bool is_run, struct error *err)
{
	const json_t *value;
	const char *name;

	json_object_foreach(args, name, value)
	{
		if (!argument_find(step, name))
			return fail(err, ERR_INVALID, "The %s step %s does not take the argument \"%s\"",
				    phase->word, step->name, name);
	}
	for (const struct step_argument *row = step->arguments; is_run && row && row->name; row++) {
		value = json_object_get(args, row->name);
		if (row->is_required && (!value || json_is_null(value)))
			return fail(err, ERR_INVALID, "The %s step %s misses the required argument \"%s\"",
				    phase->word, step->name, row->name);
	}
	return 0;
}

static json_t *entry_new(const char *kind, const struct step *step, int priority, json_t *args)
{
	return json_pack("{s:s, s:s, s:O, s:i, s:b}", "interface", kind ? kind : "power", "step", step->name,
			 "args", args, "priority", priority, "abortable", (int)step->is_abortable);
}

/* Of children that may be of other drivers: these check it themselves. */
static json_t *children_entry_new(const json_t *asked, json_t *args)
{
	return json_pack("{s:O, s:O, s:O, s:i, s:b, s:b, s:O*}", "interface",
			 json_object_get(asked, "interface"), "step", json_object_get(asked, "step"), "args",
			 args, "priority", 0, "abortable", 0, "execute_on_child_nodes", 1,
			 "limit_child_node_execution", json_object_get(asked, "limit_child_node_execution"));
}

/* Digits are a number too, as the API takes them. */
static int rank_of(const json_t *entry, const char *name)
{
	const json_t *value = json_object_get(entry, name);
	long number = json_is_string(value) ? strtol(json_string_value(value), NULL, 10)
					    : (long)json_integer_value(value);

	return number < 0 ? 0 : number > 1000000 ? 1000000 : (int)number;
}

static int priority_of_entry(const json_t *entry)
{
	return rank_of(entry, "priority");
}

/* Behind those of the same priority. */
static void insert_by_priority(json_t *list, json_t *take_entry)
{
	int priority = priority_of_entry(take_entry);
	size_t at = 0;

	while (at < json_array_size(list) && priority_of_entry(json_array_get(list, at)) >= priority)
		at++;
	json_array_insert_new(list, at, take_entry);
}

/* "raid.delete_configuration:20" for that step gives 20. */
static int priority_of(const struct step_phase *phase, const char *kind, const struct step *step)
{
	size_t kind_len = strlen(kind), name_len = strlen(step->name);

	for (size_t i = 0; phase->priorities && i < phase->priorities->count; i++) {
		const char *word = phase->priorities->items[i];

		if (strncmp(word, kind, kind_len) == 0 && word[kind_len] == '.' &&
		    strncmp(word + kind_len + 1, step->name, name_len) == 0 &&
		    word[kind_len + 1 + name_len] == ':')
			return (int)strtol(word + kind_len + name_len + 2, NULL, 10);
	}
	return step->priority;
}

static void collect_from(const struct step_phase *phase, const char *kind, const struct step *steps,
			 json_t *list)
{
	json_t *none = json_object();

	for (; steps && steps->name; steps++) {
		int priority = (steps->uses & phase->use) ? priority_of(phase, kind, steps) : 0;
		json_t *entry = priority > 0 ? entry_new(kind, steps, priority, none) : NULL;

		if (entry && !disallowed_steps_has(phase->list, entry))
			insert_by_priority(list, json_incref(entry));
		json_decref(entry);
	}
	json_decref(none);
}

int steps_collect(struct task *task, const struct step_phase *phase, json_t **ret_list, struct error *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(bearers) / sizeof(bearers[0]); i++) {
		const struct interface *interface;
		int rc = task_interface(task, bearers[i], &interface, err);

		if (rc == -ERR_UNSUPPORTED)
			continue; /* the hardware type has none of this kind */
		if (rc < 0) {
			json_decref(list);
			return rc;
		}
		collect_from(phase, interface_type_info(bearers[i])->name, interface->steps, list);
	}
	*ret_list = list;
	return 0;
}

/* What makes a node deployed is not run at another time; it may be left out. */
static int check_core(const json_t *asked, bool is_run, struct error *err)
{
	const char *interface = json_string_value(json_object_get(asked, "interface"));
	const char *name = json_string_value(json_object_get(asked, "step"));

	if (is_run && strcmp(interface ? interface : "", "deploy") == 0 && strcmp(name, "deploy") == 0)
		return fail(err, ERR_INVALID,
			    "deploy step deploy on interface deploy is a core step and cannot be overridden "
			    "by user steps. It may be disabled by setting the priority to 0");
	return 0;
}

/* One of the request's, checked; *ret_entry is new. */
static int check_one(struct task *task, const struct step_phase *phase, const json_t *asked,
		     json_t **ret_entry, struct error *err)
{
	json_t *given = json_object_get(asked, "args");
	json_t *args = json_is_object(given) ? json_incref(given) : json_object();
	bool is_run = phase != &deploy_phase || priority_of_entry(asked) > 0;
	const struct step *step;
	int rc = 0;

	if (step_is_of_children(asked)) {
		*ret_entry = children_entry_new(asked, args);
		json_decref(args);
		return 0;
	}
	rc = step_find(task, phase, asked, &step, err);
	if (rc == 0)
		rc = check_arguments(phase, step, args, is_run, err);
	if (rc == 0 && phase == &deploy_phase)
		rc = check_core(asked, is_run, err);
	if (rc == 0)
		*ret_entry = entry_new(json_string_value(json_object_get(asked, "interface")), step,
				       priority_of_entry(asked), args);
	json_decref(args);
	return rc;
}

static bool have_order(const json_t *asked)
{
	bool all = true;

	for (size_t i = 0; i < json_array_size(asked); i++)
		all = all && json_object_get(json_array_get(asked, i), "order");
	return all;
}

/* Where the step belongs: at the end, or before the first of a higher order. */
static size_t place_of(const json_t *orders, json_int_t order)
{
	size_t at = 0;

	while (at < json_array_size(orders) && json_integer_value(json_array_get(orders, at)) <= order)
		at++;
	return at;
}

int steps_check(struct task *task, const struct step_phase *phase, const json_t *asked, json_t **ret_list,
		struct error *err)
{
	bool is_ordered = have_order(asked);
	json_t *list = json_array(), *orders = json_array();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(asked); i++) {
		const json_t *step = json_array_get(asked, i);
		json_int_t order = is_ordered ? rank_of(step, "order") : 0;
		size_t at = place_of(orders, order);
		json_t *entry = NULL;

		rc = check_one(task, phase, step, &entry, err);
		if (rc == 0) {
			json_array_insert_new(list, at, entry);
			json_array_insert_new(orders, at, json_integer(order));
		}
	}
	json_decref(orders);
	if (rc == 0)
		*ret_list = list;
	else
		json_decref(list);
	return rc;
}

static bool is_same_step(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "interface"), json_object_get(b, "interface")) &&
	       json_equal(json_object_get(a, "step"), json_object_get(b, "step"));
}

/* Those may stand in a list more than once. */
static bool is_reserved(const struct step_phase *phase, const json_t *entry)
{
	return find_in(reserved_steps, phase->use, json_string_value(json_object_get(entry, "step"))) != NULL;
}

/* Of the entries before the one at `index`. */
static bool is_repeated(const json_t *asked, size_t index)
{
	bool found = false;

	for (size_t i = 0; i < index; i++)
		found = found || is_same_step(json_array_get(asked, i), json_array_get(asked, index));
	return found;
}

int steps_check_deploy(struct task *task, const json_t *asked, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(asked); i++) {
		const json_t *step = json_array_get(asked, i);
		const struct step *known;
		struct error ignored;
		json_t *entry = NULL;

		rc = step_find(task, &deploy_phase, step, &known, &ignored);
		if (rc == 0 && !is_reserved(&deploy_phase, step) && is_repeated(asked, i))
			rc = fail(err, ERR_INVALID,
				  "deploy steps from all deploy templates matching this node's instance "
				  "traits cannot have the same interface and step. Duplicate deploy steps "
				  "for %s.%s",
				  json_string_value(json_object_get(step, "interface")),
				  json_string_value(json_object_get(step, "step")));
		else if (rc == 0)
			rc = check_one(task, &deploy_phase, step, &entry, err);
		else
			rc = 0; /* unknown: the work says so */
		json_decref(entry);
	}
	return rc;
}

int steps_merge(struct task *task, const struct step_phase *phase, const json_t *asked, json_t **ret_list,
		struct error *err)
{
	json_t *list = NULL;
	int rc = steps_collect(task, phase, &list, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(asked); i++) {
		json_t *entry = NULL;

		rc = check_one(task, phase, json_array_get(asked, i), &entry, err);
		for (size_t k = json_array_size(list); rc == 0 && k-- > 0;) {
			if (!is_reserved(phase, entry) && is_same_step(json_array_get(list, k), entry))
				json_array_remove(list, k);
		}
		if (rc == 0 && priority_of_entry(entry) > 0 && !disallowed_steps_has(phase->list, entry))
			insert_by_priority(list, json_incref(entry));
		json_decref(entry);
	}
	if (rc == 0)
		*ret_list = list;
	else
		json_decref(list);
	return rc;
}
