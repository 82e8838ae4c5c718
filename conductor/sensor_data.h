#pragma once
/*
 * sensor_data: reads the sensors of this conductor's nodes every [sensor_data] interval, without locks and
 * without writing to a BMC, and shows them as gauges. Ironic sends the same data as notifications; its
 * options decide the same things here. Source: Ironic's _send_sensor_data.
 */
struct conductor;

void sensor_data_options_register(void);
/* Nothing unless [sensor_data] send_sensor_data. */
void sensor_data_start(struct conductor *conductor);
