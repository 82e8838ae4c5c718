/* quirks: the table, see quirks.h. */
#include "drivers/ipmi/quirks.h"

#include <string.h>

#include "lib/buf.h"

enum { SUPERMICRO = 10876, SUPERMICRO_SECOND = 47488 };

const struct ipmi_quirk_row ipmi_quirks[QUIRK_COUNT] = {
	[QUIRK_HIGHEST_PRIVILEGE] = { .name = "highestpriv",
				      .help = "Ask for the highest privilege level instead of the one set: "
					      "BMCs whose cipher suites are bound to one level (early "
					      "Tyan)." },
	[QUIRK_NAME_AND_PRIVILEGE] = { .name = "intel20",
				       .help = "Find the user by name and privilege level (Intel "
					       "SE7520AF2)." },
	[QUIRK_PADDED_NAME] = { .name = "intel20", .help = "Send and sign user names padded to 16 bytes." },
	[QUIRK_NO_RAKP4_CODE] = { .name = "intel20",
				  .help = "Take RAKP 4 without a code in suites that have no integrity "
					  "algorithm." },
	[QUIRK_ID_ZERO] = { .name = "idzero", .help = "Take answers with session id 0 (Tyan S2882)." },
	[QUIRK_NO_CHECKSUM] = { .name = "nochecksumcheck",
				.help = "Take messages with wrong checksums also where nothing else "
					"protects them. Under an integrity code they are always taken "
					"(Supermicro X9)." },
	[QUIRK_SWAPPED_SEQUENCE] = { .name = "endianseq",
				     .help = "IPMI 1.5: sequence numbers the other way round (Sun ILOM)." },
	[QUIRK_EACH_MESSAGE] = { .name = "forcepermsg",
				 .help = "IPMI 1.5: authenticate each message though the BMC says that it "
					 "need not be (IBM e325, Supermicro H8QME)." },
	[QUIRK_ANY_CODE] = { .name = "noauthcodecheck",
			     .help = "IPMI 1.5: do not check the codes of answers (Dell 2850, Xyratex). Then "
				     "anyone on the way can answer for the BMC." },
	[QUIRK_PLAIN_CAPABILITIES] = { .name = "authcap",
				       .choice = QUIRK_BY_PROBING,
				       .help = "IPMI 1.5: ask for capabilities without the bit of 2.0, which "
					       "old BMCs refuse." },
	[QUIRK_UEFI_DISK_REMOTE] = { .name = "uefidisk24",
				     .choice = QUIRK_BY_MANUFACTURER,
				     .manufacturers = { SUPERMICRO, SUPERMICRO_SECOND },
				     .help = "Boot the disk by UEFI as \"primary remote media\" (24h)." },
	[QUIRK_SHORT_READS] = { .name = "shortreads",
				.choice = QUIRK_BY_PROBING,
				.help = "Read records and inventories in pieces of 8 bytes (BMCs that "
					"refuse more, or cut it off)." },
	[QUIRK_NO_RESERVATION] = { .name = "noreservation",
				   .choice = QUIRK_BY_PROBING,
				   .help = "Read the sensor repository without a reservation (BMCs that do "
					   "not know how to reserve it)." },
};

static bool add_by_name(const char *word, size_t len, uint32_t *quirks)
{
	bool is_known = false;

	for (unsigned i = 0; i < QUIRK_COUNT; i++) {
		if (strlen(ipmi_quirks[i].name) == len && memcmp(ipmi_quirks[i].name, word, len) == 0) {
			*quirks |= (uint32_t)1 << i;
			is_known = true;
		}
	}
	return is_known;
}

static int unknown(const char *word, size_t len, struct error *err)
{
	struct buf names;

	buf_init(&names, 512);
	for (unsigned i = 0; i < QUIRK_COUNT; i++) {
		if (i == 0 || strcmp(ipmi_quirks[i].name, ipmi_quirks[i - 1].name) != 0)
			buf_printf(&names, "%s%s", i > 0 ? ", " : "", ipmi_quirks[i].name);
	}

	int rc =
		fail(err, ERR_INVALID, "Invalid value for ipmi_workarounds: '%.*s', the valid values are: %s",
		     len < 40 ? (int)len : 40, word, names.data != NULL ? names.data : "");
	buf_release(&names);
	return rc;
}

int ipmi_quirks_parse(const char *text, uint32_t *ret_quirks, struct error *err)
{
	uint32_t quirks = 0;

	while (*(text += strspn(text, ", ")) != '\0') {
		size_t len = strcspn(text, ", ");
		if (!add_by_name(text, len, &quirks))
			return unknown(text, len, err);
		text += len;
	}
	*ret_quirks = quirks;
	return 0;
}

uint32_t ipmi_quirks_of(uint32_t manufacturer)
{
	uint32_t quirks = 0;

	for (unsigned i = 0; i < QUIRK_COUNT; i++) {
		const uint32_t *known = ipmi_quirks[i].manufacturers;
		for (; ipmi_quirks[i].choice == QUIRK_BY_MANUFACTURER && *known != 0; known++) {
			if (*known == manufacturer)
				quirks |= (uint32_t)1 << i;
		}
	}
	return quirks;
}
