/* found: see found.h. Source: Ironic's node_update_cache (ironic-contract, sections 2.2 and 5.3). */
#include "conductor/found.h"

#include <string.h>

#include "conductor/conductor.h"
#include "db/node_found.h"
#include "lib/json.h"
#include "lib/log.h"

#define DOCUMENT_MAX ((size_t)4 << 20)

/* ---- facts ---- */

static void set_vendor(struct node *node, const char *vendor)
{
	json_t *properties = node_object(node, NODE_PROPERTIES);
	const char *old = json_string_value(json_object_get(properties, "vendor"));

	if (!vendor || (old && strcmp(old, vendor) == 0))
		return;
	json_object_set_new(properties, "vendor", json_string(vendor));
	node_mark_dirty(node, NODE_PROPERTIES);
}

static bool differs(const struct node *node, enum node_field field, const char *text)
{
	const char *old = node_text(node, field);

	return text && !(old && strcmp(old, text) == 0);
}

/* Nothing else can be read either, or nothing is to be. */
static bool ends_all(int rc)
{
	return rc == -ERR_BMC_UNREACHABLE || rc == -ERR_BMC_AUTH || rc == -ERR_CANCELLED || rc == -ERR_FENCED;
}

SUSPENDS static int read_facts(struct task *task, struct machine_facts *ret, struct error *err)
{
	const struct management_interface *management;
	const struct interface *interface;
	int rc = task_interface(task, INTERFACE_MANAGEMENT, &interface, err);

	if (rc < 0)
		return 0;
	management = management_interface(interface);
	if (!management->facts_get)
		return 0;
	rc = interface_validate(interface, task, err);
	return rc == 0 ? management->facts_get(task, ret, err) : rc;
}

SUSPENDS static int update_facts(struct task *task)
{
	struct machine_facts facts = { .secure_boot = -1 };
	struct error err;
	int rc = read_facts(task, &facts, &err);

	if (rc < 0) {
		if (rc != -ERR_CANCELLED)
			log_warning("what node %s is like could not be read: %s", node_uuid(task->node),
				    err.text);
		return rc;
	}
	if (differs(task->node, NODE_BOOT_MODE, facts.boot_mode))
		node_set_text(task->node, NODE_BOOT_MODE, facts.boot_mode);
	if (facts.secure_boot >= 0 && (!node_text(task->node, NODE_SECURE_BOOT) ||
				       node_bool(task->node, NODE_SECURE_BOOT) != (facts.secure_boot == 1)))
		node_set_bool(task->node, NODE_SECURE_BOOT, facts.secure_boot == 1);
	if (differs(task->node, NODE_HEALTH, facts.health))
		node_set_text(task->node, NODE_HEALTH, facts.health);
	set_vendor(task->node, facts.vendor);
	return 0;
}

void found_facts(struct task *task)
{
	update_facts(task);
}

/* ---- rows ---- */

typedef int store_fn(struct db *db, const struct found_key *key, const char *text, struct error *err);

SUSPENDS static int store(struct job *job, store_fn *fn, const json_t *list, struct error *err)
{
	const struct found_key key = { .node_id = job->node.id, .token = job->action.token };
	struct buf text;
	int rc;

	buf_init(&text, DOCUMENT_MAX);
	json_write(&text, list);
	if (text.overflow)
		rc = fail(err, ERR_TOO_LARGE, "What was found out about node %s is larger than %zu bytes",
			  node_uuid(&job->node), DOCUMENT_MAX);
	else
		do
			rc = fn(job->conductor->db, &key, text.data, err);
		while (task_again(job, rc));
	if (rc == -ERR_FENCED)
		task_fence(job);
	buf_release(&text);
	return rc;
}

/* What the interface tells, a new list; NULL: it cannot tell. */
typedef int list_fn(struct task *task, json_t **ret_list, struct error *err);

static list_fn *reader_of(const struct interface *interface)
{
	return interface->type == INTERFACE_BIOS ? bios_interface(interface)->settings_get
						 : firmware_interface(interface)->components_get;
}

SUSPENDS static int read_and_store(struct task *task, const struct interface *interface, struct error *err)
{
	list_fn *read = reader_of(interface);
	json_t *list = NULL;
	int rc = read ? interface_validate(interface, task, err) : 0;

	if (rc == 0 && read)
		rc = read(task, &list, err);
	if (rc == 0 && read)
		rc = store(task->owner,
			   interface->type == INTERFACE_BIOS ? node_bios_store : node_firmware_store, list,
			   err);
	json_decref(list);
	return rc;
}

int found_refresh(struct task *task, enum interface_type type)
{
	const struct interface *interface;
	struct error err;
	int rc;

	if ((type != INTERFACE_BIOS && type != INTERFACE_FIRMWARE) ||
	    task_interface(task, type, &interface, &err) < 0)
		return 0;
	rc = read_and_store(task, interface, &err);
	if (rc < 0 && rc != -ERR_CANCELLED)
		log_warning("what the %s interface tells of node %s is not known: %s",
			    interface_type_info(type)->name, node_uuid(task->node), err.text);
	return rc;
}

void found_update(struct task *task)
{
	static const enum interface_type types[] = { INTERFACE_BIOS, INTERFACE_FIRMWARE };
	int rc = update_facts(task);

	for (size_t i = 0; task->ops->refresh && i < sizeof(types) / sizeof(types[0]) && !ends_all(rc); i++)
		rc = task->ops->refresh(task, types[i]);
}
