#pragma once
/* sensors: what Ironic publishes of a node's sensors. Source: DSP2046 Thermal, Power, Sensor, Fan,
 * PowerSupply, Drive; shape as get_sensors_data of ironic/drivers/modules/redfish/management.py. */
#include "drivers/redfish/reader.h"

/* Adds to {"Fan": {}, "Temperature": {}, "Power": {}, "Drive": {}}. */
SUSPENDS void redfish_sensors_read(struct redfish_reader *reader, const json_t *system, json_t *sensors);
/* Of a management interface. */
SUSPENDS int redfish_sensors_get(struct task *task, json_t **ret_sensors, struct error *err);
