/* A service as a hostile BMC may build it: an object of paths and documents. All readers of the redfish
 * driver walk through it, without a request; what they give is of the shape that they promise, within its
 * bounds, and can be written down. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/bios_settings.h"
#include "drivers/redfish/bios.h"
#include "drivers/redfish/bios_registry.h"
#include "drivers/redfish/bmc_clock.h"
#include "drivers/redfish/facts.h"
#include "drivers/redfish/firmware.h"
#include "drivers/redfish/indicator.h"
#include "drivers/redfish/inventory.h"
#include "drivers/redfish/media.h"
#include "drivers/redfish/network.h"
#include "drivers/redfish/quirk.h"
#include "drivers/redfish/sensors.h"
#include "lib/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(json_t *take_value)
{
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	json_write(&text, take_value);
	assert(text.len);
	buf_release(&text);
	json_decref(take_value);
}

static void read_sensors(struct redfish_reader *reader, const json_t *system)
{
	json_t *sensors = json_pack("{s:{}, s:{}, s:{}, s:{}}", "Fan", "Temperature", "Power", "Drive");
	json_t *group, *sensor, *value;
	const char *name, *key, *member;

	redfish_sensors_read(reader, system, sensors);
	assert(json_object_size(sensors) == 4);
	json_object_foreach(sensors, name, group) json_object_foreach(group, key, sensor)
		json_object_foreach(sensor, member, value)
			assert(!json_is_object(value) && !json_is_array(value));
	check_written(sensors);
}

static void read_indicators(struct redfish_reader *reader, const json_t *system)
{
	const struct redfish_indicator *row = redfish_indicators_read(reader, system);

	for (; row->shown.name; row++)
		assert(row->shown.component && row->shown.states && json_is_object(row->owner));
}

static void read_facts(struct redfish_reader *reader, const json_t *system)
{
	struct machine_facts facts;

	redfish_facts_read(reader, system, &facts);
	assert(facts.secure_boot >= -1 && facts.secure_boot <= 1);
	assert(!facts.boot_mode || !strcmp(facts.boot_mode, "uefi") || !strcmp(facts.boot_mode, "bios"));
	redfish_quirks_of(system);
}

static void read_bios(struct redfish_reader *reader, const json_t *system)
{
	json_t *settings = redfish_bios_settings(reader, system), *setting, *value, *word, *converted;
	const char *name;
	size_t index, at;

	assert(json_array_size(settings) <= REDFISH_ATTRIBUTES_MAX);
	json_array_foreach(settings, index, setting)
	{
		assert(bios_setting_name_is_valid(redfish_text(setting, "name")));
		json_object_foreach(setting, name, value)
		{
			assert(!json_is_object(value) && !json_is_real(value));
			json_array_foreach(value, at, word) assert(json_is_string(word));
			converted = redfish_bios_converted(setting, NULL, value);
			json_decref(converted);
		}
	}
	check_written(settings);
}

static void check_mac(const char *mac)
{
	char again[18];

	assert(strlen(mac) == 17 && redfish_mac_parse(mac, again) && !strcmp(mac, again));
}

static void read_inventory(struct redfish_reader *reader, const json_t *system)
{
	struct redfish_sizes sizes;
	json_t *inventory = redfish_inventory_read(reader, system, &sizes), *row;
	size_t index;

	assert(sizes.memory_mb >= 0 && sizes.threads >= 0 && sizes.local_gb >= 0);
	json_array_foreach(json_object_get(inventory, "disks"), index, row)
		assert(json_integer_value(json_object_get(row, "size")) >= 0);
	json_array_foreach(json_object_get(inventory, "interfaces"), index, row)
		check_mac(redfish_text(row, "mac_address"));
	check_written(inventory);
	check_written(redfish_lldp_read(reader, system));
}

/* Requests are used up from the start: only what is there already is read. */
static void read_tree(json_t *take_documents, unsigned expand_levels)
{
	struct redfish_bmc bmc = { .info = { .address = "http://bmc", .root = "/redfish/v1/" },
				   .features = { .is_read = true, .expand_levels = expand_levels } };
	struct redfish_client client = { .bmc = &bmc, .info = bmc.info };
	struct redfish_reader reader;
	struct task task;
	struct node node;

	node_init(&node);
	task_init_permissive(&task, &node);
	client.task = &task;
	redfish_reader_begin(&reader, &client);
	json_decref(reader.documents);
	reader.documents = take_documents;
	reader.reads = REDFISH_READS_MAX + 1;
	const json_t *system = redfish_read(&reader, "/redfish/v1/Systems/1");
	read_sensors(&reader, system);
	read_indicators(&reader, system);
	read_facts(&reader, system);
	read_bios(&reader, system);
	check_written(redfish_firmware_read(&reader, system));
	check_written(redfish_media_read(&reader, system));
	read_inventory(&reader, system);
	assert(redfish_reader_end(&reader, NULL) == 0);
	task_release(&task);
	node_release(&node);
}

static void read_words(const char *text)
{
	int64_t seconds;
	char mac[18];
	int minutes;

	if (redfish_mac_parse(text, mac))
		check_mac(mac);
	if (redfish_offset_parse(text, &minutes))
		assert(minutes >= -900 && minutes <= 900);
	redfish_time_parse(text, &seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	json_t *documents = NULL;
	char words[80];

	if (size < sizeof(words)) {
		memcpy(words, text, size);
		words[size] = '\0';
		read_words(words);
	}
	if (json_parse(text, size, JSON_DEPTH_MAX, &documents, NULL) < 0)
		return 0;
	if (json_is_object(documents))
		read_tree(documents, (unsigned)(size % 4));
	else
		json_decref(documents);
	return 0;
}
