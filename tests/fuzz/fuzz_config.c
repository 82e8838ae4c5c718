/* fuzz_config: any file gives its options or one sentence with the line; nothing else. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/config.h"
#include "lib/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text;
static long number;
static bool flag;
static struct option_delay delay;
static struct option_list list;
static double seconds;

static const struct option table[] = {
	{ .section = "DEFAULT", .name = "text", .type = OPTION_TEXT, .target = &text },
	{ .section = "DEFAULT", .name = "list", .type = OPTION_LIST, .target = &list, .preset = "a,b" },
	{ .section = "api", .name = "port", .type = OPTION_INT, .target = &number, .min = 1, .max = 65535 },
	{ .section = "api", .name = "flag", .type = OPTION_BOOL, .target = &flag, .preset = "yes" },
	{ .section = "fake", .name = "delay", .type = OPTION_DELAY, .target = &delay, .preset = "1,3" },
	{ .section = "fake", .name = "wait", .type = OPTION_SECONDS, .target = &seconds, .max = 10 },
	{ 0 }
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;

	config_register(table);
	assert(config_load(NULL, &err) == 0);
	if (config_text_read("fuzz", (const char *)data, size, config_set, &err) < 0)
		assert(strncmp(err.text, "fuzz line ", 10) == 0);
	assert(number == 0 || (number >= 1 && number <= 65535));
	assert(delay.min_s >= 0 && delay.max_s >= delay.min_s);
	assert(seconds >= 0 && seconds <= 10);
	config_release();
	assert(!text && !list.items);
	return 0;
}
