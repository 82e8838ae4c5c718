/* inventory: see inventory.h. */
#include "drivers/expether/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/expether/eem_fleet.h"
#include "drivers/expether/options.h"
#include "drivers/expether/pci_names.h"

void inventory_store(struct task *task, const struct board *card, const char *host_id,
		     struct device_store *ret)
{
	*ret = (struct device_store){
		.resource_id = arena_strdup(&task->arena, card->id),
		.type = card->card,
		.group_id = arena_strdup(&task->arena, card->group),
		.host_id = host_id,
		.is_present = true,
		.properties = board_properties(card, &task->arena),
		.extra = board_extra(card, &task->arena),
	};
}

void group_hosts_add(struct task *task, struct group_hosts *hosts, const struct board *host)
{
	long group = strtol(host->group, NULL, 10);

	if (!board_has_group(host))
		return;
	if (!hosts->ids)
		hosts->ids = arena_alloc(&task->arena, (EEM_GROUP_MAX + 1) * sizeof(*hosts->ids));
	if (!hosts->ids[group][0]) /* the first of several */
		memcpy(hosts->ids[group], host->id, sizeof(host->id));
}

const char *group_hosts_find(const struct group_hosts *hosts, const char *group)
{
	long number = strtol(group, NULL, 10);

	if (!hosts->ids || number < EEM_GROUP_MIN || number > EEM_GROUP_MAX || !hosts->ids[number][0])
		return NULL;
	return hosts->ids[number];
}

static int add_hosts(struct task *task, const struct eem *eem, const json_t *list, struct group_hosts *hosts,
		     struct error *err)
{
	struct board host;
	const json_t *entry;
	size_t index;

	json_array_foreach((json_t *)list, index, entry)
	{
		int rc = board_read(eem, entry, &host, err);

		if (rc < 0)
			return rc;
		if (host.is_host)
			group_hosts_add(task, hosts, &host);
	}
	return 0;
}

static int compare(const void *one, const void *other)
{
	return strcmp(((const struct device_store *)one)->resource_id,
		      ((const struct device_store *)other)->resource_id);
}

/* Cards whose first heartbeat is down count as gone; of two with one id the first counts. */
static int store_cards(struct task *task, const struct eem *eem, const json_t *list,
		       const struct group_hosts *hosts, struct device_store *ret, size_t *ret_count,
		       struct error *err)
{
	size_t index, count = 0, kept = 0;
	struct board card;
	const json_t *entry;

	json_array_foreach((json_t *)list, index, entry)
	{
		int rc = board_read(eem, entry, &card, err);

		if (rc < 0)
			return rc;
		if (!card.is_host && card.is_up)
			inventory_store(task, &card, group_hosts_find(hosts, card.group), &ret[count++]);
	}
	qsort(ret, count, sizeof(*ret), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare(&ret[i], &ret[kept - 1]) != 0)
			ret[kept++] = ret[i];
	}
	*ret_count = kept;
	return 0;
}

static bool is_any_attached(const json_t *list)
{
	const json_t *entry;
	size_t index;

	json_array_foreach((json_t *)list, index, entry)
	{
		const char *group = json_string_value(json_object_get(entry, "group_id"));

		if (group && strcmp(group, DEVICE_FREE_GROUP) != 0)
			return true;
	}
	return false;
}

int inventory_read(struct task *task, const struct pod_manager *manager, struct device_store **ret,
		   size_t *ret_count, struct error *err)
{
	struct group_hosts hosts = { 0 };
	json_t *cards = NULL, *boards = NULL;
	struct eem eem;
	int rc;

	pci_names_load(expether_options.pci_ids);
	eem_open(&eem, task, manager);
	rc = board_list(&eem, "status=eeio", &cards, err);
	/* one request for all owners, where Valence sends one for each attached card */
	if (rc == 0 && is_any_attached(cards))
		rc = board_list(&eem, "status=eesv", &boards, err);
	if (rc == 0)
		rc = add_hosts(task, &eem, boards, &hosts, err);
	if (rc == 0) {
		*ret = arena_alloc(&task->arena, (json_array_size(cards) + 1) * sizeof(**ret));
		rc = store_cards(task, &eem, cards, &hosts, *ret, ret_count, err);
	}
	json_decref(boards);
	json_decref(cards);
	return rc;
}
