#pragma once
/* media: virtual media of the BMC. Source: DSP2046 VirtualMedia. */
#include "drivers/redfish/client.h"

#define REDFISH_MEDIA_MAX 32 /* slots that are looked at */

/* Whether the word names a kind of device: cd, dvd, usb, floppy (any case). */
bool redfish_media_is_device(const char *device);
/* Ejects what is inserted in slots for that kind of device; NULL: in all. Nothing inserted is fine; no slot
 * of the kind is -ERR_INVALID. */
SUSPENDS int redfish_media_eject(struct redfish_client *client, const char *device, struct error *err);
