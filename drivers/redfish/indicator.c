/* indicator: see indicator.h. A LED is IndicatorLED, or LocationIndicatorActive where only that is there. */
#include "drivers/redfish/indicator.h"

#include <string.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/operation.h"
#include "drivers/redfish/storage.h"

#define INDICATORS_MAX 512

static const struct {
	const char *state, *led;
} led_states[] = { { "on", "Lit" }, { "blinking", "Blinking" }, { "off", "Off" } };
#define LED_STATE_COUNT (sizeof(led_states) / sizeof(led_states[0]))

static const char *const states[] = { "blinking", "off", "on", NULL };
static const char *const location_states[] = { "off", "on", NULL };

/* ---- finding ---- */

static const char *const *states_of(const json_t *owner)
{
	if (redfish_text(owner, "IndicatorLED"))
		return states;
	return json_is_boolean(json_object_get(owner, "LocationIndicatorActive")) ? location_states : NULL;
}

struct found {
	struct redfish_reader *reader;
	struct redfish_indicator *list; /* of INDICATORS_MAX and one */
	size_t count;
};

static void add(struct found *found, const char *component, const char *name, const json_t *owner)
{
	if (!states_of(owner) || !name || found->count == INDICATORS_MAX)
		return;
	found->list[found->count++] = (struct redfish_indicator){
		.shown = { .component = component,
			   .name = arena_strdup(&found->reader->client->task->arena, name),
			   .states = states_of(owner) },
		.owner = owner
	};
}

static void add_by_uuid(struct found *found, const char *component, const json_t *owner)
{
	const char *uuid = redfish_text(owner, "UUID");

	add(found, component, uuid && *uuid ? uuid : redfish_text(owner, "Id"), owner);
}

SUSPENDS static void add_drives(struct found *found, const json_t *storage)
{
	const json_t *drives = redfish_storage_drives(found->reader, storage), *drive;
	const char *id = redfish_text(storage, "Id");
	size_t index;

	json_array_foreach((json_t *)drives, index, drive)
	{
		const char *drive_id = redfish_text(drive, "Id");
		if (id && drive_id)
			add(found, "disk",
			    arena_printf(&found->reader->client->task->arena, "%s:%s", id, drive_id), drive);
	}
}

struct redfish_indicator *redfish_indicators_read(struct redfish_reader *reader, const json_t *system)
{
	struct found found = { .reader = reader };
	const json_t *list, *item;
	size_t index;

	found.list = arena_alloc(&reader->client->task->arena, (INDICATORS_MAX + 1) * sizeof(*found.list));
	add_by_uuid(&found, "system", system);
	list = redfish_chassis_of(reader, system, 0);
	json_array_foreach((json_t *)list, index, item) add_by_uuid(&found, "chassis", item);
	list = redfish_storage_list(reader, system);
	json_array_foreach((json_t *)list, index, item) add_drives(&found, item);
	found.list[found.count] = (struct redfish_indicator){ 0 };
	return found.list;
}

/* ---- the interface ---- */

int redfish_indicators_get(struct task *task, const struct indicator **ret, struct error *err)
{
	struct redfish_operation operation;
	struct redfish_indicator *found;
	struct indicator *list;
	size_t count = 0;
	int rc = redfish_operation_begin(&operation, task, "get indicators", err);

	if (rc < 0)
		return rc;
	found = redfish_indicators_read(&operation.reader, operation.system);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc < 0)
		return rc;
	while (found[count].shown.name)
		count++;
	list = arena_alloc(&task->arena, (count + 1) * sizeof(*list));
	for (size_t i = 0; i <= count; i++)
		list[i] = found[i].shown;
	*ret = list;
	return 0;
}

SUSPENDS static int find(struct redfish_operation *operation, const struct indicator *which,
			 const struct redfish_indicator **ret, struct error *err)
{
	const struct redfish_indicator *row = redfish_indicators_read(&operation->reader, operation->system);

	while (row->shown.name && (strcmp(row->shown.component, which->component) != 0 ||
				   strcmp(row->shown.name, which->name) != 0))
		row++;
	*ret = row;
	if (!row->shown.name && operation->reader.rc == 0)
		return fail(err, ERR_INVALID, "Node %s has no indicator %s@%s",
			    redfish_node_uuid(&operation->client), which->name, which->component);
	return 0;
}

static const char *read_state(const json_t *owner)
{
	const char *led = redfish_text(owner, "IndicatorLED");

	for (size_t i = 0; led && i < LED_STATE_COUNT; i++)
		if (!strcmp(led_states[i].led, led))
			return led_states[i].state;
	if (led)
		return "unknown";
	return json_is_true(json_object_get(owner, "LocationIndicatorActive")) ? "on" : "off";
}

int redfish_indicator_get(struct task *task, const struct indicator *which, const char **ret_state,
			  struct error *err)
{
	const struct redfish_indicator *row = NULL;
	struct redfish_operation operation;
	const char *state = NULL;
	int rc = redfish_operation_begin(&operation, task, "get indicator", err);

	if (rc < 0)
		return rc;
	rc = find(&operation, which, &row, err);
	if (rc == 0)
		state = read_state(row->owner);
	rc = redfish_operation_end(&operation, rc, err);
	if (rc == 0)
		*ret_state = state;
	return rc;
}

static int check_state(const struct redfish_indicator *row, const char *state, struct error *err)
{
	for (const char *const *known = row->shown.states; *known; known++)
		if (!strcmp(*known, state))
			return 0;
	return fail(err, ERR_INVALID, "Indicator %s@%s has no state %s", row->shown.name,
		    row->shown.component, state);
}

SUSPENDS static int patch(struct redfish_client *client, const char *path, json_t *take_body,
			  struct error *err)
{
	int rc = redfish_patch(client, path, take_body, err);

	json_decref(take_body);
	return rc;
}

/* Where both are there, some take only the newer one. */
SUSPENDS static int write_state(struct redfish_client *client, const json_t *owner, const char *state,
				struct error *err)
{
	const char *path = redfish_text(owner, "@odata.id");
	bool has_location = json_is_boolean(json_object_get(owner, "LocationIndicatorActive"));
	const char *led = NULL;
	int rc;

	if (!path)
		return fail(err, ERR_BMC, "The resource of the indicator has no address");
	rc = redfish_get(client, path, err); /* for its ETag */
	for (size_t i = 0; i < LED_STATE_COUNT && redfish_text(owner, "IndicatorLED"); i++)
		if (!strcmp(led_states[i].state, state))
			led = led_states[i].led;
	if (rc < 0)
		return rc;
	if (led)
		rc = patch(client, path, json_pack("{s:s}", "IndicatorLED", led), err);
	if (!led || (rc == -ERR_BMC && has_location && strcmp(state, "blinking") != 0))
		rc = patch(client, path, json_pack("{s:b}", "LocationIndicatorActive", !strcmp(state, "on")),
			   err);
	return rc;
}

int redfish_indicator_set(struct task *task, const struct indicator *which, const char *state,
			  struct error *err)
{
	const struct redfish_indicator *row = NULL;
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "set indicator", err);

	if (rc < 0)
		return rc;
	rc = find(&operation, which, &row, err);
	if (rc == 0 && operation.reader.rc == 0)
		rc = check_state(row, state, err);
	if (rc == 0 && operation.reader.rc == 0)
		rc = write_state(&operation.client, row->owner, state, err);
	return redfish_operation_end(&operation, rc, err);
}
