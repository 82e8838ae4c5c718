/* boot_flags: see boot_flags.h. */
#include "drivers/ipmi/boot_flags.h"

enum { VALID = 0x80, PERSISTENT = 0x40, EFI = 0x20, CLEAR_CMOS = 0x80, LOCKS = 0x43, INSTANCE = 0x1f };

void boot_flags_decode(const uint8_t data[BOOT_FLAGS_BYTES], struct boot_flags *ret)
{
	*ret = (struct boot_flags){
		.is_valid = data[0] & VALID,
		.is_persistent = data[0] & PERSISTENT,
		.is_efi = data[0] & EFI,
		.selector = data[1] >> 2 & 0x0f,
		.clears_cmos = data[1] & CLEAR_CMOS,
		.locks = data[1] & LOCKS,
		.verbosity = data[2],
		.overrides = data[3],
		.instance = data[4] & INSTANCE,
	};
}

void boot_flags_encode(const struct boot_flags *flags, uint8_t out[BOOT_FLAGS_BYTES])
{
	out[0] = (uint8_t)((flags->is_valid ? VALID : 0) | (flags->is_persistent ? PERSISTENT : 0) |
			   (flags->is_efi ? EFI : 0));
	out[1] = (uint8_t)((flags->clears_cmos ? CLEAR_CMOS : 0) | (flags->selector & 0x0f) << 2 |
			   (flags->locks & LOCKS));
	out[2] = flags->verbosity;
	out[3] = flags->overrides;
	out[4] = flags->instance & INSTANCE;
}
