#include "lib/digest.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"

void digest_of(const struct digest_part *parts, size_t count, char text[DIGEST_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int is_good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);

	for (size_t i = 0; i < count && is_good; i++) {
		uint64_t part_len = parts[i].len;

		is_good = EVP_DigestUpdate(context, &part_len, sizeof part_len) &&
			  EVP_DigestUpdate(context, parts[i].data, parts[i].len);
	}
	is_good = is_good && EVP_DigestFinal_ex(context, digest, &len);
	EVP_MD_CTX_free(context);
	if (!is_good || len != 32) {
		log_error("OpenSSL has no SHA-256.");
		abort();
	}
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
