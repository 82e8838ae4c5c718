/* bmc_model: inventories of field-replaceable units. Source: IPMI 2.0 section 34. */
#include "drivers/ipmi/bmc_model_private.h"
#include "drivers/ipmi/fru.h"
#include "lib/xalloc.h"

enum { WRITE_PROTECTED = 0x80, OWN_UNIT = 0 };

/* The inventory of the unit as it is now; its size, 0: there is no such unit. Unit 0 has room to be written.
 */
static size_t load(const struct bmc_model *model, uint8_t id, uint8_t out[BMC_MODEL_FRU_SIZE])
{
	memset(out, 0, BMC_MODEL_FRU_SIZE);
	if (id == OWN_UNIT && model->fru != NULL) {
		memcpy(out, model->fru, BMC_MODEL_FRU_SIZE);
		return BMC_MODEL_FRU_SIZE;
	}
	size_t len = model->ops->fru != NULL ? model->ops->fru(model->arg, id, out, BMC_MODEL_FRU_SIZE) : 0;
	return id == OWN_UNIT && len > 0 ? BMC_MODEL_FRU_SIZE : len;
}

static int info(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t inventory[BMC_MODEL_FRU_SIZE];
	size_t size = load(model, call->request->data[0], inventory);

	if (size == 0)
		return COMPLETION_NOT_PRESENT;
	answer->len += fru_info_encode((uint16_t)size, false, answer->data + answer->len);
	return COMPLETION_OK;
}

static int read_data(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	struct fru_read read;
	uint8_t inventory[BMC_MODEL_FRU_SIZE];

	if (!fru_read_decode(call->request->data, call->request->data_len, &read))
		return COMPLETION_LENGTH;
	size_t size = load(model, read.id, inventory);
	if (size == 0)
		return COMPLETION_NOT_PRESENT;
	if (read.offset >= size)
		return COMPLETION_RANGE;
	size_t count = read.count < size - read.offset ? read.count : size - read.offset;
	put_byte(answer, (unsigned)count);
	return bmc_model_put_piece(model, answer, inventory, size, read.offset, count);
}

/* The first write gives the BMC a copy of its own. */
static int write_data(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const uint8_t *data = call->request->data;
	uint8_t inventory[BMC_MODEL_FRU_SIZE];
	size_t offset = get_u16(data + 1), len = call->request->data_len - 3;
	size_t size = load(model, data[0], inventory);

	if (size == 0)
		return COMPLETION_NOT_PRESENT;
	if (data[0] != OWN_UNIT)
		return WRITE_PROTECTED;
	if (offset > size || len > size - offset)
		return COMPLETION_RANGE;
	if (model->fru == NULL) {
		model->fru = xmalloc(BMC_MODEL_FRU_SIZE);
		memcpy(model->fru, inventory, BMC_MODEL_FRU_SIZE);
	}
	memcpy(model->fru + offset, data + 3, len);
	put_byte(answer, (unsigned)len);
	return COMPLETION_OK;
}

/* clang-format off */
const struct bmc_command bmc_model_fru_commands[] = {
	{NETFN_STORAGE, STORAGE_FRU_INFO, info},
	{NETFN_STORAGE, STORAGE_READ_FRU, read_data},
	{NETFN_STORAGE, 0x12,             write_data},
	{0, 0, NULL},
};
/* clang-format on */
