/* bmc_model: the system event log. Source: IPMI 2.0 section 31; events that are sent to the BMC: 29.3. */
#include "drivers/ipmi/bmc_model_private.h"
#include "drivers/ipmi/records.h"
#include "lib/xalloc.h"

enum { SEL_VERSION = 0x51, CAN_DELETE = 0x08, CAN_RESERVE = 0x02, OVERFLOW = 0x80 };
enum { ALLOCATED_FIRST = 8, ERASING = 0 };

/* ---- the log ---- */

static uint16_t next_record_id(struct bmc_sel *sel)
{
	sel->last_id = sel->last_id >= SEL_LAST - 1 ? 1 : (uint16_t)(sel->last_id + 1);
	return sel->last_id;
}

/* Room for one more; NULL when the log is full. */
static uint8_t *new_record(struct bmc_sel *sel)
{
	if (sel->count == BMC_MODEL_SEL_LIMIT) {
		sel->is_overflown = true;
		return NULL;
	}
	if (sel->count == sel->allocated) {
		sel->allocated = sel->allocated > 0 ? sel->allocated * 2 : ALLOCATED_FIRST;
		sel->records = xreallocarray(sel->records, sel->allocated, sizeof(*sel->records));
	}
	return sel->records[sel->count++];
}

uint16_t bmc_model_sel_add(struct bmc_model *model, int64_t now_ms, const struct sel_record *record)
{
	struct sel_record added = *record;
	uint8_t *bytes = new_record(&model->sel);

	if (bytes == NULL)
		return 0;
	model->sel.added_at = bmc_model_time(model, now_ms);
	added.id = next_record_id(&model->sel);
	if (added.time == 0)
		added.time = model->sel.added_at;
	sel_record_encode(&added, bytes);
	return added.id;
}

void bmc_model_sel_clear(struct bmc_model *model, int64_t now_ms)
{
	struct bmc_sel *sel = &model->sel;

	xfree(sel->records);
	*sel = (struct bmc_sel){ .reservation = sel->reservation,
				 .added_at = sel->added_at,
				 .erased_at = bmc_model_time(model, now_ms),
				 .erased_ms = sel->erased_ms };
}

static uint16_t new_reservation(struct bmc_sel *sel)
{
	sel->reservation = sel->reservation == UINT16_MAX ? 1 : (uint16_t)(sel->reservation + 1);
	return sel->reservation;
}

void bmc_model_cancel_reservations(struct bmc_model *model)
{
	new_reservation(&model->sel);
	model->sdr_reservation =
		model->sdr_reservation == UINT16_MAX ? 1 : (uint16_t)(model->sdr_reservation + 1);
}

/* Position of the record, or count when there is none. */
static unsigned find_record(const struct bmc_sel *sel, uint16_t id)
{
	unsigned i = 0;

	if (id == SEL_FIRST || sel->count == 0)
		return 0;
	if (id == SEL_LAST)
		return sel->count - 1;
	while (i < sel->count && get_u16(sel->records[i]) != id)
		i++;
	return i;
}

/* ---- commands ---- */

static int info(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const struct bmc_sel *sel = &model->sel;
	const struct records_info info = {
		.version = SEL_VERSION,
		.count = (uint16_t)sel->count,
		.free_bytes = (uint16_t)((BMC_MODEL_SEL_LIMIT - sel->count) * SEL_RECORD_LEN),
		.added_at = sel->added_at,
		.erased_at = sel->erased_at,
		.flags = (uint8_t)(CAN_DELETE | CAN_RESERVE | (sel->is_overflown ? OVERFLOW : 0)),
	};

	(void)call;
	answer->len += records_info_encode(&info, answer->data + answer->len);
	return COMPLETION_OK;
}

static int reserve(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	put_word(answer, new_reservation(&model->sel));
	return COMPLETION_OK;
}

static int get(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const struct bmc_sel *sel = &model->sel;
	struct records_get get;

	if (!records_get_decode(call->request->data, call->request->data_len, &get))
		return COMPLETION_LENGTH;
	/* only reading from the middle needs a reservation */
	if (get.reservation != 0 ? get.reservation != sel->reservation : get.offset != 0)
		return COMPLETION_RESERVATION;

	unsigned position = find_record(sel, get.record);
	if (position >= sel->count)
		return COMPLETION_NOT_PRESENT;
	put_word(answer, position + 1 < sel->count ? get_u16(sel->records[position + 1]) : SEL_LAST);
	return bmc_model_put_piece(model, answer, sel->records[position], SEL_RECORD_LEN, get.offset,
				   get.count);
}

/* The BMC gives id and, where the record has one, time. */
static int add(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	struct sel_record record;

	sel_record_decode(call->request->data, &record);
	record.time = 0;
	uint16_t id = bmc_model_sel_add(model, call->now_ms, &record);
	if (id == 0)
		return COMPLETION_OUT_OF_SPACE;
	put_word(answer, id);
	return COMPLETION_OK;
}

static int delete (struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	struct bmc_sel *sel = &model->sel;
	uint16_t reservation = get_u16(call->request->data), id = get_u16(call->request->data + 2);

	if (reservation != 0 && reservation != sel->reservation)
		return COMPLETION_RESERVATION;
	unsigned position = find_record(sel, id);
	if (position >= sel->count)
		return COMPLETION_NOT_PRESENT;
	put(answer, sel->records[position], 2);
	sel->count--;
	memmove(sel->records[position], sel->records[position + 1],
		(sel->count - position) * sizeof(*sel->records));
	new_reservation(sel);
	return COMPLETION_OK;
}

static int clear(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint16_t reservation;
	enum sel_clear_action action;

	if (!sel_clear_decode(call->request->data, call->request->data_len, &reservation, &action))
		return COMPLETION_INVALID_FIELD;
	if (reservation == 0 || reservation != model->sel.reservation)
		return COMPLETION_RESERVATION;
	if (action == SEL_CLEAR_BEGIN) {
		bmc_model_sel_clear(model, call->now_ms);
		model->sel.erased_ms = call->now_ms + model->sel_erase_ms;
	}
	put_byte(answer, call->now_ms >= model->sel.erased_ms ? SEL_ERASED : ERASING);
	return COMPLETION_OK;
}

static int get_time(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	uint8_t now[4];

	put_u32(now, bmc_model_time(model, call->now_ms));
	put(answer, now, sizeof(now));
	return COMPLETION_OK;
}

static int set_time(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)answer;
	model->time_offset_s +=
		(int64_t)get_u32(call->request->data) - (int64_t)bmc_model_time(model, call->now_ms);
	return COMPLETION_OK;
}

/* An event that a console generates, for instance `ipmitool event`. */
static int platform_event(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const uint8_t *data = call->request->data;
	struct sel_record record = { .type = SEL_SYSTEM,
				     .generator = call->request->from,
				     .format = data[0],
				     .sensor_type = data[1],
				     .sensor_number = data[2],
				     .is_deassertion = data[3] & 0x80,
				     .event_type = data[3] & 0x7f };

	(void)answer;
	memcpy(record.data, data + 4, sizeof(record.data));
	return bmc_model_sel_add(model, call->now_ms, &record) != 0 ? COMPLETION_OK : COMPLETION_OUT_OF_SPACE;
}

/* clang-format off */
const struct bmc_command bmc_model_sel_commands[] = {
	{NETFN_SENSOR,  0x02,                platform_event},
	{NETFN_STORAGE, STORAGE_SEL_INFO,    info},
	{NETFN_STORAGE, STORAGE_RESERVE_SEL, reserve},
	{NETFN_STORAGE, STORAGE_GET_SEL,     get},
	{NETFN_STORAGE, 0x44,                add},
	{NETFN_STORAGE, 0x46,                delete},
	{NETFN_STORAGE, STORAGE_CLEAR_SEL,   clear},
	{NETFN_STORAGE, STORAGE_SEL_TIME,    get_time},
	{NETFN_STORAGE, 0x49,                set_time},
	{0, 0, NULL},
};
/* clang-format on */
