/* attach: see attach.h. */
#include "drivers/expether/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/expether/inventory.h"
#include "lib/json.h"

static const char free_group[] = DEVICE_FREE_GROUP;

int attachment_open(struct attachment *attachment, struct task *task, struct error *err)
{
	struct expether_info info;
	int rc = expether_info_parse(task, &info, err);

	attachment->is_full = false;
	if (rc < 0)
		return rc;
	memcpy(attachment->host_id, info.host, sizeof(info.host));
	rc = task_pool(task)->manager_of(task, &info.manager, &attachment->manager, err);
	eem_open(&attachment->eem, task, &info.manager);
	return rc;
}

static struct task *task_of(const struct attachment *attachment)
{
	return attachment->eem.task;
}

static const char *who(const struct attachment *attachment)
{
	const struct task *task = task_of(attachment);

	return task->node ? node_uuid(task->node) : "(none)";
}

/* ---- the records ---- */

/* Records that the card is in that group; held: for the node, by us. A write that failed here is found by the
 * sync. */
SUSPENDS static int settle(struct attachment *attachment, const struct device *device, const char *group,
			   bool is_held, struct error *err)
{
	struct task *task = task_of(attachment);
	const struct device_outcome outcome = {
		.group_id = group,
		.host_id = is_held ? attachment->host_id : NULL,
		.node_id = is_held && task->node ? task->node->id : 0,
		.is_held = is_held,
	};

	return task_pool(task)->settle(task, device, &outcome, err);
}

static int busy(const struct attachment *attachment, const char *card_id, const struct device *device,
		struct error *err)
{
	if (device->node_uuid && strcmp(device->node_uuid, who(attachment)) == 0 && !device->intent)
		return fail(err, ERR_CONFLICT, "Device %s is already attached to node %s", card_id,
			    device->node_uuid);
	return fail(err, ERR_CONFLICT, "Device %s is in use%s%s", card_id,
		    device->node_uuid ? " by node " : "", device->node_uuid ? device->node_uuid : "");
}

/* A card that is not recorded yet: what the EEM shows is. */
SUSPENDS static int learn(struct attachment *attachment, const char *card_id, struct error *err)
{
	struct task *task = task_of(attachment);
	struct device_store store;
	struct board card;
	json_t *object;
	int rc = board_get(&attachment->eem, card_id, &card, &object, err);

	if (rc < 0)
		return rc;
	if (card.is_host)
		rc = fail(err, ERR_INVALID, "Device %s is a host's board (EESV), not an I/O device (EEIO)",
			  card_id);
	if (rc == 0) {
		inventory_store(task, &card, NULL, &store);
		rc = task_pool(task)->learn(task, attachment->manager.id, &store, err);
	}
	json_decref(object);
	return rc;
}

/* Claims, or says who has it. */
SUSPENDS static int claim(struct attachment *attachment, const char *card_id, enum device_intent intent,
			  struct device *ret, struct error *err)
{
	struct task *task = task_of(attachment);
	const struct pool_records *pool = task_pool(task);
	const char *host = intent == DEVICE_ATTACH ? attachment->host_id : NULL;
	bool is_claimed = false;
	int rc = pool->claim(task, attachment->manager.id, card_id, host, intent, &is_claimed, ret, err);

	if (rc < 0 || is_claimed)
		return rc;
	rc = pool->read(task, attachment->manager.id, card_id, ret, err);
	if (rc == -ERR_NOT_FOUND) {
		rc = learn(attachment, card_id, err);
		if (rc == 0)
			rc = pool->claim(task, attachment->manager.id, card_id, host, intent, &is_claimed,
					 ret, err);
		if (rc < 0 || is_claimed)
			return rc;
		rc = pool->read(task, attachment->manager.id, card_id, ret, err);
	}
	return rc < 0 ? rc : busy(attachment, card_id, ret, err);
}

/* ---- what the EEM shows ---- */

/* The group of a card. */
SUSPENDS static int read_group(struct attachment *attachment, const char *card_id, char group[EEM_GROUP_TEXT],
			       struct error *err)
{
	struct board card;
	json_t *object;
	int rc = board_get(&attachment->eem, card_id, &card, &object, err);

	if (rc < 0)
		return rc;
	memcpy(group, card.group, sizeof(card.group));
	if (card.is_host)
		rc = fail(err, ERR_INVALID, "Device %s is a host's board (EESV), not an I/O device (EEIO)",
			  card_id);
	json_decref(object);
	return rc;
}

SUSPENDS static int read_host(struct attachment *attachment, struct board *ret, struct error *err)
{
	json_t *object;
	int rc = board_get_host(&attachment->eem, attachment->host_id, ret, &object, err);

	if (rc == -ERR_NOT_FOUND) /* it is the node's fault, not the request's */
		return fail(err, ERR_BMC, "The ExpEther manager %s has no device %s, the host of node %s",
			    attachment->manager.url, attachment->host_id, who(attachment));
	if (rc == 0)
		json_decref(object); /* texts of *ret are gone; id, group and numbers stay */
	return rc;
}

SUSPENDS static int put_group(struct attachment *attachment, const char *id, const char *group, json_t **ret,
			      struct error *err)
{
	json_t *body = json_pack("{s:s?}", "group_id", group);
	char path[EEM_PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "/devices/%s/group_id", id);
	rc = eem_put(&attachment->eem, path, body, ret, err);
	json_decref(body);
	return rc;
}

/* A host without a group is given one that the EEM chooses. Some answer without saying which. */
SUSPENDS static int ensure_group(struct attachment *attachment, struct board *host, struct error *err)
{
	json_t *answer = NULL;
	const char *group;
	int rc;

	if (board_has_group(host))
		return 0;
	rc = put_group(attachment, attachment->host_id, NULL, &answer, err);
	group = json_string_value(json_object_get(answer, "group_id"));
	if (rc == 0 && group && strlen(group) < EEM_GROUP_TEXT)
		snprintf(host->group, sizeof(host->group), "%s", group);
	else if (rc == 0)
		rc = read_host(attachment, host, err);
	json_decref(answer);
	if (rc == 0 && !board_has_group(host))
		return fail(err, ERR_BMC, "The ExpEther manager %s gave host %s no group id",
			    attachment->manager.url, attachment->host_id);
	return rc;
}

SUSPENDS static int check_room(struct attachment *attachment, const struct board *host, struct error *err)
{
	char query[64];
	json_t *list = NULL;
	int rc;

	snprintf(query, sizeof(query), "status=eeio&group_id=%s", host->group);
	rc = board_ids(&attachment->eem, query, &list, err);
	attachment->is_full = rc == 0 && host->max_cards && json_array_size(list) >= host->max_cards;
	if (attachment->is_full)
		rc = fail(err, ERR_CONFLICT,
			  "Host %s of node %s has as many devices attached as it can have (%u)",
			  attachment->host_id, who(attachment), host->max_cards);
	json_decref(list);
	return rc;
}

/* ---- attach ---- */

/* After a write whose outcome is in doubt: 1 the card is in the group, 0 it is not (seen: where it is), or
 * the error of the asking. */
SUSPENDS static int look(struct attachment *attachment, const char *card_id, const char *group,
			 char seen[EEM_GROUP_TEXT])
{
	struct error err;
	int rc = read_group(attachment, card_id, seen, &err);

	return rc < 0 ? rc : strcmp(seen, group) == 0;
}

/* What is known after a failure: the card is in `group`, or its state is not known. */
struct finding {
	char group[EEM_GROUP_TEXT];
	bool is_unknown;
};

static void find_group(struct finding *finding, const char *group)
{
	snprintf(finding->group, sizeof(finding->group), "%s", group);
}

SUSPENDS static int write_group(struct attachment *attachment, const char *card_id, const char *group,
				struct finding *finding, struct error *err)
{
	char seen[EEM_GROUP_TEXT];
	int rc = put_group(attachment, card_id, group, NULL, err);
	int found;

	if (rc == 0 || (!attachment->eem.status && !attachment->eem.may_have_left))
		return rc; /* done, or it never left */
	found = look(attachment, card_id, group, seen);
	if (found == 1)
		return 0;
	if (found == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Device %s is gone from the ExpEther manager %s", card_id,
			    attachment->manager.url);
	if (found < 0 || rc == -ERR_UNKNOWN_OUTCOME)
		finding->is_unknown = true; /* it may still arrive */
	else
		find_group(finding, seen);
	return rc;
}

/* The claimed card's way to the host. */
SUSPENDS static int give(struct attachment *attachment, const struct device *device, struct taken_card *card,
			 struct finding *finding, struct error *err)
{
	bool is_settled = !device->intent && strcmp(device->group_id, free_group) == 0 && device->is_present;
	char group[EEM_GROUP_TEXT] = DEVICE_FREE_GROUP;
	struct board host;
	int rc = is_settled ? 0 : read_group(attachment, card->id, group, err);

	if (rc < 0) {
		finding->is_unknown = device->intent && rc != -ERR_NOT_FOUND;
		return rc;
	}
	find_group(finding, group);
	rc = read_host(attachment, &host, err);
	if (rc == 0 && board_has_group(&host) && strcmp(host.group, group) == 0) {
		memcpy(card->group, host.group, sizeof(host.group));
		return 0; /* an earlier attempt has done it */
	}
	if (rc == 0 && strcmp(group, free_group) != 0)
		return fail(err, ERR_CONFLICT, "Device %s is in use by another host", card->id);
	if (rc == 0)
		rc = ensure_group(attachment, &host, err);
	if (rc == 0)
		rc = check_room(attachment, &host, err);
	if (rc == 0)
		rc = write_group(attachment, card->id, host.group, finding, err);
	if (rc == 0)
		memcpy(card->group, host.group, sizeof(host.group));
	return rc;
}

int attachment_take(struct attachment *attachment, const char *card_id, struct taken_card *ret,
		    struct error *err)
{
	struct finding finding = { .group = DEVICE_FREE_GROUP };
	struct device device;
	int rc = claim(attachment, card_id, DEVICE_ATTACH, &device, err);

	if (rc < 0)
		return rc;
	*ret = (struct taken_card){ .device = device };
	snprintf(ret->id, sizeof(ret->id), "%s", card_id);
	rc = give(attachment, &device, ret, &finding, err);
	if (rc < 0 && !finding.is_unknown && rc != -ERR_FENCED)
		settle(attachment, &device, finding.group, false, NULL);
	return rc;
}

SUSPENDS static int take_first(struct attachment *attachment, const struct device_filter *filter,
			       struct taken_card *ret, struct error *err)
{
	struct task *task = task_of(attachment);
	struct device *devices;
	size_t count;
	int rc = task_pool(task)->list(task, filter, &devices, &count, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		rc = attachment_take(attachment, devices[i].resource_id, ret, err);
		/* somebody else was faster, or the records are behind */
		if (attachment->is_full || (rc != -ERR_NOT_FOUND && rc != -ERR_CONFLICT))
			return rc;
	}
	return -ERR_NOT_FOUND;
}

int attachment_take_type(struct attachment *attachment, const char *type, struct taken_card *ret,
			 struct error *err)
{
	struct task *task = task_of(attachment);
	const struct device_filter filter = { .pod_manager_id = attachment->manager.id,
					      .type = type,
					      .is_free = true };
	struct error own;
	int rc = take_first(attachment, &filter, ret, &own);

	if (rc == -ERR_NOT_FOUND) { /* the records may be behind */
		rc = task_pool(task)->sync(task, &attachment->manager, &own);
		if (rc == 0)
			rc = take_first(attachment, &filter, ret, &own);
	}
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "The ExpEther manager %s has no free device of type %s",
			    attachment->manager.url, type);
	return rc < 0 ? fail(err, own.code, "%s", own.text) : 0;
}

int attachment_keep(struct attachment *attachment, const struct taken_card *card, struct error *err)
{
	return settle(attachment, &card->device, card->group, true, err);
}

/* ---- detach ---- */

/* Deletes the claimed card's group. */
SUSPENDS static int take_away(struct attachment *attachment, const char *card_id, struct finding *finding,
			      struct error *err)
{
	char path[EEM_PATH_MAX], seen[EEM_GROUP_TEXT];
	int rc, found;

	snprintf(path, sizeof(path), "/devices/%s/group_id", card_id);
	rc = eem_delete(&attachment->eem, path, err);
	if (rc == 0 || rc == -ERR_NOT_FOUND) /* gone is free, too */
		return 0;
	if (!attachment->eem.status && !attachment->eem.may_have_left)
		return rc;
	found = look(attachment, card_id, free_group, seen);
	if (found == 1 || found == -ERR_NOT_FOUND)
		return 0;
	if (found < 0 || rc == -ERR_UNKNOWN_OUTCOME)
		finding->is_unknown = true;
	else
		find_group(finding, seen);
	return rc;
}

SUSPENDS static int drop_claimed(struct attachment *attachment, const struct device *device,
				 const char *card_id, struct error *err)
{
	struct finding finding = { 0 };
	int rc;

	find_group(&finding, device->group_id);
	rc = take_away(attachment, card_id, &finding, err);
	if (rc == 0)
		return settle(attachment, device, free_group, false, err);
	if (!finding.is_unknown && rc != -ERR_FENCED)
		settle(attachment, device, finding.group, true, NULL);
	return rc;
}

/* The record alone does not tell that the card is the host's: the EEM does. 1: it is. */
SUSPENDS static int is_here(struct attachment *attachment, const char *card_id, char group[EEM_GROUP_TEXT],
			    struct error *err)
{
	struct board host;
	int rc = read_group(attachment, card_id, group, err);

	if (rc < 0 || strcmp(group, free_group) == 0)
		return rc;
	rc = read_host(attachment, &host, err);
	return rc < 0 ? rc : board_has_group(&host) && strcmp(host.group, group) == 0;
}

SUSPENDS static int drop_doubtful(struct attachment *attachment, struct device *device, const char *card_id,
				  struct error *err)
{
	char group[EEM_GROUP_TEXT] = DEVICE_FREE_GROUP;
	int rc = is_here(attachment, card_id, group, err);

	if (rc == 1) {
		device->group_id = arena_strdup(&task_of(attachment)->arena, group);
		return drop_claimed(attachment, device, card_id, err);
	}
	if (rc == 0 || rc == -ERR_NOT_FOUND || rc == -ERR_INVALID) {
		int settled = settle(attachment, device, group, false, NULL);

		if (rc == 0)
			rc = settled;
	} else if (!device->intent) {
		settle(attachment, device, device->group_id, device->is_held, NULL);
	}
	if (rc == 0 && strcmp(group, free_group) != 0)
		return fail(err, ERR_CONFLICT, "Device %s is attached to another host", card_id);
	return rc;
}

int attachment_drop(struct attachment *attachment, const char *card_id, struct error *err)
{
	struct device device;
	int rc = claim(attachment, card_id, DEVICE_DETACH, &device, err);

	if (rc < 0)
		return rc;
	if (device.is_held && !device.intent && strcmp(device.group_id, free_group) != 0)
		return drop_claimed(attachment, &device, card_id, err);
	return drop_doubtful(attachment, &device, card_id, err);
}

int attachment_undo(struct attachment *attachment, const struct taken_card *card, struct error *err)
{
	struct device device = card->device;

	device.group_id = card->group;
	return drop_claimed(attachment, &device, card->id, err);
}

/* ---- many ---- */

/* Ids of the cards that the EEM shows in the host's group. */
SUSPENDS static int add_live(struct attachment *attachment, json_t *ids, struct error *err)
{
	char query[64], id[EEM_ID_MAX];
	json_t *list = NULL, *entry;
	struct board host;
	size_t index;
	int rc = read_host(attachment, &host, err);

	if (rc < 0 || !board_has_group(&host))
		return rc;
	snprintf(query, sizeof(query), "status=eeio&group_id=%s", host.group);
	rc = board_ids(&attachment->eem, query, &list, err);
	json_array_foreach(list, index, entry)
	{
		const char *text = json_string_value(json_object_get(entry, "id"));

		if (text && expether_id_parse(text, id) && !json_list_has(ids, id))
			json_array_append_new(ids, json_string(id));
	}
	json_decref(list);
	return rc;
}

SUSPENDS static int add_recorded(struct attachment *attachment, bool is_left_only, json_t *ids,
				 struct error *err)
{
	struct task *task = task_of(attachment);
	struct device *devices;
	size_t count = 0;
	int rc = task_pool(task)->held(task, attachment->manager.id, &devices, &count, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (!is_left_only || devices[i].intent)
			json_array_append_new(ids, json_string(devices[i].resource_id));
	}
	return rc;
}

SUSPENDS static int drop_each(struct attachment *attachment, const json_t *ids, json_t *freed,
			      struct error *err)
{
	struct error later;
	const json_t *id;
	size_t index;
	int rc = 0;

	json_array_foreach((json_t *)ids, index, id)
	{
		int one = attachment_drop(attachment, json_string_value(id), rc == 0 ? err : &later);

		if (one == 0 && freed)
			json_array_append(freed, (json_t *)id);
		if (rc == 0)
			rc = one;
	}
	return rc;
}

int attachment_drop_all(struct attachment *attachment, bool is_live, json_t *freed, struct error *err)
{
	json_t *ids = json_array();
	int rc = add_recorded(attachment, false, ids, err);

	if (rc == 0 && is_live)
		rc = add_live(attachment, ids, err);
	if (rc == 0)
		rc = drop_each(attachment, ids, freed, err);
	json_decref(ids);
	return rc;
}

int attachment_undo_left(struct attachment *attachment, struct error *err)
{
	json_t *ids = json_array();
	int rc = add_recorded(attachment, true, ids, err);

	if (rc == 0)
		rc = drop_each(attachment, ids, NULL, err);
	json_decref(ids);
	return rc;
}

int attachment_tear_down(struct task *task, struct error *err)
{
	struct attachment attachment;
	int rc = attachment_open(&attachment, task, err);

	if (rc == 0)
		rc = attachment_drop_all(&attachment, false, NULL, err);
	return rc < 0 ? fail_prefix(err, "The devices of node %s could not be released",
				    node_uuid(task->node))
		      : 0;
}

/* ---- nodes that are gone ---- */

SUSPENDS static int release_one(struct attachment *attachment, const char *card_id, struct error *err)
{
	struct task *task = task_of(attachment);
	struct finding finding = { 0 };
	struct device device;
	bool is_claimed;
	char seen[EEM_GROUP_TEXT];
	int rc = task_pool(task)->claim(task, attachment->manager.id, card_id, NULL, DEVICE_RELEASE,
					&is_claimed, &device, err);

	if (rc < 0 || !is_claimed)
		return rc;
	/* Somebody may have freed it, and another host may have it by now: only what we gave is taken. */
	rc = look(attachment, card_id, device.group_id, seen);
	if (rc >= 0 && (strcmp(seen, free_group) == 0 || (rc == 0 && !device.intent)))
		return settle(attachment, &device, seen, false, err);
	if (rc < 0 && rc != -ERR_NOT_FOUND)
		return fail(err, ERR_BMC, "Device %s of a deleted node could not be read", card_id);
	rc = rc == -ERR_NOT_FOUND ? 0 : take_away(attachment, card_id, &finding, err);
	return rc < 0 ? rc : settle(attachment, &device, free_group, false, err);
}

int attachment_release(struct task *task, const struct pod_manager *manager, struct error *err)
{
	struct attachment attachment = { .manager = *manager };
	const struct device_filter filter = { .pod_manager_id = manager->id,
					      .is_orphaned = true,
					      .is_absent_shown = true };
	struct device *devices;
	size_t count = 0;
	int rc;

	eem_open(&attachment.eem, task, manager);
	rc = task_pool(task)->list(task, &filter, &devices, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = release_one(&attachment, devices[i].resource_id, err);
	return rc;
}
