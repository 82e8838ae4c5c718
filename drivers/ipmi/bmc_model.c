/* bmc_model: command handlers in one table. */
#include "drivers/ipmi/bmc_model.h"

#include <string.h>

#include "drivers/ipmi/command.h"

enum {
	IPMI_VERSION = 0x02,
	DEVICE_SUPPORT = 0x80,
	CHANNEL_LAN = 1,
	CHANNEL_THIS = 0x0e,
	PARAMETER_VERSION = 0x11
};

struct answer {
	uint8_t *data;
	size_t len;
};

static void put(struct answer *answer, const void *data, size_t len)
{
	memcpy(answer->data + answer->len, data, len);
	answer->len += len;
}

static void put_byte(struct answer *answer, unsigned value)
{
	answer->data[answer->len++] = (uint8_t)value;
}

typedef int handler(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer);

/* ---- identity ---- */

static int device_id(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)request;
	const uint8_t data[] = {
		0x20,
		0x01,
		model->firmware_major & 0x7f,
		(uint8_t)(model->firmware_minor / 10 % 10 << 4 | model->firmware_minor % 10),
		IPMI_VERSION,
		DEVICE_SUPPORT,
		(uint8_t)model->manufacturer_id,
		(uint8_t)(model->manufacturer_id >> 8),
		(uint8_t)(model->manufacturer_id >> 16 & 0x0f),
		(uint8_t)model->product_id,
		(uint8_t)(model->product_id >> 8),
		0,
		0,
		0,
		0,
	};

	put(answer, data, sizeof(data));
	return COMPLETION_OK;
}

static int self_test(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)model;
	(void)request;
	put_byte(answer, 0x55); /* no error */
	put_byte(answer, 0x00);
	return COMPLETION_OK;
}

static int system_guid(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)request;
	put(answer, model->guid, sizeof(model->guid));
	return COMPLETION_OK;
}

static int cold_reset(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)request;
	(void)answer;
	return model->ops->reset(model->arg, true);
}

static int warm_reset(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)request;
	(void)answer;
	return model->ops->reset(model->arg, false);
}

/* ---- chassis ---- */

static int chassis_status(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)request;
	put_byte(answer, (model->ops->is_on(model->arg) ? 1U : 0U) | (unsigned)model->restore_policy << 5);
	put_byte(answer, 0);
	/* identify state is told: 0 off, 1 for some seconds, 2 until told */
	put_byte(answer, 0x40 | (model->identify_s == 0 ? 0U : model->identify_s == 255 ? 2U : 1U) << 4);
	return COMPLETION_OK;
}

static int chassis_control(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	uint8_t control = request->data[0] & 0x0f;

	(void)answer;
	if (control >= CHASSIS_CONTROL_COUNT)
		return COMPLETION_INVALID_FIELD;
	return model->ops->control(model->arg, control);
}

static int chassis_identify(struct bmc_model *model, const struct ipmi_message *request,
			    struct answer *answer)
{
	(void)answer;
	model->identify_s = request->data_len > 0 ? request->data[0] : 15;
	if (request->data_len > 1 && request->data[1] & 1)
		model->identify_s = 255;
	return COMPLETION_OK;
}

static int restore_policy(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	uint8_t policy = request->data[0] & 7;

	if (policy < 3)
		model->restore_policy = policy;
	put_byte(answer, 7); /* all three are supported */
	return COMPLETION_OK;
}

static int restart_cause(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)model;
	(void)request;
	put_byte(answer, 1); /* chassis control command */
	put_byte(answer, CHANNEL_LAN);
	return COMPLETION_OK;
}

/* ---- boot options ---- */

enum { BOOT_SET_IN_PROGRESS = 0, BOOT_KEEP = 3, BOOT_ACKNOWLEDGE = 4, BOOT_FLAGS = 5 };

static int set_boot(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	uint8_t parameter = request->data[0] & 0x7f;
	const uint8_t *data = request->data + 1;
	size_t len = request->data_len - 1;

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

static int get_boot(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	uint8_t parameter = request->data[0] & 0x7f;

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

/* ---- channel and LAN ---- */

static bool is_our_channel(uint8_t byte)
{
	return (byte & 0x0f) == CHANNEL_LAN || (byte & 0x0f) == CHANNEL_THIS;
}

static int channel_info(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	/* LAN medium, IPMB protocol, multi-session, vendor Intel as the specification wants it */
	static const uint8_t lan[] = { CHANNEL_LAN, 0x04, 0x01, 0x80, 0xf2, 0x1b, 0x00, 0x00, 0x00 };

	(void)model;
	if (!is_our_channel(request->data[0]))
		return COMPLETION_INVALID_FIELD;
	put(answer, lan, sizeof(lan));
	return COMPLETION_OK;
}

static int channel_access(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	(void)model;
	if (!is_our_channel(request->data[0]))
		return COMPLETION_INVALID_FIELD;
	put_byte(answer, 0x22); /* always available, no per-message authentication to switch off */
	put_byte(answer, IPMI_ADMINISTRATOR);
	return COMPLETION_OK;
}

static unsigned suite_count(const struct bmc_model *model)
{
	return (unsigned)__builtin_popcount(model->suites);
}

/* Parameter 23: a reserved byte, then ids. */
static void put_suites(const struct bmc_model *model, struct answer *answer)
{
	put_byte(answer, 0);
	for (unsigned id = 0; id < 32; id++) {
		if (model->suites & (uint32_t)1 << id)
			put_byte(answer, id);
	}
}

static int lan_parameter(struct bmc_model *model, const struct ipmi_message *request, struct answer *answer)
{
	static const uint8_t zeros[9];

	if (!is_our_channel(request->data[0]))
		return COMPLETION_INVALID_FIELD;
	put_byte(answer, PARAMETER_VERSION);
	if (request->data[0] & 0x80) /* the revision alone was asked for */
		return COMPLETION_OK;
	switch (request->data[1]) {
	case 0: /* set in progress */
	case 1: /* authentication types: none of IPMI 1.5 */
		put_byte(answer, 0);
		return COMPLETION_OK;
	case 2: /* enabled types per privilege */
		put(answer, zeros, 5);
		return COMPLETION_OK;
	case 3:
		put(answer, model->ip, sizeof(model->ip));
		return COMPLETION_OK;
	case 4: /* static */
		put_byte(answer, 1);
		return COMPLETION_OK;
	case 5:
		put(answer, model->mac, sizeof(model->mac));
		return COMPLETION_OK;
	case 6:
		put(answer, (const uint8_t[]){ 255, 255, 255, 0 }, 4);
		return COMPLETION_OK;
	case 12: /* gateway: none */
		put(answer, zeros, 4);
		return COMPLETION_OK;
	case 13:
		put(answer, zeros, 6);
		return COMPLETION_OK;
	case 20: /* VLAN off */
		put(answer, zeros, 2);
		return COMPLETION_OK;
	case 22:
		put_byte(answer, suite_count(model));
		return COMPLETION_OK;
	case 23:
		put_suites(model, answer);
		return COMPLETION_OK;
	case 24: /* every suite up to the administrator */
		put_byte(answer, 0);
		for (unsigned i = 0; i < 8; i++)
			put_byte(answer, IPMI_ADMINISTRATOR << 4 | IPMI_ADMINISTRATOR);
		return COMPLETION_OK;
	default:
		return COMPLETION_UNSUPPORTED_PARAMETER;
	}
}

/* clang-format off */
static const struct { uint8_t netfn, command; handler *handle; } handlers[] = {
	{NETFN_CHASSIS,   CHASSIS_STATUS,   chassis_status},
	{NETFN_CHASSIS,   CHASSIS_CONTROL,  chassis_control},
	{NETFN_CHASSIS,   CHASSIS_IDENTIFY, chassis_identify},
	{NETFN_CHASSIS,   0x06,             restore_policy},
	{NETFN_CHASSIS,   0x07,             restart_cause},
	{NETFN_CHASSIS,   CHASSIS_SET_BOOT, set_boot},
	{NETFN_CHASSIS,   CHASSIS_GET_BOOT, get_boot},
	{NETFN_APP,       APP_DEVICE_ID,    device_id},
	{NETFN_APP,       APP_COLD_RESET,   cold_reset},
	{NETFN_APP,       APP_WARM_RESET,   warm_reset},
	{NETFN_APP,       0x04,             self_test},
	{NETFN_APP,       APP_DEVICE_GUID,  system_guid},
	{NETFN_APP,       APP_SYSTEM_GUID,  system_guid},
	{NETFN_APP,       0x41,             channel_access},
	{NETFN_APP,       APP_CHANNEL_INFO, channel_info},
	{NETFN_TRANSPORT, TRANSPORT_GET_LAN, lan_parameter},
};
/* clang-format on */

int bmc_model_command(struct bmc_model *model, const struct ipmi_server_call *call, uint8_t *ret_data,
		      size_t *ret_len)
{
	const struct ipmi_message *request = call->request;
	struct answer answer = { .data = ret_data };

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].command != request->command || handlers[i].netfn != request->netfn)
			continue;
		int completion = handlers[i].handle(model, request, &answer);
		*ret_len = answer.len;
		return completion;
	}
	return COMPLETION_INVALID_COMMAND;
}
