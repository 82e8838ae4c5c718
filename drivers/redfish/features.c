/* features: see features.h. */
#include "drivers/redfish/features.h"

#include <string.h>

/* Answers of more levels are beyond what a BMC makes in good time. */
#define EXPAND_LEVELS_MAX 3

static unsigned read_expand(const json_t *root)
{
	const json_t *query =
		json_object_get(json_object_get(root, "ProtocolFeaturesSupported"), "ExpandQuery");
	int64_t levels = redfish_number(query, "MaxLevels");

	if (!json_is_true(json_object_get(query, "NoLinks")) ||
	    !json_is_true(json_object_get(query, "Levels")))
		return 0;
	if (levels < 1)
		return 1;
	return levels < EXPAND_LEVELS_MAX ? (unsigned)levels : EXPAND_LEVELS_MAX;
}

const struct redfish_features *redfish_features_get(struct redfish_reader *reader)
{
	struct redfish_features *features = &reader->client->bmc->features;
	const json_t *root;
	const char *vendor;

	if (features->is_read)
		return features;
	root = redfish_read(reader, reader->client->info.root);
	if (reader->rc < 0)
		return features;
	features->is_read = true;
	features->expand_levels = read_expand(root);
	vendor = redfish_trimmed(reader, root, "Vendor");
	if (vendor)
		snprintf(features->vendor, sizeof(features->vendor), "%s", vendor);
	return features;
}

void redfish_features_unexpandable(struct redfish_reader *reader)
{
	reader->client->bmc->features.expand_levels = 0;
}
