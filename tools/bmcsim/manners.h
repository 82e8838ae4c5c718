#pragma once
/*
 * manners: how badly a simulated BMC behaves, as one const table: a rack file or the control port names a row
 * by `manners = tail`, which sets the BMC's delays, losses and faults together. Each can also be set by
 * itself.
 */
#include <stdbool.h>
#include <stdint.h>

struct bmc;

struct bmc_manners {
	const char *name; /* "tail" */
	const char *help;
	int latency_ms, latency_tail_ms;
	int loss_percent, duplicate_percent, reorder_percent;
	int burst, freeze_ms;
	const char *fault; /* name of a fault that is always shown; NULL: none */
	int fault_status;
	const char *fault_match; /* with requests of that description; NULL: all */
};

/* Ends with a NULL name; the first row is good manners. */
extern const struct bmc_manners bmc_manners[];
/* NULL when there are none of that name. */
const struct bmc_manners *bmc_manners_find(const char *name);
/* Replaces all that misbehaves, faults too. */
void bmc_manners_set(struct bmc *bmc, const struct bmc_manners *manners);

/* How long this answer takes, drawn anew: latency_ms, or with a tail: half of the answers take from half of
 * latency_ms to latency_ms, the others longer, few of them up to latency_tail_ms (with 500 and 20000: nine of
 * ten under 0.6 s, one of a hundred over 7 s). */
int64_t bmc_latency_ms(const struct bmc *bmc);
/* Whether the BMC is frozen: it got more than `burst` requests within a second and answers nothing for
 * freeze_ms. Counts the request that is asked about. */
bool bmc_is_frozen(struct bmc *bmc);
