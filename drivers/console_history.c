/* console_history: see console_history.h. */
#include "drivers/console_history.h"

#include <string.h>

#include "lib/xalloc.h"

enum { SIZE_MIN = 2048 };

void console_history_release(struct console_history *history)
{
	xfree(history->data);
	*history = (struct console_history){ 0 };
}

/* Until it has its full size nothing was overwritten, so the bytes keep their places. */
static void grow(struct console_history *history, size_t more)
{
	size_t size = history->size != 0 ? history->size : SIZE_MIN;

	while (size < CONSOLE_KEPT && history->end + more > size)
		size *= 2;
	if (size == history->size)
		return;
	history->data = xrealloc(history->data, size);
	history->size = size;
}

void console_history_append(struct console_history *history, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	grow(history, len);
	while (len > 0) {
		size_t at = history->end % history->size;
		size_t piece = len < history->size - at ? len : history->size - at;

		memcpy(history->data + at, bytes, piece);
		history->end += piece;
		bytes += piece;
		len -= piece;
	}
}

uint64_t console_history_start(const struct console_history *history)
{
	return history->end > history->size ? history->end - history->size : 0;
}

size_t console_history_piece(const struct console_history *history, uint64_t position, const uint8_t **ret)
{
	if (position >= history->end)
		return 0;

	size_t at = position % history->size;
	uint64_t len = history->end - position;

	*ret = history->data + at;
	return len < history->size - at ? (size_t)len : history->size - at;
}
