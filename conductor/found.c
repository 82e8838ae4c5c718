/* found: see found.h. Source: Ironic's node_update_cache and store_inspection_data (ironic-contract, sections
 * 2.2 and 5.3). */
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

static int store_bios(struct db *db, const struct found_key *key, const char *text, const char *more,
		      struct error *err)
{
	(void)more;
	return node_bios_store(db, key, text, err);
}

static int store_ports(struct db *db, const struct found_key *key, const char *text, const char *more,
		       struct error *err)
{
	(void)more;
	return node_ports_add(db, key, text, err);
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
		rc = store(task->owner, interface->type == INTERFACE_BIOS ? store_bios : store_firmware, list,
			   NULL, err);
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
	found_refresh(&job->task, INTERFACE_FIRMWARE);
	return 0;
}
