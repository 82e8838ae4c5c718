/* registry: every hardware type of the tree, in alphabetical order. */
#include "drivers/driver.h"

#include <string.h>

#include "drivers/expether/expether.h"
#include "drivers/fake/fake.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/manual/manual.h"
#include "drivers/redfish/redfish.h"

/* clang-format off */
const struct hardware_type *const hardware_types[] = {
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
