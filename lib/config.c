#include "lib/config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "lib/buf.h"
#include "lib/config_file.h"
#include "lib/log.h"
#include "lib/xalloc.h"

static struct {
	const struct option **tables;
	size_t count;
	const char *const *foreign;
} registered;

void config_register(const struct option *table)
{
	registered.tables =
		xreallocarray(registered.tables, registered.count + 1, sizeof(*registered.tables));
	registered.tables[registered.count++] = table;
}

static void free_list(struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		xfree(list->items[i]);
	xfree(list->items);
	*list = (struct option_list){ 0 };
}

/* "from 1 to 9", for the sentence that refuses a number and for the sample. */
static const char *bounds_text(const struct option *option, char *text, size_t size)
{
	text[0] = '\0';
	if (option->min != 0 || option->max != 0)
		snprintf(text, size, " from %.15g to %.15g", option->min, option->max);
	return text;
}

static bool is_out_of_bounds(const struct option *option, double value)
{
	return (option->min != 0 || option->max != 0) && (value < option->min || value > option->max);
}

static int set_text(const struct option *option, const char *value, struct error *err)
{
	char **target = option->target;

	(void)err;
	xfree_secret(*target);
	*target = xstrdup_or_null(value);
	return 0;
}

static int set_int(const struct option *option, const char *value, struct error *err)
{
	char bounds[80], *end;
	long number = 0;

	if (value) {
		errno = 0;
		number = strtol(value, &end, 10);
		if (errno || end == value || *end || isspace((unsigned char)*value) ||
		    is_out_of_bounds(option, (double)number))
			return fail(err, ERR_INVALID, "'%.100s' is not a whole number%s", value,
				    bounds_text(option, bounds, sizeof(bounds)));
	}
	*(long *)option->target = number;
	return 0;
}

static int set_bool(const struct option *option, const char *value, struct error *err)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "true", true },   { "yes", true }, { "on", true },   { "1", true },
		{ "false", false }, { "no", false }, { "off", false }, { "0", false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!value || strcasecmp(value, words[i].word) == 0) {
			*(bool *)option->target = value && words[i].value;
			return 0;
		}
	}
	return fail(err, ERR_INVALID, "'%.100s' is neither true nor false", value);
}

/* A plain decimal number, without sign, exponent, hexadecimal or "inf", which strtod would take. */
static bool parse_seconds(const char *text, size_t len, double *ret_value)
{
	char copy[32], *end;

	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!len || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strspn(copy, "0123456789.") != len)
		return false;
	*ret_value = strtod(copy, &end);
	return end != copy && !*end;
}

static int set_seconds(const struct option *option, const char *value, struct error *err)
{
	char bounds[80];
	double number = 0;

	if (value && (!parse_seconds(value, strlen(value), &number) || is_out_of_bounds(option, number)))
		return fail(err, ERR_INVALID, "'%.100s' is not a number of seconds%s", value,
			    bounds_text(option, bounds, sizeof(bounds)));
	*(double *)option->target = number;
	return 0;
}

static int set_delay(const struct option *option, const char *value, struct error *err)
{
	struct option_delay delay = { 0 };

	if (value) {
		size_t first = strcspn(value, ",");
		bool good = parse_seconds(value, first, &delay.min_s);
		delay.max_s = delay.min_s;
		if (good && value[first])
			good = parse_seconds(value + first + 1, strlen(value + first + 1), &delay.max_s);
		if (!good || delay.max_s < delay.min_s)
			return fail(err, ERR_INVALID,
				    "'%.100s' is neither a number of seconds nor a range of them such as 1,3",
				    value);
	}
	*(struct option_delay *)option->target = delay;
	return 0;
}

static int set_list(const struct option *option, const char *value, struct error *err)
{
	struct option_list *list = option->target;

	(void)err;
	free_list(list);
	while (value && *value) {
		size_t len = strcspn(value, ",");
		const char *begin = value, *end = value + len;
		while (begin < end && isspace((unsigned char)*begin))
			begin++;
		while (end > begin && isspace((unsigned char)end[-1]))
			end--;
		if (end > begin) {
			list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
			list->items[list->count++] = xstrndup(begin, (size_t)(end - begin));
		}
		value += len + (value[len] == ',');
	}
	return 0;
}

static const struct {
	/* value NULL: unset. Leaves the target as it was when it refuses. */
	int (*set)(const struct option *option, const char *value, struct error *err);
	const char *help;
} types[] = {
	[OPTION_TEXT] = { set_text, "text" },
	[OPTION_SECRET] = { set_text, "secret text" },
	[OPTION_INT] = { set_int, "whole number" },
	[OPTION_BOOL] = { set_bool, "true or false" },
	[OPTION_DELAY] = { set_delay, "seconds, or a range of them such as 1,3" },
	[OPTION_LIST] = { set_list, "words separated by commas" },
	[OPTION_SECONDS] = { set_seconds, "seconds" },
};

/* Walks the rows of all tables: start with NULL; table is the walker's. */
static const struct option *next_option(const struct option *option, size_t *table)
{
	if (!option)
		*table = 0;
	else if ((++option)->name)
		return option;
	else
		++*table;
	while (*table < registered.count && !registered.tables[*table]->name)
		++*table;
	return *table < registered.count ? registered.tables[*table] : NULL;
}

void config_foreign(const char *const *patterns)
{
	registered.foreign = patterns;
}

static bool foreign_matches(const char *pattern, const char *section, const char *name)
{
	size_t len = strcspn(pattern, " ");

	if (len > 2 && strncmp(pattern + len - 2, ":*", 2) == 0)
		return strncmp(pattern, section, len - 1) == 0;
	if (strlen(section) != len || strncmp(pattern, section, len) != 0)
		return false;
	if (!pattern[len])
		return true;
	pattern += len + 1;
	len = strcspn(pattern, "*");
	return pattern[len] ? strncmp(pattern, name, len) == 0 : strcmp(pattern, name) == 0;
}

static bool is_foreign(const char *section, const char *name)
{
	for (const char *const *pattern = registered.foreign; pattern && *pattern; pattern++)
		if (foreign_matches(*pattern, section, name))
			return true;
	return false;
}

int config_set(const char *section, const char *name, const char *value, struct error *err)
{
	bool has_section = false;
	size_t table;

	for (const struct option *option = NULL; (option = next_option(option, &table));) {
		if (strcmp(option->section, section) != 0)
			continue;
		has_section = true;
		if (strcmp(option->name, name) != 0)
			continue;
		int rc = types[option->type].set(option, value, err);
		if (rc < 0)
			fail_prefix(err, "[%.100s] %.100s", section, name);
		return rc;
	}
	if (is_foreign(section, name))
		return 0;
	if (!has_section)
		return fail(err, ERR_INVALID, "[%.100s] %.100s: there is no such section", section, name);
	return fail(err, ERR_INVALID, "[%.100s] %.100s: there is no such option in this section", section,
		    name);
}

static void set_presets(void)
{
	struct error err;
	size_t table;

	for (const struct option *option = NULL; (option = next_option(option, &table));)
		if (types[option->type].set(option, option->preset, &err) < 0)
			log_fatal("the default of [%s] %s is wrong: %s", option->section, option->name,
				  err.text);
}

int config_load(const char *path, struct error *err)
{
	set_presets();
	return path ? config_file_read(path, config_set, err) : 0;
}

void config_release(void)
{
	size_t table;

	for (const struct option *option = NULL; (option = next_option(option, &table));)
		types[option->type].set(option, NULL, NULL);
	xfree(registered.tables);
	registered.tables = NULL;
	registered.foreign = NULL;
	registered.count = 0;
}

/* Prints text as comment lines of at most 80 columns. */
static void print_comment(FILE *out, const char *text)
{
	int column = 0;

	while (*text) {
		int len = (int)strcspn(text, " \n");
		if (column && column + 1 + len > 80) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, column ? " %.*s" : "# %.*s", len, text);
		text += len;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct option *option)
{
	char bounds[80];

	fputc('\n', out);
	if (option->help)
		print_comment(out, option->help);
	fprintf(out, "# (%s%s%s)\n", types[option->type].help, bounds_text(option, bounds, sizeof(bounds)),
		option->preset ? "" : "; unset by default");
	fprintf(out, option->preset && *option->preset ? "#%s = %s\n" : "#%s =\n", option->name,
		option->preset);
}

static void print_section(FILE *out, const char *section)
{
	size_t table;

	fprintf(out, "[%s]\n", section);
	for (const struct option *option = NULL; (option = next_option(option, &table));)
		if (strcmp(option->section, section) == 0)
			print_option(out, option);
	fputc('\n', out);
}

static bool is_first_of_section(const struct option *option)
{
	size_t table;

	for (const struct option *at = NULL; (at = next_option(at, &table)) && at != option;)
		if (strcmp(at->section, option->section) == 0)
			return false;
	return true;
}

void config_print_sample(FILE *out)
{
	size_t table;

	for (int is_default = 1; is_default >= 0; is_default--)
		for (const struct option *option = NULL; (option = next_option(option, &table));)
			if ((strcmp(option->section, "DEFAULT") == 0) == is_default &&
			    is_first_of_section(option))
				print_section(out, option->section);
}

bool option_list_has(const struct option_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

double option_delay_draw(const struct option_delay *delay)
{
	static unsigned short state[3];
	static bool is_seeded;

	if (!is_seeded)
		is_seeded = getrandom(state, sizeof(state), GRND_NONBLOCK) == sizeof(state);
	return delay->min_s + (delay->max_s - delay->min_s) * erand48(state);
}
