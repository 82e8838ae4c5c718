/* Bodies of the Valence API: broken lines joined, read, and held against every schema. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/valence.h"
#include "lib/json.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct schema *const schemas[] = { schema_pod_manager, schema_pod_manager_patch,
							schema_compose,     schema_manage,
							schema_action,      schema_register,
							schema_flavor,      schema_flavor_patch,
							schema_podm };
	char *text = xmalloc(size + 1);
	json_t *body = NULL;
	struct error err;

	if (size)
		memcpy(text, data, size);
	size_t len = valence_join_lines(text, size);
	if (len > size)
		abort();
	if (json_parse(text, len, JSON_DEPTH_MAX, &body, &err) == 0) {
		for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
			err.text[0] = '\0';
			if ((schema_check(body, schemas[i], &err) < 0) != (err.text[0] != '\0'))
				abort();
		}
	}
	json_decref(body);
	xfree(text);
	return 0;
}
