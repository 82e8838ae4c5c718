/*
 * fuzz_api_patch: a document and a patch, parted by a NUL. What is checked and applied leaves a document that
 * is no deeper than the limit, that can be written, and whose operations only ever touch their root.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "api/patch.h"
#include "lib/buf.h"
#include "lib/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply(json_t *document, const json_t *operations, int version)
{
	struct error err;
	struct buf text;
	char root[PATCH_ROOT_MAX];

	if (patch_check(operations, version, &err) < 0)
		return;
	for (size_t i = 0; i < json_array_size(operations); i++) {
		if (patch_root(json_array_get(operations, i), root))
			assert(root[0] && strlen(root) < sizeof root);
	}
	if (patch_apply(document, operations, &err) < 0)
		return;
	assert(json_value_depth(document, 2 * JSON_DEPTH_MAX) <= JSON_DEPTH_MAX + 1);
	buf_init(&text, 64 * 1024 * 1024);
	json_write(&text, document);
	assert(!text.overflow);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *parting = size ? memchr(data, '\0', size) : NULL;
	json_t *document = NULL, *operations = NULL;

	if (!parting)
		return 0;
	size_t first = (size_t)(parting - data);
	if (json_parse((const char *)data, first, JSON_DEPTH_MAX, &document, NULL) == 0 &&
	    json_is_object(document) &&
	    json_parse((const char *)parting + 1, size - first - 1, JSON_DEPTH_MAX, &operations, NULL) == 0) {
		apply(document, operations, 97);
		apply(document, operations, 115);
	}
	json_decref(document);
	json_decref(operations);
	return 0;
}
