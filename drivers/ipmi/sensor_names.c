/* sensor_names: what the numbers of sensors, units, entities and states are called. Sources: IPMI 2.0 tables
 * 42-2 (generic states), 42-3 (sensor types and their states), 43-13 (entities), 43-15 (units). */
#include <stdio.h>

#include "drivers/ipmi/sdr.h"

/* clang-format off */
static const char *const units[] = {
	"unspecified", "degrees C", "degrees F", "degrees K", "Volts", "Amps", "Watts", "Joules",
	"Coulombs", "VA", "Nits", "lumen", "lux", "Candela", "kPa", "PSI", "Newton", "CFM", "RPM", "Hz",
	"microsecond", "millisecond", "second", "minute", "hour", "day", "week", "mil", "inches", "feet",
	"cu in", "cu feet", "mm", "cm", "m", "cu cm", "cu m", "liters", "fluid ounce", "radians",
	"steradians", "revolutions", "cycles", "gravities", "ounce", "pound", "ft-lb", "oz-in", "gauss",
	"gilberts", "henry", "millihenry", "farad", "microfarad", "ohms", "siemens", "mole", "becquerel",
	"PPM", "reserved", "Decibels", "DbA", "DbC", "gray", "sievert", "color temp deg K", "bit",
	"kilobit", "megabit", "gigabit", "byte", "kilobyte", "megabyte", "gigabyte", "word", "dword",
	"qword", "line", "hit", "miss", "retry", "reset", "overflow", "underrun", "collision", "packets",
	"messages", "characters", "error", "correctable error", "uncorrectable error", "fatal error",
	"grams",
};

static const char *const types[] = {
	"Reserved", "Temperature", "Voltage", "Current", "Fan", "Physical Security", "Platform Security",
	"Processor", "Power Supply", "Power Unit", "Cooling Device", "Other", "Memory", "Drive Slot / Bay",
	"POST Memory Resize", "System Firmware", "Event Logging Disabled", "Watchdog1", "System Event",
	"Critical Interrupt", "Button", "Module / Board", "Microcontroller", "Add-in Card", "Chassis",
	"Chip Set", "Other FRU", "Cable / Interconnect", "Terminator", "System Boot Initiated",
	"Boot Error", "OS Boot", "OS Critical Stop", "Slot / Connector", "System ACPI Power State",
	"Watchdog2", "Platform Alert", "Entity Presence", "Monitor ASIC", "LAN",
	"Management Subsys Health", "Battery", "Session Audit", "Version Change", "FRU State",
};

static const char *const entities[] = {
	"Unspecified", "Other", "Unknown", "Processor", "Disk or Disk Bay", "Peripheral Bay",
	"System Management Module", "System Board", "Memory Module", "Processor Module", "Power Supply",
	"Add-in Card", "Front Panel Board", "Back Panel Board", "Power System Board", "Drive Backplane",
	"System Internal Expansion Board", "Other System Board", "Processor Board", "Power Unit",
	"Power Module", "Power Management", "Chassis Back Panel Board", "System Chassis", "Sub-Chassis",
	"Other Chassis Board", "Disk Drive Bay", "Peripheral Bay", "Device Bay", "Fan Device",
	"Cooling Unit", "Cable/Interconnect", "Memory Device", "System Management Software", "BIOS",
	"Operating System", "System Bus", "Group", "Remote Management Device", "External Environment",
	"Battery", "Processing Blade", "Connectivity Switch", "Processor/Memory Module", "I/O Module",
	"Processor/IO Module", "Management Controller Firmware", "IPMI Channel", "PCI Bus",
	"PCI Express Bus", "SCSI Bus", "SATA/SAS Bus", "Processor Front-Side Bus", "Real Time Clock",
	"Reserved", "Air Inlet", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved",
	"Reserved", "Reserved", "Air Inlet", "Processor", "Baseboard",
};

static const char *const thresholds[THRESHOLD_COUNT] = {
	[THRESHOLD_LOWER_NON_CRITICAL] = "Lower Non-critical",
	[THRESHOLD_LOWER_CRITICAL] = "Lower Critical",
	[THRESHOLD_LOWER_NON_RECOVERABLE] = "Lower Non-recoverable",
	[THRESHOLD_UPPER_NON_CRITICAL] = "Upper Non-critical",
	[THRESHOLD_UPPER_CRITICAL] = "Upper Critical",
	[THRESHOLD_UPPER_NON_RECOVERABLE] = "Upper Non-recoverable",
};

enum { STATES = 15, GENERIC_FIRST = 0x02, SPECIFIC = 0x6f };

/* Event types 02h to 0Ch. */
static const char *const generic_states[][STATES] = {
	[0x02 - GENERIC_FIRST] = {
		"Transition to Idle", "Transition to Active", "Transition to Busy"
	},
	[0x03 - GENERIC_FIRST] = {
		"State Deasserted", "State Asserted"
	},
	[0x04 - GENERIC_FIRST] = {
		"Predictive Failure Deasserted", "Predictive Failure Asserted"
	},
	[0x05 - GENERIC_FIRST] = {
		"Limit Not Exceeded", "Limit Exceeded"
	},
	[0x06 - GENERIC_FIRST] = {
		"Performance Met", "Performance Lags"
	},
	[0x07 - GENERIC_FIRST] = {
		"Transition to OK", "Transition to Non-critical from OK",
		"Transition to Critical from less severe",
		"Transition to Non-recoverable from less severe",
		"Transition to Non-critical from more severe",
		"Transition to Critical from Non-recoverable", "Transition to Non-recoverable", "Monitor",
		"Informational"
	},
	[0x08 - GENERIC_FIRST] = {
		"Device Absent", "Device Present"
	},
	[0x09 - GENERIC_FIRST] = {
		"Device Disabled", "Device Enabled"
	},
	[0x0a - GENERIC_FIRST] = {
		"Transition to Running", "Transition to In Test", "Transition to Power Off",
		"Transition to On Line", "Transition to Off Line", "Transition to Off Duty",
		"Transition to Degraded", "Transition to Power Save", "Install Error"
	},
	[0x0b - GENERIC_FIRST] = {
		"Fully Redundant", "Redundancy Lost", "Redundancy Degraded",
		"Non-Redundant: Sufficient from Redundant", "Non-Redundant: Sufficient from Insufficient",
		"Non-Redundant: Insufficient Resources", "Redundancy Degraded from Fully Redundant",
		"Redundancy Degraded from Non-Redundant"
	},
	[0x0c - GENERIC_FIRST] = {
		"D0 Power State", "D1 Power State", "D2 Power State", "D3 Power State"
	},
};

/* Event type 6Fh: by sensor type. */
static const struct {
	uint8_t type;
	const char *states[STATES];
} specific_states[] = {
	{ 0x05,
	  { "General Chassis intrusion", "Drive Bay intrusion", "I/O Card area intrusion",
	    "Processor area intrusion", "System unplugged from LAN", "Unauthorized dock",
	    "FAN area intrusion" } },
	{ 0x06,
	  { "Front Panel Lockout violation attempted", "Pre-boot password violation - user password",
	    "Pre-boot password violation - setup password",
	    "Pre-boot password violation - network boot password", "Other pre-boot password violation",
	    "Out-of-band access password violation" } },
	{ 0x07,
	  { "IERR", "Thermal Trip", "FRB1/BIST failure", "FRB2/Hang in POST failure",
	    "FRB3/Processor startup/init failure", "Configuration Error",
	    "SM BIOS Uncorrectable CPU-complex Error", "Presence detected", "Disabled",
	    "Terminator presence detected", "Throttled", "Uncorrectable machine check exception",
	    "Correctable machine check error" } },
	{ 0x08,
	  { "Presence detected", "Failure detected", "Predictive failure", "Power Supply AC lost",
	    "AC lost or out-of-range", "AC out-of-range, but present", "Config Error",
	    "Power Supply Inactive" } },
	{ 0x09,
	  { "Power off/down", "Power cycle", "240VA power down", "Interlock power down", "AC lost",
	    "Soft-power control failure", "Failure detected", "Predictive failure" } },
	{ 0x0c,
	  { "Correctable ECC", "Uncorrectable ECC", "Parity", "Memory Scrub Failed",
	    "Memory Device Disabled", "Correctable ECC logging limit reached", "Presence Detected",
	    "Configuration Error", "Spare", "Throttled", "Critical Overtemperature" } },
	{ 0x0d,
	  { "Drive Present", "Drive Fault", "Predictive Failure", "Hot Spare",
	    "Parity Check In Progress", "In Critical Array", "In Failed Array", "Rebuild In Progress",
	    "Rebuild Aborted" } },
	{ 0x0f,
	  { "Error", "Hang", "Progress" } },
	{ 0x10,
	  { "Correctable memory error logging disabled", "Event logging disabled",
	    "Log area reset/cleared", "All event logging disabled", "Log full", "Log almost full",
	    "Correctable machine check logging disabled" } },
	{ 0x12,
	  { "System Reconfigured", "OEM System boot event", "Undetermined system hardware failure",
	    "Entry added to auxiliary log", "PEF Action", "Timestamp Clock Sync." } },
	{ 0x13,
	  { "NMI/Diag Interrupt", "Bus Timeout", "I/O Channel check NMI", "Software NMI", "PCI PERR",
	    "PCI SERR", "EISA failsafe timeout", "Bus Correctable error", "Bus Uncorrectable error",
	    "Fatal NMI", "Bus Fatal Error", "Bus Degraded" } },
	{ 0x14,
	  { "Power Button pressed", "Sleep Button pressed", "Reset Button pressed", "FRU Latch",
	    "FRU Service" } },
	{ 0x1b,
	  { "Connected", "Config Error" } },
	{ 0x1d,
	  { "Initiated by power up", "Initiated by hard reset", "Initiated by warm reset",
	    "User requested PXE boot", "Automatic boot to diagnostic", "OS initiated hard reset",
	    "OS initiated warm reset", "System Restart" } },
	{ 0x1e,
	  { "No bootable media", "Non-bootable disk in drive", "PXE server not found",
	    "Invalid boot sector", "Timeout waiting for selection" } },
	{ 0x1f,
	  { "A: boot completed", "C: boot completed", "PXE boot completed",
	    "Diagnostic boot completed", "CD-ROM boot completed", "ROM boot completed",
	    "boot completed - device not specified", "Installation started", "Installation completed",
	    "Installation aborted", "Installation failed" } },
	{ 0x20,
	  { "Error during system startup", "Run-time critical stop", "OS graceful stop",
	    "OS graceful shutdown", "PEF initiated soft shutdown", "Agent not responding" } },
	{ 0x21,
	  { "Fault Status", "Identify Status", "Device Installed", "Ready for Device Installation",
	    "Ready for Device Removal", "Slot Power is Off", "Device Removal Request", "Interlock",
	    "Slot is Disabled", "Spare Device" } },
	{ 0x22,
	  { "S0/G0: working", "S1: sleeping with system hw & processor context maintained",
	    "S2: sleeping, processor context lost",
	    "S3: sleeping, processor & hw context lost, memory retained",
	    "S4: non-volatile sleep/suspend-to-disk", "S5/G2: soft-off", "S4/S5: soft-off",
	    "G3: mechanical off", "Sleeping in S1/S2/S3 state", "G1: sleeping",
	    "S5: entered by override", "Legacy ON state", "Legacy OFF state", NULL, "Unknown" } },
	{ 0x23,
	  { "Timer expired", "Hard reset", "Power down", "Power cycle", NULL, NULL, NULL, NULL,
	    "Timer interrupt" } },
	{ 0x24,
	  { "Platform generated page", "Platform generated LAN alert", "Platform Event Trap generated",
	    "Platform generated SNMP trap, OEM format" } },
	{ 0x25,
	  { "Present", "Absent", "Disabled" } },
	{ 0x27,
	  { "Heartbeat Lost", "Heartbeat" } },
	{ 0x28,
	  { "Sensor access degraded or unavailable", "Controller access degraded or unavailable",
	    "Management controller off-line", "Management controller unavailable", "Sensor failure",
	    "FRU failure" } },
	{ 0x29,
	  { "Low", "Failed", "Presence Detected" } },
	{ 0x2b,
	  { "Hardware change detected", "Firmware or software change detected",
	    "Hardware incompatibility detected", "Firmware or software incompatibility detected",
	    "Invalid or unsupported hardware version",
	    "Invalid or unsupported firmware or software version", "Hardware change success",
	    "Firmware or software change success" } },
	{ 0x2c,
	  { "Not Installed", "Inactive", "Activation Requested", "Activation in Progress", "Active",
	    "Deactivation Requested", "Deactivation in Progress", "Communication lost" } },
};

/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *unit(uint8_t number)
{
	return number < COUNT(units) ? units[number] : "unspecified";
}

enum { UNIT_PERCENT = 0x01 };

void sensor_unit_name(const struct sdr *sdr, char ret[SENSOR_UNIT_MAX])
{
	const char *percent = sdr->unit_flags & UNIT_PERCENT ? sdr->base_unit == 0 ? "percent" : "% " : "";
	const char *base = *percent != '\0' && sdr->base_unit == 0 ? "" : unit(sdr->base_unit);
	static const char *const joints[] = { NULL, "/", " * ", NULL };
	const char *joint = joints[sdr->unit_flags >> 1 & 3];

	snprintf(ret, SENSOR_UNIT_MAX, "%s%s%s%s", percent, base, joint != NULL ? joint : "",
		 joint != NULL ? unit(sdr->modifier_unit) : "");
}

const char *sensor_type_name(uint8_t sensor_type)
{
	if (sensor_type < COUNT(types))
		return types[sensor_type];
	return sensor_type >= 0xc0 ? "OEM" : "Reserved";
}

const char *sensor_entity_name(uint8_t entity_id)
{
	return entity_id < COUNT(entities) ? entities[entity_id] : "Unspecified";
}

const char *sensor_threshold_name(enum sensor_threshold threshold)
{
	return thresholds[threshold];
}

const char *sensor_state_name(uint8_t event_type, uint8_t sensor_type, unsigned state)
{
	if (state >= STATES)
		return NULL;
	if (event_type >= GENERIC_FIRST && event_type - GENERIC_FIRST < (int)COUNT(generic_states))
		return generic_states[event_type - GENERIC_FIRST][state];
	for (size_t i = 0; event_type == SPECIFIC && i < COUNT(specific_states); i++) {
		if (specific_states[i].type == sensor_type)
			return specific_states[i].states[state];
	}
	return NULL;
}
