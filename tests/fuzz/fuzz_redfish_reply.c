/* What a BMC may send: error objects, system documents, links. Nothing may be read out of bounds, what comes
 * out is printable and within its limits, and a secret never survives. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/redfish/problem.h"
#include "drivers/redfish/system.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_problem(const char *text, size_t size)
{
	struct redfish_problem problem;

	redfish_problem_read(text, size, &problem);
	assert(strlen(problem.code) < sizeof(problem.code) && strlen(problem.text) < sizeof(problem.text));
	for (const char *c = problem.text; *c; c++)
		assert(!iscntrl((unsigned char)*c));
	redfish_problem_mask(&problem, "calvin");
	assert(!strstr(problem.text, "calvin") && !strstr(problem.code, "calvin"));
}

static void read_system(const char *text, size_t size)
{
	struct redfish_client client = { .info = { .address = "http://bmc" } };
	enum power_state power;
	bool is_settled;
	int rc;

	buf_init(&client.fetch.answer, REDFISH_REPLY_MAX);
	buf_append(&client.fetch.answer, text, size);
	rc = redfish_system_power(&client, &power, &is_settled, NULL);
	assert(rc == 0 || power == POWER_UNKNOWN);
	assert(power != POWER_UNKNOWN || !is_settled);
	redfish_system_offers(&client, "On");
	redfish_answer_has(&client, "SYS518");
	buf_release(&client.fetch.answer);
}

static void read_link(const char *text, size_t size)
{
	const struct redfish_bmc bmc = { .info = { .address = "http://bmc" } };
	char link[2 * REDFISH_PATH_MAX], path[REDFISH_PATH_MAX];

	if (size >= sizeof(link))
		return;
	memcpy(link, text, size);
	link[size] = '\0';
	if (redfish_path_of_link(&bmc, link, path, sizeof(path), NULL) < 0)
		return;
	assert(path[0] == '/' && path[1] != '/');
	for (const char *c = path; *c; c++)
		assert(isgraph((unsigned char)*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_problem((const char *)data, size);
	read_system((const char *)data, size);
	read_link((const char *)data, size);
	return 0;
}
