/* bmc_json: a simulated BMC as the control port shows and changes it. */
#include <string.h>

#include "lib/xalloc.h"
#include "tools/bmcsim/bmc.h"

static const char *const power_names[] = {
	[BMC_POWER_OFF] = "off",
	[BMC_POWER_ON] = "on",
	[BMC_POWERING_ON] = "powering on",
	[BMC_POWERING_OFF] = "powering off",
};

static json_t *faults_to_json(const struct bmc *bmc)
{
	json_t *list = json_array();

	for (const struct bmc_fault *fault = bmc->faults; fault; fault = fault->next)
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:I, s:s?}", "kind", bmc_fault_name(fault->kind),
						"status", fault->status, "times", (json_int_t)fault->times,
						"match", fault->match));
	return list;
}

json_t *bmc_to_json(struct bmc *bmc)
{
	enum bmc_power power = bmc_power(bmc);

	return json_pack(
		"{s:s, s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:I, s:I, s:i, s:i, s:i, s:o, "
		"s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}}",
		"name", bmc->name, "protocol", bmc_protocol_names[bmc->protocol], "address", bmc->address,
		"port", bmc->port, "profile", bmc->profile->name, "power", power_names[power], "boot",
		"device", bmc_boot_names[bmc->boot.device], "persistence",
		bmc_persistence_names[bmc->boot.persistence], "mode", bmc->boot.is_uefi ? "uefi" : "legacy",
		"booted", bmc_boot_names[bmc->booted], "boots", (json_int_t)bmc->boots, "nmis",
		(json_int_t)bmc->nmis, "latency_ms", bmc->latency_ms, "latency_tail_ms", bmc->latency_tail_ms,
		"loss_percent", bmc->loss_percent, "faults", faults_to_json(bmc), "counters", "requests",
		(json_int_t)bmc->requests, "writes", (json_int_t)bmc->writes, "auth_failures",
		(json_int_t)bmc->auth_failures, "sessions_opened", (json_int_t)bmc->sessions_opened,
		"sessions", (json_int_t)bmc->sessions, "sessions_refused", (json_int_t)bmc->sessions_refused,
		"faults_shown", (json_int_t)bmc->faults_shown);
}

/* ---- changes: each row is checked for all members first, then applied ---- */

struct change {
	const char *name;
	int (*check)(const json_t *value, const char *name, struct error *err);
	void (*apply)(struct bmc *bmc, const json_t *value);
};

static int check_number(const json_t *value, const char *name, long min, long max, struct error *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
		return fail(err, ERR_INVALID, "%s must be a whole number from %ld to %ld", name, min, max);
	return 0;
}

static int check_delay(const json_t *value, const char *name, struct error *err)
{
	return check_number(value, name, 0, 3600000, err);
}

static int check_soft_delay(const json_t *value, const char *name, struct error *err)
{
	return check_number(value, name, -1, 3600000, err);
}

static int check_percent(const json_t *value, const char *name, struct error *err)
{
	return check_number(value, name, 0, 100, err);
}

static int name_find(const char *const *names, size_t count, const json_t *value)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < count; i++)
		if (!strcmp(names[i], text))
			return (int)i;
	return -1;
}

static int check_power(const json_t *value, const char *name, struct error *err)
{
	int found = name_find(power_names, 2, value);

	return found < 0 ? fail(err, ERR_INVALID, "%s must be \"on\" or \"off\"", name) : 0;
}

static int check_boot(const json_t *value, const char *name, struct error *err)
{
	const char *key;
	json_t *member;

	if (!json_is_object(value))
		return fail(err, ERR_INVALID, "%s must be an object", name);
	json_object_foreach((json_t *)value, key, member)
	{
		bool ok = false;
		if (!strcmp(key, "device"))
			ok = name_find(bmc_boot_names, BMC_BOOT_COUNT, member) >= 0;
		else if (!strcmp(key, "persistence"))
			ok = name_find(bmc_persistence_names, 3, member) >= 0;
		else if (!strcmp(key, "mode"))
			ok = name_find((const char *const[]){ "legacy", "uefi" }, 2, member) >= 0;
		if (!ok)
			return fail(err, ERR_INVALID, "boot.%s is unknown or has an unknown value", key);
	}
	return 0;
}

static int fault_kind_find(const json_t *value)
{
	const char *text = json_string_value(value);

	for (int kind = 0; text && kind < BMC_FAULT_COUNT; kind++)
		if (!strcmp(bmc_fault_name(kind), text))
			return kind;
	return -1;
}

static int check_fault(const json_t *value, const char *name, struct error *err)
{
	const char *key;
	json_t *member;

	if (json_is_null(value))
		return 0;
	if (fault_kind_find(json_object_get(value, "kind")) < 0)
		return fail(err, ERR_INVALID, "%s.kind is missing or unknown", name);
	json_object_foreach((json_t *)value, key, member)
	{
		bool is_text = !strcmp(key, "kind") || !strcmp(key, "match") || !strcmp(key, "text");
		bool is_number = !strcmp(key, "status") || !strcmp(key, "times") || !strcmp(key, "skip");
		if (!is_text && !is_number)
			return fail(err, ERR_INVALID, "%s.%s is unknown", name, key);
		if (is_text ? !json_is_string(member) : !json_is_integer(member))
			return fail(err, ERR_INVALID, "%s.%s has the wrong type", name, key);
	}
	return 0;
}

static int check_profile(const json_t *value, const char *name, struct error *err)
{
	const char *text = json_string_value(value);

	return text && bmc_profile_find(text) ? 0 : fail(err, ERR_INVALID, "%s is not a known profile", name);
}

static void apply_latency(struct bmc *bmc, const json_t *value)
{
	bmc->latency_ms = (int)json_integer_value(value);
}

static void apply_latency_tail(struct bmc *bmc, const json_t *value)
{
	bmc->latency_tail_ms = (int)json_integer_value(value);
}

static void apply_loss(struct bmc *bmc, const json_t *value)
{
	bmc->loss_percent = (int)json_integer_value(value);
}

static void apply_duplicate(struct bmc *bmc, const json_t *value)
{
	bmc->duplicate_percent = (int)json_integer_value(value);
}

static void apply_reorder(struct bmc *bmc, const json_t *value)
{
	bmc->reorder_percent = (int)json_integer_value(value);
}

static void apply_on_delay(struct bmc *bmc, const json_t *value)
{
	bmc->on_delay_ms = (int)json_integer_value(value);
}

static void apply_off_delay(struct bmc *bmc, const json_t *value)
{
	bmc->off_delay_ms = (int)json_integer_value(value);
}

static void apply_soft_off_delay(struct bmc *bmc, const json_t *value)
{
	bmc->soft_off_delay_ms = (int)json_integer_value(value);
}

static void apply_power(struct bmc *bmc, const json_t *value)
{
	bmc_power_force(bmc, !strcmp(json_string_value(value), "on"));
}

static void apply_boot(struct bmc *bmc, const json_t *value)
{
	const json_t *device = json_object_get(value, "device");
	const json_t *persistence = json_object_get(value, "persistence");
	const json_t *mode = json_object_get(value, "mode");

	if (device)
		bmc->boot.device = name_find(bmc_boot_names, BMC_BOOT_COUNT, device);
	if (persistence)
		bmc->boot.persistence = name_find(bmc_persistence_names, 3, persistence);
	if (mode)
		bmc->boot.is_uefi = !strcmp(json_string_value(mode), "uefi");
}

/* Null clears all; a fault is put before the others. */
static void apply_fault(struct bmc *bmc, const json_t *value)
{
	const char *match = json_string_value(json_object_get(value, "match"));
	const char *text = json_string_value(json_object_get(value, "text"));
	const json_t *times = json_object_get(value, "times");
	const json_t *status = json_object_get(value, "status");
	enum bmc_fault_kind kind;

	if (json_is_null(value)) {
		bmc_faults_clear(bmc);
		return;
	}
	kind = fault_kind_find(json_object_get(value, "kind"));
	bmc_fault_add(bmc,
		      &(struct bmc_fault){ .kind = kind,
					   .status = status ? (int)json_integer_value(status)
						     : kind == BMC_FAULT_HTML ? 200
									      : 500,
					   .skip = (long)json_integer_value(json_object_get(value, "skip")),
					   .times = times ? (long)json_integer_value(times) : -1,
					   .match = (char *)match,
					   .text = (char *)text });
}

static void apply_profile(struct bmc *bmc, const json_t *value)
{
	bmc->profile = bmc_profile_find(json_string_value(value));
}

static int check_manners(const json_t *value, const char *name, struct error *err)
{
	const char *text = json_string_value(value);

	return text && bmc_manners_find(text) ? 0 : fail(err, ERR_INVALID, "%s is none that are known", name);
}

static void apply_manners(struct bmc *bmc, const json_t *value)
{
	bmc_manners_set(bmc, bmc_manners_find(json_string_value(value)));
}

static const struct change changes_table[] = {
	{ "manners", check_manners, apply_manners },
	{ "latency_ms", check_delay, apply_latency },
	{ "latency_tail_ms", check_delay, apply_latency_tail },
	{ "loss_percent", check_percent, apply_loss },
	{ "duplicate_percent", check_percent, apply_duplicate },
	{ "reorder_percent", check_percent, apply_reorder },
	{ "on_delay_ms", check_delay, apply_on_delay },
	{ "off_delay_ms", check_delay, apply_off_delay },
	{ "soft_off_delay_ms", check_soft_delay, apply_soft_off_delay },
	{ "power", check_power, apply_power },
	{ "boot", check_boot, apply_boot },
	{ "fault", check_fault, apply_fault },
	{ "profile", check_profile, apply_profile },
};

static const struct change *change_find(const char *name)
{
	for (size_t i = 0; i < sizeof(changes_table) / sizeof(changes_table[0]); i++)
		if (!strcmp(changes_table[i].name, name))
			return &changes_table[i];
	return NULL;
}

int bmc_apply(struct bmc *bmc, const json_t *changes, struct error *err)
{
	const char *key;
	json_t *value;
	int rc;

	if (!json_is_object(changes))
		return fail(err, ERR_INVALID, "The body must be a JSON object");
	json_object_foreach((json_t *)changes, key, value)
	{
		const struct change *change = change_find(key);
		if (!change)
			return fail(err, ERR_INVALID, "Unknown member %s", key);
		rc = change->check(value, key, err);
		if (rc < 0)
			return rc;
	}
	json_object_foreach((json_t *)changes, key, value) change_find(key)->apply(bmc, value);
	return 0;
}
