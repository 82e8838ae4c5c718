/*
 * What the driver reads of a hostile BMC in several requests: sensor records and readings, inventories, the
 * event log. The input is the BMC's answers: completion codes, lengths, bytes. Reading ends after a bounded
 * number of requests, whatever it is told, and what it makes of it is JSON that can be written.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/target.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "passthru/ipmi_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_ipmi_operation_begin(struct ipmi_operation *operation, struct task *task, int64_t deadline_ms,
				struct error *err);
void __wrap_ipmi_operation_end(struct ipmi_operation *operation);
int __wrap_ipmi_request(struct ipmi_operation *operation, const struct ipmi_request *request,
			struct ipmi_reply *reply, struct error *err);
int __wrap_ipmi_command(struct ipmi_operation *operation, const struct ipmi_request *request,
			struct ipmi_reply *reply, struct error *err);
int64_t __wrap_clock_ms(void);
int __wrap_fiber_sleep(int64_t ms);

/* Sensors may take three requests each, and share records. */
enum { REQUESTS_MAX = 60000 };

static const uint8_t *input;
static size_t input_len, input_at;
static int64_t now_ms;
static unsigned requests;
static struct ipmi_target *targets;

/* Where the input ends it begins again: a BMC never tires. */
static uint8_t draw(void)
{
	return input_len > 0 ? input[input_at++ % input_len] : 0;
}

int __wrap_ipmi_operation_begin(struct ipmi_operation *operation, struct task *task, int64_t deadline_ms,
				struct error *err)
{
	(void)deadline_ms;
	(void)err;
	*operation = (struct ipmi_operation){ .task = task,
					      .info.address = "bmc",
					      .deadline_ms = task->deadline_ms };
	operation->target = ipmi_target_find(&targets, &operation->info.route);
	return 0;
}

void __wrap_ipmi_operation_end(struct ipmi_operation *operation)
{
	(void)operation;
}

int __wrap_ipmi_request(struct ipmi_operation *operation, const struct ipmi_request *request,
			struct ipmi_reply *reply, struct error *err)
{
	static const uint8_t codes[] = { 0,
					 0,
					 0,
					 0,
					 0,
					 COMPLETION_RESERVATION,
					 COMPLETION_CANNOT_RETURN,
					 COMPLETION_INVALID_COMMAND,
					 COMPLETION_NOT_PRESENT,
					 COMPLETION_UNSPECIFIED };

	(void)operation;
	(void)request;
	assert(++requests <= REQUESTS_MAX);
	now_ms += 10;

	uint8_t how = draw();
	if (how == 0xff)
		return fail(err, ERR_BMC_UNREACHABLE, "silent");
	memset(reply, 0xaa, sizeof(*reply)); /* what is not answered is not to be looked at */
	reply->is_of_bridge = false;
	reply->completion = codes[how % sizeof(codes)];
	reply->data_len = reply->completion == COMPLETION_OK ? draw() % 80 : 0;
	for (size_t i = 0; i < reply->data_len; i++)
		reply->data[i] = draw();
	return 0;
}

int __wrap_ipmi_command(struct ipmi_operation *operation, const struct ipmi_request *request,
			struct ipmi_reply *reply, struct error *err)
{
	int rc = __wrap_ipmi_request(operation, request, reply, err);

	return rc == 0 && reply->completion != COMPLETION_OK ? fail(err, ERR_BMC, "refused") : rc;
}

int64_t __wrap_clock_ms(void)
{
	return now_ms;
}

int __wrap_fiber_sleep(int64_t ms)
{
	now_ms += ms;
	return 0;
}

static void check_json(json_t *take_value)
{
	char *text = json_dumps(take_value, JSON_ENCODE_ANY);

	assert(text != NULL);
	free(text);
	json_decref(take_value);
}

static void read_sensors(struct task *task)
{
	json_t *sensors;
	struct error err;

	if (ipmi_sensors_get(task, &sensors, &err) == 0)
		check_json(sensors);
}

static void inspect(struct task *task)
{
	struct inspection found = { 0 };
	struct error err;

	if (ipmitool_inspect.inspect(task, &found, &err) == 0) {
		check_json(json_incref(found.inventory));
		check_json(json_incref(found.plugin_data));
	}
	inspection_release(&found);
}

typedef int method(struct task *task, const struct passthru_call *call, struct passthru_result *result,
		   struct error *err);

static void call(struct task *task, method *run)
{
	struct passthru_call call = { .args = json_object() };
	struct passthru_result result = { 0 };
	struct error err;

	if (run(task, &call, &result, &err) == 0 && result.value != NULL)
		check_json(json_incref(result.value));
	passthru_result_release(&result);
	json_decref(call.args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node node;
	struct task task;

	input = data;
	input_len = size;
	input_at = requests = 0;
	now_ms = 1000000;
	node_init(&node);
	node_set_text(&node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_object(&node, NODE_DRIVER_INFO, json_pack("{s:s}", "ipmi_address", "bmc"));
	task_init_permissive(&task, &node);
	switch (draw() % 5) {
	case 0:
		read_sensors(&task);
		break;
	case 1:
		inspect(&task);
		break;
	case 2:
		call(&task, ipmi_get_sel);
		break;
	case 3:
		call(&task, ipmi_clear_sel);
		break;
	default:
		call(&task, ipmi_get_sdr);
		read_sensors(&task); /* with what is kept now */
		break;
	}
	task_release(&task);
	node_release(&node);
	ipmi_targets_release(targets);
	targets = NULL;
	return 0;
}
