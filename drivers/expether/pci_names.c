/* pci_names: see pci_names.h. Source: the format as the head of pci.ids describes it: vendors at the line's
 * start, their devices behind a tab; classes (lines that begin with C) end the list. */
#include "drivers/expether/pci_names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define FILE_MAX (16 << 20)

struct entry {
	uint64_t key; /* vendor, and device + 1 below it; 0 there: the vendor's own */
	const char *name;
};

static struct {
	bool is_loaded;
	struct semaphore loading;
	bool is_initialised;
	char *text;
	struct entry *entries; /* by key */
	size_t count, size;
} names;

static uint64_t key_of(unsigned vendor, unsigned device_and_one)
{
	return (uint64_t)vendor << 32 | device_and_one;
}

static void add(uint64_t key, const char *name)
{
	if (names.count == names.size) {
		names.size = names.size ? names.size * 2 : 4096;
		names.entries = xreallocarray(names.entries, names.size, sizeof(*names.entries));
	}
	names.entries[names.count++] = (struct entry){ key, name };
}

static int compare(const void *one, const void *other)
{
	uint64_t a = ((const struct entry *)one)->key, b = ((const struct entry *)other)->key;

	return a < b ? -1 : a > b;
}

/* "8086  Intel Corporation": the number, and the name behind it; false: another kind of line. */
static bool read_line(char *line, unsigned *ret_number, const char **ret_name)
{
	char *end;
	unsigned long number = strtoul(line, &end, 16);

	if (end != line + 4 || strncmp(end, "  ", 2) != 0)
		return false;
	*ret_number = (unsigned)number;
	*ret_name = end + 2;
	return true;
}

static void parse(char *text)
{
	unsigned vendor = 0, device;
	bool has_vendor = false;
	const char *name;

	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line == '#' || !*line)
			continue;
		if (line[0] == 'C' && line[1] == ' ')
			break;
		if (line[0] != '\t') {
			has_vendor = read_line(line, &vendor, &name);
			if (has_vendor)
				add(key_of(vendor, 0), name);
		} else if (has_vendor && line[1] != '\t' && read_line(line + 1, &device, &name)) {
			add(key_of(vendor, device + 1), name);
		}
	}
	if (names.count)
		qsort(names.entries, names.count, sizeof(*names.entries), compare);
}

static void load(void *arg)
{
	const char *path = arg;
	FILE *file = path && *path ? fopen(path, "re") : NULL;
	size_t len;

	if (!file)
		return;
	names.text = xmalloc(FILE_MAX + 1);
	len = fread(names.text, 1, FILE_MAX, file);
	names.text[len] = '\0';
	names.text = xrealloc(names.text, len + 1);
	fclose(file);
	parse(names.text);
}

void pci_names_load(const char *path)
{
	if (names.is_loaded)
		return;
	if (!names.is_initialised) {
		names.is_initialised = true;
		names.loading.free = 1;
	}
	if (semaphore_take(&names.loading, DEADLINE_NEVER) < 0)
		return;
	if (!names.is_loaded)
		offload(load, (void *)path);
	names.is_loaded = true;
	semaphore_give(&names.loading);
}

static const char *find(uint64_t key)
{
	const struct entry wanted = { .key = key };
	const struct entry *found =
		names.is_loaded && names.count
			? bsearch(&wanted, names.entries, names.count, sizeof(wanted), compare)
			: NULL;

	return found ? found->name : "";
}

const char *pci_vendor_name(unsigned vendor)
{
	return find(key_of(vendor, 0));
}

const char *pci_device_name(unsigned vendor, unsigned device)
{
	return find(key_of(vendor, device + 1));
}

void pci_names_release(void)
{
	xfree(names.entries);
	xfree(names.text);
	memset(&names, 0, sizeof(names));
}
