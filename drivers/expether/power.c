/* power: what an EEM tells of a host: its power state, read only, and what inspection records. */
#include "drivers/expether/expether.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "drivers/expether/attach.h"
#include "drivers/expether/options.h"
#include "drivers/expether/pci_names.h"
#include "lib/clock.h"

#define PROBE_MS 15000

/* Opens the EEM of the task's node and reads its host. */
SUSPENDS static int read_host(struct task *task, struct eem *eem, struct board *ret, json_t **ret_object,
			      struct error *err)
{
	struct expether_info info;
	int rc = expether_info_parse(task, &info, err);

	if (rc < 0)
		return rc;
	eem_open(eem, task, &info.manager);
	return board_get_host(eem, info.host, ret, ret_object, err);
}

static int get(struct task *task, enum power_state *ret_state, struct error *err)
{
	struct board host;
	struct eem eem;
	json_t *object;
	int rc = read_host(task, &eem, &host, &object, err);

	if (rc < 0)
		return rc;
	if (strcmp(host.power, "on") == 0)
		*ret_state = POWER_ON;
	else if (strcmp(host.power, "off") == 0)
		*ret_state = POWER_OFF;
	else
		rc = fail(err, ERR_BMC, "The ExpEther manager %s does not tell the power state of host %s",
			  eem.manager.url, host.id);
	json_decref(object);
	return rc;
}

static int set(struct task *task, enum power_state target, unsigned timeout_s, struct error *err)
{
	(void)timeout_s;
	return fail(err, ERR_UNSUPPORTED,
		    "An ExpEther manager only reads power states: node %s cannot be brought to %s by it. Use "
		    "power_interface ipmitool or redfish",
		    node_uuid(task->node), power_state_name(target));
}

/* Whether the EEM answers, takes the credentials and knows the host. */
static int probe(struct task *task, struct error *err)
{
	int64_t deadline_ms = task->deadline_ms, end_ms = clock_ms() + PROBE_MS;
	struct board host;
	struct eem eem;
	json_t *object = NULL;
	int rc;

	if (end_ms < deadline_ms)
		task->deadline_ms = end_ms;
	rc = read_host(task, &eem, &host, &object, err);
	task->deadline_ms = deadline_ms;
	json_decref(object);
	return rc;
}

static const enum power_state no_states[] = { POWER_UNKNOWN };

const struct power_interface expether_power = {
	.base = { .type = INTERFACE_POWER,
		  .name = "expether",
		  .properties = expether_properties,
		  .validate = expether_validate,
		  .probe = probe },
	.supported = no_states,
	.get = get,
	.set = set,
};

/* ---- inspection ---- */

static void count_type(json_t *counts, const char *type)
{
	long long count = json_integer_value(json_object_get(counts, type));

	json_object_set_new(counts, type, json_integer(count + 1));
}

/* Types of the cards in the host's group, and how many of each. */
SUSPENDS static int count_cards(struct eem *eem, const struct board *host, json_t *counts, struct error *err)
{
	char query[64];
	json_t *list = NULL, *entry;
	struct board card;
	size_t index;
	int rc;

	if (!board_has_group(host))
		return 0;
	snprintf(query, sizeof(query), "status=eeio&group_id=%s", host->group);
	rc = board_list(eem, query, &list, err);
	json_array_foreach(list, index, entry)
	{
		if (rc == 0)
			rc = board_read(eem, entry, &card, err);
		if (rc == 0 && card.card)
			count_type(counts, card.card);
	}
	json_decref(list);
	return rc;
}

/* "pci_gpu:1,pci_nic:2" in place of what stood there of us; other capabilities stay. */
static char *merge_capabilities(struct task *task, const char *old, const json_t *counts)
{
	struct buf text;
	const char *type;
	json_t *count;
	char *copy;

	buf_init(&text, 65536);
	for (size_t len; old && *old; old += len + (old[len] == ',')) {
		len = strcspn(old, ",");
		if (len && strncmp(old, "pci_", 4) != 0)
			buf_printf(&text, "%s%.*s", text.len ? "," : "", (int)len, old);
	}
	json_object_foreach((json_t *)counts, type, count)
	{
		buf_printf(&text, "%spci_", text.len ? "," : "");
		for (const char *c = type; *c; c++)
			buf_putc(&text, (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c));
		buf_printf(&text, ":%lld", (long long)json_integer_value(count));
	}
	copy = arena_strndup(&task->arena, text.data ? text.data : "", text.len);
	buf_release(&text);
	return copy;
}

static void record(struct task *task, const struct board *host, const json_t *counts)
{
	json_t *extra = node_object(task->node, NODE_EXTRA);
	json_t *properties = node_object(task->node, NODE_PROPERTIES);
	const char *old = json_string_value(json_object_get(properties, "capabilities"));
	json_t *shown = board_host_json(host);

	json_object_set(shown, "attached", (json_t *)counts);
	json_object_set_new(extra, "expether", shown);
	node_mark_dirty(task->node, NODE_EXTRA);
	json_object_set_new(properties, "capabilities", json_string(merge_capabilities(task, old, counts)));
	node_mark_dirty(task->node, NODE_PROPERTIES);
}

static int inspect(struct task *task, struct inspection *ret, struct error *err)
{
	json_t *counts = json_object(), *object = NULL;
	struct board host;
	struct eem eem;
	int rc = read_host(task, &eem, &host, &object, err);

	(void)ret;
	if (rc == 0)
		rc = count_cards(&eem, &host, counts, err);
	if (rc == 0)
		record(task, &host, counts);
	json_decref(counts);
	json_decref(object);
	return rc;
}

const struct inspect_interface expether_inspect = {
	.base = { .type = INTERFACE_INSPECT,
		  .name = "expether",
		  .properties = expether_properties,
		  .validate = expether_validate,
		  .probe = probe },
	.inspect = inspect,
};
