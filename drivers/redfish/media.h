#pragma once
/* media: virtual media of the BMC. Source: DSP2046 VirtualMedia; behaviour as
 * ironic/drivers/modules/redfish/boot.py and management.py. */
#include "drivers/redfish/reader.h"

/* Whether the word names a kind of device: cd, dvd, usb, floppy (any case; of eject_vmedia), cdrom, disk. */
bool redfish_media_is_device(const char *device);
/* {"media_types", "inserted", "image"} of each slot: new reference. */
SUSPENDS json_t *redfish_media_read(struct redfish_reader *reader, const json_t *system);
/* Ejects what is inserted in slots for that kind of device; NULL: in all. Nothing inserted is fine; no slot
 * of the kind is -ERR_INVALID. */
SUSPENDS int redfish_media_eject(struct task *task, const char *device, struct error *err);

/* Of a management interface. */
SUSPENDS int redfish_vmedia_attach(struct task *task, const char *device, const char *image_url,
				   struct error *err);
SUSPENDS int redfish_vmedia_detach(struct task *task, const char *device, struct error *err);
SUSPENDS int redfish_vmedia_get(struct task *task, json_t **ret_list, struct error *err);
