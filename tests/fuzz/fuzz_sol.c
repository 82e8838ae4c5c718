/*
 * Serial-over-LAN payloads. First one end hears what the input makes up: whatever comes, it stays within its
 * buffers, and what it sends is well-formed. Then two ends talk over a line that loses, repeats and overtakes
 * as the input says: characters arrive in order, none twice, none made up; and once the line is good, all.
 */
#include <assert.h>
#include <string.h>

#include "drivers/ipmi/sol.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_len;

static uint8_t draw(void)
{
	if (input_len == 0)
		return 0;
	input_len--;
	return *input++;
}

/* ---- one end and made-up payloads ---- */

static void check_payload(const uint8_t *payload, size_t len)
{
	struct sol_packet packet;

	assert(len == 0 || sol_decode(payload, len, &packet));
}

/* The payload in memory of exactly its size, so that ASan sees the first byte read past it. */
static void hear(struct sol_end *end, int64_t now_ms, uint32_t sequence, size_t len)
{
	len = len < input_len ? len : input_len;

	uint8_t *payload = xmalloc(len > 0 ? len : 1), out[SOL_PAYLOAD_MAX];
	struct sol_received received;

	if (len > 0)
		memcpy(payload, input, len);
	input += len;
	input_len -= len;
	if (sol_end_input(end, now_ms, sequence, payload, len, &received)) {
		assert(received.len == 0 ||
		       (received.data >= payload && received.data + received.len <= payload + len));
		if (received.wants_ack)
			check_payload(out, sol_end_ack(end, received.len, received.len, 0, out));
	}
	xfree(payload);
}

static void made_up(void)
{
	struct sol_end end = { .send_max = draw() % SOL_DATA_MAX + 1U };
	static const uint8_t text[SOL_DATA_MAX] = "characters";
	uint8_t out[SOL_PAYLOAD_MAX];
	int64_t now_ms = 0;

	for (unsigned round = draw(); round > 0; round--) {
		size_t taken;
		uint8_t what = draw();

		now_ms += draw() * 8;
		hear(&end, now_ms, (uint32_t)draw() << 24 | what, what & 0x80 ? 0x104 : what & 0x1f);
		if (sol_end_is_free(&end)) {
			check_payload(out, sol_end_send(&end, now_ms, text, draw(), draw(), out, &taken));
			assert(taken <= end.send_max);
		}
		check_payload(out, sol_end_repeat(&end, now_ms, out));
	}
}

/* ---- two ends ---- */

enum { LATE_MAX = 4, TEXT = 600 };

struct side {
	struct sol_end end;
	uint32_t sequence;
	size_t sent, got;
	struct {
		uint32_t sequence;
		size_t len;
		uint8_t payload[SOL_PAYLOAD_MAX];
	} late[LATE_MAX];
};

static uint8_t character(size_t place)
{
	return (uint8_t)(place * 7 + place / 251);
}

static void put(struct side *from, struct side *to, int64_t now_ms, const uint8_t *payload, size_t len);

static void arrive(struct side *from, struct side *to, int64_t now_ms, uint32_t sequence,
		   const uint8_t *payload, size_t len)
{
	struct sol_received received;
	uint8_t out[SOL_PAYLOAD_MAX], fate;

	/* the session's window has dropped what came twice */
	if (!sol_end_input(&to->end, now_ms, sequence, payload, len, &received) || !received.wants_ack)
		return;
	fate = draw();
	size_t taken = fate & 0x80 && received.len > 0 ? fate % (received.len + 1) : received.len;
	for (size_t i = 0; i < taken; i++)
		assert(received.data[i] == character(to->got++));
	put(to, from, now_ms, out, sol_end_ack(&to->end, taken, received.len, 0, out));
}

static void put(struct side *from, struct side *to, int64_t now_ms, const uint8_t *payload, size_t len)
{
	uint32_t sequence = ++from->sequence;
	uint8_t fate = draw();
	unsigned place = fate % LATE_MAX;

	if ((fate & 0xe0) == 0x20)
		return;
	if ((fate & 0xe0) == 0x40 && from->late[place].len == 0) {
		from->late[place].sequence = sequence;
		from->late[place].len = len;
		memcpy(from->late[place].payload, payload, len);
		return;
	}
	arrive(from, to, now_ms, sequence, payload, len);
	if ((fate & 0xe0) == 0x60 && from->late[place].len != 0) {
		uint8_t late[SOL_PAYLOAD_MAX];
		size_t late_len = from->late[place].len;
		memcpy(late, from->late[place].payload, late_len);
		from->late[place].len = 0;
		arrive(from, to, now_ms, from->late[place].sequence, late, late_len);
	}
}

static void step(struct side *from, struct side *to, int64_t now_ms)
{
	uint8_t out[SOL_PAYLOAD_MAX], text[SOL_DATA_MAX];
	size_t taken, len = sol_end_repeat(&from->end, now_ms, out);

	if (len > 0)
		return put(from, to, now_ms, out, len);
	if (!sol_end_is_free(&from->end) || from->sent == TEXT)
		return;
	size_t want = draw() % 200U + 1;
	want = want < TEXT - from->sent ? want : TEXT - from->sent;
	for (size_t i = 0; i < want; i++)
		text[i] = character(from->sent + i);
	len = sol_end_send(&from->end, now_ms, text, want, 0, out, &taken);
	from->sent += taken;
	put(from, to, now_ms, out, len);
}

static void talk(void)
{
	struct side a = { .end.send_max = draw() % SOL_DATA_MAX + 1U };
	struct side b = { .end.send_max = draw() % SOL_DATA_MAX + 1U };
	int64_t now_ms = 0;
	unsigned rounds = 0;

	for (; input_len > 0 && rounds < 2000; rounds++, now_ms += 200) {
		step(&a, &b, now_ms);
		step(&b, &a, now_ms);
		if (sol_end_is_lost(&a.end, now_ms) || sol_end_is_lost(&b.end, now_ms))
			return;
	}
	/* the last of the tries may have been lost when the line became good */
	if (sol_end_is_lost(&a.end, now_ms + 10000) || sol_end_is_lost(&b.end, now_ms + 10000))
		return;
	for (; rounds < 5000 && (a.got < TEXT || b.got < TEXT); rounds++, now_ms += 200) {
		step(&a, &b, now_ms);
		step(&b, &a, now_ms);
	}
	assert(a.got == TEXT && b.got == TEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_len = size;
	if (draw() & 1)
		made_up();
	else
		talk();
	return 0;
}
