/* registry: every hardware type of the tree, in alphabetical order, and room for those of modules. */
#include "drivers/driver.h"

#include <string.h>

#include "drivers/expether/expether.h"
#include "drivers/fake/fake.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/manual/manual.h"
#include "drivers/redfish/redfish.h"

/* clang-format off */
const struct hardware_type *hardware_types[HARDWARE_TYPES_MAX + 1] = {
	&expether_hardware,
	&fake_hardware,
	&ipmi_hardware,
	&manual_hardware,
	&redfish_hardware,
	NULL
};
/* clang-format on */

const struct hardware_type *hardware_type_find(const char *name)
{
	for (size_t i = 0; name && hardware_types[i]; i++) {
		if (strcmp(hardware_types[i]->name, name) == 0)
			return hardware_types[i];
	}
	return NULL;
}

bool hardware_type_add(const struct hardware_type *hardware)
{
	size_t count = 0;

	while (hardware_types[count])
		count++;
	if (count == HARDWARE_TYPES_MAX)
		return false;
	hardware_types[count] = hardware;
	return true;
}
