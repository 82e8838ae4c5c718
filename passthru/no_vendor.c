/* no_vendor: the vendor interface without methods: every call is answered "No handler for method x". */
#include "drivers/vendor.h"

const struct vendor_interface no_vendor = { .base = { .type = INTERFACE_VENDOR, .name = "no-vendor" } };
