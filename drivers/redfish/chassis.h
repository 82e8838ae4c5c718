#pragma once
/* chassis: what the system stands in. Lists as redfish_members gives them. */
#include "drivers/redfish/reader.h"

/* The chassis that the system names. levels: of what they contain, where that can be had in one answer. */
SUSPENDS const json_t *redfish_chassis_of(struct redfish_reader *reader, const json_t *system,
					  unsigned levels);
/* All chassis that name the system: boards, backplanes and risers too. */
SUSPENDS const json_t *redfish_chassis_all(struct redfish_reader *reader, const json_t *system,
					   unsigned levels);
/* The manager that the system names first; NULL: none. Huawei calls the link Managers. */
SUSPENDS const json_t *redfish_manager_of(struct redfish_reader *reader, const json_t *system);
/* All of them. */
SUSPENDS const json_t *redfish_managers_of(struct redfish_reader *reader, const json_t *system);
