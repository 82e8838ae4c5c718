#pragma once
/*
 * xalloc: memory that is either there or the process logs and aborts. Requests, replies and queues
 * are bounded everywhere, so running out is a bug or a dying machine, not a case to handle.
 * malloc and free are banned outside lib/.
 */
#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
void *xreallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrdup_or_null(const char *text) __attribute__((malloc)); /* of NULL: NULL */
char *xstrndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
void xfree(void *memory); /* NULL is fine */

/* Overwrites before freeing: for passwords, keys, tokens. NULL is fine. */
void xfree_secret(char *text);
