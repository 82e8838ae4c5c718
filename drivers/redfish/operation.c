/* operation: see operation.h. */
#include "drivers/redfish/operation.h"

#include "drivers/redfish/system.h"

SUSPENDS static int read_system(struct redfish_operation *operation, struct error *err)
{
	json_t *document;
	int rc = redfish_system_get(&operation->client, operation->path, sizeof(operation->path), err);

	if (rc == 0)
		rc = redfish_object(&operation->client, &document, err);
	if (rc == 0)
		operation->system = redfish_reader_keep(&operation->reader, operation->path, document);
	return rc;
}

int redfish_operation_begin(struct redfish_operation *operation, struct task *task, const char *what,
			    struct error *err)
{
	int rc;

	*operation = (struct redfish_operation){ .what = what };
	rc = redfish_open(&operation->client, task, err);
	if (rc < 0)
		return rc;
	redfish_reader_begin(&operation->reader, &operation->client);
	rc = read_system(operation, err);
	if (rc < 0)
		redfish_operation_end(operation, rc, err);
	return rc;
}

int redfish_operation_end(struct redfish_operation *operation, int rc, struct error *err)
{
	int read_rc = redfish_reader_end(&operation->reader, rc == 0 ? err : NULL);

	rc = redfish_failed(&operation->client, rc ? rc : read_rc, operation->what, err);
	redfish_close(&operation->client);
	return rc;
}

int redfish_operation_reread(struct redfish_operation *operation, struct error *err)
{
	json_t *document;
	int rc = redfish_get(&operation->client, operation->path, err);

	if (rc == 0)
		rc = redfish_object(&operation->client, &document, err);
	if (rc == 0)
		operation->system = redfish_reader_keep(&operation->reader, operation->path, document);
	return rc;
}
