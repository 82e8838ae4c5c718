/* task: see task.h. */
#include "drivers/task.h"

#include <string.h>

#include "drivers/driver.h"

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
