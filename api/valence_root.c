/* valence_root: the documents by which Valence's clients find their way. */
#include <string.h>

#include "api/valence.h"

static json_t *link_new(const struct api_request *request, const char *rel, const char *path)
{
	return json_pack("{s:o, s:s}", "href", json_sprintf("%s/%s/", request->base, path), "rel", rel);
}

int valence_root(struct api_request *request, struct error *err)
{
	json_t *version = json_pack("{s:s, s:s, s:s, s:[o]}", "id", "v1", "status", "CURRENT", "min_version",
				    "", "links", link_new(request, "self", "v1"));

	(void)err;
	valence_reply(request, json_pack("{s:s, s:s, s:[o]}", "name", "OpenStack Valence API", "description",
					 "Valence is an OpenStack project", "versions", version));
	return 0;
}

int valence_root_v1(struct api_request *request, struct error *err)
{
	static const char *const collections[] = { "nodes", "storages", "flavors", "systems",
						   "pod_managers" };
	json_t *body = json_pack("{s:s, s:[{s:s, s:s}], s:[o]}", "id", "v1", "media_types", "base",
				 "application/json", "type", "application/vnd.openstack.valence.v1+json",
				 "links", link_new(request, "self", "v1"));

	(void)err;
	for (size_t i = 0; i < sizeof collections / sizeof collections[0]; i++) {
		const char *path = arena_printf(request->arena, "v1/%s", collections[i]);

		json_object_set_new(body, collections[i],
				    json_pack("[o, o]", link_new(request, "self", path),
					      link_new(request, "bookmark", collections[i])));
	}
	valence_reply(request, body);
	return 0;
}

/* What Valence never had, or had for other hardware alone. */
int valence_not_implemented(struct api_request *request, struct error *err)
{
	return valence_fail(request, VALENCE_NOT_IMPLEMENTED, err, "ExpEther has no %s.",
			    strstr(request->http->path, "racks") ? "racks" : "storages");
}
