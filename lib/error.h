#pragma once
/*
 * error: failures as sentences with a code.
 *
 * A function that can fail returns 0 or a negative enum errcode and, when the caller passed one,
 * writes the sentence into caller-owned memory: no allocation, no global state. Sentences match
 * Ironic's where clients may read them. Low layers return errors; the one who gives up logs once.
 */
#include <stddef.h>

/* ---- ferrule/driver.h: from here ---- */
#define ERROR_TEXT_MAX 2048

/* Every way to fail that a caller may tell apart. The table in error.c maps each to an HTTP status
 * and to Ironic's fault name (for logs and history). */
enum errcode {
	ERR_NONE = 0,
	/* 400 */
	ERR_INVALID,              /* InvalidParameterValue, and anything malformed */
	ERR_MISSING,              /* MissingParameterValue */
	ERR_UNSUPPORTED,          /* UnsupportedDriverExtension */
	ERR_INVALID_STATE_REQUEST,/* InvalidStateRequested: the verb is illegal in this state */
	ERR_MAINTENANCE,          /* NodeInMaintenance */
	ERR_PATCH,                /* PatchError */
	ERR_NO_VALID_HOST,        /* NoValidHost: driver and group are served by nobody alive */
	ERR_INTERFACE,            /* InterfaceNotFoundInEntrypoint, IncompatibleInterface */
	/* 401 403 404 405 406 409 412 413 422 */
	ERR_UNAUTHORIZED,
	ERR_FORBIDDEN,            /* NotAuthorized, OperationNotPermitted */
	ERR_PROTECTED,            /* NodeProtected */
	ERR_NOT_FOUND,
	ERR_METHOD,               /* 405 */
	ERR_NOT_ACCEPTABLE,       /* 406: version or Accept */
	ERR_NODE_LOCKED,          /* 409 NodeLocked */
	ERR_NODE_ASSOCIATED,      /* 409 */
	ERR_CONFLICT,             /* 409: duplicates and InvalidState */
	ERR_POWER_STATE,          /* 409 PowerStateFailure: the state was not reached in time */
	ERR_PRECONDITION,         /* 412: If-Match */
	ERR_TOO_LARGE,            /* 413 */
	ERR_IDEMPOTENCY,          /* 422: same key, other request */
	/* 500 */
	ERR_INTERNAL,
	ERR_BMC,                  /* IPMIFailure, RedfishError: the BMC answered, and refused or lied */
	ERR_BMC_UNREACHABLE,      /* RedfishConnectionError and its kin: no usable answer */
	ERR_BMC_AUTH,             /* the BMC refused our credentials */
	ERR_FENCED,               /* the lock or the lease is lost: nothing may be written */
	ERR_UNKNOWN_OUTCOME,      /* sent, but not known whether it was done */
	/* 503 */
	ERR_NO_WORKER,            /* NoFreeConductorWorker */
	ERR_NO_CONDUCTOR,         /* TemporaryFailure: no conductor registered at all */
	ERR_DATABASE,             /* connection lost or refused; repeating may help */
	/* not for clients */
	ERR_TIMEOUT,
	ERR_CANCELLED,
	ERR_CLOSED,               /* peer went away */
	ERR_COUNT
};

/* What went wrong, for a reader. */
struct error {
	enum errcode code;
	char text[ERROR_TEXT_MAX]; /* UTF-8, NUL-terminated, cut at the limit */
};
/* ---- ferrule/driver.h: to here ---- */

/* One row of the table: code to HTTP status and Ironic's exception name. */
struct error_info {
	int http_status;
	const char *fault;
};

/* ---- ferrule/driver.h: from here ---- */
/* Writes the sentence into err (may be NULL) and returns -code. */
int fail(struct error *err, enum errcode code, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Puts "format: " before the sentence in err; keeps the code. Returns -err->code. */
int fail_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));
/* ---- ferrule/driver.h: to here ---- */

/* The table row for a code; unknown codes are ERR_INTERNAL. Never NULL. */
const struct error_info *error_info(enum errcode code);
