/* rmcpp: known answers (computed by another implementation of HMAC and AES), and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ipmi/rmcpp.h"

/* clang-format off */
static const uint8_t suite3_rakp2[] = {
	0x58, 0x46, 0x2e, 0x66, 0x7f, 0xfd, 0x4b, 0x7a, 0xb5, 0x08, 0xb6, 0x30,
	0x5c, 0xe8, 0xa8, 0xd4, 0x7a, 0x9f, 0xee, 0x58,
};
static const uint8_t suite3_rakp3[] = {
	0x63, 0xa7, 0x14, 0xb0, 0xdc, 0x10, 0x86, 0xc1, 0xec, 0x50, 0x07, 0xa6,
	0x2d, 0x05, 0x1b, 0x8c, 0x36, 0x1d, 0xd9, 0x18,
};
static const uint8_t suite3_rakp4[] = {
	0x6d, 0x73, 0x86, 0x22, 0x32, 0xed, 0x95, 0xa4, 0x35, 0x94, 0xf1, 0x33,
};
static const uint8_t suite3_k1[] = {
	0xe6, 0x80, 0xa9, 0xc6, 0x47, 0x65, 0x1d, 0x7a, 0x04, 0x09, 0x38, 0x18,
	0x4e, 0xbb, 0xf6, 0xb3, 0x2f, 0xa8, 0xd3, 0xb9,
};
static const uint8_t suite3_k2[] = {
	0xc4, 0xe0, 0x95, 0xd2, 0xab, 0x9d, 0x2c, 0x93, 0x1b, 0x11, 0x74, 0x3e,
	0x5b, 0x1c, 0x44, 0xd8, 0x80, 0xa8, 0xad, 0xa6,
};
static const uint8_t suite3_datagram[] = {
	0x06, 0x00, 0xff, 0x07, 0x06, 0xc0, 0x44, 0x33, 0x22, 0x11, 0x05, 0x00,
	0x00, 0x00, 0x20, 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0xa0, 0x9f, 0xaa, 0x84,
	0x03, 0x02, 0x20, 0x56, 0xcc, 0x66, 0x4c, 0xcf, 0x49, 0x00, 0xe6, 0x73,
	0xff, 0xff, 0x02, 0x07, 0x34, 0x9e, 0x8c, 0xe7, 0xcd, 0x8a, 0x84, 0x32,
	0xd5, 0xf9, 0xf6, 0xc2,
};
static const uint8_t suite3_kg_rakp4[] = {
	0x78, 0x8b, 0xbd, 0x78, 0x04, 0x77, 0x2d, 0x98, 0xa1, 0x99, 0xce, 0x55,
};
static const uint8_t suite3_kg_k1[] = {
	0xb8, 0xa9, 0x57, 0xdc, 0xe0, 0x83, 0x03, 0xda, 0x84, 0x5c, 0x06, 0x9d,
	0x7a, 0x1b, 0x90, 0xe0, 0x3e, 0x2d, 0x7a, 0xf7,
};
static const uint8_t suite3_kg_k2[] = {
	0x39, 0xdd, 0x36, 0xda, 0x83, 0x3f, 0x78, 0xc3, 0x5a, 0x16, 0x74, 0x1a,
	0x12, 0xbb, 0x8e, 0x82, 0x02, 0xbf, 0x5b, 0x64,
};
static const uint8_t suite3_kg_datagram[] = {
	0x06, 0x00, 0xff, 0x07, 0x06, 0xc0, 0x44, 0x33, 0x22, 0x11, 0x05, 0x00,
	0x00, 0x00, 0x20, 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x95, 0xbe, 0x9d, 0x42,
	0xbc, 0x0f, 0x58, 0xf0, 0xf0, 0x78, 0x18, 0xfa, 0xc0, 0xed, 0x39, 0x9e,
	0xff, 0xff, 0x02, 0x07, 0x5e, 0x98, 0xd5, 0x49, 0x10, 0x25, 0x9c, 0x47,
	0xbb, 0x09, 0x54, 0xf3,
};
static const uint8_t suite17_rakp2[] = {
	0xc2, 0xf0, 0x29, 0x2c, 0xe8, 0x05, 0xaf, 0x93, 0xed, 0x23, 0xfc, 0xe3,
	0x9a, 0x1a, 0x82, 0xad, 0xed, 0xa7, 0x4b, 0x36, 0x03, 0x7f, 0x35, 0x16,
	0xad, 0x8b, 0x22, 0xf9, 0xe8, 0x00, 0xfe, 0xcd,
};
static const uint8_t suite17_rakp3[] = {
	0x5a, 0x43, 0x38, 0x7b, 0xee, 0x20, 0x98, 0x76, 0xc7, 0xf7, 0xe3, 0x6e,
	0xcb, 0x88, 0x9c, 0xb4, 0x71, 0x95, 0x18, 0x95, 0xa5, 0xf2, 0x6a, 0x43,
	0x51, 0xe9, 0x29, 0xe4, 0xcd, 0x7c, 0x34, 0x89,
};
static const uint8_t suite17_rakp4[] = {
	0xc5, 0xbb, 0xe3, 0x44, 0x2d, 0xe6, 0x03, 0x80, 0x03, 0x33, 0xf4, 0x23,
	0x77, 0xf4, 0x44, 0xba,
};
static const uint8_t suite17_k1[] = {
	0x90, 0x3f, 0x23, 0x8c, 0x00, 0x13, 0x71, 0xdb, 0x61, 0xd0, 0x23, 0xb3,
	0xa1, 0x10, 0xc1, 0x19, 0xaa, 0x99, 0x4f, 0x50, 0x3f, 0x43, 0x20, 0xcb,
	0x8e, 0x13, 0xf9, 0x22, 0x1f, 0xa4, 0xdf, 0xc7,
};
static const uint8_t suite17_k2[] = {
	0xe6, 0x79, 0x34, 0x4d, 0xc7, 0xe4, 0x2c, 0x86, 0x20, 0x14, 0x1a, 0xd6,
	0x2b, 0x0b, 0xbe, 0xda, 0x7a, 0xc8, 0x27, 0xb2, 0x03, 0xbb, 0xe9, 0x27,
	0x00, 0x3b, 0x4e, 0x35, 0x74, 0xa1, 0xe6, 0x25,
};
static const uint8_t suite17_datagram[] = {
	0x06, 0x00, 0xff, 0x07, 0x06, 0xc0, 0x44, 0x33, 0x22, 0x11, 0x05, 0x00,
	0x00, 0x00, 0x20, 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x9a, 0xfe, 0x8b, 0x73,
	0x09, 0x0f, 0x3c, 0xcc, 0x53, 0xf3, 0x6c, 0x1c, 0x00, 0xbe, 0x62, 0x8c,
	0xff, 0xff, 0x02, 0x07, 0xa0, 0x76, 0xac, 0xe5, 0xa3, 0x3f, 0x50, 0x4d,
	0x15, 0xa7, 0x04, 0x09, 0xc6, 0x64, 0xe6, 0x9c,
};
static const uint8_t suite17_kg_rakp4[] = {
	0x72, 0xe1, 0x3a, 0x7f, 0xcd, 0xf9, 0x4f, 0x8c, 0x7d, 0xee, 0xff, 0x9a,
	0x2a, 0x1b, 0xe7, 0x57,
};
static const uint8_t suite17_kg_k1[] = {
	0x4d, 0x99, 0xd9, 0xc6, 0x5e, 0x9b, 0x6f, 0xa8, 0x22, 0x3b, 0x55, 0x23,
	0xae, 0x0d, 0x56, 0x1a, 0xf5, 0x6e, 0xa5, 0x2e, 0xd1, 0x7a, 0x6e, 0xa7,
	0x5b, 0x9a, 0x2c, 0x2c, 0xf5, 0xfe, 0xc4, 0xd2,
};
static const uint8_t suite17_kg_k2[] = {
	0x56, 0x4a, 0x9b, 0xd3, 0x3f, 0xba, 0x97, 0xee, 0xb4, 0x12, 0xb6, 0xe6,
	0x6f, 0xd2, 0xa6, 0x88, 0xa0, 0x31, 0x01, 0xc9, 0x6c, 0xbe, 0xd9, 0xb4,
	0xb9, 0x79, 0xd1, 0xcc, 0xcd, 0xea, 0x6a, 0x7e,
};
static const uint8_t suite17_kg_datagram[] = {
	0x06, 0x00, 0xff, 0x07, 0x06, 0xc0, 0x44, 0x33, 0x22, 0x11, 0x05, 0x00,
	0x00, 0x00, 0x20, 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x39, 0xdc, 0x14, 0x41,
	0x25, 0x98, 0x1e, 0x26, 0x07, 0x1a, 0xf9, 0x34, 0x35, 0x24, 0x0b, 0xb8,
	0xff, 0xff, 0x02, 0x07, 0xa8, 0x58, 0xf6, 0xde, 0x9b, 0xc9, 0xa3, 0x12,
	0x61, 0x64, 0x30, 0x22, 0x63, 0x2e, 0x43, 0x66,
};
/* clang-format on */

struct vector {
	unsigned suite;
	bool has_kg;
	const uint8_t *rakp2, *rakp3, *rakp4, *k1, *k2, *datagram;
	size_t datagram_len;
};

static const struct vector vectors[] = {
	{ 3, false, suite3_rakp2, suite3_rakp3, suite3_rakp4, suite3_k1, suite3_k2, suite3_datagram,
	  sizeof(suite3_datagram) },
	{ 3, true, suite3_rakp2, suite3_rakp3, suite3_kg_rakp4, suite3_kg_k1, suite3_kg_k2,
	  suite3_kg_datagram, sizeof(suite3_kg_datagram) },
	{ 17, false, suite17_rakp2, suite17_rakp3, suite17_rakp4, suite17_k1, suite17_k2, suite17_datagram,
	  sizeof(suite17_datagram) },
	{ 17, true, suite17_rakp2, suite17_rakp3, suite17_kg_rakp4, suite17_kg_k1, suite17_kg_k2,
	  suite17_kg_datagram, sizeof(suite17_kg_datagram) },
};
enum { VECTOR_COUNT = sizeof(vectors) / sizeof(vectors[0]) };

static void count_up(uint8_t *out, uint8_t first, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(first + i);
}

static struct rakp_secrets secrets_for(unsigned suite, bool has_kg)
{
	struct rakp_secrets secrets = { .suite = cipher_suite_find(suite),
					.console_id = 0x11223344,
					.bmc_id = 0xa1b2c3d4,
					.role = 0x14,
					.user_len = 5,
					.user = "admin",
					.has_kg = has_kg };

	count_up(secrets.console_random, 0x00, RMCPP_RANDOM);
	count_up(secrets.bmc_random, 0x40, RMCPP_RANDOM);
	count_up(secrets.guid, 0x80, RMCPP_GUID);
	count_up(secrets.kg, 0xe0, RMCPP_KEY);
	assert_true(rmcpp_key_set(secrets.password, "password", 8));
	return secrets;
}

static void test_rakp_codes__known_inputs__known_answers(void **state)
{
	uint8_t code[RMCPP_CODE_MAX];

	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		const struct vector *vector = &vectors[i];
		struct rakp_secrets secrets = secrets_for(vector->suite, vector->has_kg);
		size_t digest_len = vector->suite == 3 ? 20 : 32, check_len = vector->suite == 3 ? 12 : 16;

		assert_int_equal(rakp2_code(&secrets, code), digest_len);
		assert_memory_equal(code, vector->rakp2, digest_len);
		assert_int_equal(rakp3_code(&secrets, code), digest_len);
		assert_memory_equal(code, vector->rakp3, digest_len);
		assert_int_equal(rakp4_code(&secrets, code), check_len);
		assert_memory_equal(code, vector->rakp4, check_len);
	}
}

static void test_session_start__known_inputs__known_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		struct rakp_secrets secrets = secrets_for(vectors[i].suite, vectors[i].has_kg);
		struct rmcpp_session session;

		rmcpp_session_start(&session, &secrets, 7);
		assert_memory_equal(session.k1, vectors[i].k1, secrets.suite->digest_len);
		assert_memory_equal(session.k2, vectors[i].k2, secrets.suite->digest_len);
	}
}

static void test_unseal__datagram_of_another_implementation__decrypts(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		struct rakp_secrets secrets = secrets_for(vectors[i].suite, vectors[i].has_kg);
		struct rmcpp_session session;
		struct rmcp_packet packet;
		struct ipmi_message message;
		uint8_t plain[RMCPP_PAYLOAD_MAX];
		size_t len;

		rmcpp_session_start(&session, &secrets, secrets.bmc_id);
		assert_true(rmcp_decode(vectors[i].datagram, vectors[i].datagram_len, &packet));
		assert_int_equal(packet.session_id, secrets.console_id);
		assert_int_equal(packet.sequence, 5);
		assert_true(rmcpp_unseal(&session, &packet, plain, &len));
		assert_true(ipmi_message_decode(plain, len, &message));
		assert_false(message.is_checksum_bad);
		assert_int_equal(message.netfn, 1);
		assert_int_equal(message.sequence, 9);
		assert_int_equal(message.command, 1);
		assert_int_equal(message.completion, 0);
		assert_int_equal(message.data_len, 3);
		assert_int_equal(message.data[0], 1);
		/* the same datagram again is a replay */
		assert_false(rmcpp_unseal(&session, &packet, plain, &len));
	}
}

static void test_unseal__any_bit_flipped__refused(void **state)
{
	uint8_t copy[RMCPP_DATAGRAM_MAX], plain[RMCPP_PAYLOAD_MAX];
	struct rakp_secrets secrets = secrets_for(17, false);
	size_t len;

	(void)state;
	for (size_t bit = 4 * 8; bit < sizeof(suite17_datagram) * 8; bit++) {
		struct rmcpp_session session;
		struct rmcp_packet packet;

		memcpy(copy, suite17_datagram, sizeof(suite17_datagram));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		rmcpp_session_start(&session, &secrets, secrets.bmc_id);
		if (rmcp_decode(copy, sizeof(suite17_datagram), &packet))
			assert_false(rmcpp_unseal(&session, &packet, plain, &len));
	}
}

static void test_unseal__cut_anywhere__refused(void **state)
{
	struct rakp_secrets secrets = secrets_for(3, false);
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	size_t plain_len;

	(void)state;
	for (size_t len = 0; len < sizeof(suite3_datagram); len++) {
		struct rmcpp_session session;
		struct rmcp_packet packet;

		rmcpp_session_start(&session, &secrets, secrets.bmc_id);
		if (rmcp_decode(suite3_datagram, len, &packet))
			assert_false(rmcpp_unseal(&session, &packet, plain, &plain_len));
	}
}

static void test_unseal__plain_payload_in_protected_session__refused(void **state)
{
	struct rakp_secrets secrets = secrets_for(3, false);
	const uint8_t message[] = { 0x81, 0x04, 0x7b, 0x20, 0x24, 0x01, 0x00, 0xbb };
	uint8_t datagram[RMCPP_DATAGRAM_MAX], plain[RMCPP_PAYLOAD_MAX];
	struct rmcpp_session session;
	struct rmcp_packet packet;
	size_t len;

	(void)state;
	rmcpp_session_start(&session, &secrets, secrets.bmc_id);
	len = rmcpp_plain_encode(PAYLOAD_IPMI, message, sizeof(message), datagram, sizeof(datagram));
	datagram[6] = 0x44; /* the session id and a sequence number, but no protection */
	datagram[10] = 1;
	assert_true(rmcp_decode(datagram, len, &packet));
	assert_false(rmcpp_unseal(&session, &packet, plain, &len));
}

/* Suites 16 and 17 have the same integrity keys: only the flag says that nothing is encrypted. */
static void test_unseal__signed_but_not_encrypted__refused(void **state)
{
	struct rakp_secrets weak = secrets_for(16, false), strong = secrets_for(17, false);
	struct rmcpp_session sender, receiver;
	uint8_t message[32] = { 0 }, datagram[RMCPP_DATAGRAM_MAX], plain[RMCPP_PAYLOAD_MAX];
	struct rmcp_packet packet;
	size_t len;

	(void)state;
	rmcpp_session_start(&sender, &weak, 1);
	rmcpp_session_start(&receiver, &strong, 1);
	len = rmcpp_seal(&sender, PAYLOAD_IPMI, message, sizeof(message), datagram, sizeof(datagram));
	assert_true(rmcp_decode(datagram, len, &packet));
	assert_false(rmcpp_unseal(&receiver, &packet, plain, &len));
	/* and the other way round */
	rmcpp_session_start(&sender, &strong, 1);
	rmcpp_session_start(&receiver, &weak, 1);
	len = rmcpp_seal(&sender, PAYLOAD_IPMI, message, sizeof(message), datagram, sizeof(datagram));
	assert_true(rmcp_decode(datagram, len, &packet));
	assert_false(rmcpp_unseal(&receiver, &packet, plain, &len));
}

/* Every suite and every length, so every padding, both ways. */
static void test_seal__each_suite_and_length__unseals(void **state)
{
	uint8_t data[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX], plain[RMCPP_PAYLOAD_MAX];
	const struct cipher_suite *suite;

	(void)state;
	count_up(data, 1, sizeof(data));
	for (size_t i = 0; (suite = cipher_suite_at(i)) != NULL; i++) {
		struct rakp_secrets secrets = secrets_for(suite->id, false);
		struct rmcpp_session near_end, far_end;

		rmcpp_session_start(&near_end, &secrets, 0x01020304);
		rmcpp_session_start(&far_end, &secrets, 0x05060708);
		for (size_t len = 0; len <= sizeof(data); len++) {
			struct rmcp_packet packet;
			size_t plain_len = 0;
			size_t total =
				rmcpp_seal(&near_end, PAYLOAD_IPMI, data, len, datagram, sizeof(datagram));

			assert_true(total > 0);
			assert_true(rmcp_decode(datagram, total, &packet));
			assert_int_equal(packet.session_id, 0x01020304);
			assert_int_equal(packet.sequence, len + 1);
			assert_true(rmcpp_unseal(&far_end, &packet, plain, &plain_len));
			assert_int_equal(plain_len, len);
			assert_memory_equal(plain, data, len);
			if (suite->integrity_len > 0)
				assert_int_equal((total - 4 - suite->integrity_len) % 4, 0);
		}
	}
}

static void test_seal__too_long_or_no_room__zero(void **state)
{
	struct rakp_secrets secrets = secrets_for(17, false);
	uint8_t data[IPMI_MESSAGE_MAX + 1] = { 0 }, datagram[RMCPP_DATAGRAM_MAX];
	struct rmcpp_session session;

	(void)state;
	rmcpp_session_start(&session, &secrets, 1);
	assert_int_equal(rmcpp_seal(&session, PAYLOAD_IPMI, data, sizeof(data), datagram, sizeof(datagram)),
			 0);
	assert_int_equal(rmcpp_seal(&session, PAYLOAD_IPMI, data, 7, datagram, 60), 0);
	assert_int_equal(session.send_sequence, 0);
}

static void test_seal__sequence_at_the_end__skips_zero(void **state)
{
	struct rakp_secrets secrets = secrets_for(0, false);
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	struct rmcpp_session session;

	(void)state;
	rmcpp_session_start(&session, &secrets, 1);
	session.send_sequence = UINT32_MAX;
	assert_true(rmcpp_seal(&session, PAYLOAD_IPMI, NULL, 0, datagram, sizeof(datagram)) > 0);
	assert_int_equal(session.send_sequence, 1);
}

static void test_key_set__twenty_one_bytes__refused(void **state)
{
	uint8_t key[RMCPP_KEY];

	(void)state;
	assert_true(rmcpp_key_set(key, "12345678901234567890", 20));
	assert_false(rmcpp_key_set(key, "123456789012345678901", 21));
}

/* ---- sequence window ---- */

static void test_window__each_situation__accepts_or_refuses(void **state)
{
	static const struct {
		uint32_t sequence;
		bool is_new;
	} steps[] = {
		{ 0, false },      { 3, true },   { 3, false },
		{ 4, true },       { 7, true },   { 5, true },
		{ 5, false },      { 1, true },   { 7 + RMCPP_WINDOW, true },
		{ 7, false },      { 8, true },   { 39 + RMCPP_WINDOW + 1, false },
		{ 39 + 31, true }, { 39, false }, { 38, false },
		{ 40, true },
	};
	struct sequence_window window = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(sequence_window_accept(&window, steps[i].sequence), steps[i].is_new);
}

static void test_window__wraps__goes_on(void **state)
{
	struct sequence_window window = { 0 };

	(void)state;
	assert_true(sequence_window_accept(&window, UINT32_MAX));
	assert_true(sequence_window_accept(&window, 1));
	assert_false(sequence_window_accept(&window, UINT32_MAX));
	assert_true(sequence_window_accept(&window, 2));
}

/* ---- frames and messages ---- */

static void test_message__request_and_response__bytes_of_the_specification(void **state)
{
	/* Get Device ID as ipmitool and FreeIPMI send it, sequence 1. */
	static const uint8_t request[] = { 0x20, 0x18, 0xc8, 0x81, 0x04, 0x01, 0x7a };
	static const uint8_t response[] = { 0x81, 0x1c, 0x63, 0x20, 0x04, 0x01, 0xc1, 0x1a };
	uint8_t out[IPMI_MESSAGE_MAX];
	struct ipmi_message message = { .to = 0x20, .netfn = 6, .from = 0x81, .sequence = 1, .command = 1 };

	(void)state;
	assert_int_equal(ipmi_message_encode(&message, out, sizeof(out)), sizeof(request));
	assert_memory_equal(out, request, sizeof(request));
	message = (struct ipmi_message){
		.to = 0x81, .netfn = 7, .from = 0x20, .sequence = 1, .command = 1, .completion = 0xc1
	};
	assert_int_equal(ipmi_message_encode(&message, out, sizeof(out)), sizeof(response));
	assert_memory_equal(out, response, sizeof(response));
}

static void test_message__too_short_or_bad_sum__seen(void **state)
{
	uint8_t response[] = { 0x81, 0x1c, 0x63, 0x20, 0x04, 0x01, 0xc1, 0x1a };
	struct ipmi_message message;

	(void)state;
	for (size_t len = 0; len < sizeof(response); len++)
		assert_false(ipmi_message_decode(response, len, &message));
	assert_true(ipmi_message_decode(response, sizeof(response), &message));
	assert_false(message.is_checksum_bad);
	response[6] ^= 1;
	assert_true(ipmi_message_decode(response, sizeof(response), &message));
	assert_true(message.is_checksum_bad);
}

static void test_decode__foreign_frames__refused(void **state)
{
	static const uint8_t frames[][20] = {
		{ 5, 0, 0xff, 7, 6, 0 },                         /* RMCP version */
		{ 6, 0, 0xff, 8, 6, 0 },                         /* class */
		{ 6, 0, 0xff, 0x87, 0 },                         /* an acknowledgement */
		{ 6, 0, 0xff, 6, 0, 0, 0x11, 0xbf, 0x80 },       /* another enterprise's ASF */
		{ 6, 0, 0xff, 7, 7 },                            /* authentication type */
		{ 6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 }, /* message longer than the datagram */
		{ 6, 0, 0xff, 7, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0 },
		{ 6, 0, 0xff, 7, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, /* OEM payload without its fields */
	};
	struct rmcp_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		assert_false(rmcp_decode(frames[i], sizeof(frames[i]), &packet));
}

static void test_ping__answered_by_pong__tag_kept(void **state)
{
	static const uint8_t ping[] = {
		0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe, 0x80, 0x2a, 0x00, 0x00
	};
	uint8_t out[64];
	struct rmcp_packet packet;
	size_t len;

	(void)state;
	assert_true(rmcp_decode(ping, sizeof(ping), &packet));
	assert_int_equal(packet.kind, RMCP_PING);
	assert_int_equal(packet.tag, 0x2a);
	len = rmcp_pong_encode(packet.tag, out, sizeof(out));
	assert_int_equal(len, 28);
	assert_true(rmcp_decode(out, len, &packet));
	assert_int_equal(packet.kind, RMCP_PONG);
	assert_int_equal(packet.payload[8] & 0x80, 0x80);
}

static void test_ipmi15__frame_of_forbidden_length__padded(void **state)
{
	uint8_t message[64] = { 0 }, out[128];
	struct rmcp_packet packet;

	(void)state;
	/* 42 bytes of message would make a frame of 56 */
	assert_int_equal(rmcp_ipmi15_encode(message, 42, out, sizeof(out)), 57);
	assert_true(rmcp_decode(out, 57, &packet));
	assert_int_equal(packet.kind, RMCP_IPMI15);
	assert_int_equal(packet.payload_len, 42);
	assert_int_equal(rmcp_ipmi15_encode(message, 41, out, sizeof(out)), 55);
}

/* ---- handshake ---- */

static void test_open_session__both_ways__same_fields(void **state)
{
	uint8_t out[RMCPP_HANDSHAKE_MAX], again[RMCPP_HANDSHAKE_MAX];
	struct open_session_request request = { .tag = 9,
						.privilege = 4,
						.console_id = 0x0a0b0c0d,
						.algorithms = { 3, 4, 1 } },
				    request2;
	struct open_session_response response = { .tag = 9,
						  .privilege = 4,
						  .console_id = 0x0a0b0c0d,
						  .bmc_id = 77,
						  .algorithms = { 3, 4, 1 } },
				     response2;
	static const uint8_t expected[] = { 9, 4, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a, 0, 0, 0, 8, 3, 0, 0, 0,
					    1, 0, 0, 8, 4,    0,    0,    0,    2, 0, 0, 8, 1, 0, 0, 0 };

	(void)state;
	assert_int_equal(open_session_request_encode(&request, out), 32);
	assert_memory_equal(out, expected, sizeof(expected));
	assert_true(open_session_request_decode(out, 32, &request2));
	assert_int_equal(open_session_request_encode(&request2, again), 32);
	assert_memory_equal(again, expected, sizeof(expected));
	assert_false(open_session_request_decode(out, 31, &request2));
	assert_int_equal(open_session_response_encode(&response, out), 36);
	assert_true(open_session_response_decode(out, 36, &response2));
	assert_int_equal(open_session_response_encode(&response2, again), 36);
	assert_memory_equal(again, out, 36);
	assert_int_equal(response2.bmc_id, 77);
	assert_false(open_session_response_decode(out, 35, &response2));
}

static void test_error_reply__of_each_length_seen__status_found(void **state)
{
	static const uint8_t reply[] = { 7, 0x0d, 0, 0, 1, 2, 3, 4 }, one_byte[] = { 0x12 };
	struct open_session_response open;
	struct rakp_reply rakp;

	(void)state;
	for (size_t len = 2; len <= sizeof(reply); len++) {
		assert_true(open_session_response_decode(reply, len, &open));
		assert_int_equal(open.status, 0x0d);
		assert_true(rakp2_decode(reply, len, &rakp));
		assert_int_equal(rakp.status, 0x0d);
		assert_int_equal(rakp.tag, 7);
		assert_true(rakp4_decode(reply, len, &rakp));
		assert_int_equal(rakp.status, 0x0d);
	}
	assert_true(open_session_response_decode(one_byte, 1, &open));
	assert_int_equal(open.status, 0x12);
	assert_false(open_session_response_decode(one_byte, 0, &open));
}

static void test_rakp1__name_longer_than_payload_or_16__refused(void **state)
{
	struct rakp1 rakp1 = { .tag = 1, .bmc_id = 2, .role = 0x14, .user_len = 5, .user = "admin" }, decoded;
	uint8_t out[RMCPP_HANDSHAKE_MAX];

	(void)state;
	assert_int_equal(rakp1_encode(&rakp1, out), 33);
	assert_true(rakp1_decode(out, 33, &decoded));
	assert_int_equal(decoded.bmc_id, 2);
	assert_int_equal(decoded.role, 0x14);
	assert_int_equal(decoded.user_len, 5);
	assert_memory_equal(decoded.user, "admin", 5);
	assert_false(rakp1_decode(out, 32, &decoded));
	out[27] = 17;
	assert_false(rakp1_decode(out, sizeof(out), &decoded));
}

static void test_rakp2__code_longer_than_any_digest__refused(void **state)
{
	uint8_t payload[40 + RMCPP_CODE_MAX + 1] = { 0 };
	struct rakp_reply reply;

	(void)state;
	assert_true(rakp2_decode(payload, 40 + RMCPP_CODE_MAX, &reply));
	assert_int_equal(reply.code_len, RMCPP_CODE_MAX);
	assert_false(rakp2_decode(payload, sizeof(payload), &reply));
	assert_false(rakp2_decode(payload, 39, &reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rakp_codes__known_inputs__known_answers),
		cmocka_unit_test(test_session_start__known_inputs__known_keys),
		cmocka_unit_test(test_unseal__datagram_of_another_implementation__decrypts),
		cmocka_unit_test(test_unseal__any_bit_flipped__refused),
		cmocka_unit_test(test_unseal__cut_anywhere__refused),
		cmocka_unit_test(test_unseal__plain_payload_in_protected_session__refused),
		cmocka_unit_test(test_unseal__signed_but_not_encrypted__refused),
		cmocka_unit_test(test_seal__each_suite_and_length__unseals),
		cmocka_unit_test(test_seal__too_long_or_no_room__zero),
		cmocka_unit_test(test_seal__sequence_at_the_end__skips_zero),
		cmocka_unit_test(test_key_set__twenty_one_bytes__refused),
		cmocka_unit_test(test_window__each_situation__accepts_or_refuses),
		cmocka_unit_test(test_window__wraps__goes_on),
		cmocka_unit_test(test_message__request_and_response__bytes_of_the_specification),
		cmocka_unit_test(test_message__too_short_or_bad_sum__seen),
		cmocka_unit_test(test_decode__foreign_frames__refused),
		cmocka_unit_test(test_ping__answered_by_pong__tag_kept),
		cmocka_unit_test(test_ipmi15__frame_of_forbidden_length__padded),
		cmocka_unit_test(test_open_session__both_ways__same_fields),
		cmocka_unit_test(test_error_reply__of_each_length_seen__status_found),
		cmocka_unit_test(test_rakp1__name_longer_than_payload_or_16__refused),
		cmocka_unit_test(test_rakp2__code_longer_than_any_digest__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
