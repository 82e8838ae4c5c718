/* task: see task.h. */
#include "drivers/task.h"

#include <stdarg.h>
#include <string.h>

#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/json.h"

int task_gate_wait(struct task *task, struct error *err)
{
	return task->ops->gate_wait(task, err);
}

int task_gate_check(struct task *task, const char *what, struct error *err)
{
	return task->ops->gate_check(task, what, err);
}

int task_checkpoint(struct task *task, struct error *err)
{
	return task->ops->save(task, err);
}

static int permit_wait(struct task *task, struct error *err)
{
	(void)task;
	(void)err;
	return 0;
}

static int permit_check(struct task *task, const char *what, struct error *err)
{
	(void)task;
	(void)what;
	(void)err;
	return 0;
}

static int save_nothing(struct task *task, struct error *err)
{
	(void)task;
	(void)err;
	return 0;
}

static const struct task_ops permissive_ops = { .gate_wait = permit_wait,
						.gate_check = permit_check,
						.save = save_nothing };

void task_init_permissive(struct task *task, struct node *node)
{
	memset(task, 0, sizeof(*task));
	task->node = node;
	task->hardware = node ? hardware_type_find(node_text(node, NODE_DRIVER)) : NULL;
	task->is_exclusive = true;
	task->deadline_ms = DEADLINE_NEVER;
	task->ops = &permissive_ops;
	arena_init(&task->arena);
}

void task_release(struct task *task)
{
	arena_release(&task->arena);
}

const char *task_driver_info(struct task *task, const char *key)
{
	const json_t *value;

	if (!task->node)
		return NULL;
	value = json_object_get(node_object(task->node, NODE_DRIVER_INFO), key);
	if (json_is_string(value))
		return arena_strndup(&task->arena, json_string_value(value), json_string_length(value));
	if (json_is_integer(value))
		return arena_printf(&task->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return arena_printf(&task->arena, "%g", json_real_value(value));
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	return NULL;
}

/* ---- for those who see no struct node ---- */

const char *task_node_text(struct task *task, const char *field)
{
	enum node_field which = node_field_find(field);

	if (!task->node || which >= NODE_COLUMN_COUNT)
		return NULL;
	switch (node_field_info(which)->type) {
	case FIELD_BOOL:
		return task->node->text[which] ? (node_bool(task->node, which) ? "true" : "false") : NULL;
	case FIELD_TEXT:
	case FIELD_UUID:
	case FIELD_TIME:
	case FIELD_INT:
		return node_text(task->node, which);
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_LINKS:
		break;
	}
	return NULL;
}

const json_t *task_node_object(struct task *task, const char *field)
{
	enum node_field which = node_field_find(field);

	if (!task->node || which >= NODE_COLUMN_COUNT || node_field_info(which)->type != FIELD_OBJECT)
		return NULL;
	return node_object(task->node, which);
}

const json_t *task_memory(struct task *task, const char *key)
{
	return task->node ? json_object_get(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), key) : NULL;
}

int task_remember(struct task *task, const char *key, json_t *take_value, struct error *err)
{
	json_t *all;

	if (!task->node || !task->is_exclusive) {
		json_decref(take_value);
		return fail(err, ERR_INTERNAL, "%s cannot be stored without the lock of a node", key);
	}
	if (json_value_depth(take_value, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) {
		json_decref(take_value);
		return fail(err, ERR_INTERNAL, "%s is nested too deeply to be stored", key);
	}
	all = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);
	if (!take_value || json_is_null(take_value))
		json_object_del(all, key);
	else if (json_object_set(all, key, take_value) < 0) { /* a key that is no UTF-8 */
		json_decref(take_value);
		return fail(err, ERR_INTERNAL, "what is to be stored has no proper name");
	}
	json_decref(take_value);
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
	return 0;
}

int64_t task_left_ms(const struct task *task)
{
	int64_t left_ms = task->deadline_ms == DEADLINE_NEVER ? INT64_MAX : task->deadline_ms - clock_ms();

	return left_ms > 0 ? left_ms : 0;
}

void *task_alloc(struct task *task, size_t size)
{
	return arena_alloc(&task->arena, size);
}

char *task_printf(struct task *task, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(&task->arena, format, args);
	va_end(args);
	return text;
}
