#include "tests/support/trace.h"

#undef NDEBUG
#include <assert.h>
#include <string.h>

char trace[4096];

void note(char c)
{
	size_t len = strlen(trace);

	assert(len + 1 < sizeof(trace));
	trace[len] = c;
	trace[len + 1] = '\0';
}

int reset_trace(void **state)
{
	(void)state;
	trace[0] = '\0';
	return 0;
}
