/* sol: two ends over a bad line, and what is known from the wire of other implementations. */
#include "drivers/ipmi/sol.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_sol_decode__lengths__bounded(void **state)
{
	uint8_t payload[SOL_PAYLOAD_MAX + 1] = { 0xf1, 0xe2, 3, 0x40 };
	struct sol_packet packet;

	(void)state;
	for (size_t len = 0; len < SOL_HEADER; len++)
		assert_false(sol_decode(payload, len, &packet));
	assert_false(sol_decode(payload, sizeof(payload), &packet));
	assert_true(sol_decode(payload, SOL_PAYLOAD_MAX, &packet));
	assert_int_equal(packet.sequence, 1);
	assert_int_equal(packet.acked, 2);
	assert_int_equal(packet.accepted, 3);
	assert_int_equal(packet.flags, SOL_NACK);
	assert_int_equal(packet.len, SOL_DATA_MAX);
	assert_ptr_equal(packet.data, payload + SOL_HEADER);
}

static void test_sol_data_size__nonsense__a_usable_one(void **state)
{
	static const struct {
		unsigned told, used;
	} rows[] = { { 0, 64 }, { 1, 64 }, { 4, 64 }, { 5, 1 }, { 259, 255 }, { 260, 64 }, { 0x4000, 64 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(sol_data_size(rows[i].told), rows[i].used);
}

/* As recorded between ipmitool and ipmi_sim. */
static void test_sol_end__recorded_exchange__same_bytes(void **state)
{
	struct sol_end end = { .send_max = 64 };
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX];
	size_t taken;

	(void)state;
	assert_int_equal(sol_end_send(&end, 0, (const uint8_t *)"hello-sol\r", 10, 0, out, &taken), 14);
	assert_memory_equal(out, "\1\0\0\0hello-sol\r", 14);
	assert_false(sol_end_is_free(&end));
	assert_true(sol_end_input(&end, 1, 5, (const uint8_t *)"\0\1\12\0", 4, &received));
	assert_int_equal(received.settled, 10);
	assert_false(received.wants_ack);
	assert_true(sol_end_is_free(&end));
	assert_true(sol_end_input(&end, 2, 6, (const uint8_t *)"\3\0\0\0eighteen character", 22, &received));
	assert_int_equal(received.len, 18);
	assert_int_equal(sol_end_ack(&end, 18, 18, 0, out), 4);
	assert_memory_equal(out, "\0\3\22\0", 4);
	assert_int_equal(sol_end_send(&end, 3, NULL, 0, SOL_BREAK, out, &taken), 4);
	assert_memory_equal(out, "\2\0\0\20", 4);
	assert_true(sol_end_input(&end, 4, 7, (const uint8_t *)"\0\2\0\0", 4, &received));
	assert_true(sol_end_is_free(&end));
}

static void test_sol_end__accepted_in_part__rest_under_a_new_number(void **state)
{
	struct sol_end end = { .send_max = 64 };
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX];
	size_t taken;

	(void)state;
	sol_end_send(&end, 0, (const uint8_t *)"abcdef", 6, 0, out, &taken);
	assert_true(sol_end_input(&end, 1, 1, (const uint8_t *)"\0\1\2\100", 4, &received));
	assert_int_equal(received.settled, 2);
	assert_false(sol_end_is_free(&end));
	assert_int_equal(sol_end_repeat(&end, 1, out), 8);
	assert_memory_equal(out, "\2\0\0\0cdef", 8);
	/* more than was sent is no more than all of it */
	assert_true(sol_end_input(&end, 2, 2, (const uint8_t *)"\0\2\377\0", 4, &received));
	assert_int_equal(received.settled, 4);
	assert_true(sol_end_is_free(&end));
}

static void test_sol_end__refused_while_unavailable__pauses_then_goes_on(void **state)
{
	struct sol_end end = { .send_max = 64 };
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX];
	size_t taken;

	(void)state;
	sol_end_send(&end, 0, (const uint8_t *)"abc", 3, SOL_BREAK, out, &taken);
	for (int i = 1; i < 40; i++) { /* as long as it answers, it is not lost */
		assert_true(sol_end_input(&end, i * 1000, (uint32_t)i,
					  (const uint8_t[]){ 0, out[0], 0, SOL_NACK | SOL_UNAVAILABLE }, 4,
					  &received));
		assert_int_equal(sol_end_repeat(&end, i * 1000, out), 0);
		assert_int_equal(sol_end_repeat(&end, i * 1000 + 500, out), 7);
		assert_int_equal(out[3], SOL_BREAK);
		assert_memory_equal(out + 4, "abc", 3);
	}
}

static void test_sol_end__repeated_packet__only_what_is_new(void **state)
{
	struct sol_end end = { .send_max = 64 };
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX];

	(void)state;
	assert_true(sol_end_input(&end, 0, 1, (const uint8_t *)"\4\0\0\4ab", 6, &received));
	assert_true(received.is_new);
	sol_end_ack(&end, 2, 2, 0, out);
	assert_true(sol_end_input(&end, 0, 2, (const uint8_t *)"\4\0\0\4abcd", 8, &received));
	assert_false(received.is_new);
	assert_int_equal(received.len, 2);
	assert_memory_equal(received.data, "cd", 2);
	sol_end_ack(&end, 2, 2, 0, out);
	assert_memory_equal(out, "\0\4\4\0", 4);
	/* a shorter one brings nothing; a late one of the round before is not heard at all */
	assert_true(sol_end_input(&end, 0, 3, (const uint8_t *)"\4\0\0\0a", 5, &received));
	assert_int_equal(received.len, 0);
	assert_true(received.wants_ack);
	assert_false(sol_end_input(&end, 0, 1, (const uint8_t *)"\3\0\0\0x", 5, &received));
}

static void test_sol_end__silence__lost_after_some_sendings(void **state)
{
	struct sol_end end = { .send_max = 64 };
	uint8_t out[SOL_PAYLOAD_MAX];
	int64_t now_ms = 0;
	size_t taken;
	unsigned sendings = 1;

	(void)state;
	sol_end_send(&end, 0, (const uint8_t *)"a", 1, 0, out, &taken);
	while (!sol_end_is_lost(&end, now_ms) && now_ms < 60000) {
		now_ms = sol_end_due_ms(&end);
		sendings += sol_end_repeat(&end, now_ms, out) > 0;
	}
	assert_int_equal(sendings, 7);
	assert_in_range(now_ms, 4000, 10000);
	assert_int_equal(sol_end_repeat(&end, now_ms, out), 0);
}

/* ---- a bad line ---- */

struct side {
	struct sol_end end;
	uint32_t session_sequence;
	size_t sent, got; /* characters */
	uint8_t late[SOL_PAYLOAD_MAX];
	size_t late_len; /* a datagram that was overtaken; 0: none */
	uint32_t late_sequence;
};

static unsigned seed = 1;

static unsigned draw(unsigned limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % limit;
}

static uint8_t character(size_t place)
{
	return (uint8_t)(place * 7 + place / 251);
}

static void put(struct side *from, struct side *to, int64_t now_ms, const uint8_t *payload, size_t len);

static void arrive(struct side *from, struct side *to, int64_t now_ms, uint32_t sequence,
		   const uint8_t *payload, size_t len)
{
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX];

	if (!sol_end_input(&to->end, now_ms, sequence, payload, len, &received))
		return;
	if (!received.wants_ack)
		return;
	/* it does not always take everything */
	size_t taken = draw(4) ? received.len : draw((unsigned)received.len + 1);
	for (size_t i = 0; i < taken; i++)
		assert_int_equal(received.data[i], character(to->got++));
	size_t ack_len = sol_end_ack(&to->end, taken, received.len, 0, out);
	put(to, from, now_ms, out, ack_len);
}

static void put(struct side *from, struct side *to, int64_t now_ms, const uint8_t *payload, size_t len)
{
	uint32_t sequence = ++from->session_sequence;
	unsigned fate = draw(10);

	if (fate == 0)
		return; /* lost */
	if (fate == 1 && from->late_len == 0) {
		memcpy(from->late, payload, len);
		from->late_len = len;
		from->late_sequence = sequence;
		return;
	}
	arrive(from, to, now_ms, sequence, payload, len);
	if (from->late_len > 0 && draw(3) == 0) {
		uint8_t late[SOL_PAYLOAD_MAX];
		size_t late_len = from->late_len;
		memcpy(late, from->late, late_len);
		from->late_len = 0;
		arrive(from, to, now_ms, from->late_sequence, late, late_len);
	}
}

static void step(struct side *from, struct side *to, int64_t now_ms, size_t total)
{
	uint8_t out[SOL_PAYLOAD_MAX], text[SOL_DATA_MAX];
	size_t taken, len = sol_end_repeat(&from->end, now_ms, out);

	if (len > 0)
		return put(from, to, now_ms, out, len);
	if (!sol_end_is_free(&from->end) || from->sent == total)
		return;
	size_t want = 1 + draw(sizeof(text));
	if (want > total - from->sent)
		want = total - from->sent;
	for (size_t i = 0; i < want; i++)
		text[i] = character(from->sent + i);
	len = sol_end_send(&from->end, now_ms, text, want, 0, out, &taken);
	from->sent += taken;
	put(from, to, now_ms, out, len);
}

static void test_sol_end__bad_line_both_ways__nothing_lost_nothing_twice(void **state)
{
	enum { TOTAL = 20000 };
	struct side a = { .end.send_max = 100 }, b = { .end.send_max = 255 };
	int64_t now_ms = 0;

	(void)state;
	for (; (a.got < TOTAL || b.got < TOTAL) && now_ms < 100000000; now_ms += 50) {
		step(&a, &b, now_ms, TOTAL);
		step(&b, &a, now_ms, TOTAL);
		assert_false(sol_end_is_lost(&a.end, now_ms) || sol_end_is_lost(&b.end, now_ms));
	}
	assert_int_equal(a.got, TOTAL);
	assert_int_equal(b.got, TOTAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sol_decode__lengths__bounded),
		cmocka_unit_test(test_sol_data_size__nonsense__a_usable_one),
		cmocka_unit_test(test_sol_end__recorded_exchange__same_bytes),
		cmocka_unit_test(test_sol_end__accepted_in_part__rest_under_a_new_number),
		cmocka_unit_test(test_sol_end__refused_while_unavailable__pauses_then_goes_on),
		cmocka_unit_test(test_sol_end__repeated_packet__only_what_is_new),
		cmocka_unit_test(test_sol_end__silence__lost_after_some_sendings),
		cmocka_unit_test(test_sol_end__bad_line_both_ways__nothing_lost_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
