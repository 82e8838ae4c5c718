/* board: see board.h. Source: the device object that known clients read (docs/expether.rst). */
#include "drivers/expether/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/expether/eem_fleet.h"
#include "drivers/expether/pci_names.h"
#include "lib/json.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

const char *board_card_type(unsigned class_code)
{
	/* clang-format off */
	static const char *const types[] = {
		[0x01] = "SSD", [0x02] = "NIC", [0x03] = "GPU", [0x04] = "Multi", [0x06] = "SWITCH",
		[0x0c] = "USB", [0x12] = "ACS",
	};
	/* clang-format on */
	unsigned top = class_code >> 16;

	return top < sizeof(types) / sizeof(types[0]) && types[top] ? types[top] : "Unknown";
}

/* "0x010802", at most six digits. */
static bool read_hex(const json_t *object, const char *name, unsigned *ret)
{
	const char *text = text_of(object, name);
	char *end;

	if (strncmp(text, "0x", 2) != 0 || strlen(text) < 3 || strlen(text) > 8)
		return false;
	*ret = (unsigned)strtoul(text + 2, &end, 16);
	return !*end;
}

/* Decimal text of at most four digits; a number is one too. */
static bool read_group(const json_t *object, char group[EEM_GROUP_TEXT])
{
	const json_t *value = json_object_get(object, "group_id");
	const char *text = json_string_value(value);

	if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= 9999) {
		snprintf(group, EEM_GROUP_TEXT, "%d", (short)json_integer_value(value));
		return true;
	}
	if (!text || !*text || strlen(text) > 4 || strspn(text, "0123456789") != strlen(text))
		return false;
	snprintf(group, EEM_GROUP_TEXT, "%s", text);
	return true;
}

bool board_has_group(const struct board *board)
{
	long number = strtol(board->group, NULL, 10);

	return number >= EEM_GROUP_MIN && number <= EEM_GROUP_MAX;
}

static void read_card(const json_t *object, struct board *board)
{
	/* older boards do not know what is behind them */
	if (strcmp(board->type, "40g") != 0 || !read_hex(object, "pcie_class_code", &board->class_code))
		return;
	board->card = board_card_type(board->class_code);
	if (!read_hex(object, "pcie_vendor_id", &board->vendor) ||
	    !read_hex(object, "pcie_device_id", &board->device))
		board->vendor = board->device = 0;
}

int board_read(const struct eem *eem, const json_t *object, struct board *ret, struct error *err)
{
	const char *id = text_of(object, "id"), *side = text_of(object, "status");
	const char *notification =
		json_string_value(json_array_get(json_object_get(object, "notification_status0"), 0));
	long max_cards = strtol(text_of(object, "max_eeio_count"), NULL, 10);

	*ret = (struct board){
		.is_host = strcmp(side, "eesv") == 0,
		.is_up = !notification || strcmp(notification, "down") != 0,
		.type = text_of(object, "type"),
		.mac = text_of(object, "mac_address"),
		.model = text_of(object, "model"),
		.ee_version = text_of(object, "ee_version"),
		.serial = text_of(object, "serial_number"),
		.host_model = text_of(object, "host_model"),
		.host_serial = text_of(object, "host_serial_number"),
		.power = text_of(object, "power_status"),
		.max_cards = max_cards > 0 && max_cards < 4096 ? (unsigned)max_cards : 0,
	};
	if (strlen(id) != EEM_ID_MAX - 1 || !expether_id_parse(id, ret->id) || strcmp(id, ret->id) != 0 ||
	    (!ret->is_host && strcmp(side, "eeio") != 0) || !read_group(object, ret->group))
		return fail(err, ERR_BMC,
			    "The ExpEther manager %s shows a device without id, status or group id",
			    eem->manager.url);
	if (!ret->is_host)
		read_card(object, ret);
	return 0;
}

/* ---- requests ---- */

int board_get(struct eem *eem, const char *id, struct board *ret, json_t **ret_object, struct error *err)
{
	char path[EEM_PATH_MAX];
	json_t *answer = NULL;
	int rc;

	snprintf(path, sizeof(path), "/devices/%s", id);
	rc = eem_get(eem, path, &answer, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "The ExpEther manager %s has no device %s", eem->manager.url,
			    id);
	if (rc == 0)
		rc = board_read(eem, json_object_get(answer, "device"), ret, err);
	if (rc == 0 && strcmp(ret->id, id) != 0)
		rc = fail(err, ERR_BMC, "The ExpEther manager %s shows device %s where %s was asked for",
			  eem->manager.url, ret->id, id);
	if (rc < 0)
		json_decref(answer);
	else
		*ret_object = answer;
	return rc;
}

int board_get_host(struct eem *eem, const char *id, struct board *ret, json_t **ret_object, struct error *err)
{
	int rc = board_get(eem, id, ret, ret_object, err);

	if (rc < 0 || ret->is_host)
		return rc;
	json_decref(*ret_object);
	*ret_object = NULL;
	return fail(err, ERR_INVALID,
		    "Device %s of the ExpEther manager %s is an I/O device (EEIO), not a host's "
		    "board (EESV)",
		    id, eem->manager.url);
}

SUSPENDS static int get_list(struct eem *eem, const char *path, const char *query, json_t **ret_list,
			     struct error *err)
{
	char full[EEM_PATH_MAX];
	json_t *answer = NULL, *list;
	int rc;

	snprintf(full, sizeof(full), "%s?%s", path, query);
	rc = eem_get(eem, full, &answer, err);
	list = json_object_get(answer, "devices");
	if (rc == 0 && !json_is_array(list))
		rc = fail(err, ERR_BMC, "The ExpEther manager %s answered without a list of devices",
			  eem->manager.url);
	if (rc == 0)
		*ret_list = json_incref(list);
	json_decref(answer);
	return rc;
}

int board_list(struct eem *eem, const char *query, json_t **ret_list, struct error *err)
{
	return get_list(eem, "/devices/detail", query, ret_list, err);
}

int board_ids(struct eem *eem, const char *query, json_t **ret_list, struct error *err)
{
	return get_list(eem, "/devices", query, ret_list, err);
}

/* ---- for clients and records ---- */

static void set_hex(json_t *object, const char *name, int digits, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%0*x", digits, value);
	json_object_set_new(object, name, json_string(text));
}

json_t *board_card_json(const struct board *board, const char *host_id)
{
	json_t *card = json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:s, s:s, s:s, s:s, s:s+, s:b}", "device_id",
				 board->id, "type", board->card, "state",
				 strcmp(board->group, DEVICE_FREE_GROUP) == 0 ? "free" : "allocated",
				 "group_id", board->group, "eesv_id", host_id, "board_type", board->type,
				 "mac_address", board->mac, "model", board->model, "power_status",
				 board->power, "resource_uri", "devices/", board->id, "is_up", board->is_up);

	if (!board->card)
		return card;
	set_hex(card, "pcie_class_code", 6, board->class_code);
	set_hex(card, "pcie_vendor_id", 4, board->vendor);
	set_hex(card, "pcie_device_id", 4, board->device);
	json_object_set_new(card, "vendor_name", json_string(pci_vendor_name(board->vendor)));
	json_object_set_new(card, "device_name", json_string(pci_device_name(board->vendor, board->device)));
	return card;
}

json_t *board_host_json(const struct board *board)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b}", "eesv_id", board->id,
			 "group_id", board->group, "board_type", board->type, "mac_address", board->mac,
			 "model", board->model, "ee_version", board->ee_version, "serial_number",
			 board->serial, "host_model", board->host_model, "host_serial_number",
			 board->host_serial, "max_eeio_count", (int)board->max_cards, "is_up", board->is_up);
}

static void put_member(struct buf *text, const char *name, const char *value)
{
	buf_printf(text, "%s\"%s\": ", text->len ? ", " : "{", name);
	buf_json_string(text, value, strlen(value));
}

static const char *end_text(struct buf *text, struct arena *arena)
{
	const char *copy;

	buf_puts(text, text->len ? "}" : "{}");
	copy = arena_strndup(arena, text->data, text->len);
	buf_release(text);
	return copy;
}

const char *board_properties(const struct board *board, struct arena *arena)
{
	struct buf text;

	buf_init(&text, 4096);
	put_member(&text, "device_id", board->id);
	put_member(&text, "mac_address", board->mac);
	put_member(&text, "model", board->type);
	return end_text(&text, arena);
}

const char *board_extra(const struct board *board, struct arena *arena)
{
	struct buf text;

	buf_init(&text, 4096);
	if (board->card) {
		put_member(&text, "vendor_name", pci_vendor_name(board->vendor));
		put_member(&text, "device_name", pci_device_name(board->vendor, board->device));
	}
	return end_text(&text, arena);
}
