#pragma once
/* firmware: which versions run where. Source: DSP2046 ComputerSystem.BiosVersion, Manager.FirmwareVersion,
 * NetworkAdapter; components as in ironic/drivers/modules/redfish/firmware.py. */
#include "drivers/driver.h"
#include "drivers/redfish/reader.h"

/* A list of {"component", "current_version", ...}: new reference. */
SUSPENDS json_t *redfish_firmware_read(struct redfish_reader *reader, const json_t *system);

extern const struct firmware_interface redfish_firmware;
