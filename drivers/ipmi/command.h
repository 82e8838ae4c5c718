#pragma once
/*
 * command: what we know about IPMI commands, as one table. The client takes from it whether a command only
 * reads (the gate before BMC writes treats everything that is not here as a write) and the privilege that it
 * needs; the BMC side takes the privilege and the length of requests.
 *
 * Source: IPMI 2.0 appendix G (privileges), DCMI 1.5 for group extension DCh.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/rmcpp.h"

enum ipmi_netfn {
	NETFN_CHASSIS = 0x00,
	NETFN_BRIDGE = 0x02,
	NETFN_SENSOR = 0x04,
	NETFN_APP = 0x06,
	NETFN_FIRMWARE = 0x08,
	NETFN_STORAGE = 0x0a,
	NETFN_TRANSPORT = 0x0c,
	NETFN_GROUP = 0x2c
};

/* The commands that code names. */
enum ipmi_command_code {
	CHASSIS_CAPABILITIES = 0x00,
	CHASSIS_STATUS = 0x01,
	CHASSIS_CONTROL = 0x02,
	CHASSIS_IDENTIFY = 0x04,
	CHASSIS_SET_BOOT = 0x08,
	CHASSIS_GET_BOOT = 0x09,
	APP_DEVICE_ID = 0x01,
	APP_COLD_RESET = 0x02,
	APP_WARM_RESET = 0x03,
	APP_DEVICE_GUID = 0x08,
	APP_SEND_MESSAGE = 0x34,
	APP_SYSTEM_GUID = 0x37,
	APP_AUTH_CAPABILITIES = 0x38,
	APP_SESSION_CHALLENGE = 0x39,
	APP_ACTIVATE_SESSION = 0x3a,
	APP_SET_PRIVILEGE = 0x3b,
	APP_CLOSE_SESSION = 0x3c,
	APP_SESSION_INFO = 0x3d,
	APP_CHANNEL_INFO = 0x42,
	APP_ACTIVATE_PAYLOAD = 0x48,
	APP_DEACTIVATE_PAYLOAD = 0x49,
	APP_PAYLOAD_STATUS = 0x4a,
	APP_PAYLOAD_INSTANCE = 0x4b,
	APP_USER_PAYLOADS = 0x4d,
	APP_CHANNEL_PAYLOADS = 0x4e,
	APP_PAYLOAD_VERSION = 0x4f,
	APP_CIPHER_SUITES = 0x54,
	TRANSPORT_GET_LAN = 0x02,
	TRANSPORT_GET_SOL = 0x22,
	SENSOR_DEVICE_SDR_INFO = 0x20,
	SENSOR_GET_DEVICE_SDR = 0x21,
	SENSOR_RESERVE_DEVICE_SDR = 0x22,
	SENSOR_FACTORS = 0x23,
	SENSOR_THRESHOLDS = 0x27,
	SENSOR_READING = 0x2d,
	STORAGE_FRU_INFO = 0x10,
	STORAGE_READ_FRU = 0x11,
	STORAGE_SDR_INFO = 0x20,
	STORAGE_RESERVE_SDR = 0x22,
	STORAGE_GET_SDR = 0x23,
	STORAGE_SEL_INFO = 0x40,
	STORAGE_RESERVE_SEL = 0x42,
	STORAGE_GET_SEL = 0x43,
	STORAGE_CLEAR_SEL = 0x47,
	STORAGE_SEL_TIME = 0x48
};

enum ipmi_command_kind {
	IPMI_READ,    /* changes nothing that lasts */
	IPMI_SESSION, /* concerns only the session that carries it: no write either */
	IPMI_WRITE
};

struct ipmi_command {
	uint8_t netfn, command;
	int16_t group; /* first data byte, of NETFN_GROUP; -1: any */
	enum ipmi_command_kind kind;
	enum ipmi_privilege privilege; /* least that the specification asks for; 0: also before a session */
	unsigned min_len;              /* request data, in bytes */
	const char *name;              /* "Chassis Control" */
};

/* NULL when the table does not have it. data may be NULL when len is 0. */
const struct ipmi_command *ipmi_command_find(uint8_t netfn, uint8_t command, const uint8_t *data, size_t len);
/* True only for what the table calls a write's opposite. */
bool ipmi_command_is_write(uint8_t netfn, uint8_t command, const uint8_t *data, size_t len);

/* Completion codes that the program acts on. */
enum ipmi_completion {
	COMPLETION_OK = 0x00,
	COMPLETION_UNSUPPORTED_PARAMETER = 0x80,
	COMPLETION_PRIVILEGE_UNAVAILABLE = 0x80,
	COMPLETION_PRIVILEGE_EXCEEDED = 0x81,
	COMPLETION_READ_ONLY = 0x82,
	COMPLETION_NO_USER = 0x81,           /* Get Session Challenge */
	COMPLETION_NO_NULL_USER = 0x82,      /* the same */
	COMPLETION_SEQUENCE_REFUSED = 0x84,  /* Activate Session */
	COMPLETION_INVALID_SESSION = 0x85,   /* the same */
	COMPLETION_PRIVILEGE_REFUSED = 0x86, /* the same */
	COMPLETION_NO_SESSION = 0x87,
	COMPLETION_PAYLOAD_ACTIVE = 0x80,
	COMPLETION_PAYLOAD_DISABLED = 0x81,
	COMPLETION_PAYLOAD_NO_ENCRYPTION = 0x83,
	COMPLETION_PAYLOAD_ENCRYPTED_ONLY = 0x84,
	COMPLETION_BUSY = 0xc0,
	COMPLETION_INVALID_COMMAND = 0xc1,
	COMPLETION_LUN = 0xc2,
	COMPLETION_TIMEOUT = 0xc3,
	COMPLETION_OUT_OF_SPACE = 0xc4,
	COMPLETION_RESERVATION = 0xc5,
	COMPLETION_TRUNCATED = 0xc6,
	COMPLETION_LENGTH = 0xc7,
	COMPLETION_FIELD_LENGTH = 0xc8,
	COMPLETION_RANGE = 0xc9,
	COMPLETION_CANNOT_RETURN = 0xca,
	COMPLETION_NOT_PRESENT = 0xcb,
	COMPLETION_INVALID_FIELD = 0xcc,
	COMPLETION_SENSOR_ILLEGAL = 0xcd,
	COMPLETION_DUPLICATE = 0xcf,
	COMPLETION_INITIALISING = 0xd2,
	COMPLETION_PRIVILEGE = 0xd4,
	COMPLETION_STATE = 0xd5,
	COMPLETION_UNSPECIFIED = 0xff
};
/* What a code means, in words: "insufficient privilege level"; for command-specific codes the command may be
 * NULL. Never NULL. */
const char *ipmi_completion_name(const struct ipmi_command *command, uint8_t completion);
