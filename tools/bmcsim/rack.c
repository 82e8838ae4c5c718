/* rack: reads the rack file and starts what it names. */
#include "tools/bmcsim/rack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/utf8.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/mockup.h"
#include "tools/bmcsim/rack_options.h"

/* ---- reading ---- */

struct reader {
	struct rack *rack;
	size_t size;   /* allocated bmcs */
	uint64_t seen; /* options of the current section, by position */
	struct error *err;
	int rc;
};

/* A free place at the end, under that name in the index. */
static struct bmc *rack_add(struct reader *reader, const char *name)
{
	struct rack *rack = reader->rack;

	if (rack->count == reader->size) {
		reader->size = reader->size ? reader->size * 2 : 16;
		rack->bmcs = xreallocarray(rack->bmcs, reader->size, sizeof(*rack->bmcs));
	}
	json_object_set_new(rack->index, name, json_integer((json_int_t)rack->count));
	bmc_init(&rack->bmcs[rack->count], name);
	return &rack->bmcs[rack->count++];
}

/* Where the n-th of many listens. */
static int listen_nth(const struct bmc *first, int n, struct bmc *ret, struct error *err)
{
	struct in_addr address;
	char text[INET_ADDRSTRLEN];

	if (first->is_count_by_port) {
		if (first->port == 0 || first->port + n > 65535)
			return fail(err, ERR_INVALID, "section [%s]: there are not so many ports",
				    first->name);
		ret->address = xstrdup(first->address);
		ret->port = first->port + n;
		return 0;
	}
	if (inet_pton(AF_INET, first->address, &address) != 1)
		return fail(err, ERR_INVALID, "section [%s]: only IPv4 addresses can be counted",
			    first->name);
	address.s_addr = htonl(ntohl(address.s_addr) + (uint32_t)n);
	ret->address = xstrdup(inet_ntop(AF_INET, &address, text, sizeof(text)));
	ret->port = first->port;
	return 0;
}

/* The section stands for `count` BMCs: the last one read becomes the first of them. */
static int section_multiply(struct reader *reader)
{
	struct rack *rack = reader->rack;
	size_t first = rack->count - 1;
	int count = rack->bmcs[first].count, rc = 0;
	char *base = rack->bmcs[first].name;

	if (count < 2)
		return 0;
	json_object_del(rack->index, base);
	rack->bmcs[first].name = xasprintf("%s-0", base);
	json_object_set_new(rack->index, rack->bmcs[first].name, json_integer((json_int_t)first));
	for (int n = 1; n < count && rc == 0; n++) {
		char *name = xasprintf("%s-%d", base, n);
		struct bmc *added = json_object_get(rack->index, name) ? NULL : rack_add(reader, name);
		if (added) {
			bmc_copy(added, &rack->bmcs[first]);
			rc = listen_nth(&rack->bmcs[first], n, added, reader->err);
		} else {
			rc = fail(reader->err, ERR_INVALID, "section [%s]: given twice", name);
		}
		xfree(name);
	}
	xfree(base);
	return rc;
}

static int section_end(struct reader *reader)
{
	struct rack *rack = reader->rack;

	if (!rack->count)
		return 0;
	for (size_t i = 0; i < rack_option_count; i++)
		if (rack_options[i].is_required && !(reader->seen & (uint64_t)1 << i))
			return fail(reader->err, ERR_INVALID, "section [%s]: option %s is missing",
				    rack->bmcs[rack->count - 1].name, rack_options[i].name);
	return section_multiply(reader);
}

static int section_begin(struct reader *reader, const char *name)
{
	struct rack *rack = reader->rack;
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	int rc = section_end(reader);

	if (rc < 0)
		return rc;
	if (!*name || strspn(name, allowed) != strlen(name))
		return fail(reader->err, ERR_INVALID,
			    "section [%s]: a name may have letters, digits, '.', '_' and '-' only", name);
	if (json_object_get(rack->index, name))
		return fail(reader->err, ERR_INVALID, "section [%s]: given twice", name);
	rack_add(reader, name);
	reader->seen = 0;
	return 0;
}

static bool is_utf8(const char *text)
{
	size_t len = strlen(text), length = 1;

	for (; len && length; text += length, len -= length)
		length = utf8_length(text, len);
	return length;
}

static int option_set(struct reader *reader, struct bmc *bmc, const char *name, const char *value)
{
	for (size_t i = 0; i < rack_option_count; i++) {
		if (strcmp(rack_options[i].name, name) != 0)
			continue;
		if (reader->seen & (uint64_t)1 << i)
			return fail(reader->err, ERR_INVALID, "section [%s], option %s: given twice",
				    bmc->name, name);
		reader->seen |= (uint64_t)1 << i;
		if (!is_utf8(value))
			return fail(reader->err, ERR_INVALID,
				    "section [%s], option %s: the value is not UTF-8", bmc->name, name);
		if (rack_options[i].set(bmc, value, reader->err) < 0)
			return fail_prefix(reader->err, "section [%s], option %s", bmc->name, name);
		return 0;
	}
	return fail(reader->err, ERR_INVALID, "section [%s]: unknown option %s", bmc->name, name);
}

static int on_option(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *reader = arg;
	struct rack *rack = reader->rack;

	if (reader->rc < 0) /* inih goes on after an error: the first one counts */
		return 0;
	if (!rack->count || strcmp(rack->bmcs[rack->count - 1].name, section) != 0) {
		reader->rc = section_begin(reader, section);
		if (reader->rc < 0)
			return 0;
	}
	reader->rc = option_set(reader, &rack->bmcs[rack->count - 1], name, value);
	return reader->rc == 0;
}

/* A UUID that stays the same from run to run: two hashes of the name, in the form of version 4. */
static char *uuid_of_name(const char *name)
{
	uint64_t hash[2] = { hash_text(HASH_START, name),
			     hash_text(HASH_START << 32 | HASH_START >> 32, name) };

	return xasprintf("%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(hash[0] >> 32),
			 (unsigned)(hash[0] >> 16) & 0xffff, (unsigned)hash[0] & 0xfff,
			 (unsigned)(hash[1] >> 48) & 0xfff, (unsigned long long)hash[1] & 0xffffffffffff);
}

int rack_load(struct rack *rack, const char *path, struct error *err)
{
	struct reader reader = { .rack = rack, .err = err };
	FILE *file = fopen(path, "re");
	int line;

	*rack = (struct rack){ .index = json_object() };
	if (!file)
		return fail(err, ERR_INVALID, "Cannot read the rack file %s: %s", path, strerror(errno));
	line = ini_parse_file(file, on_option, &reader);
	fclose(file);
	if (!reader.rc && line)
		reader.rc = fail(err, ERR_INVALID, "line %d is neither [section] nor name = value", line);
	if (!reader.rc)
		reader.rc = section_end(&reader);
	if (!reader.rc && !rack->count)
		reader.rc = fail(err, ERR_INVALID, "no section, so no BMC");
	if (reader.rc < 0)
		return fail_prefix(err, "%s", path);
	for (size_t i = 0; i < rack->count; i++)
		if (!rack->bmcs[i].system_uuid)
			rack->bmcs[i].system_uuid = uuid_of_name(rack->bmcs[i].name);
	return 0;
}

int rack_set_mockup(struct rack *rack, const char *path, struct error *err)
{
	for (size_t i = 0; i < rack->count; i++) {
		struct bmc *bmc = &rack->bmcs[i];
		int rc = bmc->protocol == BMC_REDFISH && !bmc->tree ? mockup_load(path, &bmc->tree, err) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

void rack_release(struct rack *rack)
{
	for (size_t i = 0; i < rack->count; i++)
		bmc_release(&rack->bmcs[i]);
	xfree(rack->bmcs);
	json_decref(rack->index);
	mockups_release();
	*rack = (struct rack){ 0 };
}

struct bmc *rack_find(const struct rack *rack, const char *name)
{
	const json_t *position = json_object_get(rack->index, name);

	return position ? &rack->bmcs[json_integer_value(position)] : NULL;
}

/* ---- listeners ---- */

const struct bmc_side *rack_side(const struct bmc *bmc)
{
	static const struct bmc_side *const sides[BMC_PROTOCOL_COUNT] = {
		[BMC_REDFISH] = &bmc_redfish_side,
		[BMC_IPMI] = &bmc_ipmi_side,
		[BMC_EEM] = &bmc_eem_side,
	};
	return sides[bmc->protocol];
}

int rack_start(struct rack *rack, struct error *err)
{
	for (size_t i = 0; i < rack->count; i++) {
		struct bmc *bmc = &rack->bmcs[i];
		if (rack_side(bmc)->start(bmc, err) < 0) {
			int rc = fail_prefix(err, "section [%s]", bmc->name);
			rack_stop(rack);
			return rc;
		}
	}
	return 0;
}

void rack_stop(struct rack *rack)
{
	for (size_t i = 0; i < rack->count; i++)
		if (rack->bmcs[i].side)
			rack_side(&rack->bmcs[i])->stop(&rack->bmcs[i]);
}
