#pragma once
/* vendor: the vendor interfaces, whose methods live in passthru/ (one file each). */
#include "drivers/driver.h"

extern const struct vendor_interface no_vendor;      /* passthru/no_vendor.c */
extern const struct vendor_interface fake_vendor;    /* passthru/fake.c: "fake" */
extern const struct vendor_interface expether_vendor;/* passthru/expether.c: "expether" */
extern const struct vendor_interface ipmitool_vendor;/* passthru/ipmi.c: "ipmitool" */
extern const struct vendor_interface redfish_vendor; /* passthru/redfish.c: "redfish" */
