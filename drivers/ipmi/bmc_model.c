/* bmc_model: who answers a command, and the commands about the BMC itself. Source: IPMI 2.0 section 20. */
#include "drivers/ipmi/bmc_model.h"

#include "drivers/ipmi/bmc_model_private.h"
#include "lib/xalloc.h"

enum { IPMI_VERSION = 0x02, READ_MAX = 32 };
/* Device support bits of Get Device ID. */
enum {
	SUPPORT_SENSOR = 0x01,
	SUPPORT_SDR = 0x02,
	SUPPORT_SEL = 0x04,
	SUPPORT_FRU = 0x08,
	SUPPORT_BRIDGE = 0x40,
	SUPPORT_CHASSIS = 0x80
};

uint32_t bmc_model_time(const struct bmc_model *model, int64_t now_ms)
{
	int64_t now_s = model->ops->time != NULL ? (int64_t)model->ops->time(model->arg) : now_ms / 1000;

	return (uint32_t)(now_s + model->time_offset_s);
}

/* How many bytes of a record or inventory go into one answer. */
static unsigned read_max(const struct bmc_model *model)
{
	return model->read_max > 0 ? model->read_max : READ_MAX;
}

int bmc_model_put_piece(const struct bmc_model *model, struct answer *answer, const uint8_t *data, size_t len,
			size_t offset, size_t count)
{
	if (offset > len)
		return COMPLETION_RANGE;
	if (count == 0xff || count > len - offset)
		count = len - offset;
	if (count > read_max(model))
		return COMPLETION_CANNOT_RETURN;
	put(answer, data + offset, count);
	return COMPLETION_OK;
}

static uint8_t device_support(const struct bmc_model *model)
{
	unsigned bits = SUPPORT_CHASSIS | SUPPORT_SEL | (model->is_satellite ? 0U : SUPPORT_BRIDGE);

	if (model->record_count > 0)
		bits |= SUPPORT_SENSOR | (model->is_satellite ? 0U : SUPPORT_SDR);
	if (model->ops->fru != NULL)
		bits |= SUPPORT_FRU;
	return (uint8_t)bits;
}

static int device_id(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	const uint8_t data[] = {
		0x20,
		(uint8_t)(0x01 | (model->is_satellite && model->record_count > 0 ? 0x80 : 0)),
		model->firmware_major & 0x7f,
		(uint8_t)(model->firmware_minor / 10 % 10 << 4 | model->firmware_minor % 10),
		IPMI_VERSION,
		device_support(model),
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

static int self_test(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)model;
	(void)call;
	put_byte(answer, 0x55); /* no error */
	put_byte(answer, 0x00);
	return COMPLETION_OK;
}

static int system_guid(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	put(answer, model->guid, sizeof(model->guid));
	return COMPLETION_OK;
}

static int cold_reset(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	(void)answer;
	return model->ops->reset(model->arg, true);
}

static int warm_reset(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	(void)answer;
	return model->ops->reset(model->arg, false);
}

static int acpi_power_state(struct bmc_model *model, const struct ipmi_server_call *call,
			    struct answer *answer)
{
	(void)call;
	put_byte(answer, model->ops->is_on(model->arg) ? 0x00 : 0x05); /* S0, S5 */
	put_byte(answer, 0x00);                                        /* device: D0 */
	return COMPLETION_OK;
}

/* The watchdog is there and stopped. */
static int watchdog(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	static const uint8_t stopped[8];

	(void)model;
	(void)call;
	put(answer, stopped, sizeof(stopped));
	return COMPLETION_OK;
}

static int get_global_enables(struct bmc_model *model, const struct ipmi_server_call *call,
			      struct answer *answer)
{
	(void)call;
	put_byte(answer, model->global_enables);
	return COMPLETION_OK;
}

static int set_global_enables(struct bmc_model *model, const struct ipmi_server_call *call,
			      struct answer *answer)
{
	(void)answer;
	model->global_enables = call->request->data[0];
	return COMPLETION_OK;
}

enum { SYSTEM_INFO_VERSION = 0x11, SYSTEM_INFO_BLOCK = 16 };

/* Parameter 2, the system's name: the first block begins with encoding and length. */
static void put_name_block(struct answer *answer, const char *name, size_t block)
{
	uint8_t text[4 * SYSTEM_INFO_BLOCK] = { 0 };
	size_t len = strnlen(name, sizeof(text) - 2);

	text[1] = (uint8_t)len; /* text[0]: ASCII */
	memcpy(text + 2, name, len);
	put_byte(answer, (unsigned)block);
	if (block < 4)
		put(answer, text + block * SYSTEM_INFO_BLOCK, SYSTEM_INFO_BLOCK);
}

static int system_info(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const uint8_t *data = call->request->data;

	put_byte(answer, SYSTEM_INFO_VERSION);
	if (data[0] & 0x80) /* the revision alone was asked for */
		return COMPLETION_OK;
	if (data[1] == 0) {
		put_byte(answer, 0); /* set complete */
		return COMPLETION_OK;
	}
	if (data[1] != 2 || model->system_name == NULL)
		return COMPLETION_UNSUPPORTED_PARAMETER;
	if (data[2] >= 4)
		return COMPLETION_RANGE;
	put_name_block(answer, model->system_name, data[2]);
	return COMPLETION_OK;
}

/* clang-format off */
static const struct bmc_command own_commands[] = {
	{NETFN_APP, APP_DEVICE_ID,   device_id},
	{NETFN_APP, APP_COLD_RESET,  cold_reset},
	{NETFN_APP, APP_WARM_RESET,  warm_reset},
	{NETFN_APP, 0x04,            self_test},
	{NETFN_APP, 0x07,            acpi_power_state},
	{NETFN_APP, APP_DEVICE_GUID, system_guid},
	{NETFN_APP, APP_SYSTEM_GUID, system_guid},
	{NETFN_APP, 0x25,            watchdog},
	{NETFN_APP, 0x2e,            set_global_enables},
	{NETFN_APP, 0x2f,            get_global_enables},
	{NETFN_APP, 0x59,            system_info},
	{0, 0, NULL},
};

static const struct bmc_command *const tables[] = {
	own_commands,
	bmc_model_chassis_commands,
	bmc_model_channel_commands,
	bmc_model_sensor_commands,
	bmc_model_sel_commands,
	bmc_model_fru_commands,
};
/* clang-format on */

static bmc_handler *find_handler(uint8_t netfn, uint8_t command)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct bmc_command *row = tables[i]; row->handle != NULL; row++) {
			if (row->command == command && row->netfn == netfn)
				return row->handle;
		}
	}
	return NULL;
}

int bmc_model_command(struct bmc_model *model, const struct ipmi_server_call *call, uint8_t *ret_data,
		      size_t *ret_len)
{
	struct answer answer = { .data = ret_data };
	bmc_handler *handle = find_handler(call->request->netfn, call->request->command);

	if (handle == NULL)
		return COMPLETION_INVALID_COMMAND;

	int completion = handle(model, call, &answer);
	*ret_len = answer.len;
	return completion;
}

void bmc_model_release(struct bmc_model *model)
{
	xfree(model->sensors);
	xfree(model->sel.records);
	xfree(model->fru);
	model->sensors = NULL;
	model->sel = (struct bmc_sel){ 0 };
	model->fru = NULL;
}
