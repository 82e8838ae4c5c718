/* serial: see serial.h. */
#include "tools/bmcsim/serial.h"

#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/server_sol.h"
#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

enum { PAYLOAD_SIZE = 204, LINE_MAX = 200, FLOOD_BYTES = 1 << 20 };

const char *const bmc_serial_names[BMC_SERIAL_COUNT] = {
	[BMC_SERIAL_LOGIN] = "login", [BMC_SERIAL_ECHO] = "echo", [BMC_SERIAL_NONE] = "none"
};

enum prompt { PROMPT_LOGIN, PROMPT_PASSWORD, PROMPT_SHELL };

struct serial {
	const struct bmc *bmc;
	struct sol_server sol;
	struct loop_timer *timer;
	int64_t line_due_ms; /* of the next line printed unasked */
	unsigned lines, breaks;
	enum prompt prompt;
	char line[LINE_MAX]; /* typed so far */
	size_t line_len;
	size_t flood_left; /* bytes still to be printed */
};

static void print(struct serial *serial, const char *text)
{
	sol_server_output(&serial->sol, clock_ms(), (const uint8_t *)text, strlen(text));
}

static void print_prompt(struct serial *serial)
{
	char text[128];

	switch (serial->prompt) {
	case PROMPT_LOGIN:
		snprintf(text, sizeof(text), "\r\n%.100s login: ", serial->bmc->name);
		return print(serial, text);
	case PROMPT_PASSWORD:
		return print(serial, "\r\nPassword: ");
	case PROMPT_SHELL:
		return print(serial, "\r\n# ");
	}
}

/* A shell that knows three words. */
static void run_line(struct serial *serial)
{
	char text[LINE_MAX + 64];

	serial->line[serial->line_len] = '\0';
	if (strcmp(serial->line, "exit") == 0) {
		serial->prompt = PROMPT_LOGIN;
	} else if (strcmp(serial->line, "flood") == 0) {
		serial->flood_left = FLOOD_BYTES;
	} else if (serial->line_len > 0) {
		snprintf(text, sizeof(text), "\r\n%s: command not found", serial->line);
		print(serial, text);
	}
}

static void enter(struct serial *serial)
{
	if (serial->prompt == PROMPT_LOGIN && serial->line_len > 0)
		serial->prompt = PROMPT_PASSWORD;
	else if (serial->prompt == PROMPT_PASSWORD)
		serial->prompt = PROMPT_SHELL;
	else if (serial->prompt == PROMPT_SHELL)
		run_line(serial);
	serial->line_len = 0;
	if (serial->flood_left == 0)
		print_prompt(serial);
}

static void type_at_prompt(struct serial *serial, char c)
{
	const char echo[2] = { c, '\0' };

	if (c == '\r' || c == '\n') {
		enter(serial);
	} else if (serial->line_len < sizeof(serial->line) - 1) {
		serial->line[serial->line_len++] = c;
		if (serial->prompt != PROMPT_PASSWORD)
			print(serial, echo);
	}
}

static void print_flood(struct serial *serial)
{
	char text[66];

	while (serial->flood_left > 0 && serial->sol.out_len < sizeof(serial->sol.out) / 2) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%062zu\r\n", serial->flood_left);
		len = len < serial->flood_left ? len : serial->flood_left;
		sol_server_output(&serial->sol, clock_ms(), (const uint8_t *)text, len);
		serial->flood_left -= len;
		if (serial->flood_left == 0)
			print_prompt(serial);
	}
	if (!sol_server_is_active(&serial->sol))
		serial->flood_left = 0;
}

/* ---- the line's ops ---- */

static size_t on_typed(void *arg, const uint8_t *data, size_t len)
{
	struct serial *serial = arg;
	size_t most = (size_t)serial->bmc->serial_accept;

	if (most > 0 && len > most)
		len = most;
	if (serial->bmc->serial == BMC_SERIAL_ECHO) {
		sol_server_output(&serial->sol, clock_ms(), data, len);
		return len;
	}
	for (size_t i = 0; i < len; i++)
		type_at_prompt(serial, (char)data[i]);
	return len;
}

static void on_break(void *arg)
{
	struct serial *serial = arg;

	serial->breaks++;
	print(serial, "\r\n[break]");
	if (serial->bmc->serial == BMC_SERIAL_LOGIN)
		print_prompt(serial);
}

static const struct sol_server_ops line_ops = { .typed = on_typed, .serial_break = on_break };

/* ---- time ---- */

static void arm(struct serial *serial)
{
	int64_t now_ms = clock_ms(), due_ms = sol_server_due_ms(&serial->sol);

	if (!sol_server_is_active(&serial->sol))
		return;
	if (serial->bmc->serial_line_ms > 0 && serial->line_due_ms < due_ms)
		due_ms = serial->line_due_ms;
	if (due_ms != INT64_MAX)
		loop_timer_set(serial->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void on_timer(void *arg)
{
	struct serial *serial = arg;
	int64_t now_ms = clock_ms();
	char text[64];

	if (serial->bmc->serial_line_ms > 0 && now_ms >= serial->line_due_ms) {
		snprintf(text, sizeof(text), "line %u\r\n", ++serial->lines);
		print(serial, text);
		serial->line_due_ms = now_ms + serial->bmc->serial_line_ms;
	}
	sol_server_tick(&serial->sol, now_ms);
	print_flood(serial);
	arm(serial);
}

/* ---- life ---- */

struct serial *serial_new(const struct bmc *bmc, struct ipmi_server *server)
{
	struct serial *serial = xcalloc(1, sizeof(*serial));
	const struct sol_server_config config = { .payload_size = PAYLOAD_SIZE,
						  .is_disabled = bmc->serial == BMC_SERIAL_NONE };

	serial->bmc = bmc;
	serial->timer = loop_timer_new(on_timer, serial);
	sol_server_init(&serial->sol, &config, &line_ops, serial, server, (uint16_t)bmc->port);
	return serial;
}

void serial_free(struct serial *serial)
{
	if (serial == NULL)
		return;
	loop_timer_free(serial->timer);
	xfree(serial);
}

int serial_command(struct serial *serial, const struct ipmi_server_call *call, uint8_t *ret_data,
		   size_t *ret_len)
{
	bool was_active = sol_server_is_active(&serial->sol);
	int completion = sol_server_command(&serial->sol, clock_ms(), call, ret_data, ret_len);

	if (!was_active && sol_server_is_active(&serial->sol))
		serial->line_due_ms = clock_ms() + serial->bmc->serial_line_ms;
	arm(serial);
	return completion;
}

void serial_payload(struct serial *serial, uint32_t session_id, const uint8_t *payload, size_t len)
{
	sol_server_payload(&serial->sol, clock_ms(), session_id, payload, len);
	print_flood(serial);
	arm(serial);
}

void serial_ended(struct serial *serial, uint32_t session_id)
{
	sol_server_ended(&serial->sol, session_id);
}

unsigned serial_breaks(const struct serial *serial)
{
	return serial->breaks;
}

bool serial_is_active(const struct serial *serial)
{
	return sol_server_is_active(&serial->sol);
}
