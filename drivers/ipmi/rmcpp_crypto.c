/* rmcpp: keys, integrity codes and encryption. Source: IPMI 2.0 sections 13.28-13.32; RFC 2104. */
#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/rmcpp.h"
#include "lib/log.h"

enum { HASH_BLOCK = 64, AES_BLOCK = 16 };

/* Shared by all sessions: every use sets key and vector anew, so a session needs no memory of OpenSSL's.
 * A context per algorithm, because changing a context's algorithm allocates. */
static struct {
	EVP_MD *sha1, *sha256;
	EVP_MD_CTX *sha1_context, *sha256_context;
	EVP_CIPHER *aes;
	EVP_CIPHER_CTX *cipher;
} crypto;

static void die(const char *what)
{
	log_error("OpenSSL cannot do %s: IPMI needs it", what);
	abort();
}

static void crypto_init(void)
{
	if (crypto.cipher != NULL)
		return;
	crypto.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	crypto.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	crypto.aes = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	crypto.sha1_context = EVP_MD_CTX_new();
	crypto.sha256_context = EVP_MD_CTX_new();
	crypto.cipher = EVP_CIPHER_CTX_new();
	if (crypto.sha1 == NULL || crypto.sha256 == NULL || crypto.aes == NULL ||
	    crypto.sha1_context == NULL || crypto.sha256_context == NULL || crypto.cipher == NULL ||
	    !EVP_EncryptInit_ex2(crypto.cipher, crypto.aes, NULL, NULL, NULL))
		die("SHA-1, SHA-256 and AES-128-CBC");
}

void rmcpp_random(void *out, size_t len)
{
	static uint8_t pool[1024];
	static size_t used = sizeof(pool);

	assert(len <= sizeof(pool));
	if (used + len > sizeof(pool)) {
		if (RAND_bytes(pool, sizeof(pool)) != 1)
			die("random numbers");
		used = 0;
	}
	memcpy(out, pool + used, len);
	OPENSSL_cleanse(pool + used, len);
	used += len;
}

void rmcpp_wipe(void *memory, size_t len)
{
	OPENSSL_cleanse(memory, len);
}

bool rmcpp_key_set(uint8_t key[RMCPP_KEY], const void *bytes, size_t len)
{
	if (len > RMCPP_KEY)
		return false;
	memset(key, 0, RMCPP_KEY);
	if (len > 0)
		memcpy(key, bytes, len);
	return true;
}

bool rmcpp_code_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}

/* ---- HMAC ---- */

struct part {
	const void *data;
	size_t len;
};

static void hash(size_t digest_len, const uint8_t pad[HASH_BLOCK], const struct part *parts, size_t count,
		 uint8_t out[RMCPP_CODE_MAX])
{
	const EVP_MD *md = digest_len == 20 ? crypto.sha1 : crypto.sha256;
	EVP_MD_CTX *context = digest_len == 20 ? crypto.sha1_context : crypto.sha256_context;
	int ok = EVP_DigestInit_ex2(context, md, NULL) && EVP_DigestUpdate(context, pad, HASH_BLOCK);

	for (size_t i = 0; i < count; i++)
		ok = ok && EVP_DigestUpdate(context, parts[i].data, parts[i].len);
	if (!ok || !EVP_DigestFinal_ex(context, out, NULL))
		die("digests");
}

/* HMAC over the concatenated parts; key_len <= HASH_BLOCK; writes digest_len (20 or 32) bytes. Over bare
 * digests because EVP_MAC takes 0.57 us with a new key and 0.33 us with a prepared one, for which each
 * session would hold about 800 bytes; this takes 0.35 us and holds none (64 bytes, OpenSSL 3.0, SHA-NI). */
static void hmac(size_t digest_len, const uint8_t *key, size_t key_len, const struct part *parts,
		 size_t count, uint8_t out[RMCPP_CODE_MAX])
{
	uint8_t inner[HASH_BLOCK], outer[HASH_BLOCK];

	crypto_init();
	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (size_t i = 0; i < key_len; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	hash(digest_len, inner, parts, count, out);
	hash(digest_len, outer, &(struct part){ out, digest_len }, 1, out);
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(outer, sizeof(outer));
}

/* ---- RAKP ---- */

size_t rakp2_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX])
{
	size_t digest_len = secrets->suite->digest_len;
	uint8_t ids[8];

	if (digest_len == 0)
		return 0;
	put_u32(ids, secrets->console_id);
	put_u32(ids + 4, secrets->bmc_id);

	const struct part parts[] = {
		{ ids, sizeof(ids) },
		{ secrets->console_random, RMCPP_RANDOM },
		{ secrets->bmc_random, RMCPP_RANDOM },
		{ secrets->guid, RMCPP_GUID },
		{ &secrets->role, 1 },
		{ &secrets->user_len, 1 },
		{ secrets->user, secrets->user_len },
	};
	hmac(digest_len, secrets->password, RMCPP_KEY, parts, sizeof(parts) / sizeof(parts[0]), out);
	return digest_len;
}

size_t rakp3_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX])
{
	size_t digest_len = secrets->suite->digest_len;
	uint8_t id[4];

	if (digest_len == 0)
		return 0;
	put_u32(id, secrets->console_id);

	const struct part parts[] = {
		{ secrets->bmc_random, RMCPP_RANDOM },
		{ id, sizeof(id) },
		{ &secrets->role, 1 },
		{ &secrets->user_len, 1 },
		{ secrets->user, secrets->user_len },
	};
	hmac(digest_len, secrets->password, RMCPP_KEY, parts, sizeof(parts) / sizeof(parts[0]), out);
	return digest_len;
}

/* The session integrity key. */
static void derive_sik(const struct rakp_secrets *secrets, uint8_t sik[RMCPP_CODE_MAX])
{
	const struct part parts[] = {
		{ secrets->console_random, RMCPP_RANDOM },
		{ secrets->bmc_random, RMCPP_RANDOM },
		{ &secrets->role, 1 },
		{ &secrets->user_len, 1 },
		{ secrets->user, secrets->user_len },
	};

	hmac(secrets->suite->digest_len, secrets->has_kg ? secrets->kg : secrets->password, RMCPP_KEY, parts,
	     sizeof(parts) / sizeof(parts[0]), sik);
}

size_t rakp4_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX])
{
	size_t digest_len = secrets->suite->digest_len;
	uint8_t sik[RMCPP_CODE_MAX], id[4];

	if (digest_len == 0)
		return 0;
	put_u32(id, secrets->bmc_id);

	const struct part parts[] = {
		{ secrets->console_random, RMCPP_RANDOM },
		{ id, sizeof(id) },
		{ secrets->guid, RMCPP_GUID },
	};
	derive_sik(secrets, sik);
	hmac(digest_len, sik, digest_len, parts, sizeof(parts) / sizeof(parts[0]), out);
	OPENSSL_cleanse(sik, sizeof(sik));
	return secrets->suite->check_len;
}

/* The constants are 20 bytes for every algorithm, also where the digest is longer. */
static void derive_key(size_t digest_len, const uint8_t *sik, uint8_t constant, uint8_t out[RMCPP_CODE_MAX])
{
	uint8_t text[20];

	memset(text, constant, sizeof(text));
	hmac(digest_len, sik, digest_len, &(struct part){ text, sizeof(text) }, 1, out);
}

void rmcpp_session_start(struct rmcpp_session *session, const struct rakp_secrets *secrets,
			 uint32_t remote_id)
{
	uint8_t sik[RMCPP_CODE_MAX];
	size_t digest_len = secrets->suite->digest_len;

	*session = (struct rmcpp_session){ .suite = secrets->suite, .remote_id = remote_id };
	if (digest_len == 0)
		return;
	derive_sik(secrets, sik);
	derive_key(digest_len, sik, 0x01, session->k1);
	derive_key(digest_len, sik, 0x02, session->k2);
	OPENSSL_cleanse(sik, sizeof(sik));
}

/* ---- AES-CBC-128 ---- */

/* out: vector and ciphertext; returns their length. len + 32 <= size was checked. */
static size_t encrypt(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t *text = out + AES_BLOCK;
	uint8_t pad = (uint8_t)((AES_BLOCK - (len + 1) % AES_BLOCK) % AES_BLOCK);
	size_t padded = len + pad + 1;
	int done;

	rmcpp_random(out, AES_BLOCK);
	memcpy(text, data, len);
	for (uint8_t i = 1; i <= pad; i++)
		text[len + i - 1] = i;
	text[padded - 1] = pad;
	crypto_init();
	if (!EVP_EncryptInit_ex2(crypto.cipher, NULL, key, out, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(crypto.cipher, 0) ||
	    !EVP_EncryptUpdate(crypto.cipher, text, &done, text, (int)padded))
		die("AES-128-CBC");
	return AES_BLOCK + padded;
}

static bool decrypt(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *out, size_t *ret_len)
{
	int done;

	if (len < (size_t)2 * AES_BLOCK || len % AES_BLOCK != 0 || len > RMCPP_PAYLOAD_MAX)
		return false;

	size_t padded = len - AES_BLOCK;
	crypto_init();
	if (!EVP_DecryptInit_ex2(crypto.cipher, NULL, key, data, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(crypto.cipher, 0) ||
	    !EVP_DecryptUpdate(crypto.cipher, out, &done, data + AES_BLOCK, (int)padded))
		die("AES-128-CBC");

	uint8_t pad = out[padded - 1];
	if (pad >= AES_BLOCK)
		return false;
	*ret_len = padded - pad - 1;
	return true;
}

/* ---- datagrams ---- */

enum { COVERED_FROM = 4, NEXT_HEADER = 0x07 }; /* the RMCP header is not covered */

/* Pads to a multiple of four, appends trailer and code; returns the new length. */
static size_t append_integrity(const struct rmcpp_session *session, uint8_t *out, size_t len)
{
	uint8_t code[RMCPP_CODE_MAX];
	uint8_t pad = (uint8_t)((4 - (len - COVERED_FROM + 2) % 4) % 4);

	memset(out + len, 0xff, pad);
	len += pad;
	out[len++] = pad;
	out[len++] = NEXT_HEADER;
	hmac(session->suite->digest_len, session->k1, session->suite->digest_len,
	     &(struct part){ out + COVERED_FROM, len - COVERED_FROM }, 1, code);
	memcpy(out + len, code, session->suite->integrity_len);
	return len + session->suite->integrity_len;
}

size_t rmcpp_seal(struct rmcpp_session *session, enum rmcpp_payload type, const uint8_t *payload, size_t len,
		  uint8_t *out, size_t size)
{
	const struct cipher_suite *suite = session->suite;
	uint8_t flags = (uint8_t)type;
	enum { HEADER = 16, OVERHEAD = HEADER + 2 * AES_BLOCK + 3 + 2 + RMCPP_CODE_MAX };

	if (len > IPMI_MESSAGE_MAX || len + OVERHEAD > size)
		return 0;
	if (++session->send_sequence == 0)
		session->send_sequence = 1;
	if (suite->has_encryption) {
		flags |= 0x80;
		len = encrypt(session->k2, payload, len, out + HEADER);
	} else if (len > 0) {
		memcpy(out + HEADER, payload, len);
	}
	if (suite->integrity_len > 0)
		flags |= 0x40;

	size_t total = rmcpp_header_encode(flags, session->remote_id, session->send_sequence, len, out) + len;
	return suite->integrity_len > 0 ? append_integrity(session, out, total) : total;
}

/* The code is at the very end of the datagram, wherever the padding puts it: some BMCs pad by another rule.
 */
static bool integrity_holds(const struct rmcpp_session *session, const struct rmcp_packet *packet)
{
	const struct cipher_suite *suite = session->suite;
	uint8_t code[RMCPP_CODE_MAX];

	if (suite->integrity_len == 0)
		return true;

	size_t payload_end = (size_t)(packet->payload - packet->covered) + packet->payload_len;
	if (packet->covered_len < payload_end + 2 + suite->integrity_len)
		return false;

	size_t covered_len = packet->covered_len - suite->integrity_len;
	hmac(suite->digest_len, session->k1, suite->digest_len,
	     &(struct part){ packet->covered, covered_len }, 1, code);
	return CRYPTO_memcmp(code, packet->covered + covered_len, suite->integrity_len) == 0;
}

bool rmcpp_unseal(struct rmcpp_session *session, const struct rmcp_packet *packet,
		  uint8_t plain[RMCPP_PAYLOAD_MAX], size_t *ret_len)
{
	const struct cipher_suite *suite = session->suite;

	if (packet->kind != RMCP_IPMI20 || packet->is_authenticated != (suite->integrity_len > 0) ||
	    packet->is_encrypted != suite->has_encryption)
		return false;
	if (!integrity_holds(session, packet))
		return false;

	struct sequence_window window = session->received;
	if (!sequence_window_accept(&window, packet->sequence))
		return false;
	if (suite->has_encryption) {
		if (!decrypt(session->k2, packet->payload, packet->payload_len, plain, ret_len))
			return false;
	} else {
		if (packet->payload_len > RMCPP_PAYLOAD_MAX)
			return false;
		memcpy(plain, packet->payload, packet->payload_len);
		*ret_len = packet->payload_len;
	}
	session->received = window;
	return true;
}
