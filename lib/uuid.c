#include "lib/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "lib/log.h"

/* One system call fills the bytes of many UUIDs. */
static _Thread_local struct {
	unsigned char bytes[2048];
	size_t left;
} pool;

/* Parent and child must not hand out the same ones. */
static void forget_in_child(void)
{
	pool.left = 0;
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forget_in_child);
}

static void refill(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t have = 0;

	pthread_once(&once, watch_forks);
	while (have < sizeof(pool.bytes)) {
		ssize_t count = getrandom(pool.bytes + have, sizeof(pool.bytes) - have, 0);
		if (count > 0)
			have += (size_t)count;
		else if (count < 0 && errno != EINTR)
			log_fatal("the kernel's random numbers cannot be read: %s", strerror(errno));
	}
	pool.left = sizeof(pool.bytes);
}

void uuid_new(char text[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];

	if (pool.left < sizeof(bytes))
		refill();
	pool.left -= sizeof(bytes);
	memcpy(bytes, pool.bytes + pool.left, sizeof(bytes));
	explicit_bzero(pool.bytes + pool.left, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
	bytes[8] = (bytes[8] & 0x3f) | 0x80; /* variant of RFC 4122 */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = hex[bytes[i] >> 4];
		*text++ = hex[bytes[i] & 0xf];
	}
	*text = '\0';
}

bool uuid_is_valid(const char *text)
{
	for (size_t i = 0; i < UUID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[UUID_TEXT - 1] == '\0';
}

bool uuid_is_like(const char *text)
{
	size_t len = strlen(text);

	return uuid_is_valid(text) || (len == 32 && strspn(text, "0123456789abcdefABCDEF") == len);
}
