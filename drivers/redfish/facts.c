/* facts: see facts.h. */
#include "drivers/redfish/facts.h"

#include <string.h>

#include "drivers/redfish/features.h"
#include "drivers/redfish/operation.h"

/* The words of Redfish and ours. */
struct word {
	const char *theirs, *ours;
};
static const struct word boot_modes[] = { { "UEFI", "uefi" }, { "Legacy", "bios" }, { 0 } };
static const struct word healths[] = {
	{ "OK", "OK" }, { "Warning", "Warning" }, { "Critical", "Critical" }, { 0 }
};

static const char *translate(const struct word *words, const char *theirs)
{
	for (; theirs && words->theirs; words++)
		if (!strcmp(words->theirs, theirs))
			return words->ours;
	return NULL;
}

const char *redfish_boot_mode(const json_t *system)
{
	return translate(boot_modes, redfish_text(json_object_get(system, "Boot"), "BootSourceOverrideMode"));
}

void redfish_facts_read(struct redfish_reader *reader, const json_t *system, struct machine_facts *ret)
{
	const json_t *secure_boot = redfish_follow(reader, json_object_get(system, "SecureBoot"));
	const json_t *is_enabled = json_object_get(secure_boot, "SecureBootEnable");
	const char *vendor = redfish_features_get(reader)->vendor;

	ret->boot_mode = redfish_boot_mode(system);
	ret->secure_boot = json_is_boolean(is_enabled) ? json_is_true(is_enabled) : -1;
	ret->health = translate(healths, redfish_text(json_object_get(system, "Status"), "Health"));
	ret->vendor = *vendor ? arena_strdup(&reader->client->task->arena, vendor)
			      : redfish_trimmed(reader, system, "Manufacturer");
}

int redfish_facts_get(struct task *task, struct machine_facts *ret, struct error *err)
{
	struct redfish_operation operation;
	struct machine_facts facts;
	int rc = redfish_operation_begin(&operation, task, "get boot mode", err);

	if (rc < 0)
		return rc;
	redfish_facts_read(&operation.reader, operation.system, &facts);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc == 0)
		*ret = facts;
	return rc;
}
