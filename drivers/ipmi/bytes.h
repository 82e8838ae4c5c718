#pragma once
/* bytes: little-endian integers in packets, and what the parts of the codec share among themselves. */
#include <stddef.h>
#include <stdint.h>

static inline uint16_t get_u16(const uint8_t *data)
{
	return (uint16_t)(data[0] | data[1] << 8);
}

static inline uint32_t get_u32(const uint8_t *data)
{
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static inline void put_u16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

static inline void put_u32(uint8_t *out, uint32_t value)
{
	put_u16(out, (uint16_t)value);
	put_u16(out + 2, (uint16_t)(value >> 16));
}

/* RMCP and RMCP+ session headers; returns their length (16). rmcpp.c */
size_t rmcpp_header_encode(uint8_t type_and_flags, uint32_t session_id, uint32_t sequence, size_t payload_len,
			   uint8_t *out);
