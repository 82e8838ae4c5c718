/* bmc_model: chassis and boot options. Source: IPMI 2.0 section 28. */
#include "drivers/ipmi/bmc_model_private.h"

static int capabilities(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	static const uint8_t data[] = { 0x00, 0x20, 0x20, 0x20, 0x20 }; /* all at the BMC's address */

	(void)model;
	(void)call;
	put(answer, data, sizeof(data));
	return COMPLETION_OK;
}

static bool is_identifying(const struct bmc_model *model, int64_t now_ms)
{
	return model->identify_s == 255 || (model->identify_s > 0 && now_ms < model->identify_end_ms);
}

static int status(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	unsigned identify = !is_identifying(model, call->now_ms) ? 0
			    : model->identify_s == 255                     ? 2
									   : 1;

	put_byte(answer, (model->ops->is_on(model->arg) ? 1U : 0U) | (unsigned)model->restore_policy << 5);
	put_byte(answer, 0);
	put_byte(answer, 0x40 | identify << 4); /* the state of the light is told */
	return COMPLETION_OK;
}

static int control(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t what = call->request->data[0] & 0x0f;

	(void)answer;
	if (what >= CHASSIS_CONTROL_COUNT)
		return COMPLETION_INVALID_FIELD;
	return model->ops->control(model->arg, what);
}

static int identify(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const struct ipmi_message *request = call->request;

	(void)answer;
	model->identify_s = request->data_len > 0 ? request->data[0] : 15;
	if (request->data_len > 1 && request->data[1] & 1)
		model->identify_s = 255;
	model->identify_end_ms = call->now_ms + 1000 * (int64_t)model->identify_s;
	return COMPLETION_OK;
}

static int restore_policy(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t policy = call->request->data[0] & 7;

	if (policy < 3)
		model->restore_policy = policy;
	put_byte(answer, 7); /* all three are supported */
	return COMPLETION_OK;
}

static int restart_cause(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)model;
	(void)call;
	put_byte(answer, 1); /* chassis control command */
	put_byte(answer, CHANNEL_LAN);
	return COMPLETION_OK;
}

/* Hours, since the clock of the BMC began. */
static int power_on_hours(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t hours[4];

	(void)model;
	put_u32(hours, (uint32_t)(call->now_ms / 3600000));
	put_byte(answer, 60); /* minutes a count */
	put(answer, hours, sizeof(hours));
	return COMPLETION_OK;
}

/* ---- boot options ---- */

enum { BOOT_SET_IN_PROGRESS = 0, BOOT_KEEP = 3, BOOT_ACKNOWLEDGE = 4, BOOT_FLAGS = 5 };

static int set_boot(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t parameter = call->request->data[0] & 0x7f;
	const uint8_t *data = call->request->data + 1;
	size_t len = call->request->data_len - 1;

	(void)answer;
	if (len == 0 && parameter <= BOOT_FLAGS) /* only the parameter's valid bit, which we do not keep */
		return COMPLETION_OK;
	switch (parameter) {
	case BOOT_SET_IN_PROGRESS:
		if ((data[0] & 3) == 1 && model->boot_in_progress == 1)
			return 0x81;
		model->boot_in_progress = (data[0] & 3) == 1;
		return COMPLETION_OK;
	case BOOT_KEEP:
		model->boot_keep = data[0] & 0x1f;
		return COMPLETION_OK;
	case BOOT_ACKNOWLEDGE:
		if (len < 2)
			return COMPLETION_LENGTH;
		model->boot_acknowledge[0] = 0;
		model->boot_acknowledge[1] =
			(uint8_t)((model->boot_acknowledge[1] & ~data[0]) | (data[0] & data[1])) & 0x1f;
		return COMPLETION_OK;
	case BOOT_FLAGS:
		if (len < BOOT_FLAGS_LEN)
			return COMPLETION_LENGTH;
		return model->ops->boot_set(model->arg, data);
	default:
		return COMPLETION_UNSUPPORTED_PARAMETER;
	}
}

static int get_boot(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t parameter = call->request->data[0] & 0x7f;

	put_byte(answer, 0x01);
	put_byte(answer, parameter);
	switch (parameter) {
	case BOOT_SET_IN_PROGRESS:
		put_byte(answer, model->boot_in_progress);
		return COMPLETION_OK;
	case BOOT_KEEP:
		put_byte(answer, model->boot_keep);
		return COMPLETION_OK;
	case BOOT_ACKNOWLEDGE:
		put(answer, model->boot_acknowledge, sizeof(model->boot_acknowledge));
		return COMPLETION_OK;
	case BOOT_FLAGS:
		model->ops->boot_get(model->arg, answer->data + answer->len);
		answer->len += BOOT_FLAGS_LEN;
		return COMPLETION_OK;
	default:
		return COMPLETION_UNSUPPORTED_PARAMETER;
	}
}

/* clang-format off */
const struct bmc_command bmc_model_chassis_commands[] = {
	{NETFN_CHASSIS, CHASSIS_CAPABILITIES, capabilities},
	{NETFN_CHASSIS, CHASSIS_STATUS,       status},
	{NETFN_CHASSIS, CHASSIS_CONTROL,      control},
	{NETFN_CHASSIS, CHASSIS_IDENTIFY,     identify},
	{NETFN_CHASSIS, 0x06,                 restore_policy},
	{NETFN_CHASSIS, 0x07,                 restart_cause},
	{NETFN_CHASSIS, CHASSIS_SET_BOOT,     set_boot},
	{NETFN_CHASSIS, CHASSIS_GET_BOOT,     get_boot},
	{NETFN_CHASSIS, 0x0f,                 power_on_hours},
	{0, 0, NULL},
};
/* clang-format on */
