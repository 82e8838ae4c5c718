#include "tools/ferrule/supervisor.h"

#include <signal.h>
#include <stddef.h>

#include "lib/clock.h"
#include "lib/log.h"

enum { DELAY_MIN_MS = 100, DELAY_MAX_MS = 10 * 1000, STEADY_MS = 30 * 1000 };

/* Starts it until that works or it is to stop. */
static void start_again(struct supervised *self, int64_t *delay_ms)
{
	struct error err;

	while (!self->is_stopping) {
		log_warning("starting %s again in %.1f s", self->name, (double)*delay_ms / 1000);
		if (fiber_sleep(*delay_ms) < 0 || self->is_stopping)
			return;
		*delay_ms = *delay_ms * 2 < DELAY_MAX_MS ? *delay_ms * 2 : DELAY_MAX_MS;
		if (self->start(self, &err) == 0)
			return;
		if (!self->is_stopping)
			log_error("%s", err.text);
	}
}

static void look_after(void *arg)
{
	struct supervised *self = arg;
	int64_t delay_ms = DELAY_MIN_MS;

	while (!self->is_stopping) {
		int64_t since_ms = clock_ms();

		if (child_wait(self->child, DEADLINE_NEVER) < 0 || self->is_stopping)
			break;
		log_error("%s ended unasked: %s", self->name, child_end_text(self->child));
		self->has_misbehaved = true;
		if (clock_ms() - since_ms >= STEADY_MS)
			delay_ms = DELAY_MIN_MS;
		start_again(self, &delay_ms);
	}
	self->fiber = NULL;
	cond_broadcast(&self->ended);
}

void supervise(struct supervised *self)
{
	self->fiber = fiber_spawn(self->name, look_after, self);
}

void supervised_stop(struct supervised *self, int first_signal, int64_t patience_ms, int last_signal)
{
	self->is_stopping = true;
	if (self->fiber)
		fiber_cancel(self->fiber);
	while (self->fiber)
		cond_wait(&self->ended, DEADLINE_NEVER);
	if (!self->child->is_running)
		return;
	child_stop(self->child, first_signal, patience_ms, last_signal);
	if (child_ended_well(self->child))
		return;
	log_error("%s did not end well: %s", self->name, child_end_text(self->child));
	self->has_misbehaved = true;
}
