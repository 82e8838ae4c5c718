#pragma once
/*
 * sensor_gauges: the latest sensor data of each node, and their gauges in /metrics. Knows the shapes of
 * sensor data that drivers give, Ironic's: {type: {name: {member: value}}}. Nothing suspends.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

void sensor_gauges_start(void);
/* Takes the readings of a node in place of its earlier ones. */
void sensor_gauges_set(int64_t node_id, const char *node_uuid, const json_t *sensors, uint64_t round);
/* The node could not be read: it keeps what it has. */
void sensor_gauges_failed(int64_t node_id, uint64_t round);
/* Forgets nodes that no reading of this round was about. */
void sensor_gauges_sweep(uint64_t round);
void sensor_gauges_stop(void);
