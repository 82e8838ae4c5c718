/* bmc_model: the SDR repository (a satellite's device SDRs) and sensors. Source: IPMI 2.0 sections 33, 35. */
#include "drivers/ipmi/bmc_model_private.h"
#include "drivers/ipmi/records.h"
#include "lib/xalloc.h"

enum { REPOSITORY_VERSION = 0x51, REPOSITORY_FLAGS = 0x22 /* reservations; updates at any time */ };

/* ---- records ---- */

static bool is_sensor(const struct bmc_record *record)
{
	return record->sdr.type == SDR_FULL || record->sdr.type == SDR_COMPACT;
}

static size_t encode_record(const struct bmc_model *model, size_t position, uint8_t out[SDR_MAX])
{
	struct sdr sdr = model->records[position].sdr;

	sdr.id = (uint16_t)(position + 1);
	if (model->is_satellite && sdr.owner == IPMI_BMC_ADDRESS)
		sdr.owner = model->address;
	if (model->is_satellite && sdr.device_address == IPMI_BMC_ADDRESS)
		sdr.device_address = model->address;
	return sdr_encode(&sdr, out);
}

static uint16_t new_reservation(struct bmc_model *model)
{
	model->sdr_reservation =
		model->sdr_reservation == UINT16_MAX ? 1 : (uint16_t)(model->sdr_reservation + 1);
	return model->sdr_reservation;
}

static int reserve(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	put_word(answer, new_reservation(model));
	return COMPLETION_OK;
}

static int get_record(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	struct records_get get;
	uint8_t record[SDR_MAX];

	if (!records_get_decode(call->request->data, call->request->data_len, &get))
		return COMPLETION_LENGTH;
	/* only reading from the middle needs a reservation */
	if (get.reservation != 0 ? get.reservation != model->sdr_reservation : get.offset != 0)
		return COMPLETION_RESERVATION;

	size_t position = get.record == SDR_FIRST  ? 0
			  : get.record == SDR_LAST ? model->record_count - 1
						   : get.record - 1U;
	if (position >= model->record_count)
		return COMPLETION_NOT_PRESENT;
	size_t len = encode_record(model, position, record);
	put_word(answer, position + 1 < model->record_count ? (unsigned)position + 2 : SDR_LAST);
	return bmc_model_put_piece(model, answer, record, len, get.offset, get.count);
}

static int repository_info(struct bmc_model *model, const struct ipmi_server_call *call,
			   struct answer *answer)
{
	const struct records_info info = { .version = REPOSITORY_VERSION,
					   .count = (uint16_t)model->record_count,
					   .flags = REPOSITORY_FLAGS };

	(void)call;
	answer->len += records_info_encode(&info, answer->data + answer->len);
	return COMPLETION_OK;
}

static int repository_time(struct bmc_model *model, const struct ipmi_server_call *call,
			   struct answer *answer)
{
	uint8_t now[4];

	put_u32(now, bmc_model_time(model, call->now_ms));
	put(answer, now, sizeof(now));
	return COMPLETION_OK;
}

/* How many sensors there are, or records when the request says so; all are on LUN 0 and do not change. */
static int device_sdr_info(struct bmc_model *model, const struct ipmi_server_call *call,
			   struct answer *answer)
{
	unsigned count = 0;

	if (call->request->data_len > 0 && call->request->data[0] & 1)
		count = (unsigned)model->record_count;
	else
		for (size_t i = 0; i < model->record_count; i++)
			count += is_sensor(&model->records[i]);
	put_byte(answer, count);
	put_byte(answer, 0x01);
	return COMPLETION_OK;
}

static int if_satellite(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer,
			bmc_handler *handle, bool is_for_satellites)
{
	return model->is_satellite == is_for_satellites ? handle(model, call, answer)
							: COMPLETION_INVALID_COMMAND;
}

static int get_sdr(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	return if_satellite(model, call, answer, get_record, false);
}

static int get_device_sdr(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	return if_satellite(model, call, answer, get_record, true);
}

static int reserve_sdr(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	return if_satellite(model, call, answer, reserve, false);
}

static int reserve_device_sdr(struct bmc_model *model, const struct ipmi_server_call *call,
			      struct answer *answer)
{
	return if_satellite(model, call, answer, reserve, true);
}

static int sdr_info(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	return if_satellite(model, call, answer, repository_info, false);
}

/* ---- sensors ---- */

int bmc_model_sensor_find(const struct bmc_model *model, const char *name)
{
	for (size_t i = 0; i < model->record_count; i++) {
		if (is_sensor(&model->records[i]) && strcmp(model->records[i].sdr.name, name) == 0)
			return (int)i;
	}
	return -1;
}

static struct bmc_sensor_state first_state(const struct bmc_record *record)
{
	struct bmc_sensor_state state = { .raw = record->raw,
					  .states = record->states,
					  .is_unavailable = record->is_unavailable };

	memcpy(state.thresholds, record->sdr.thresholds, sizeof(state.thresholds));
	return state;
}

static struct bmc_sensor_state state_of(const struct bmc_model *model, size_t position)
{
	return model->sensors != NULL ? model->sensors[position] : first_state(&model->records[position]);
}

struct bmc_sensor_state *bmc_model_sensor_change(struct bmc_model *model, size_t position)
{
	if (model->sensors == NULL) {
		model->sensors = xcalloc(model->record_count, sizeof(*model->sensors));
		for (size_t i = 0; i < model->record_count; i++)
			model->sensors[i] = first_state(&model->records[i]);
	}
	return &model->sensors[position];
}

/* Position of the sensor that the request names in its first byte, or -1. Sensors that share a record show
 * the same. */
static int sensor_of(const struct bmc_model *model, const struct ipmi_server_call *call)
{
	unsigned number = call->request->data[0];

	for (size_t i = 0; i < model->record_count; i++) {
		const struct sdr *sdr = &model->records[i].sdr;
		unsigned shared = sdr->type == SDR_COMPACT && sdr->share_count > 0 ? sdr->share_count : 1;
		if (is_sensor(&model->records[i]) && number >= sdr->number && number < sdr->number + shared)
			return (int)i;
	}
	return -1;
}

static bool is_threshold_sensor(const struct sdr *sdr)
{
	return sdr->type == SDR_FULL && sdr->event_type == EVENT_TYPE_THRESHOLD;
}

/* A raw number in the order that its format gives. */
static int ordered(const struct sdr *sdr, uint8_t raw)
{
	if (sdr->format == FORMAT_TWOS_COMPLEMENT)
		return (int8_t)raw;
	if (sdr->format == FORMAT_ONES_COMPLEMENT)
		return raw & 0x80 ? -(int)(uint8_t)~raw : raw;
	return raw;
}

static uint16_t crossed(const struct sdr *sdr, const struct bmc_sensor_state *state)
{
	int value = ordered(sdr, state->raw);
	uint16_t states = 0;

	for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
		int threshold = ordered(sdr, state->thresholds[i]);
		if (!(sdr->readable & 1U << i))
			continue;
		if (i < THRESHOLD_UPPER_NON_CRITICAL ? value <= threshold : value >= threshold)
			states |= (uint16_t)(1U << i);
	}
	return states;
}

static int reading(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	struct bmc_sensor_state state = state_of(model, (size_t)position);
	const struct sensor_reading shown = {
		.is_available = !state.is_unavailable,
		.is_scanning = true,
		.raw = state.is_unavailable ? 0 : state.raw,
		.states = state.is_unavailable       ? 0
			  : is_threshold_sensor(sdr) ? crossed(sdr, &state)
						     : state.states,
	};
	answer->len += sensor_reading_encode(&shown, answer->data + answer->len);
	return COMPLETION_OK;
}

static int get_thresholds(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	if (!is_threshold_sensor(sdr))
		return COMPLETION_SENSOR_ILLEGAL;
	struct bmc_sensor_state state = state_of(model, (size_t)position);
	struct sensor_thresholds shown = { .readable = sdr->readable };
	for (unsigned i = 0; i < THRESHOLD_COUNT; i++)
		shown.raw[i] = sdr->readable & 1U << i ? state.thresholds[i] : 0;
	answer->len += sensor_thresholds_encode(&shown, answer->data + answer->len);
	return COMPLETION_OK;
}

static int set_thresholds(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);
	uint8_t which = call->request->data[1] & 0x3f;

	(void)answer;
	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	if (!is_threshold_sensor(sdr))
		return COMPLETION_SENSOR_ILLEGAL;
	if (which & ~sdr->settable)
		return COMPLETION_INVALID_FIELD;
	struct bmc_sensor_state *state = bmc_model_sensor_change(model, (size_t)position);
	for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
		if (which & 1U << i)
			state->thresholds[i] = call->request->data[2 + i];
	}
	return COMPLETION_OK;
}

static int hysteresis(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	if (!is_threshold_sensor(sdr))
		return COMPLETION_SENSOR_ILLEGAL;
	put_byte(answer, sdr->hysteresis_up);
	put_byte(answer, sdr->hysteresis_down);
	return COMPLETION_OK;
}

/* The factors of a raw number, in the record's own form (bytes 25-30). */
static int factors(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);
	uint8_t raw = call->request->data[1];

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct bmc_record *record = &model->records[position];
	if (record->sdr.type != SDR_FULL)
		return COMPLETION_SENSOR_ILLEGAL;
	const struct sensor_factors *found =
		record->factors != NULL ? record->factors(raw) : &record->sdr.factors;
	unsigned m = (uint16_t)found->m, b = (uint16_t)found->b;
	put_byte(answer, raw == 0xff ? 0xff : raw + 1U);
	put_byte(answer, m & 0xff);
	put_byte(answer, (m >> 8 & 3) << 6);
	put_byte(answer, b & 0xff);
	put_byte(answer, (b >> 8 & 3) << 6);
	put_byte(answer, 0); /* accuracy */
	put_byte(answer, (unsigned)(found->r_exponent & 0x0f) << 4 | (unsigned)(found->b_exponent & 0x0f));
	return COMPLETION_OK;
}

static int event_enable(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	put_byte(answer, 0xc0); /* events and scanning on */
	put_word(answer, sdr->assertions & 0x0fff);
	put_word(answer, sdr->deassertions & 0x0fff);
	return COMPLETION_OK;
}

static int event_status(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	const struct sdr *sdr = &model->records[position].sdr;
	struct bmc_sensor_state state = state_of(model, (size_t)position);
	put_byte(answer, state.is_unavailable ? 0xe0 : 0xc0);
	put_word(answer, is_threshold_sensor(sdr) ? 0 : state.states);
	put_word(answer, 0);
	return COMPLETION_OK;
}

static int type_of_sensor(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	int position = sensor_of(model, call);

	if (position < 0)
		return COMPLETION_NOT_PRESENT;
	put_byte(answer, model->records[position].sdr.sensor_type);
	put_byte(answer, model->records[position].sdr.event_type);
	return COMPLETION_OK;
}

/* clang-format off */
const struct bmc_command bmc_model_sensor_commands[] = {
	{NETFN_SENSOR,  SENSOR_DEVICE_SDR_INFO,    device_sdr_info},
	{NETFN_SENSOR,  SENSOR_GET_DEVICE_SDR,     get_device_sdr},
	{NETFN_SENSOR,  SENSOR_RESERVE_DEVICE_SDR, reserve_device_sdr},
	{NETFN_SENSOR,  SENSOR_FACTORS,            factors},
	{NETFN_SENSOR,  0x25,                      hysteresis},
	{NETFN_SENSOR,  0x26,                      set_thresholds},
	{NETFN_SENSOR,  SENSOR_THRESHOLDS,         get_thresholds},
	{NETFN_SENSOR,  0x29,                      event_enable},
	{NETFN_SENSOR,  0x2b,                      event_status},
	{NETFN_SENSOR,  SENSOR_READING,            reading},
	{NETFN_SENSOR,  0x2f,                      type_of_sensor},
	{NETFN_STORAGE, STORAGE_SDR_INFO,          sdr_info},
	{NETFN_STORAGE, STORAGE_RESERVE_SDR,       reserve_sdr},
	{NETFN_STORAGE, STORAGE_GET_SDR,           get_sdr},
	{NETFN_STORAGE, 0x28,                      repository_time},
	{0, 0, NULL},
};
/* clang-format on */
