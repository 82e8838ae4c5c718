#include "lib/http_fault.h"

#include <string.h>

#include "lib/http_transfer.h"

enum detail {
	DETAIL_NONE,
	DETAIL_ERRNO, /* what the kernel said */
	DETAIL_CURL   /* what libcurl wrote: for TLS only, where it quotes nothing of the request */
};

struct fault {
	enum errcode code;
	enum detail detail;
	const char *cause;
};

/* clang-format off */
static const struct fault faults[CURL_LAST] = {
	[CURLE_URL_MALFORMAT]            = {ERR_INVALID, DETAIL_NONE, "the URL is malformed"},
	[CURLE_COULDNT_RESOLVE_HOST]     = {ERR_BMC_UNREACHABLE, DETAIL_NONE,
	                                    "the host name does not resolve"},
	[CURLE_COULDNT_CONNECT]          = {ERR_BMC_UNREACHABLE, DETAIL_ERRNO, "the connection failed"},
	[CURLE_WEIRD_SERVER_REPLY]       = {ERR_BMC_UNREACHABLE, DETAIL_NONE, "the answer is not HTTP"},
	[CURLE_PARTIAL_FILE]             = {ERR_BMC_UNREACHABLE, DETAIL_NONE, "the answer was cut short"},
	[CURLE_GOT_NOTHING]              = {ERR_BMC_UNREACHABLE, DETAIL_NONE,
	                                    "the connection was closed without an answer"},
	[CURLE_SEND_ERROR]               = {ERR_BMC_UNREACHABLE, DETAIL_ERRNO, "sending failed"},
	[CURLE_RECV_ERROR]               = {ERR_BMC_UNREACHABLE, DETAIL_ERRNO, "receiving failed"},
	[CURLE_SSL_CONNECT_ERROR]        = {ERR_BMC_UNREACHABLE, DETAIL_CURL, "the TLS handshake failed"},
	[CURLE_PEER_FAILED_VERIFICATION] = {ERR_BMC_UNREACHABLE, DETAIL_CURL,
	                                    "the TLS certificate is not trusted"},
	[CURLE_SSL_CACERT_BADFILE]       = {ERR_INVALID, DETAIL_CURL, "the CA file cannot be used"},
	[CURLE_SSL_CIPHER]               = {ERR_INVALID, DETAIL_CURL, "the TLS cipher list cannot be used"},
	[CURLE_UNSUPPORTED_PROTOCOL]     = {ERR_BMC_UNREACHABLE, DETAIL_NONE, "the answer is not HTTP"},
	[CURLE_OUT_OF_MEMORY]            = {ERR_INTERNAL, DETAIL_NONE, "libcurl ran out of memory"},
};
/* clang-format on */

static int timed_out(const struct http_transfer *transfer, struct error *err)
{
	if (!transfer->fetch->is_sent) {
		int connect_ms = transfer->connect_timeout_ms < transfer->timeout_ms
					 ? transfer->connect_timeout_ms
					 : transfer->timeout_ms;

		return fail(err, ERR_BMC_UNREACHABLE, "Request to %s failed: no connection within %d ms",
			    transfer->where, connect_ms);
	}
	return fail(err, ERR_TIMEOUT, "Request to %s failed: no complete answer within %d ms",
		    transfer->where, transfer->timeout_ms);
}

static int too_large(const struct http_transfer *transfer, struct error *err)
{
	const struct http_fetch *fetch = transfer->fetch;
	bool is_head = fetch->header_text.overflow;

	return fail(err, ERR_TOO_LARGE, "Request to %s failed: the %s of the answer exceeds %zu bytes",
		    transfer->where, is_head ? "head" : "body",
		    is_head ? fetch->header_text.max : fetch->max_body_bytes);
}

static int refused(const struct http_transfer *transfer, struct error *err)
{
	if (err != NULL)
		*err = transfer->refusal_err;
	return transfer->refusal < 0 ? transfer->refusal : -transfer->refusal;
}

static bool is_too_large(const struct http_transfer *transfer)
{
	return transfer->code == CURLE_FILESIZE_EXCEEDED || transfer->fetch->answer.overflow ||
	       transfer->fetch->header_text.overflow;
}

int http_fault(const struct http_transfer *transfer, struct error *err)
{
	const struct fault *fault;
	const char *cause, *detail = "";

	if (transfer->code == CURLE_OK)
		return 0;
	if (transfer->refusal != 0)
		return refused(transfer, err);
	if (transfer->code == CURLE_OPERATION_TIMEDOUT)
		return timed_out(transfer, err);
	if (is_too_large(transfer))
		return too_large(transfer, err);
	/* A newer library may know codes that its header did not have at build time. */
	fault = &faults[transfer->code < CURL_LAST ? transfer->code : CURLE_OK];
	cause = fault->cause != NULL ? fault->cause : curl_easy_strerror(transfer->code);
	if (fault->detail == DETAIL_ERRNO && transfer->os_errno != 0)
		detail = strerrordesc_np((int)transfer->os_errno);
	else if (fault->detail == DETAIL_CURL)
		detail = transfer->curl_text;
	return fail(err, fault->cause != NULL ? fault->code : ERR_BMC_UNREACHABLE,
		    "Request to %s failed: %s%s%s", transfer->where, cause,
		    detail != NULL && *detail != '\0' ? ": " : "", detail != NULL ? detail : "");
}
