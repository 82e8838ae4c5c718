/* records: see records.h. */
#include "drivers/ipmi/records.h"

#include "drivers/ipmi/bytes.h"

bool records_info_decode(const uint8_t *data, size_t len, struct records_info *ret)
{
	if (len < RECORDS_INFO_LEN)
		return false;
	*ret = (struct records_info){
		.version = data[0],
		.count = get_u16(data + 1),
		.free_bytes = get_u16(data + 3),
		.added_at = get_u32(data + 5),
		.erased_at = get_u32(data + 9),
		.flags = data[13],
	};
	return true;
}

size_t records_info_encode(const struct records_info *info, uint8_t out[RECORDS_INFO_LEN])
{
	out[0] = info->version;
	put_u16(out + 1, info->count);
	put_u16(out + 3, info->free_bytes);
	put_u32(out + 5, info->added_at);
	put_u32(out + 9, info->erased_at);
	out[13] = info->flags;
	return RECORDS_INFO_LEN;
}

bool records_get_decode(const uint8_t *data, size_t len, struct records_get *ret)
{
	if (len < RECORDS_GET_LEN)
		return false;
	*ret = (struct records_get){ get_u16(data), get_u16(data + 2), data[4], data[5] };
	return true;
}

size_t records_get_encode(const struct records_get *get, uint8_t out[RECORDS_GET_LEN])
{
	put_u16(out, get->reservation);
	put_u16(out + 2, get->record);
	out[4] = get->offset;
	out[5] = get->count;
	return RECORDS_GET_LEN;
}
