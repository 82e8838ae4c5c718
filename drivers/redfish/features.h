#pragma once
/* features: what the service root tells of the service, read once for each BMC. Source: DSP2046 ServiceRoot.
 */
#include "drivers/redfish/reader.h"

/* "", 0: not told; also when the root could not be read. */
SUSPENDS const struct redfish_features *redfish_features_get(struct redfish_reader *reader);
/* A service that says it knows $expand has refused it. */
void redfish_features_unexpandable(struct redfish_reader *reader);
