/* provision_store: what a request leaves on the node before its work begins. See provision.h. */
#include <crypt.h>
#include <string.h>

#include "conductor/provision.h"
#include "lib/xalloc.h"

#define MASK "******"

int provision_store_start(struct job *job, struct provision *provision, struct error *err)
{
	(void)provision;
	(void)err;
	node_set_text(&job->node, NODE_INSPECTION_FINISHED_AT, NULL);
	node_set_now(&job->node, NODE_INSPECTION_STARTED_AT);
	return 0;
}

/* A rebuild without one keeps what there is. */
int provision_store_config_drive(struct job *job, struct provision *provision, struct error *err)
{
	json_t *drive = json_object_get(job->args, "configdrive");

	(void)provision;
	(void)err;
	if (!drive || json_is_null(drive))
		return 0;
	json_object_set(node_object(&job->node, NODE_INSTANCE_INFO), "configdrive", drive);
	node_mark_dirty(&job->node, NODE_INSTANCE_INFO);
	return 0;
}

/* ---- the rescue password ---- */

struct hashing {
	const char *password;
	char hash[CRYPT_OUTPUT_SIZE]; /* "": it failed */
};

/* In the thread pool: 5,000 rounds of SHA-256. */
static void hash_password(void *arg)
{
	struct hashing *hashing = arg;
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *made = NULL;

	if (crypt_gensalt_rn("$5$", 0, NULL, 0, setting, sizeof(setting)))
		made = crypt_r(hashing->password, setting, data);
	if (made && strncmp(made, "$5$", 3) == 0)
		memcpy(hashing->hash, made, strlen(made) + 1);
	explicit_bzero(data, sizeof(*data));
	xfree(data);
}

/* The ramdisk is given the hash, so nobody needs the password again: only its name stays, for clients that
 * look for it. */
int provision_store_password(struct job *job, struct provision *provision, struct error *err)
{
	struct hashing hashing = { .password = job_text(job, "rescue_password") };
	json_t *info;

	(void)provision;
	if (!hashing.password || !*hashing.password)
		return fail(err, ERR_MISSING, "Missing mandatory parameter: rescue_password");
	offload(hash_password, &hashing);
	if (!hashing.hash[0])
		return fail(err, ERR_INVALID, "The rescue password can not be hashed.");
	info = node_object(&job->node, NODE_INSTANCE_INFO);
	json_object_set_new(info, "hashed_rescue_password", json_string(hashing.hash));
	json_object_set_new(info, "rescue_password", json_string(MASK));
	node_mark_dirty(&job->node, NODE_INSTANCE_INFO);
	return 0;
}

void provision_forget_password(struct node *node)
{
	json_t *info = node_object(node, NODE_INSTANCE_INFO);

	if (!json_object_get(info, "hashed_rescue_password") && !json_object_get(info, "rescue_password"))
		return;
	json_object_del(info, "hashed_rescue_password");
	json_object_del(info, "rescue_password");
	node_mark_dirty(node, NODE_INSTANCE_INFO);
}

void provision_forget_instance(struct node *node)
{
	node_set_object(node, NODE_INSTANCE_INFO, json_object());
	node_set_text(node, NODE_INSTANCE_UUID, NULL);
	node_set_text(node, NODE_INSTANCE_NAME, NULL);
}
