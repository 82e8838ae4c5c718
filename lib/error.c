#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct error_info table[ERR_COUNT] = {
	[ERR_NONE]                  = { 200, "" },
	[ERR_INVALID]               = { 400, "InvalidParameterValue" },
	[ERR_MISSING]               = { 400, "MissingParameterValue" },
	[ERR_UNSUPPORTED]           = { 400, "UnsupportedDriverExtension" },
	[ERR_INVALID_STATE_REQUEST] = { 400, "InvalidStateRequested" },
	[ERR_MAINTENANCE]           = { 400, "NodeInMaintenance" },
	[ERR_PATCH]                 = { 400, "PatchError" },
	[ERR_NO_VALID_HOST]         = { 400, "NoValidHost" },
	[ERR_INTERFACE]             = { 400, "InterfaceNotFoundInEntrypoint" },
	[ERR_UNAUTHORIZED]          = { 401, "Unauthorized" },
	[ERR_FORBIDDEN]             = { 403, "NotAuthorized" },
	[ERR_PROTECTED]             = { 403, "NodeProtected" },
	[ERR_NOT_FOUND]             = { 404, "NotFound" },
	[ERR_METHOD]                = { 405, "MethodNotAllowed" },
	[ERR_NOT_ACCEPTABLE]        = { 406, "NotAcceptable" },
	[ERR_NODE_LOCKED]           = { 409, "NodeLocked" },
	[ERR_NODE_ASSOCIATED]       = { 409, "NodeAssociated" },
	[ERR_CONFLICT]              = { 409, "Conflict" },
	[ERR_PRECONDITION]          = { 412, "PreconditionFailed" },
	[ERR_TOO_LARGE]             = { 413, "RequestEntityTooLarge" },
	[ERR_IDEMPOTENCY]           = { 422, "IdempotencyKeyReused" },
	[ERR_INTERNAL]              = { 500, "IronicException" },
	[ERR_BMC]                   = { 500, "VendorPassthruException" },
	[ERR_BMC_UNREACHABLE]       = { 500, "BMCConnectionError" },
	[ERR_BMC_AUTH]              = { 500, "BMCAccessError" },
	[ERR_POWER_STATE]           = { 409, "PowerStateFailure" },
	[ERR_FENCED]                = { 500, "LockLost" },
	[ERR_UNKNOWN_OUTCOME]       = { 500, "UnknownOutcome" },
	[ERR_NO_WORKER]             = { 503, "NoFreeConductorWorker" },
	[ERR_NO_CONDUCTOR]          = { 503, "TemporaryFailure" },
	[ERR_DATABASE]              = { 503, "DatabaseUnavailable" },
	[ERR_TIMEOUT]               = { 500, "Timeout" },
	[ERR_CANCELLED]             = { 500, "Cancelled" },
	[ERR_CLOSED]                = { 500, "ConnectionClosed" },
};
/* clang-format on */

/* A cut in the middle of a UTF-8 character would make the sentence invalid JSON. */
static void cut_at_character(char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--;
	if (len > 0 && (unsigned char)text[len - 1] >= 0xc0)
		len--;
	text[len] = '\0';
}

static void format_text(char *text, const char *format, va_list args)
{
	int len = vsnprintf(text, ERROR_TEXT_MAX, format, args);

	if (len < 0)
		text[0] = '\0';
	else if ((size_t)len >= ERROR_TEXT_MAX && (unsigned char)text[ERROR_TEXT_MAX - 2] >= 0x80)
		cut_at_character(text, ERROR_TEXT_MAX - 1);
}

int fail(struct error *err, enum errcode code, const char *format, ...)
{
	va_list args;

	if (err) {
		/* An argument may point into err->text itself (wrapping the old sentence). */
		char text[ERROR_TEXT_MAX];
		va_start(args, format);
		format_text(text, format, args);
		va_end(args);
		err->code = code;
		memcpy(err->text, text, strlen(text) + 1);
	}
	return -(int)code;
}

int fail_prefix(struct error *err, const char *format, ...)
{
	char prefix[ERROR_TEXT_MAX], old[ERROR_TEXT_MAX];
	va_list args;

	if (!err)
		return -ERR_INTERNAL;
	va_start(args, format);
	format_text(prefix, format, args);
	va_end(args);
	memcpy(old, err->text, sizeof(old));
	return fail(err, err->code, "%s: %s", prefix, old);
}

const struct error_info *error_info(enum errcode code)
{
	if ((unsigned)code >= ERR_COUNT || !table[code].fault)
		return &table[ERR_INTERNAL];
	return &table[code];
}
