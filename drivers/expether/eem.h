#pragma once
/*
 * eem: requests to an ExpEther manager. Writes (everything but GET) leave through the task's gate only.
 * Source: what known clients of EEM send and accept (docs/expether.rst).
 */
#include <jansson.h>

#include "drivers/task.h"
#include "lib/buf.h"
#include "model/device.h"

#define EEM_REPLY_MAX (16 << 20)
#define EEM_PATH_MAX  256

struct eem {
	struct task *task;          /* borrowed */
	struct pod_manager manager; /* url and credentials; texts live as long as the task */
	int status;                 /* of the latest answer; 0: none came */
	char code[8];               /* EEM's, of the latest refusal; "" when it told none */
	bool may_have_left;         /* the latest write may have reached the EEM */
};

/* No request yet. */
void eem_open(struct eem *eem, struct task *task, const struct pod_manager *manager);

/* path: below the manager's URL. *ret (may be NULL): the answer, an object; NULL when there is none (204).
 * New reference. -ERR_NOT_FOUND (404), -ERR_CONFLICT (400: the state of the device forbids it),
 * -ERR_BMC_AUTH, -ERR_BMC (other refusals, answers that are no JSON), -ERR_BMC_UNREACHABLE, -ERR_TOO_LARGE,
 * -ERR_FENCED, -ERR_CANCELLED, -ERR_UNKNOWN_OUTCOME (a write that may have been carried out). */
SUSPENDS int eem_get(struct eem *eem, const char *path, json_t **ret, struct error *err);
SUSPENDS int eem_put(struct eem *eem, const char *path, const json_t *body, json_t **ret, struct error *err);
SUSPENDS int eem_delete(struct eem *eem, const char *path, struct error *err);

/* Reads what an EEM has answered; for eem.c and the fuzzer. 2xx gives 0, *ret as above. */
int eem_reply_read(struct eem *eem, const char *what, int status, const char *body, size_t len, json_t **ret,
		   struct error *err);
