#include "api/interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define NAMES_MAX 64
#define LIST_MAX  1024

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All enabled interfaces of the type, whatever hardware type has them, as Python shows a list: sorted, once
 * each. */
static void list_names(const struct registry *registry, const char *type, struct buf *list)
{
	const char *names[NAMES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < registry->interface_count && count < NAMES_MAX; i++) {
		bool is_known = strcmp(registry->interfaces[i].interface_type, type) != 0;

		for (size_t j = 0; j < count; j++)
			is_known = is_known || strcmp(names[j], registry->interfaces[i].name) == 0;
		if (!is_known)
			names[count++] = registry->interfaces[i].name;
	}
	qsort(names, count, sizeof names[0], compare);
	for (size_t i = 0; i < count; i++)
		buf_printf(list, "%s'%s'", i ? ", " : "", names[i]);
}

static bool is_enabled(const struct registry *registry, const char *type, const char *name)
{
	for (size_t i = 0; i < registry->interface_count; i++) {
		if (strcmp(registry->interfaces[i].interface_type, type) == 0 &&
		    strcmp(registry->interfaces[i].name, name) == 0)
			return true;
	}
	return false;
}

static int refuse(const struct registry *registry, const char *hardware_type, const char *type,
		  const char *name, struct error *err)
{
	struct buf list;

	if (is_enabled(registry, type, name))
		return fail(err, ERR_INTERFACE,
			    "%s interface implementation '%s' is not supported by hardware type %s.", type,
			    name, hardware_type);
	buf_init(&list, LIST_MAX);
	list_names(registry, type, &list);
	fail(err, ERR_INTERFACE,
	     "Could not find the following interface in the 'ironic.hardware.interfaces.%s' entrypoint: %s. "
	     "Valid "
	     "interfaces are [%s].",
	     type, name, list.data ? list.data : "");
	buf_release(&list);
	return -ERR_INTERFACE;
}

int interfaces_choose(const struct registry *registry, const char *hardware_type, enum interface_type type,
		      const char *name, const char **ret, struct error *err)
{
	const char *type_name = interface_type_info(type)->name;

	if (!name) {
		const struct conductor_interface *preset =
			registry_default(registry, hardware_type, type_name);

		*ret = preset ? preset->name : "";
		return 0;
	}
	if (!registry_interface(registry, hardware_type, type_name, name))
		return refuse(registry, hardware_type, type_name, name, err);
	*ret = name;
	return 0;
}
