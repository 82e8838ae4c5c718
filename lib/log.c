#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/utf8.h"

#define LINE_MAX_BYTES 8192

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARNING] = "warning",
	[LOG_ERROR] = "error",
};

static const char *program_name = "ferrule";
static enum log_level lowest = LOG_INFO;
static bool is_json;

/* A line in the making: no allocation, because xalloc logs too. */
struct line {
	size_t len;
	char text[LINE_MAX_BYTES + 1];
};

void log_init(const char *program, enum log_level level, int as_json)
{
	program_name = program;
	lowest = level;
	is_json = as_json;
}

int log_enabled(enum log_level level)
{
	return level >= lowest;
}

static void put(struct line *line, const char *bytes, size_t len)
{
	if (len > LINE_MAX_BYTES - 4 - line->len) /* room for the end: "}\n */
		return;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* C0, DEL and C1: what a terminal or a line reader would act on. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

static void put_byte_escape(struct line *line, unsigned char byte)
{
	char escape[8];

	if (is_json && byte < 0x80)
		snprintf(escape, sizeof(escape), "\\u%04x", byte);
	else
		snprintf(escape, sizeof(escape), is_json ? "\\\\x%02x" : "\\x%02x", byte);
	put_text(line, escape);
}

static void put_escaped(struct line *line, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		size_t length = utf8_length(text, len);
		if (line->len > LINE_MAX_BYTES - 32) {
			put_text(line, "...");
			return;
		}
		if (!length || is_control(utf8_decode(text, length))) {
			length = length ? length : 1;
			for (size_t i = 0; i < length; i++)
				put_byte_escape(line, (unsigned char)text[i]);
		} else {
			if (is_json && (*text == '"' || *text == '\\'))
				put(line, "\\", 1);
			put(line, text, length);
		}
		text += length;
		len -= length;
	}
}

static void put_member(struct line *line, const char *name, const char *value)
{
	put_text(line, line->len ? ", \"" : "{\"");
	put_text(line, name);
	put_text(line, "\": \"");
	put_escaped(line, value);
	put_text(line, "\"");
}

static void make_json(struct line *line, enum log_level level, const char *time, const char *text)
{
	const struct fiber_labels *labels = fiber_labels();

	put_member(line, "time", time);
	put_member(line, "level", level_names[level]);
	put_member(line, "program", program_name);
	if (labels && labels->request_id)
		put_member(line, "request_id", labels->request_id);
	if (labels && labels->node_uuid)
		put_member(line, "node", labels->node_uuid);
	put_member(line, "text", text);
	line->text[line->len++] = '}';
}

static void make_text(struct line *line, enum log_level level, const char *time, const char *text)
{
	const struct fiber_labels *labels = fiber_labels();

	put_text(line, time);
	put_text(line, " ");
	put_text(line, level_names[level]);
	put_text(line, " ");
	put_text(line, program_name);
	if (labels && (labels->request_id || labels->node_uuid)) {
		put_text(line, " [");
		put_escaped(line, labels->request_id ? labels->request_id : "-");
		put_text(line, " ");
		put_escaped(line, labels->node_uuid ? labels->node_uuid : "-");
		put_text(line, "]");
	}
	put_text(line, " ");
	put_escaped(line, text);
}

static void write_line(enum log_level level, const char *format, va_list args)
{
	/* Off the stack: fibers have little of it. */
	static char text[LINE_MAX_BYTES / 2];
	static struct line line;
	char time[32];

	vsnprintf(text, sizeof(text), format, args);
	clock_wall_text(time, sizeof(time));
	line.len = 0;
	(is_json ? make_json : make_text)(&line, level, time, text);
	line.text[line.len++] = '\n';
	for (size_t done = 0; done < line.len;) {
		ssize_t count = write(STDERR_FILENO, line.text + done, line.len - done);
		if (count > 0)
			done += (size_t)count;
		else if (errno != EINTR)
			return;
	}
}

void log_write(enum log_level level, const char *format, ...)
{
	int saved_errno = errno;
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	write_line(level, format, args);
	va_end(args);
	errno = saved_errno;
}

void log_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(LOG_ERROR, format, args);
	va_end(args);
	abort();
}
