#pragma once
/*
 * boot_flags: boot option parameter 5. Pure codec shared by the client (management.c) and the BMC side;
 * fuzzed (fuzz_ipmi_records.c). Source: IPMI 2.0 table 28-14.
 */
#include <stdbool.h>
#include <stdint.h>

enum {
	BOOT_OPTION_IN_PROGRESS = 0,
	BOOT_OPTION_VALIDITY = 3, /* when the flags stop being valid */
	BOOT_OPTION_ACKNOWLEDGE = 4,
	BOOT_OPTION_FLAGS = 5
};
enum { BOOT_VALID_AFTER_TIMEOUT = 0x08 }; /* validity: they outlive 60 seconds without a boot */

/* Bits 5:2 of the second byte. */
enum boot_selector {
	BOOT_NONE = 0x0,
	BOOT_PXE = 0x1,
	BOOT_DISK = 0x2,
	BOOT_SAFE = 0x3,
	BOOT_DIAGNOSTIC = 0x4,
	BOOT_CDROM = 0x5,
	BOOT_BIOS = 0x6,
	BOOT_REMOTE_FLOPPY = 0x7,
	BOOT_REMOTE_CDROM = 0x8,
	BOOT_REMOTE_PRIMARY = 0x9,
	BOOT_REMOTE_DISK = 0xb,
	BOOT_FLOPPY = 0xf
};

struct boot_flags {
	bool is_valid, is_persistent, is_efi;
	uint8_t selector; /* of enum boot_selector */
	bool clears_cmos;
	uint8_t instance;  /* of the device; bits 4:0 */
	uint8_t locks;     /* second byte: bit 6 keyboard, 1 blank screen, 0 reset button, as they stand */
	uint8_t verbosity; /* third byte, as it stands */
	uint8_t overrides; /* fourth byte, as it stands */
};
enum { BOOT_FLAGS_BYTES = 5 };
void boot_flags_decode(const uint8_t data[BOOT_FLAGS_BYTES], struct boot_flags *ret);
void boot_flags_encode(const struct boot_flags *flags, uint8_t out[BOOT_FLAGS_BYTES]);
