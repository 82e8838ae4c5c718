#pragma once
/* storage: the system's drives. Lists as redfish_members gives them. Source: DSP2046 Storage, SimpleStorage.
 */
#include "drivers/redfish/reader.h"

/* Storage resources of the system. */
SUSPENDS const json_t *redfish_storage_list(struct redfish_reader *reader, const json_t *system);
/* Drives of one. */
SUSPENDS const json_t *redfish_storage_drives(struct redfish_reader *reader, const json_t *storage);
/* SimpleStorage resources: name and size of devices without further requests; NULL: the system has none. */
SUSPENDS const json_t *redfish_simple_storage_list(struct redfish_reader *reader, const json_t *system);
/* Whether the member of Devices of SimpleStorage is a drive: iDRAC lists backplanes, too. */
bool redfish_is_drive(const json_t *device);
