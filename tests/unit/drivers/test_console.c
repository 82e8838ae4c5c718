/* console: readers, the writer, history, log files, by real connections. */
#include "drivers/console.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/console_history.h"
#include "drivers/console_options.h"
#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

#define UUID "5f5e8c9e-9a3a-4a39-8e4a-0d4d6d2e0a11"
enum { PATIENCE_MS = 20000 };

/* ---- the machine's end ---- */

static struct {
	struct console *console;
	bool is_stuck; /* takes nothing */
	char typed[16384];
	size_t typed_len;
	unsigned breaks, stops;
} machine;

static void take_typed(void)
{
	const uint8_t *data;
	size_t len;

	while (!machine.is_stuck) {
		len = console_typed(machine.console, &data);
		if (len > 0) {
			memcpy(machine.typed + machine.typed_len, data, len);
			machine.typed_len += len;
			console_typed_done(machine.console, len);
		} else if (console_take_break(machine.console)) {
			machine.breaks++;
			machine.typed[machine.typed_len++] = '!';
		} else {
			return;
		}
	}
}

static void on_typed(void *arg)
{
	(void)arg;
	take_typed();
}

static void on_stop(void *arg)
{
	(void)arg;
	machine.stops++;
	console_close(machine.console);
	machine.console = NULL;
}

static const struct console_ops ops = { on_typed, on_stop };

static bool open_machine(void)
{
	const struct console_place place = { .node_id = 7, .node_uuid = UUID };

	memset(&machine, 0, sizeof(machine));
	if (console_open(&place, &ops, &machine, &machine.console, NULL) < 0)
		return false;
	console_set_linked(machine.console, true);
	return true;
}

/* ---- clients ---- */

struct client {
	int fd;
	char got[300000];
	size_t len;
	bool is_over;
};

static struct client *client_new(void)
{
	struct client *client = xcalloc(1, sizeof(*client));
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)console_port(machine.console)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		client->is_over = true;
	fcntl(client->fd, F_SETFL, O_NONBLOCK);
	return client;
}

static void client_free(struct client *client)
{
	close(client->fd);
	xfree(client);
}

static void client_read(struct client *client)
{
	ssize_t len = recv(client->fd, client->got + client->len, sizeof(client->got) - 1 - client->len, 0);

	if (len > 0)
		client->len += (size_t)len;
	client->is_over |= len == 0;
	client->got[client->len] = '\0';
}

/* Waits until it has read the text. */
SUSPENDS static bool client_has(struct client *client, const char *text)
{
	int64_t end_ms = clock_ms() + PATIENCE_MS;

	do {
		client_read(client);
		if (memmem(client->got, client->len, text, strlen(text)) != NULL)
			return true;
	} while (!client->is_over && clock_ms() < end_ms && fiber_sleep(2) == 0);
	return false;
}

static void client_type(struct client *client, const char *text)
{
	(void)!send(client->fd, text, strlen(text), MSG_NOSIGNAL);
}

SUSPENDS static bool machine_has(const char *text)
{
	int64_t end_ms = clock_ms() + PATIENCE_MS;

	while (memmem(machine.typed, machine.typed_len, text, strlen(text)) == NULL && clock_ms() < end_ms)
		fiber_sleep(2);
	return memmem(machine.typed, machine.typed_len, text, strlen(text)) != NULL;
}

static void say(const char *text)
{
	console_output(machine.console, text, strlen(text));
}

/* ---- tests ---- */

static void readers(void)
{
	CHECK(open_machine());
	say("before\r\n");
	struct client *one = client_new(), *two = client_new();
	CHECK(client_has(one, "before\r\n") && client_has(two, "before\r\n"));
	say("after\377\0");
	console_output(machine.console, "\0\1\2", 3);
	say("end");
	CHECK(client_has(one, "end") && client_has(two, "end"));
	CHECK_INT(one->len, two->len);
	CHECK(memcmp(one->got, two->got, one->len) == 0);
	CHECK(memmem(one->got, one->len, "after\377\0\1\2end", 12) != NULL);
	client_free(one);
	client_free(two);
	consoles_end();
	CHECK_INT(machine.stops, 1);
	CHECK(console_find(7) == NULL);
}

static void writers(void)
{
	CHECK(open_machine());
	struct client *one = client_new(), *two = client_new();
	client_type(one, "ls\r");
	CHECK(machine_has("ls\r"));
	client_type(two, "rm\r");
	CHECK(client_has(two, "another client writes, you only read"));
	client_type(one, "pwd\r");
	CHECK(machine_has("pwd\r"));
	CHECK(memmem(machine.typed, machine.typed_len, "rm", 2) == NULL);

	client_type(two, "\005cf");
	CHECK(client_has(two, "[console: you write]") && client_has(one, "another client writes now"));
	client_type(two, "date\r");
	CHECK(machine_has("date\r"));
	client_type(one, "lost\r");
	CHECK(client_has(one, "another client writes, you only read"));
	/* the writer goes: who types next has it */
	client_free(two);
	client_type(one, "\005cw");
	CHECK(client_has(one, "nobody writes"));
	client_type(one, "id\r");
	CHECK(machine_has("id\r"));
	CHECK(memmem(machine.typed, machine.typed_len, "lost", 4) == NULL);
	client_free(one);
	consoles_end();
}

static void escapes(void)
{
	CHECK(open_machine());
	struct client *one = client_new();
	client_type(one, "a\005b\005\005x");
	CHECK(machine_has("a\005b\005\005x"));
	client_type(one, "y\005"); /* alone, it goes on after a while */
	CHECK(machine_has("y\005"));
	client_type(one, "z\005cl1");
	CHECK(machine_has("z!1"));
	CHECK_INT(machine.breaks, 1);
	client_type(one, "\005c?\005cq");
	CHECK(client_has(one, "take over the writing"));
	client_type(one, "\005cs2");
	CHECK(machine_has("2")); /* nobody writes, so typing takes it again */
	say("kept");
	CHECK(client_has(one, "kept"));
	size_t len = one->len;
	client_type(one, "\005cr");
	while (one->len < len + 4 && fiber_sleep(2) == 0)
		client_read(one);
	CHECK(memmem(one->got + len, one->len - len, "kept", 4) != NULL);
	client_type(one, "\005c.");
	CHECK(client_has(one, "goodbye"));
	while (!one->is_over && fiber_sleep(2) == 0)
		client_read(one);
	CHECK(one->is_over);
	client_free(one);
	consoles_end();
}

static void unlinked(void)
{
	CHECK(open_machine());
	console_set_linked(machine.console, false);
	struct client *one = client_new();
	client_type(one, "reboot\r\005cl");
	CHECK(client_has(one, "the machine is not connected"));
	console_set_linked(machine.console, true);
	client_type(one, "uptime\r");
	CHECK(machine_has("uptime\r"));
	CHECK_INT(machine.typed_len, 7);
	CHECK_INT(machine.breaks, 0);
	client_free(one);
	consoles_end();
}

/* A machine that takes nothing stops the typist, not the memory; others can still take over. */
static void stuck(void)
{
	static char much[3 * CONSOLE_TYPED_MAX];
	const uint8_t *typed;

	memset(much, 'm', sizeof(much) - 1);
	CHECK(open_machine());
	machine.is_stuck = true;
	struct client *one = client_new(), *two = client_new();
	client_type(one, much);
	int64_t end_ms = clock_ms() + PATIENCE_MS;
	while (console_typed(machine.console, &typed) < CONSOLE_TYPED_MAX - 64 && clock_ms() < end_ms)
		fiber_sleep(2);
	fiber_sleep(20);
	CHECK(console_typed(machine.console, &typed) <= CONSOLE_TYPED_MAX);
	client_type(two, "\005cf");
	CHECK(client_has(two, "[console: you write]"));
	client_type(two, "\005cw");
	CHECK(client_has(two, "2 connections"));
	/* what the other had typed and the machine had not taken is gone */
	machine.is_stuck = false;
	client_type(two, "free");
	CHECK(machine_has("free"));
	CHECK_INT(machine.typed_len, 4);
	client_free(two);
	client_free(one);
	consoles_end();
}

/* A client that does not read loses bytes and is told so; the others and the machine go on. */
static void slow(void)
{
	static char line[1024];
	size_t total = 0;

	memset(line, 'a', sizeof(line) - 1);
	CHECK(open_machine());
	struct client *asleep = client_new(), *awake = client_new();
	while (total < (size_t)12 * 1024 * 1024) {
		say(line);
		total += sizeof(line) - 1;
		if (total % 16368 == 0) {
			fiber_yield();
			awake->len = 0;
			client_read(awake);
		}
	}
	say("the end");
	CHECK(client_has(awake, "the end"));
	static const char note[] = "were dropped: this connection is too slow";
	int64_t end_ms = clock_ms() + PATIENCE_MS;
	bool has_note = false, has_end = false;
	while (!(has_note && has_end) && clock_ms() < end_ms) {
		client_read(asleep);
		has_note |= memmem(asleep->got, asleep->len, note, sizeof(note) - 1) != NULL;
		has_end |= memmem(asleep->got, asleep->len, "the end", 7) != NULL;
		if (asleep->len > sizeof(asleep->got) / 2) { /* keep what may be half a note */
			memmove(asleep->got, asleep->got + asleep->len - 100, 100);
			asleep->len = 100;
		}
		fiber_yield();
	}
	CHECK(has_note);
	CHECK(has_end);
	client_free(asleep);
	client_free(awake);
	consoles_end();
}

static void crowd(void)
{
	struct client *clients[CONSOLE_CLIENTS_MAX + 1];

	CHECK(open_machine());
	say("hello");
	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		clients[i] = client_new();
		CHECK(client_has(clients[i], "hello"));
	}
	clients[CONSOLE_CLIENTS_MAX] = client_new();
	CHECK(client_has(clients[CONSOLE_CLIENTS_MAX], "too many connections"));
	for (int i = 0; i <= CONSOLE_CLIENTS_MAX; i++)
		client_free(clients[i]);
	consoles_end();
}

static void ports(void)
{
	struct console_place place = { .node_id = 8, .node_uuid = UUID, .port = 0 };
	struct console *other;
	struct error err;

	CHECK(open_machine());
	place.port = console_port(machine.console);
	CHECK_INT(console_open(&place, &ops, NULL, &other, &err), -ERR_CONFLICT);
	place.node_id = 7;
	CHECK_INT(console_open(&place, &ops, NULL, &other, &err), -ERR_INVALID);
	/* the preferred one is taken: another one out of the range */
	place = (struct console_place){ .node_id = 8, .node_uuid = UUID, .preferred_port = place.port };
	CHECK_INT(console_open(&place, &ops, NULL, &other, &err), 0);
	CHECK(console_port(other) != console_port(machine.console));
	CHECK(console_find(8) == other && console_find(7) == machine.console);
	console_close(other);
	CHECK(console_find(8) == NULL);
	CHECK_TEXT(console_url(1234), "tcp://127.0.0.1:1234");
	consoles_end();
}

static void sweeping(void)
{
	CHECK(open_machine());
	console_sweep(10); /* somebody still works on it */
	CHECK_INT(machine.stops, 0);
	console_settle(machine.console);
	console_sweep(11);
	CHECK_INT(machine.stops, 0);
	console_mark(machine.console, 12);
	console_sweep(12);
	console_sweep(13);
	CHECK_INT(machine.stops, 0);
	console_sweep(14);
	CHECK_INT(machine.stops, 1);
	consoles_end();
}

static size_t read_file(const char *folder, const char *name, char *out, size_t size, mode_t *ret_mode)
{
	char path[300];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t len = read(fd, out, size);
	if (fstat(fd, &status) == 0)
		*ret_mode = status.st_mode & 0777;
	close(fd);
	unlink(path);
	return len > 0 ? (size_t)len : 0;
}

static void logging(void)
{
	char folder[] = "/tmp/console-test-XXXXXX";
	static char text[200000];
	mode_t mode = 0;

	CHECK(mkdtemp(folder) != NULL);
	console_options.log_dir = folder;
	console_options.log_bytes = 8192;
	CHECK(open_machine());
	memset(text, 'x', 6000);
	text[6000] = '\0';
	say(text);
	fiber_sleep(700);
	say("second ");
	memset(text, 'y', 6000);
	say(text);
	consoles_end();
	console_options.log_dir = NULL;

	size_t len = read_file(folder, UUID ".log.1", text, sizeof(text), &mode);
	CHECK_INT(len, 6000);
	CHECK_INT(mode, 0600);
	len = read_file(folder, UUID ".log", text, sizeof(text), &mode);
	CHECK_INT(len, 6007);
	CHECK(memcmp(text, "second yy", 9) == 0);
	CHECK_INT(mode, 0600);
	CHECK(rmdir(folder) == 0);
}

static void test_console_history__more_than_kept__the_last(void **state)
{
	struct console_history history = { 0 };
	const uint8_t *piece;
	uint64_t position;

	(void)state;
	assert_int_equal(console_history_piece(&history, 0, &piece), 0);
	for (unsigned i = 0; i < 30000; i++)
		console_history_append(&history, (const uint8_t[]){ (uint8_t)i, (uint8_t)(i >> 8), 7 }, 3);
	assert_int_equal(history.end, 90000);
	assert_int_equal(console_history_start(&history), 90000 - CONSOLE_KEPT);
	position = console_history_start(&history);
	while (position < history.end) {
		size_t len = console_history_piece(&history, position, &piece);
		assert_true(len > 0);
		for (size_t i = 0; i < len; i++, position++) {
			unsigned number = (unsigned)(position / 3);
			const uint8_t want[] = { (uint8_t)number, (uint8_t)(number >> 8), 7 };
			assert_int_equal(piece[i], want[position % 3]);
		}
	}
	console_history_release(&history);
}

/* clang-format off */
#define ON_LOOP(name, body) static void name(void **state) { (void)state; loop_test(body); }
ON_LOOP(test_console__two_readers__see_the_same, readers)
ON_LOOP(test_console__writing__one_at_a_time_and_taken_over, writers)
ON_LOOP(test_console__escapes__commands_and_plain_bytes, escapes)
ON_LOOP(test_console__not_linked__typed_is_dropped, unlinked)
ON_LOOP(test_console__machine_takes_nothing__bounded, stuck)
ON_LOOP(test_console__slow_reader__loses_bytes_alone, slow)
ON_LOOP(test_console__too_many__refused, crowd)
ON_LOOP(test_console_open__ports__taken_and_free, ports)
ON_LOOP(test_console_sweep__unmarked_for_two_rounds__stopped, sweeping)
ON_LOOP(test_console__log__bounded_and_private, logging)
/* clang-format on */

int main(void)
{
	console_options.port_range = (char[]){ "33000:33400" };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_console_history__more_than_kept__the_last),
		cmocka_unit_test(test_console__two_readers__see_the_same),
		cmocka_unit_test(test_console__writing__one_at_a_time_and_taken_over),
		cmocka_unit_test(test_console__escapes__commands_and_plain_bytes),
		cmocka_unit_test(test_console__not_linked__typed_is_dropped),
		cmocka_unit_test(test_console__machine_takes_nothing__bounded),
		cmocka_unit_test(test_console__slow_reader__loses_bytes_alone),
		cmocka_unit_test(test_console__too_many__refused),
		cmocka_unit_test(test_console_open__ports__taken_and_free),
		cmocka_unit_test(test_console_sweep__unmarked_for_two_rounds__stopped),
		cmocka_unit_test(test_console__log__bounded_and_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
