#pragma once
/*
 * config: INI files over option tables. A table row is the only place where an option, its default
 * and its help live; the sample file and --help are generated from the tables. Option names and
 * sections are Ironic's where Ironic has the option. Unknown sections or options, and values of the
 * wrong type or out of range, are refused with file, line, section and option named.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/error.h"

/* ---- ferrule/driver.h: from here ---- */
enum option_type {
	OPTION_TEXT,   /* char * (owned by config) */
	OPTION_SECRET, /* char *, never printed */
	OPTION_INT,    /* long, min..max */
	OPTION_BOOL,   /* bool: true false yes no on off 1 0 */
	OPTION_DELAY,  /* struct option_delay: seconds "0.5" or a random range "1,3" */
	OPTION_LIST,   /* struct option_list: comma-separated words */
	OPTION_SECONDS /* double, min..max */
};

struct option_delay { double min_s, max_s; };
struct option_list { size_t count; char **items; };

struct option {
	const char *section; /* "DEFAULT", "api", ... */
	const char *name;
	enum option_type type;
	void *target;        /* typed by `type`; static storage of the owner */
	const char *preset;  /* default, as it would stand in the file; NULL: unset (NULL text) */
	double min, max;     /* OPTION_INT and OPTION_SECONDS; both 0: no bounds */
	const char *help;    /* one or two sentences */
};
/* ---- ferrule/driver.h: to here ---- */

/* Adds a table (ending with a row whose name is NULL). All tables before the first load. */
void config_register(const struct option *table);
/* Names what other programs own in the file that all share, so that it is accepted unread: "section",
 * "section:*" (all whose names begin so), "section option" or "section prefix*", ending with NULL; borrowed.
 * What a table names is never foreign. NULL: nothing is foreign, which suits the program that registers all
 * tables. */
void config_foreign(const char *const *patterns);
/* Sets every target to its default, then reads the file. path NULL: defaults only. */
int config_load(const char *path, struct error *err);
/* Text of a single option as if it stood in the file: for command line and tests. */
int config_set(const char *section, const char *name, const char *value, struct error *err);
/* The sample file, every option commented out with its default and help. */
void config_print_sample(FILE *out);
void config_release(void);
bool option_list_has(const struct option_list *list, const char *word);
/* Draws from the range; 0 when min = max = 0. */
double option_delay_draw(const struct option_delay *delay);
