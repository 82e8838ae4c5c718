/*
 * ipmi_control: what the control port shows and changes of the IPMI side:
 *
 *	{"ipmi": {"sensors": {"Inlet Temp": {"raw": 60, "states": 0, "unavailable": false}},
 *		  "sel": [{"sensor_type": 1, "sensor": 1, "event_type": 1, "data": [87, 60, 47], "time":
 *1700000000}], "cancel_reservations": true}}
 *
 * Events are appended; "sel": null empties the log.
 */
#include <string.h>

#include "lib/clock.h"
#include "tools/bmcsim/ipmi_side.h"
#include "tools/bmcsim/serial.h"

/* ---- showing ---- */

static json_t *target_show(struct ipmi_target *target)
{
	json_t *shown = bmc_to_json(&target->bmc);

	json_object_set_new(shown, "channel", json_integer(target->route.target_channel));
	json_object_set_new(shown, "target_address", json_integer(target->route.target_address));
	json_object_set_new(shown, "identify_s", json_integer(target->machine.model.identify_s));
	return shown;
}

json_t *ipmi_control_show(struct bmc *bmc)
{
	const struct ipmi_side *side = bmc->side;

	if (side == NULL)
		return NULL;

	const struct bmc_model *model = &side->machine.model;
	struct ipmi_server_counters counters = ipmi_server_counters(side->server);
	json_t *targets = json_array();
	for (size_t i = 0; i < side->target_count; i++)
		json_array_append_new(targets, target_show(&side->targets[i]));
	return json_pack("{s:i, s:i, s:I, s:I, s:i, s:i, s:i, s:b, s:i, s:o}", "sessions",
			 (int)counters.sessions, "handshakes", (int)counters.handshakes, "dropped",
			 (json_int_t)counters.dropped, "repeated", (json_int_t)counters.repeated,
			 "identify_s", model->identify_s, "restore_policy", model->restore_policy,
			 "sel_records", (int)model->sel.count, "is_console_active",
			 side->serial != NULL && serial_is_active(side->serial), "breaks",
			 side->serial != NULL ? (int)serial_breaks(side->serial) : 0, "targets", targets);
}

/* ---- sensors ---- */

static int check_number(const json_t *object, const char *name, json_int_t max, struct error *err)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL ||
	    (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= max))
		return 0;
	return fail(err, ERR_INVALID, "ipmi: %s must be a whole number from 0 to %lld", name, (long long)max);
}

static int check_sensors(const struct ipmi_side *side, const json_t *value, struct error *err)
{
	const char *name;
	json_t *state;

	if (!json_is_object(value))
		return fail(err, ERR_INVALID, "ipmi.sensors must be an object");
	json_object_foreach((json_t *)value, name, state)
	{
		const json_t *unavailable = json_object_get(state, "unavailable");
		if (bmc_model_sensor_find(&side->machine.model, name) < 0)
			return fail(err, ERR_INVALID, "ipmi.sensors: there is no sensor '%s'", name);
		if (unavailable != NULL && !json_is_boolean(unavailable))
			return fail(err, ERR_INVALID, "ipmi.sensors: unavailable must be true or false");
		if (check_number(state, "raw", UINT8_MAX, err) < 0 ||
		    check_number(state, "states", UINT16_MAX, err) < 0)
			return -ERR_INVALID;
	}
	return 0;
}

static void apply_sensors(struct ipmi_side *side, const json_t *value)
{
	const char *name;
	json_t *shown;

	json_object_foreach((json_t *)value, name, shown)
	{
		int position = bmc_model_sensor_find(&side->machine.model, name);
		struct bmc_sensor_state *state =
			bmc_model_sensor_change(&side->machine.model, (size_t)position);
		const json_t *raw = json_object_get(shown, "raw"), *states = json_object_get(shown, "states");
		const json_t *unavailable = json_object_get(shown, "unavailable");

		if (raw != NULL)
			state->raw = (uint8_t)json_integer_value(raw);
		if (states != NULL)
			state->states = (uint16_t)json_integer_value(states);
		if (unavailable != NULL)
			state->is_unavailable = json_is_true(unavailable);
	}
}

/* ---- event log ---- */

static int check_event(const json_t *event, struct error *err)
{
	const json_t *data = json_object_get(event, "data");

	if (!json_is_object(event) || (data != NULL && (!json_is_array(data) || json_array_size(data) > 3)))
		return fail(err, ERR_INVALID,
			    "ipmi.sel: an event is an object, its data up to three numbers");
	for (size_t i = 0; i < json_array_size(data); i++) {
		const json_t *byte = json_array_get(data, i);
		if (!json_is_integer(byte) || json_integer_value(byte) < 0 ||
		    json_integer_value(byte) > UINT8_MAX)
			return fail(err, ERR_INVALID, "ipmi.sel: data are numbers from 0 to 255");
	}
	if (check_number(event, "sensor_type", UINT8_MAX, err) < 0 ||
	    check_number(event, "sensor", UINT8_MAX, err) < 0 ||
	    check_number(event, "event_type", UINT8_MAX, err) < 0 ||
	    check_number(event, "time", UINT32_MAX, err) < 0)
		return -ERR_INVALID;
	return 0;
}

static int check_sel(const struct ipmi_side *side, const json_t *value, struct error *err)
{
	int rc = 0;

	(void)side;
	if (!json_is_null(value) && !json_is_array(value))
		return fail(err, ERR_INVALID, "ipmi.sel must be a list of events, or null");
	for (size_t i = 0; i < json_array_size(value) && rc == 0; i++)
		rc = check_event(json_array_get(value, i), err);
	return rc;
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void apply_sel(struct ipmi_side *side, const json_t *value)
{
	struct bmc_model *model = &side->machine.model;

	if (json_is_null(value))
		bmc_model_sel_clear(model, clock_ms());
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *event = json_array_get(value, i), *data = json_object_get(event, "data");
		struct sel_record record = { .type = SEL_SYSTEM,
					     .time = (uint32_t)number(event, "time"),
					     .generator = IPMI_BMC_ADDRESS,
					     .format = 0x04,
					     .sensor_type = (uint8_t)number(event, "sensor_type"),
					     .sensor_number = (uint8_t)number(event, "sensor"),
					     .is_deassertion = number(event, "event_type") & 0x80,
					     .event_type = number(event, "event_type") & 0x7f };
		for (size_t k = 0; k < json_array_size(data); k++)
			record.data[k] = (uint8_t)json_integer_value(json_array_get(data, k));
		bmc_model_sel_add(model, clock_ms(), &record);
	}
}

/* ---- reservations ---- */

static int check_reservations(const struct ipmi_side *side, const json_t *value, struct error *err)
{
	(void)side;
	return json_is_boolean(value)
		       ? 0
		       : fail(err, ERR_INVALID, "ipmi.cancel_reservations must be true or false");
}

static void apply_reservations(struct ipmi_side *side, const json_t *value)
{
	if (json_is_true(value))
		bmc_model_cancel_reservations(&side->machine.model);
}

/* ---- all ---- */

static const struct {
	const char *name;
	int (*check)(const struct ipmi_side *side, const json_t *value, struct error *err);
	void (*apply)(struct ipmi_side *side, const json_t *value);
} changes[] = {
	{ "sensors", check_sensors, apply_sensors },
	{ "sel", check_sel, apply_sel },
	{ "cancel_reservations", check_reservations, apply_reservations },
};
enum { CHANGE_COUNT = sizeof(changes) / sizeof(changes[0]) };

static size_t change_find(const char *name)
{
	size_t i = 0;

	while (i < CHANGE_COUNT && strcmp(changes[i].name, name) != 0)
		i++;
	return i;
}

int ipmi_control_apply(struct bmc *bmc, const json_t *value, struct error *err)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return fail(err, ERR_INVALID, "ipmi must be an object");
	json_object_foreach((json_t *)value, name, member)
	{
		size_t i = change_find(name);
		if (i == CHANGE_COUNT)
			return fail(err, ERR_INVALID, "Unknown member ipmi.%s", name);
		int rc = changes[i].check(bmc->side, member, err);
		if (rc < 0)
			return rc;
	}
	json_object_foreach((json_t *)value, name, member) changes[change_find(name)].apply(bmc->side,
											    member);
	return 0;
}
