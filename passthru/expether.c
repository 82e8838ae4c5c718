/* expether: vendor methods of nodes of the expether driver: cards come to a host and go. Everything is
 * synchronous: the answer says what the EEM shows. Source: docs/expether.rst. */
#include "passthru/expether.h"

#include <stdio.h>
#include <string.h>

#include "drivers/expether/attach.h"
#include "drivers/expether/expether.h"
#include "drivers/expether/inventory.h"
#include "drivers/expether/options.h"
#include "drivers/expether/pci_names.h"
#include "drivers/vendor.h"
#include "lib/json.h"
#include "passthru/passthru.h"

#define COMPOSE_MAX 64

/* ---- arguments ---- */

static const char *const types[] = { "SSD", "NIC", "GPU", "Multi", "SWITCH", "USB", "ACS", "Unknown", NULL };
static const char *const states[] = { "free", "allocated", NULL };
static const char *const sides[] = { "eeio", "eesv", NULL };

static int check_word(const char *name, const char *word, const char *const *allowed, struct error *err)
{
	for (const char *const *one = allowed; word && *one; one++) {
		if (strcmp(*one, word) == 0)
			return 0;
	}
	return word ? fail(err, ERR_INVALID, "%s \"%.64s\" is not one of those known", name, word) : 0;
}

int expether_check_filters(struct task *task, const struct passthru_call *call, struct error *err)
{
	int rc = check_word("type", passthru_text(call, "type"), types, err);

	(void)task;
	if (rc == 0)
		rc = check_word("state", passthru_text(call, "state"), states, err);
	return rc == 0 ? check_word("status", passthru_text(call, "status"), sides, err) : rc;
}

/* The device that the call names; "" when it names none. */
static int device_id(const struct passthru_call *call, char id[EEM_ID_MAX], struct error *err)
{
	const char *text = passthru_text(call, "device_id");

	id[0] = '\0';
	if (text && !expether_id_parse(text, id))
		return fail(err, ERR_INVALID,
			    "device_id \"%.64s\" is not the id of a device: 0x and 12 hexadecimal digits",
			    text);
	return 0;
}

static int check_device(struct task *task, const struct passthru_call *call, struct error *err)
{
	char id[EEM_ID_MAX];

	(void)task;
	return device_id(call, id, err);
}

static int check_attach(struct task *task, const struct passthru_call *call, struct error *err)
{
	if (!passthru_text(call, "device_id") == !passthru_text(call, "type"))
		return fail(err, ERR_MISSING, "attach_device needs either device_id or type");
	int rc = expether_check_filters(task, call, err);
	return rc == 0 ? check_device(task, call, err) : rc;
}

static const json_t *compose_types(const struct passthru_call *call)
{
	return json_object_get(json_object_get(call->args, "pci_device"), "type");
}

static int check_compose(struct task *task, const struct passthru_call *call, struct error *err)
{
	const json_t *list = compose_types(call), *value;
	size_t index;

	(void)task;
	if (!json_is_array(list) || json_array_size(list) > COMPOSE_MAX)
		return fail(err, ERR_INVALID,
			    "pci_device must be {\"type\": [...]}, a list of at most %d types", COMPOSE_MAX);
	json_array_foreach((json_t *)list, index, value)
	{
		const char *text = json_string_value(value);
		int rc = check_word("type", text ? text : "", types, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_led(struct task *task, const struct passthru_call *call, struct error *err)
{
	static const char *const words[] = { "on", "off", NULL };
	int rc = check_word("state", passthru_text(call, "state"), words, err);

	return rc == 0 ? check_device(task, call, err) : rc;
}

/* ---- reading ---- */

bool expether_fits(const struct passthru_call *call, const struct board *card)
{
	const char *type = passthru_text(call, "type"), *state = passthru_text(call, "state");
	bool is_free = strcmp(card->group, DEVICE_FREE_GROUP) == 0;

	if (type && strcmp(type, card->card ? card->card : "") != 0)
		return false;
	return !state || is_free == (strcmp(state, "free") == 0);
}

/* Opens the EEM of the task's node, which is recorded if it is new, and reads its host; *ret_object keeps its
 * texts. */
SUSPENDS static int open_host(struct task *task, struct eem *eem, struct board *ret_host, json_t **ret_object,
			      struct error *err)
{
	struct pod_manager recorded;
	struct expether_info info;
	int rc = expether_info_parse(task, &info, err);

	if (rc < 0)
		return rc;
	rc = task_pool(task)->manager_of(task, &info.manager, &recorded, err);
	if (rc < 0)
		return rc;
	pci_names_load(expether_options.pci_ids);
	eem_open(eem, task, &info.manager);
	return board_get_host(eem, info.host, ret_host, ret_object, err);
}

/* The cards of the host and, with_free, those that nobody has and that are there. */
SUSPENDS static int list_cards(struct eem *eem, const struct board *host, const struct passthru_call *call,
			       bool with_free, json_t **ret, struct error *err)
{
	json_t *boards = NULL, *cards = json_array(), *entry;
	struct board card;
	size_t index;
	int rc = board_list(eem, "status=eeio", &boards, err);

	json_array_foreach(boards, index, entry)
	{
		if (rc == 0)
			rc = board_read(eem, entry, &card, err);
		if (rc < 0 || !expether_fits(call, &card))
			continue;
		if (board_has_group(host) && strcmp(card.group, host->group) == 0)
			json_array_append_new(cards, board_card_json(&card, host->id));
		else if (with_free && card.is_up && strcmp(card.group, DEVICE_FREE_GROUP) == 0)
			json_array_append_new(cards, board_card_json(&card, NULL));
	}
	json_decref(boards);
	if (rc < 0)
		json_decref(cards);
	else
		*ret = cards;
	return rc;
}

static int get_node(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		    struct error *err)
{
	json_t *object = NULL, *cards = NULL;
	struct board host = { 0 };
	struct eem eem;
	int rc = open_host(task, &eem, &host, &object, err);

	if (rc == 0)
		rc = list_cards(&eem, &host, call, false, &cards, err);
	if (rc == 0) {
		result->value = board_host_json(&host);
		json_object_set_new(result->value, "power_status", json_string(host.power));
		json_object_set_new(result->value, "node_uuid", json_string(node_uuid(task->node)));
		json_object_set_new(result->value, "attached", cards);
	}
	json_decref(object);
	return rc;
}

static int list_devices(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			struct error *err)
{
	json_t *object = NULL;
	struct board host = { 0 };
	struct eem eem;
	int rc = open_host(task, &eem, &host, &object, err);

	if (rc == 0)
		rc = list_cards(&eem, &host, call, true, &result->value, err);
	json_decref(object);
	return rc;
}

/* ---- cards come and go ---- */

/* A record for clients. group NULL: as recorded. */
json_t *expether_record_json(const struct device *device, const char *group, const char *host_id,
			     const char *node)
{
	static const char *const texts[2][2] = { { "mac_address", "model" },
						 { "vendor_name", "device_name" } };
	const char *sources[] = { device->properties, device->extra };
	const char *shown = group ? group : device->group_id;
	json_t *record =
		json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:s?, s:s+}", "device_id", device->resource_id, "type",
			  device->type, "state", strcmp(shown, DEVICE_FREE_GROUP) == 0 ? "free" : "allocated",
			  "group_id", shown, "eesv_id", host_id, "node_uuid", node, "resource_uri",
			  "devices/", device->resource_id);

	if (device->uuid[0])
		json_object_set_new(record, "uuid", json_string(device->uuid));
	if (device->pod_manager_uuid[0])
		json_object_set_new(record, "pod_manager_uuid", json_string(device->pod_manager_uuid));
	for (int i = 0; i < 2; i++) {
		json_t *source = NULL;

		if (sources[i])
			json_parse(sources[i], strlen(sources[i]), JSON_DEPTH_MAX, &source, NULL);
		for (int n = 0; n < 2; n++) {
			json_t *value = json_object_get(source, texts[i][n]);

			if (value)
				json_object_set(record, i == 0 && n == 1 ? "board_type" : texts[i][n], value);
		}
		json_decref(source);
	}
	return record;
}

static json_t *taken_json(const struct attachment *attachment, const struct taken_card *card)
{
	return expether_record_json(&card->device, card->group, attachment->host_id,
				    node_uuid(attachment->eem.task->node));
}

static int attach_device(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			 struct error *err)
{
	struct attachment attachment;
	struct taken_card card;
	char id[EEM_ID_MAX];
	int rc = attachment_open(&attachment, task, err);

	if (rc == 0)
		rc = device_id(call, id, err);
	if (rc == 0)
		rc = *id ? attachment_take(&attachment, id, &card, err)
			 : attachment_take_type(&attachment, passthru_text(call, "type"), &card, err);
	if (rc == 0)
		rc = attachment_keep(&attachment, &card, err);
	if (rc == 0)
		result->value = taken_json(&attachment, &card);
	return rc;
}

static int detach_device(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			 struct error *err)
{
	struct attachment attachment;
	char id[EEM_ID_MAX];
	int rc = attachment_open(&attachment, task, err);

	if (rc == 0)
		rc = device_id(call, id, err);
	if (rc == 0)
		rc = attachment_drop(&attachment, id, err);
	if (rc == 0)
		result->value = json_pack("{s:s, s:s, s:s}", "device_id", id, "state", "free", "group_id",
					  DEVICE_FREE_GROUP);
	return rc;
}

static int detach_all(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		      struct error *err)
{
	struct attachment attachment;
	json_t *freed = json_array();
	int rc = attachment_open(&attachment, task, err);

	(void)call;
	if (rc == 0)
		rc = attachment_drop_all(&attachment, true, freed, err);
	if (rc == 0)
		result->value = freed;
	else
		json_decref(freed);
	return rc;
}

/* Takes back what was taken; the first failure of that is told beside the one that led here. */
SUSPENDS static int roll_back(struct attachment *attachment, const struct taken_card *cards, int rc,
			      struct error *err)
{
	struct error failure;

	for (const struct taken_card *card = cards; card; card = card->next) {
		if (attachment_undo(attachment, card, &failure) < 0)
			rc = fail(err, err->code, "%s. What was attached before could not be detached: %s",
				  err->text, failure.text);
	}
	return rc;
}

/* Claims stay unsettled until all cards are there: what a conductor that dies in between has attached is
 * detached by the repeat. */
static int compose(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		   struct error *err)
{
	const json_t *list = compose_types(call), *type;
	struct taken_card *cards = NULL;
	struct attachment attachment;
	size_t index;
	int rc = attachment_open(&attachment, task, err);

	if (rc == 0)
		rc = attachment_undo_left(&attachment, err);
	json_array_foreach((json_t *)list, index, type)
	{
		struct taken_card *card = arena_alloc(&task->arena, sizeof(*card));

		if (rc == 0)
			rc = attachment_take_type(&attachment, json_string_value(type), card, err);
		if (rc < 0)
			break;
		card->next = cards;
		cards = card;
	}
	if (rc < 0)
		return roll_back(&attachment, cards, rc, err);
	result->value = json_pack("{s:s, s:[]}", "eesv_id", attachment.host_id, "attached");
	for (struct taken_card *card = cards; card && rc == 0; card = card->next) {
		rc = attachment_keep(&attachment, card, err);
		json_array_insert_new(json_object_get(result->value, "attached"), 0,
				      taken_json(&attachment, card));
	}
	return rc;
}

/* ---- boards ---- */

/* The host's own board, or the card that the call names and that is the host's. */
SUSPENDS static int own_board(struct task *task, const struct passthru_call *call, struct eem *eem,
			      char id[EEM_ID_MAX], struct error *err)
{
	json_t *object = NULL, *card_object = NULL;
	struct board host, card;
	int rc = device_id(call, id, err);

	if (rc == 0)
		rc = open_host(task, eem, &host, &object, err);
	if (rc == 0 && *id && strcmp(id, host.id) != 0) {
		rc = board_get(eem, id, &card, &card_object, err);
		if (rc == 0 && (!board_has_group(&host) || strcmp(card.group, host.group) != 0))
			rc = fail(err, ERR_CONFLICT, "Device %s is not attached to node %s", id,
				  node_uuid(task->node));
	} else if (rc == 0) {
		memcpy(id, host.id, sizeof(host.id));
	}
	json_decref(card_object);
	json_decref(object);
	return rc;
}

SUSPENDS static int put_to_board(struct task *task, const struct passthru_call *call, const char *what,
				 struct passthru_result *result, struct error *err)
{
	char id[EEM_ID_MAX], path[EEM_PATH_MAX];
	json_t *answer = NULL;
	struct eem eem;
	int rc = own_board(task, call, &eem, id, err);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/devices/%s/%s", id, what);
	rc = eem_put(&eem, path, NULL, &answer, err);
	json_decref(answer);
	if (rc == 0)
		result->value = json_pack("{s:s}", "device_id", id);
	return rc;
}

static int audit(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		 struct error *err)
{
	return put_to_board(task, call, "audit", result, err);
}

static int reset_device(struct task *task, const struct passthru_call *call, struct passthru_result *result,
			struct error *err)
{
	return put_to_board(task, call, "perst", result, err);
}

static int send_reset_frame(struct task *task, const struct passthru_call *call,
			    struct passthru_result *result, struct error *err)
{
	return put_to_board(task, call, "send_reset_frame", result, err);
}

static int get_uid_led(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		       struct error *err)
{
	char id[EEM_ID_MAX], path[EEM_PATH_MAX];
	json_t *answer = NULL;
	struct eem eem;
	int rc = own_board(task, call, &eem, id, err);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/devices/%s/uid_led_status", id);
	rc = eem_get(&eem, path, &answer, err);
	if (rc == 0)
		result->value = json_pack("{s:s, s:s?}", "device_id", id, "state",
					  json_string_value(json_object_get(answer, "uid_led_status")));
	json_decref(answer);
	return rc;
}

static int set_uid_led(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		       struct error *err)
{
	const char *state = passthru_text(call, "state");
	char id[EEM_ID_MAX], path[EEM_PATH_MAX];
	json_t *body;
	struct eem eem;
	int rc = own_board(task, call, &eem, id, err);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/devices/%s/uid_led_status", id);
	body = json_pack("{s:s}", "uid_led_status", state);
	rc = eem_put(&eem, path, body, NULL, err);
	json_decref(body);
	if (rc == 0)
		result->value = json_pack("{s:s, s:s}", "device_id", id, "state", state);
	return rc;
}

/* ---- tables ---- */

/* clang-format off */
static const struct passthru_argument filter_arguments[] = {
	{ .name = "type", .type = ARGUMENT_TEXT }, { .name = "state", .type = ARGUMENT_TEXT }, { 0 }
};
static const struct passthru_argument attach_arguments[] = {
	{ .name = "device_id", .type = ARGUMENT_TEXT }, { .name = "type", .type = ARGUMENT_TEXT }, { 0 }
};
static const struct passthru_argument detach_arguments[] = {
	{ .name = "device_id", .type = ARGUMENT_TEXT, .is_required = true }, { 0 }
};
static const struct passthru_argument compose_arguments[] = {
	{ .name = "pci_device", .type = ARGUMENT_OBJECT, .is_required = true }, { 0 }
};
static const struct passthru_argument device_argument[] = {
	{ .name = "device_id", .type = ARGUMENT_TEXT }, { 0 }
};
static const struct passthru_argument led_arguments[] = {
	{ .name = "state", .type = ARGUMENT_TEXT, .is_required = true },
	{ .name = "device_id", .type = ARGUMENT_TEXT }, { 0 }
};
static const struct passthru_method node_methods[] = {
	{ .name = "get_node", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .run = get_node,
	  .help = "Returns the node's host as the ExpEther manager shows it, and its cards." },
	{ .name = "list_devices", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = filter_arguments, .validate = expether_check_filters,
	  .run = list_devices,
	  .help = "Returns the cards of the node and those that are free. Optional arguments: "
		  "'type', 'state' "
		  "(free, allocated)" },
	{ .name = "attach_device", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .run_s = 120, .arguments = attach_arguments, .validate = check_attach,
	  .run = attach_device,
	  .help = "Attaches a card to the node. Required argument: 'device_id', or 'type' for any "
		  "free one of "
		  "that type" },
	{ .name = "detach_device", .verbs = VERB_POST | VERB_DELETE, .mode = PASSTHRU_SYNC,
	  .lock = LOCK_EXCLUSIVE, .on_crash = CRASH_REPEAT, .run_s = 120, .arguments = detach_arguments,
	  .validate = check_device, .run = detach_device,
	  .help = "Detaches a card from the node; one that is free already is fine. Required argument: "
		  "'device_id'" },
	{ .name = "detach_all", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .run_s = 300, .run = detach_all,
	  .help = "Detaches all cards of the node. Returns their ids." },
	{ .name = "compose", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .run_s = 300, .arguments = compose_arguments, .validate = check_compose,
	  .run = compose,
	  .help = "Attaches a free card of each type, or none. Required argument: 'pci_device', a "
		  "dictionary of "
		  "{'type': [types]}" },
	{ .name = "get_uid_led", .verbs = VERB_GET, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = device_argument, .validate = check_device,
	  .run = get_uid_led,
	  .help = "Returns the state of the UID LED of the node's board. Optional argument: "
		  "'device_id' - a card "
		  "of the node" },
	{ .name = "set_uid_led", .verbs = VERB_PUT, .mode = PASSTHRU_SYNC, .lock = LOCK_SHARED,
	  .on_crash = CRASH_REPEAT, .arguments = led_arguments, .validate = check_led, .run = set_uid_led,
	  .help = "Switches the UID LED of the node's board. Required argument: 'state' (on, off). Optional "
		  "argument: 'device_id' - a card of the node" },
	{ .name = "audit", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_REPEAT, .arguments = device_argument, .validate = check_device, .run = audit,
	  .help = "Has the ExpEther manager read the node's board anew. Optional argument: "
		  "'device_id' - a card of "
		  "the node" },
	{ .name = "reset_device", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER, .arguments = device_argument, .validate = check_device,
	  .run = reset_device,
	  .help = "Asserts PERST# at the node's board. Optional argument: 'device_id' - a card of the node" },
	{ .name = "send_reset_frame", .verbs = VERB_POST, .mode = PASSTHRU_SYNC, .lock = LOCK_EXCLUSIVE,
	  .on_crash = CRASH_NEVER, .arguments = device_argument, .validate = check_device,
	  .run = send_reset_frame,
	  .help = "Sends a reset frame to the node's board. Optional argument: 'device_id' - a card "
		  "of the node" },
	{ 0 }
};

/* clang-format on */

const struct vendor_interface expether_vendor = {
	.base = { .type = INTERFACE_VENDOR,
		  .name = "expether",
		  .properties = expether_properties,
		  .validate = expether_validate },
	.node_methods = node_methods,
	.driver_methods = expether_driver_methods,
};
