#include "lib/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

static void *checked(void *memory, size_t size)
{
	if (!memory)
		log_fatal("out of memory: %zu bytes were not to be had", size);
	return memory;
}

/* Zero bytes still give a pointer of their own, so that NULL never means success. */
void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t count, size_t size)
{
	if (!count || !size)
		count = size = 1;
	return checked(calloc(count, size), size);
}

void *xrealloc(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1), size);
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		log_fatal("out of memory: %zu times %zu bytes asked for", count, size);
	return xrealloc(old, bytes);
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

char *xstrdup_or_null(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

char *xstrndup(const char *text, size_t len)
{
	len = strnlen(text, len);
	char *copy = xmalloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text, 0);
}

void xfree(void *memory)
{
	free(memory);
}

void xfree_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}
