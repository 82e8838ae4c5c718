#include "model/trait.h"

#include <stdbool.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"

#define CUSTOM "CUSTOM_"

/* Standard traits are those of os-traits; we take any name of their shape: namespace, then words in upper
 * case. */
static bool is_trait(const char *trait)
{
	static const char *const namespaces[] = { CUSTOM, "HW_", "COMPUTE_", "STORAGE_", "MISC_", "OWNER_" };
	size_t len = strspn(trait, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (len == 0 || len > TRAIT_MAX_LEN || trait[len])
		return false;
	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
		size_t prefix = strlen(namespaces[i]);

		if (len > prefix && strncmp(trait, namespaces[i], prefix) == 0)
			return true;
	}
	return false;
}

int trait_check(const char *trait, const char *what, struct error *err)
{
	if (is_trait(trait))
		return 0;
	return fail(err, ERR_INVALID,
		    "Schema error for %s: '%s' is not valid under any of the given schemas. Possible root "
		    "cause: '%s' "
		    "does not match '^CUSTOM_[A-Z0-9_]+$'",
		    what, trait, trait);
}

int trait_check_added(const char *trait, const json_t *body, struct error *err)
{
	bool is_empty = !body || json_is_null(body) || (json_is_object(body) && json_object_size(body) == 0);

	if (!is_empty)
		return fail(err, ERR_INVALID, "No body should be provided when adding a trait");
	return trait_check(trait, "trait", err);
}

int trait_check_list(const json_t *traits, struct error *err)
{
	struct buf shown;

	if (!json_is_array(traits)) {
		buf_init(&shown, 512);
		json_repr(&shown, traits);
		fail(err, ERR_INVALID, "Schema error for body: %s is not of type 'array'", shown.data);
		buf_release(&shown);
		return -ERR_INVALID;
	}
	if (json_array_size(traits) > TRAITS_MAX)
		return fail(err, ERR_INVALID, "A list can have at most %d traits.", TRAITS_MAX);
	for (size_t i = 0; i < json_array_size(traits); i++) {
		const char *trait = json_string_value(json_array_get(traits, i));
		int rc = trait_check(trait ? trait : "", "trait", err);

		if (rc < 0)
			return rc;
	}
	return 0;
}
