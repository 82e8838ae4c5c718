/* watch: see watch.h. */
#include "conductor/watch.h"

#include <string.h>

#define GAP_MAX_MS 2000

static int64_t since_of(const struct watch *watch, const struct lease_beat *row, int64_t now_ms)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->seen[i].beat == row->beat && strcmp(watch->seen[i].instance, row->instance) == 0)
			return watch->seen[i].since_ms;
	}
	return now_ms;
}

void watch_note(struct watch *watch, const struct lease_beat *beats, size_t count, const char *timeline,
		int64_t now_ms)
{
	int64_t since_ms[WATCH_MAX];

	if (strcmp(watch->timeline, timeline) != 0 || now_ms - watch->read_ms > GAP_MAX_MS)
		watch->count = 0;
	count = count < WATCH_MAX ? count : WATCH_MAX;
	for (size_t i = 0; i < count; i++)
		since_ms[i] = since_of(watch, &beats[i], now_ms);
	for (size_t i = 0; i < count; i++) {
		memcpy(watch->seen[i].instance, beats[i].instance, UUID_TEXT);
		watch->seen[i].beat = beats[i].beat;
		watch->seen[i].since_ms = since_ms[i];
	}
	watch->count = count;
	watch->read_ms = now_ms;
	memcpy(watch->timeline, timeline, sizeof(watch->timeline));
}

size_t watch_silent(const struct watch *watch, int64_t silence_ms)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->read_ms - watch->seen[i].since_ms >= silence_ms)
			return i;
	}
	return WATCH_MAX;
}

void watch_forget(struct watch *watch, size_t index)
{
	watch->seen[index].since_ms = watch->read_ms;
}
