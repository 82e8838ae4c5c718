#pragma once
/* bmc_model_private: what the files bmc_model*.c share. Nobody else includes it. */
#include <string.h>

#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/command.h"

enum { CHANNEL_LAN = 1, CHANNEL_THIS = 0x0e };

struct answer {
	uint8_t *data; /* IPMI_DATA_MAX bytes */
	size_t len;
};

static inline void put(struct answer *answer, const void *data, size_t len)
{
	memcpy(answer->data + answer->len, data, len);
	answer->len += len;
}

static inline void put_byte(struct answer *answer, unsigned value)
{
	answer->data[answer->len++] = (uint8_t)value;
}

static inline void put_word(struct answer *answer, unsigned value)
{
	put_byte(answer, value & 0xff);
	put_byte(answer, value >> 8 & 0xff);
}

/* Returns the completion code, or -1 for no answer. The request is as long as the command table asks. */
typedef int bmc_handler(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer);

struct bmc_command {
	uint8_t netfn, command;
	bmc_handler *handle; /* NULL ends a table */
};
extern const struct bmc_command bmc_model_chassis_commands[]; /* bmc_model_chassis.c */
extern const struct bmc_command bmc_model_channel_commands[]; /* bmc_model_channel.c */
extern const struct bmc_command bmc_model_sensor_commands[];  /* bmc_model_sensor.c */
extern const struct bmc_command bmc_model_sel_commands[];     /* bmc_model_sel.c */
extern const struct bmc_command bmc_model_fru_commands[];     /* bmc_model_fru.c */

/* Seconds as the BMC's clock has them. */
uint32_t bmc_model_time(const struct bmc_model *model, int64_t now_ms);
/* Answers a piece of `len` bytes of data: 0xff asks for the rest, more than may be is refused. */
int bmc_model_put_piece(const struct bmc_model *model, struct answer *answer, const uint8_t *data, size_t len,
			size_t offset, size_t count);
