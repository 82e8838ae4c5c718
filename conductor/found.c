/* found: see found.h. Source: Ironic's node_cache_vendor, node_cache_boot_mode, cache_firmware_components and
 * store_inspection_data (ironic-contract, sections 2.2 and 5.3). */
#include "conductor/found.h"

#include <string.h>

#include "conductor/conductor.h"
#include "db/node_found.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"

#define DATABASE_RETRY_MS 100
#define DOCUMENT_MAX      ((size_t)4 << 20)

/* Should a call be repeated? Its connection was lost, and nothing else speaks against it. */
SUSPENDS static bool again(const struct job *job, int rc)
{
	return rc == -ERR_DATABASE && !job->is_fenced && clock_ms() < job->task.deadline_ms &&
	       fiber_sleep(DATABASE_RETRY_MS) == 0;
}

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

void found_facts(struct task *task)
{
	struct machine_facts facts = { .secure_boot = -1 };
	const struct management_interface *management;
	const struct interface *interface;
	struct error err;
	int rc = task_interface(task, INTERFACE_MANAGEMENT, &interface, &err);

	if (rc < 0)
		return;
	management = management_interface(interface);
	if (!management->facts_get)
		return;
	rc = interface_validate(interface, task, &err);
	if (rc == 0)
		rc = management->facts_get(task, &facts, &err);
	if (rc < 0) {
		if (rc != -ERR_CANCELLED)
			log_warning("what node %s is like could not be read: %s", node_uuid(task->node),
				    err.text);
		return;
	}
	if (differs(task->node, NODE_BOOT_MODE, facts.boot_mode))
		node_set_text(task->node, NODE_BOOT_MODE, facts.boot_mode);
	if (facts.secure_boot >= 0 && (!node_text(task->node, NODE_SECURE_BOOT) ||
				       node_bool(task->node, NODE_SECURE_BOOT) != (facts.secure_boot == 1)))
		node_set_bool(task->node, NODE_SECURE_BOOT, facts.secure_boot == 1);
	if (differs(task->node, NODE_HEALTH, facts.health))
		node_set_text(task->node, NODE_HEALTH, facts.health);
	set_vendor(task->node, facts.vendor);
}

/* ---- rows ---- */

typedef int store_fn(struct db *db, const struct found_key *key, const char *text, const char *more,
		     struct error *err);

/* Values as JSON texts; NULL: none. */
SUSPENDS static int store(struct job *job, store_fn *fn, const json_t *value, const json_t *other,
			  struct error *err)
{
	const struct found_key key = { .node_id = job->node.id, .token = job->action.token };
	struct buf text, more;
	int rc;

	buf_init(&text, DOCUMENT_MAX);
	buf_init(&more, DOCUMENT_MAX);
	json_write(&text, value);
	if (other)
		json_write(&more, other);
	if (text.overflow || more.overflow)
		rc = fail(err, ERR_TOO_LARGE, "What was found out about node %s is larger than %zu bytes",
			  node_uuid(&job->node), DOCUMENT_MAX);
	else
		do
			rc = fn(job->conductor->db, &key, text.data, other ? more.data : NULL, err);
		while (again(job, rc));
	if (rc == -ERR_FENCED)
		task_fence(job);
	buf_release(&text);
	buf_release(&more);
	return rc;
}

static int store_firmware(struct db *db, const struct found_key *key, const char *text, const char *more,
			  struct error *err)
{
	(void)more;
	return node_firmware_store(db, key, text, err);
}

static int store_ports(struct db *db, const struct found_key *key, const char *text, const char *more,
		       struct error *err)
{
	(void)more;
	return node_ports_add(db, key, text, err);
}

void found_firmware(struct job *job)
{
	const struct interface *interface;
	json_t *components = NULL;
	struct error err;
	int rc = task_interface(&job->task, INTERFACE_FIRMWARE, &interface, &err);

	if (rc < 0 || !firmware_interface(interface)->components_get)
		return;
	rc = interface_validate(interface, &job->task, &err);
	if (rc == 0)
		rc = firmware_interface(interface)->components_get(&job->task, &components, &err);
	if (rc == 0)
		rc = store(job, store_firmware, components, NULL, &err);
	if (rc < 0 && rc != -ERR_CANCELLED)
		log_warning("the firmware of node %s is not known: %s", node_uuid(&job->node), err.text);
	json_decref(components);
}

int found_inspection(struct job *job, const struct inspection *inspection, struct error *err)
{
	json_t *empty = json_object();
	int rc = 0;

	if (inspection->inventory)
		rc = store(job, node_inventory_store, inspection->inventory,
			   inspection->plugin_data ? inspection->plugin_data : empty, err);
	json_decref(empty);
	if (rc == 0 && json_array_size(inspection->macs))
		rc = store(job, store_ports, inspection->macs, NULL, err);
	if (rc < 0)
		return rc;
	found_facts(&job->task);
	found_firmware(job);
	return 0;
}
