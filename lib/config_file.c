#include "lib/config_file.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"

#define FILE_MAX_BYTES    1048576
#define LINE_MAX_BYTES    16384
#define SECTION_MAX_BYTES 49 /* inih cuts longer ones */

/* inih has 200 bytes for a line and cuts values at " ;" unless told otherwise. Distributions build it with
 * these switches; where one is missing the built-in limit holds, and longer lines are refused by name. */
/* NOLINTBEGIN(readability-redundant-declaration): redundant only where ini.h has them. */
extern bool ini_use_stack, ini_allow_inline_comments, ini_stop_on_first_error;
extern int ini_initial_alloc, ini_max_line;
#pragma weak ini_use_stack
#pragma weak ini_allow_inline_comments
#pragma weak ini_stop_on_first_error
#pragma weak ini_initial_alloc
#pragma weak ini_max_line
/* NOLINTEND(readability-redundant-declaration) */

struct reading {
	const char *name;
	const char *at, *end;
	int line;
	config_take_fn *take;
	struct error *err;
	struct error own; /* used when the caller wants none */
	int rc;
};

static void set_limits(void)
{
	if (&ini_use_stack && &ini_initial_alloc && &ini_max_line) {
		ini_use_stack = false;
		ini_initial_alloc = ini_max_line = LINE_MAX_BYTES;
	}
	if (&ini_allow_inline_comments)
		ini_allow_inline_comments = false;
	if (&ini_stop_on_first_error)
		ini_stop_on_first_error = true;
}

static void refuse(struct reading *reading, const char *why)
{
	reading->rc = fail(reading->err, ERR_INVALID, "%s line %d: %s", reading->name, reading->line, why);
}

/* What inih would silently take for something else; NULL: nothing. len: with the newline. */
static const char *problem_of_line(const char *line, size_t len)
{
	const char *text = line + strspn(line, " \t");

	if (strlen(line) != len)
		return "the line holds a NUL byte";
	if (text > line && !strchr("\r\n#;", *text))
		return "the line starts with a space: a value cannot go on over several lines";
	if (*line == '[' && strcspn(line, "]") > SECTION_MAX_BYTES)
		return "the name of the section is too long";
	return NULL;
}

/* fgets() for inih, with no line ever in two parts. */
static char *read_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	size_t left = (size_t)(reading->end - reading->at);

	if (!left || reading->rc < 0)
		return NULL;
	const char *newline = memchr(reading->at, '\n', left);
	size_t len = newline ? (size_t)(newline - reading->at) + 1 : left;
	const char *problem = "the line is too long";
	reading->line++;
	if (len < (size_t)size) {
		memcpy(line, reading->at, len);
		line[len] = '\0';
		problem = problem_of_line(line, len);
	}
	if (problem) {
		refuse(reading, problem);
		return NULL;
	}
	reading->at += len;
	return line;
}

static void take_unquoted(struct reading *reading, const char *section, const char *name, const char *value)
{
	size_t len = strlen(value);
	struct buf unquoted;

	buf_init(&unquoted, LINE_MAX_BYTES);
	if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value)
		buf_append(&unquoted, value + 1, len - 2);
	else
		buf_append(&unquoted, value, len);
	reading->rc = reading->take(section, name, unquoted.data ? unquoted.data : "", reading->err);
	if (unquoted.data)
		explicit_bzero(unquoted.data, unquoted.len);
	buf_release(&unquoted);
	if (reading->rc < 0)
		fail_prefix(reading->err, "%s line %d", reading->name, reading->line);
}

static int take_option(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	if (reading->rc < 0)
		return 0;
	if (!name || !*name)
		refuse(reading, "the option has no name");
	else if (!*section)
		refuse(reading, "the option stands before any [section]");
	else
		take_unquoted(reading, section, name, value ? value : "");
	return reading->rc == 0;
}

int config_text_read(const char *name, const char *text, size_t len, config_take_fn *take, struct error *err)
{
	struct reading reading = { .name = name, .at = text, .end = text + len, .take = take };

	reading.err = err ? err : &reading.own;
	set_limits();
	int line = ini_parse_stream(read_line, &reading, take_option, &reading);
	if (reading.rc == 0 && line < 0)
		return fail(err, ERR_INTERNAL, "%s: out of memory", name);
	if (reading.rc == 0 && line > 0) {
		reading.line = line;
		refuse(&reading, "this is neither a [section], a comment nor an option = value");
	}
	return reading.rc;
}

int config_file_read(const char *path, config_take_fn *take, struct error *err)
{
	struct buf text;
	char chunk[4096];
	size_t count;

	errno = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return fail(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	buf_init(&text, FILE_MAX_BYTES);
	while (!text.overflow && (count = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(&text, chunk, count);
	int rc = 0;
	if (ferror(file))
		rc = fail(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	else if (text.overflow)
		rc = fail(err, ERR_INVALID, "%s: the file is larger than %d bytes", path, FILE_MAX_BYTES);
	fclose(file);
	if (rc == 0 && text.data)
		rc = config_text_read(path, text.data, text.len, take, err);
	if (text.data)
		explicit_bzero(text.data, text.len);
	explicit_bzero(chunk, sizeof(chunk));
	buf_release(&text);
	return rc;
}
