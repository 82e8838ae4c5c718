/* target: see target.h. */
#include "drivers/ipmi/target.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "lib/xalloc.h"

static bool is_same_route(const struct ipmi_route *a, const struct ipmi_route *b)
{
	return a->hops == b->hops && a->target_channel == b->target_channel &&
	       a->target_address == b->target_address && a->transit_channel == b->transit_channel &&
	       a->transit_address == b->transit_address && a->local_address == b->local_address;
}

struct ipmi_target *ipmi_target_find(struct ipmi_target **first, const struct ipmi_route *route)
{
	for (struct ipmi_target *target = *first; target != NULL; target = target->next) {
		if (is_same_route(&target->route, route))
			return target;
	}

	struct ipmi_target *target = xcalloc(1, sizeof(*target));
	target->route = *route;
	target->manufacturer = -1;
	target->next = *first;
	*first = target;
	return target;
}

void ipmi_targets_release(struct ipmi_target *first)
{
	while (first != NULL) {
		struct ipmi_target *next = first->next;
		xfree(first->sdrs.records);
		xfree(first);
		first = next;
	}
}

bool ipmi_has_quirk(const struct ipmi_operation *operation, enum ipmi_quirk quirk)
{
	const struct ipmi_target *target = operation->target;
	uint32_t quirks = operation->info.quirks | target->quirks;

	if (target->manufacturer >= 0)
		quirks |= ipmi_quirks_of((uint32_t)target->manufacturer);
	return quirk_is_in(quirks, quirk);
}

void ipmi_found_quirk(struct ipmi_operation *operation, enum ipmi_quirk quirk)
{
	operation->target->quirks |= (uint32_t)1 << quirk;
}

/* ---- manufacturer ---- */

int ipmi_manufacturer(struct ipmi_operation *operation, uint32_t *ret, struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_APP, .command = APP_DEVICE_ID };
	struct ipmi_target *target = operation->target;
	struct ipmi_reply reply;

	if (target->manufacturer < 0) {
		int rc = ipmi_command(operation, &request, &reply, err);
		if (rc < 0)
			return rc;
		/* shorter than specified: a manufacturer that we do not know */
		target->manufacturer = reply.data_len < 9 ? 0
							  : reply.data[6] | reply.data[7] << 8 |
								    (reply.data[8] & 0x0f) << 16;
	}
	*ret = (uint32_t)target->manufacturer;
	return 0;
}

/* As the makers call themselves in IANA's list of enterprise numbers. */
static const struct {
	uint32_t number;
	const char *name;
} makers[] = {
	{ 2, "IBM" },
	{ 9, "ciscoSystems" },
	{ 11, "Hewlett-Packard" },
	{ 42, "Oracle" },
	{ 119, "NEC" },
	{ 343, "Intel Corporation" },
	{ 674, "Dell Inc." },
	{ 2011, "HUAWEI Technology Co.,Ltd" },
	{ 2623, "ASUSTek Computer Inc." },
	{ 4337, "Radisys" },
	{ 5771, "Cisco Systems, Inc." },
	{ 6653, "Tyan Computer Corporation" },
	{ 7154, "IPMI forum" },
	{ 7244, "Quanta Computer Inc." },
	{ 10368, "Fujitsu Technology Solutions GmbH" },
	{ 10876, "Super Micro Computer Inc." },
	{ 15370, "GIGA-BYTE TECHNOLOGY CO., LTD" },
	{ 19046, "Lenovo Group Limited" },
	{ 20301, "IBM eServer X" },
	{ 37945, "Inspur" },
	{ 47196, "Hewlett Packard Enterprise" },
	{ 47488, "Super Micro Computer Inc." },
	{ 49622, "ASRock Rack Incorporation" },
	{ 49769, "YADRO" },
};

const char *ipmi_manufacturer_name(uint32_t manufacturer)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (makers[i].number == manufacturer)
			return makers[i].name;
	}
	return NULL;
}

/* ---- records ---- */

const uint8_t *sdr_cache_next(const struct sdr_cache *cache, size_t *offset, size_t *ret_len)
{
	if (*offset + 2 > cache->len)
		return NULL;

	const uint8_t *record = cache->records + *offset;
	*ret_len = get_u16(record);
	*offset += 2 + *ret_len;
	return record + 2;
}
