/* node_vmedia: virtual media of a node. Source: ironic-contract, section 2.2. */
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/node.h"
#include "lib/url.h"

static const char *const devices[] = { "cdrom", "disk", "floppy" };
#define DEVICES "cdrom, disk, floppy"

static bool is_device(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
		if (strlen(devices[i]) == len && strncmp(devices[i], name, len) == 0)
			return true;
	return false;
}

static int check_attach(const char *device, const char *url, const char *source, struct error *err)
{
	if (!is_device(device, strlen(device)))
		return fail(err, ERR_INVALID,
			    "Invalid device_type \"%.64s\" specified. It must be one of: " DEVICES, device);
	if (!url_is_absolute(url))
		return fail(err, ERR_INVALID, "Invalid image_url specified: it must be a URL with a host");
	/* The BMC fetches the image itself: nothing here could serve it under another address. */
	if (source && strcmp(source, "http") != 0)
		return fail(err, ERR_INVALID,
			    "Invalid image_download_source \"%.64s\" specified. It must be http", source);
	return 0;
}

/* What Ironic answers while a node's hardware is known not to answer. */
static int check_reachable(struct api_request *request, const struct node *node, struct error *err)
{
	const char *fault = node_text(node, NODE_FAULT);

	if (!fault || strcmp(fault, "power failure") != 0)
		return 0;
	request->fault_status = 503;
	return fail(err, ERR_CONFLICT,
		    "Node %s is in maintenance because of a power failure: its BMC cannot be reached.",
		    node_uuid(node));
}

/* 204 is told on acceptance; what fails then is told by last_error. Takes args. */
static int accept(struct api_request *request, json_t *take_args, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = check_reachable(request, &node, err);
	if (rc == 0) {
		struct dispatch dispatch = dispatch_of(request, &node);

		dispatch.args = take_args;
		rc = dispatch_run(request, &dispatch, NULL, err);
	}
	if (rc == 0)
		reply_empty(request, 204);
	json_decref(take_args);
	node_release(&node);
	return rc;
}

int node_vmedia_get(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_vmedia_attach(struct api_request *request, struct error *err)
{
	const char *device = argument_text(request->body, "device_type");
	const char *url = argument_text(request->body, "image_url");

	if (!device || !url)
		return fail(err, ERR_MISSING, "Missing mandatory parameter: %s",
			    device ? "image_url" : "device_type");
	int rc = check_attach(device, url, argument_text(request->body, "image_download_source"), err);
	if (rc < 0)
		return rc;
	return accept(request, json_pack("{s:s, s:s}", "device_type", device, "image_url", url), err);
}

/* "cdrom,disk" as a list. */
static int read_devices(const char *text, json_t *list, struct error *err)
{
	const char *word;
	size_t len;

	while ((word = query_word(&text, &len))) {
		if (!is_device(word, len))
			return fail(err, ERR_INVALID,
				    "Invalid device type \"%.*s\" specified. It must be one of: " DEVICES,
				    (int)(len < 64 ? len : 64), word);
		json_array_append_new(list, json_stringn(word, len));
	}
	return 0;
}

int node_vmedia_detach(struct api_request *request, struct error *err)
{
	const char *text = query_text(&request->query, "device_types");
	json_t *list = json_array();

	int rc = text ? read_devices(text, list, err) : 0;
	if (rc < 0) {
		json_decref(list);
		return rc;
	}
	return accept(request, json_pack("{s:o}", "device_types", list), err);
}
