/* registry: every hardware type of the tree, in alphabetical order. */
#include "drivers/driver.h"

#include <string.h>

#include "drivers/fake/fake.h"
#include "drivers/manual/manual.h"
#if __has_include("drivers/ipmi/ipmi.h")
#include "drivers/ipmi/ipmi.h"
#endif
#if __has_include("drivers/redfish/redfish.h")
#include "drivers/redfish/redfish.h"
#endif

const struct hardware_type *const hardware_types[] = {
	&fake_hardware,
#if __has_include("drivers/ipmi/ipmi.h")
	&ipmi_hardware,
#endif
	&manual_hardware,
#if __has_include("drivers/redfish/redfish.h")
	&redfish_hardware,
#endif
	NULL
};

const struct hardware_type *hardware_type_find(const char *name)
{
	for (size_t i = 0; name && hardware_types[i]; i++) {
		if (strcmp(hardware_types[i]->name, name) == 0)
			return hardware_types[i];
	}
	return NULL;
}
