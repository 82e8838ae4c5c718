/* What an EEM may send: refusals, devices, lists. Nothing may be read out of bounds, ids and groups that come
 * out can stand in a URL, a secret never survives, and what is recorded is JSON. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/expether/board.h"
#include "drivers/expether/inventory.h"
#include "lib/json.h"

#define SECRET "calvin"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const char *text)
{
	json_t *value = NULL;

	assert(json_parse(text, strlen(text), 5, &value, NULL) == 0 && json_is_object(value));
	json_decref(value);
}

static void read_one(struct task *task, const struct eem *eem, const json_t *object)
{
	struct device_store store;
	struct board board;
	json_t *shown;

	if (board_read(eem, object, &board, NULL) < 0)
		return;
	assert(strlen(board.id) == EEM_ID_MAX - 1 && strspn(board.id, "0123456789abcdefx") == EEM_ID_MAX - 1);
	assert(*board.group && strspn(board.group, "0123456789") == strlen(board.group));
	inventory_store(task, &board, NULL, &store);
	check_json(store.properties);
	check_json(store.extra);
	shown = board.is_host ? board_host_json(&board) : board_card_json(&board, NULL);
	assert(json_is_object(shown));
	json_decref(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pod_manager manager = { .url = "http://eem/eem", .password = SECRET };
	json_t *answer = NULL, *entry;
	struct error err = { 0 };
	struct task task;
	struct eem eem;
	size_t index;
	int status;

	if (size < 1)
		return 0;
	status = (const int[]){ 200, 204, 400, 401, 404, 500, 302, 503 }[data[0] & 7];
	task_init_permissive(&task, NULL);
	eem_open(&eem, &task, &manager);
	eem_reply_read(&eem, "GET /devices", status, (const char *)data + 1, size - 1, &answer, &err);
	assert(!strstr(err.text, SECRET) && strlen(eem.code) < sizeof(eem.code));
	for (const char *c = err.text; *c; c++)
		assert(isprint((unsigned char)*c));
	read_one(&task, &eem, json_object_get(answer, "device"));
	json_array_foreach(json_object_get(answer, "devices"), index, entry) read_one(&task, &eem, entry);
	json_decref(answer);
	task_release(&task);
	return 0;
}
