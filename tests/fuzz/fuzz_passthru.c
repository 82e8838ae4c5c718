/* fuzz_passthru: hostile arguments against every vendor method of every hardware type. The first byte picks
 * the method, the second the level of trust in driver_info; the rest is the JSON that the caller sent.
 * Nothing is run: what must hold is that checks end, refuse with a sentence, and touch nothing out of bounds.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/config.h"
#include "lib/json.h"
#include "passthru/passthru.h"

#define METHODS_MAX 256

/* One method and where it is offered. */
struct offer {
	const struct hardware_type *hardware;
	const struct interface *vendor;
	const struct passthru_method *method;
	bool is_driver_level;
};

static struct offer offers[METHODS_MAX];
static size_t offer_count;

static void add(const struct hardware_type *hardware, const struct interface *vendor,
		const struct passthru_method *row, bool is_driver_level)
{
	for (; row && row->name && offer_count < METHODS_MAX; row++)
		offers[offer_count++] = (struct offer){ hardware, vendor, row, is_driver_level };
}

static void collect(void)
{
	struct error err;

	drivers_config_register();
	if (config_load(NULL, &err) < 0 || drivers_check_config(&err) < 0)
		__builtin_trap();
	for (size_t i = 0; hardware_types[i]; i++) {
		const struct interface *const *list = hardware_types[i]->interfaces[INTERFACE_VENDOR];

		for (; list && *list; list++) {
			add(hardware_types[i], *list, vendor_interface(*list)->node_methods, false);
			add(hardware_types[i], *list, vendor_interface(*list)->driver_methods, true);
		}
	}
}

static void check(const struct offer *offer, json_t *args, bool is_info_hostile)
{
	struct passthru_call call = { .method = offer->method, .verb = "POST", .args = args };
	struct error err = { .code = ERR_NONE };
	struct node node;
	struct task task;

	node_init(&node);
	node_set_text(&node, NODE_UUID, "00000000-0000-4000-8000-000000000001");
	node_set_text(&node, NODE_DRIVER, offer->hardware->name);
	node_set_text(&node, NODE_VENDOR_INTERFACE, offer->vendor->name);
	if (is_info_hostile)
		node_set_object(&node, NODE_DRIVER_INFO, json_deep_copy(args));
	task_init_permissive(&task, &node);
	if (offer->is_driver_level)
		task.node = NULL;
	if (passthru_check(&task, &call, &err) < 0)
		assert(err.code != ERR_NONE && err.text[0]);
	task_release(&task);
	node_release(&node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *args;
	struct error err;

	if (offer_count == 0)
		collect();
	if (size < 2 || json_parse((const char *)data + 2, size - 2, JSON_DEPTH_MAX, &args, &err) < 0)
		return 0;
	if (json_is_object(args))
		check(&offers[data[0] % offer_count], args, data[1] & 1);
	json_decref(args);
	return 0;
}
