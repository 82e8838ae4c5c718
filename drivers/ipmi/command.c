/* command: the tables of IPMI commands and completion codes. Source: IPMI 2.0 table 5-2, appendix G. */
#include "drivers/ipmi/command.h"

/* clang-format off */
enum { ANY = -1, DCMI = 0xdc };
static const struct ipmi_command commands[] = {
	/* netfn, command, group, kind, privilege, request, name */
	{NETFN_CHASSIS, 0x00, ANY, IPMI_READ,    IPMI_USER,          0, "Get Chassis Capabilities"},
	{NETFN_CHASSIS, 0x01, ANY, IPMI_READ,    IPMI_USER,          0, "Get Chassis Status"},
	{NETFN_CHASSIS, 0x02, ANY, IPMI_WRITE,   IPMI_OPERATOR,      1, "Chassis Control"},
	{NETFN_CHASSIS, 0x03, ANY, IPMI_WRITE,   IPMI_OPERATOR,      0, "Chassis Reset"},
	{NETFN_CHASSIS, 0x04, ANY, IPMI_WRITE,   IPMI_OPERATOR,      0, "Chassis Identify"},
	{NETFN_CHASSIS, 0x05, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 5, "Set Chassis Capabilities"},
	{NETFN_CHASSIS, 0x06, ANY, IPMI_WRITE,   IPMI_OPERATOR,      1, "Set Power Restore Policy"},
	{NETFN_CHASSIS, 0x07, ANY, IPMI_READ,    IPMI_USER,          0, "Get System Restart Cause"},
	{NETFN_CHASSIS, 0x08, ANY, IPMI_WRITE,   IPMI_OPERATOR,      1, "Set System Boot Options"},
	{NETFN_CHASSIS, 0x09, ANY, IPMI_READ,    IPMI_OPERATOR,      3, "Get System Boot Options"},
	{NETFN_CHASSIS, 0x0f, ANY, IPMI_READ,    IPMI_USER,          0, "Get POH Counter"},
	{NETFN_BRIDGE,  0x00, ANY, IPMI_READ,    IPMI_USER,          0, "Get Bridge State"},
	{NETFN_SENSOR,  0x00, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 2, "Set Event Receiver"},
	{NETFN_SENSOR,  0x01, ANY, IPMI_READ,    IPMI_USER,          0, "Get Event Receiver"},
	{NETFN_SENSOR,  0x02, ANY, IPMI_WRITE,   IPMI_OPERATOR,      7, "Platform Event"},
	{NETFN_SENSOR,  0x20, ANY, IPMI_READ,    IPMI_USER,          0, "Get Device SDR Info"},
	{NETFN_SENSOR,  0x21, ANY, IPMI_READ,    IPMI_USER,          6, "Get Device SDR"},
	/* a reservation only guards the reader's own position */
	{NETFN_SENSOR,  0x22, ANY, IPMI_READ,    IPMI_USER,          0, "Reserve Device SDR Repository"},
	{NETFN_SENSOR,  0x23, ANY, IPMI_READ,    IPMI_USER,          2, "Get Sensor Reading Factors"},
	{NETFN_SENSOR,  0x25, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Hysteresis"},
	{NETFN_SENSOR,  0x26, ANY, IPMI_WRITE,   IPMI_OPERATOR,      8, "Set Sensor Thresholds"},
	{NETFN_SENSOR,  0x27, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Threshold"},
	{NETFN_SENSOR,  0x29, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Event Enable"},
	{NETFN_SENSOR,  0x2b, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Event Status"},
	{NETFN_SENSOR,  0x2d, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Reading"},
	{NETFN_SENSOR,  0x2f, ANY, IPMI_READ,    IPMI_USER,          1, "Get Sensor Type"},
	{NETFN_APP,     0x01, ANY, IPMI_READ,    IPMI_USER,          0, "Get Device ID"},
	{NETFN_APP,     0x02, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 0, "Cold Reset"},
	{NETFN_APP,     0x03, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 0, "Warm Reset"},
	{NETFN_APP,     0x04, ANY, IPMI_READ,    IPMI_USER,          0, "Get Self Test Results"},
	{NETFN_APP,     0x07, ANY, IPMI_READ,    IPMI_USER,          0, "Get ACPI Power State"},
	{NETFN_APP,     0x08, ANY, IPMI_READ,    IPMI_USER,          0, "Get Device GUID"},
	{NETFN_APP,     0x25, ANY, IPMI_READ,    IPMI_USER,          0, "Get Watchdog Timer"},
	{NETFN_APP,     0x2e, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 1, "Set BMC Global Enables"},
	{NETFN_APP,     0x2f, ANY, IPMI_READ,    IPMI_USER,          0, "Get BMC Global Enables"},
	{NETFN_APP,     0x34, ANY, IPMI_WRITE,   IPMI_USER,          1, "Send Message"},
	{NETFN_APP,     0x37, ANY, IPMI_READ,    0,                  0, "Get System GUID"},
	{NETFN_APP,     0x38, ANY, IPMI_SESSION, 0,                  2, "Get Channel Auth Capabilities"},
	{NETFN_APP,     0x39, ANY, IPMI_SESSION, 0,                 17, "Get Session Challenge"},
	{NETFN_APP,     0x3a, ANY, IPMI_SESSION, 0,                 22, "Activate Session"},
	{NETFN_APP,     0x3b, ANY, IPMI_SESSION, IPMI_USER,          1, "Set Session Privilege Level"},
	{NETFN_APP,     0x3c, ANY, IPMI_SESSION, IPMI_CALLBACK,      4, "Close Session"},
	{NETFN_APP,     0x3d, ANY, IPMI_READ,    IPMI_USER,          1, "Get Session Info"},
	{NETFN_APP,     0x41, ANY, IPMI_READ,    IPMI_USER,          2, "Get Channel Access"},
	{NETFN_APP,     0x42, ANY, IPMI_READ,    IPMI_USER,          1, "Get Channel Info"},
	{NETFN_APP,     0x43, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 3, "Set User Access"},
	{NETFN_APP,     0x44, ANY, IPMI_READ,    IPMI_OPERATOR,      2, "Get User Access"},
	{NETFN_APP,     0x45, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 17, "Set User Name"},
	{NETFN_APP,     0x46, ANY, IPMI_READ,    IPMI_OPERATOR,      1, "Get User Name"},
	{NETFN_APP,     0x47, ANY, IPMI_WRITE,   IPMI_ADMINISTRATOR, 2, "Set User Password"},
	{NETFN_APP,     0x48, ANY, IPMI_WRITE,   IPMI_USER,          6, "Activate Payload"},
	{NETFN_APP,     0x49, ANY, IPMI_WRITE,   IPMI_USER,          6, "Deactivate Payload"},
	{NETFN_APP,     0x4a, ANY, IPMI_READ,    IPMI_USER,          1, "Get Payload Activation Status"},
	{NETFN_APP,     0x4b, ANY, IPMI_READ,    IPMI_USER,          2, "Get Payload Instance Info"},
	{NETFN_APP,     0x4d, ANY, IPMI_READ,    IPMI_OPERATOR,      2, "Get User Payload Access"},
	{NETFN_APP,     0x4e, ANY, IPMI_READ,    IPMI_USER,          1, "Get Channel Payload Support"},
	{NETFN_APP,     0x4f, ANY, IPMI_READ,    IPMI_USER,          2, "Get Channel Payload Version"},
	{NETFN_APP,     0x54, ANY, IPMI_READ,    0,                  3, "Get Channel Cipher Suites"},
	{NETFN_APP,     0x59, ANY, IPMI_READ,    IPMI_USER,          4, "Get System Info Parameters"},
	{NETFN_STORAGE, 0x10, ANY, IPMI_READ,    IPMI_USER,          1, "Get FRU Inventory Area Info"},
	{NETFN_STORAGE, 0x11, ANY, IPMI_READ,    IPMI_USER,          4, "Read FRU Data"},
	{NETFN_STORAGE, 0x12, ANY, IPMI_WRITE,   IPMI_OPERATOR,      3, "Write FRU Data"},
	{NETFN_STORAGE, 0x20, ANY, IPMI_READ,    IPMI_USER,          0, "Get SDR Repository Info"},
	{NETFN_STORAGE, 0x22, ANY, IPMI_READ,    IPMI_USER,          0, "Reserve SDR Repository"},
	{NETFN_STORAGE, 0x23, ANY, IPMI_READ,    IPMI_USER,          6, "Get SDR"},
	{NETFN_STORAGE, 0x28, ANY, IPMI_READ,    IPMI_USER,          0, "Get SDR Repository Time"},
	{NETFN_STORAGE, 0x40, ANY, IPMI_READ,    IPMI_USER,          0, "Get SEL Info"},
	{NETFN_STORAGE, 0x42, ANY, IPMI_READ,    IPMI_USER,          0, "Reserve SEL"},
	{NETFN_STORAGE, 0x43, ANY, IPMI_READ,    IPMI_USER,          6, "Get SEL Entry"},
	{NETFN_STORAGE, 0x44, ANY, IPMI_WRITE,   IPMI_OPERATOR,     16, "Add SEL Entry"},
	{NETFN_STORAGE, 0x46, ANY, IPMI_WRITE,   IPMI_OPERATOR,      4, "Delete SEL Entry"},
	{NETFN_STORAGE, 0x47, ANY, IPMI_WRITE,   IPMI_OPERATOR,      6, "Clear SEL"},
	{NETFN_STORAGE, 0x48, ANY, IPMI_READ,    IPMI_USER,          0, "Get SEL Time"},
	{NETFN_STORAGE, 0x49, ANY, IPMI_WRITE,   IPMI_OPERATOR,      4, "Set SEL Time"},
	{NETFN_TRANSPORT, 0x01, ANY, IPMI_WRITE, IPMI_ADMINISTRATOR, 2, "Set LAN Configuration Parameters"},
	{NETFN_TRANSPORT, 0x02, ANY, IPMI_READ,  IPMI_OPERATOR,      4, "Get LAN Configuration Parameters"},
	{NETFN_TRANSPORT, 0x22, ANY, IPMI_READ,  IPMI_USER,          4, "Get SOL Configuration Parameters"},
	{NETFN_GROUP,   0x01, DCMI, IPMI_READ,   0,                  1, "Get DCMI Capabilities Info"},
	{NETFN_GROUP,   0x02, DCMI, IPMI_READ,   IPMI_USER,          4, "Get Power Reading"},
	{NETFN_GROUP,   0x03, DCMI, IPMI_READ,   IPMI_USER,          3, "Get Power Limit"},
	{NETFN_GROUP,   0x06, DCMI, IPMI_READ,   IPMI_USER,          3, "Get Asset Tag"},
	{NETFN_GROUP,   0x07, DCMI, IPMI_READ,   IPMI_USER,          5, "Get DCMI Sensor Info"},
	{NETFN_GROUP,   0x10, DCMI, IPMI_READ,   IPMI_USER,          5, "Get Temperature Readings"},
};

/* Codes from C0h on mean the same for every command. */
static const char *const generic_names[0x40] = {
	[0x00] = "node busy",
	[0x01] = "invalid command",
	[0x02] = "command invalid for given LUN",
	[0x03] = "timeout while processing command",
	[0x04] = "out of space",
	[0x05] = "reservation cancelled or invalid",
	[0x06] = "request data truncated",
	[0x07] = "request data length invalid",
	[0x08] = "request data field length limit exceeded",
	[0x09] = "parameter out of range",
	[0x0a] = "cannot return number of requested data bytes",
	[0x0b] = "requested sensor, data or record not present",
	[0x0c] = "invalid data field in request",
	[0x0d] = "command illegal for specified sensor or record type",
	[0x0e] = "command response could not be provided",
	[0x0f] = "cannot execute duplicated request",
	[0x10] = "SDR repository in update mode",
	[0x11] = "device in firmware update mode",
	[0x12] = "BMC initialization in progress",
	[0x13] = "destination unavailable",
	[0x14] = "insufficient privilege level",
	[0x15] = "command not supported in present state",
	[0x16] = "command sub-function disabled or unavailable",
	[0x3f] = "unspecified error",
};

static const struct { uint8_t netfn, command, completion; const char *name; } specific_names[] = {
	{NETFN_CHASSIS, 0x08, 0x80, "boot option parameter not supported"},
	{NETFN_CHASSIS, 0x08, 0x81, "boot options are being set by another party"},
	{NETFN_CHASSIS, 0x08, 0x82, "boot option parameter is read-only"},
	{NETFN_CHASSIS, 0x09, 0x80, "boot option parameter not supported"},
	{NETFN_APP,     0x34, 0x82, "bus error"},
	{NETFN_APP,     0x34, 0x83, "no acknowledge from the target"},
	{NETFN_APP,     0x39, 0x81, "invalid user name"},
	{NETFN_APP,     0x39, 0x82, "null user name not enabled"},
	{NETFN_APP,     0x3a, 0x81, "no session slot available"},
	{NETFN_APP,     0x3a, 0x82, "no session slot available for this user"},
	{NETFN_APP,     0x3a, 0x83, "no session slot available for this privilege level"},
	{NETFN_APP,     0x3a, 0x84, "session sequence number out of range"},
	{NETFN_APP,     0x3a, 0x85, "invalid session ID"},
	{NETFN_APP,     0x3a, 0x86, "requested privilege level exceeds channel or user limit"},
	{NETFN_APP,     0x3b, 0x80, "requested privilege level not available for this user"},
	{NETFN_APP,     0x3b, 0x81, "requested privilege level exceeds channel or user limit"},
	{NETFN_APP,     0x3b, 0x82, "user level authentication cannot be disabled"},
	{NETFN_APP,     0x3c, 0x87, "invalid session ID"},
	{NETFN_APP,     0x48, 0x80, "payload is active in another session"},
	{NETFN_APP,     0x48, 0x81, "payload type is disabled"},
	{NETFN_APP,     0x48, 0x82, "limit of activated payloads reached"},
	{NETFN_APP,     0x48, 0x83, "cannot activate the payload with encryption"},
	{NETFN_APP,     0x48, 0x84, "cannot activate the payload without encryption"},
	{NETFN_APP,     0x49, 0x80, "payload is not active"},
	{NETFN_APP,     0x49, 0x81, "payload type is disabled"},
	{NETFN_TRANSPORT, 0x02, 0x80, "LAN parameter not supported"},
};
/* clang-format on */

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };
enum { SPECIFIC_COUNT = sizeof(specific_names) / sizeof(specific_names[0]) };

const struct ipmi_command *ipmi_command_find(uint8_t netfn, uint8_t command, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct ipmi_command *row = &commands[i];

		if (row->command != command || row->netfn != netfn)
			continue;
		if (row->group == ANY || (len > 0 && data[0] == row->group))
			return row;
	}
	return NULL;
}

bool ipmi_command_is_write(uint8_t netfn, uint8_t command, const uint8_t *data, size_t len)
{
	const struct ipmi_command *row = ipmi_command_find(netfn, command, data, len);

	return row == NULL || row->kind == IPMI_WRITE;
}

const char *ipmi_completion_name(const struct ipmi_command *command, uint8_t completion)
{
	if (completion == COMPLETION_OK)
		return "completed normally";
	for (size_t i = 0; command != NULL && i < SPECIFIC_COUNT; i++) {
		if (specific_names[i].netfn == command->netfn &&
		    specific_names[i].command == command->command &&
		    specific_names[i].completion == completion)
			return specific_names[i].name;
	}
	if (completion >= 0xc0 && generic_names[completion - 0xc0] != NULL)
		return generic_names[completion - 0xc0];
	if (completion >= 0x80 && completion <= 0xbe)
		return "command-specific error";
	return completion <= 0x7e ? "device-specific (OEM) error" : "reserved code";
}
