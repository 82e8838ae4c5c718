/* manners: the ways to misbehave. */
#include "tools/bmcsim/manners.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/bmc.h"

/* clang-format off */
const struct bmc_manners bmc_manners[] = {
	{ .name = "good", .help = "answers at once" },
	{ .name = "slow", .help = "each answer takes 20 s", .latency_ms = 20000 },
	{ .name = "tail", .help = "half of the answers within 0.5 s, some in 20 s",
	  .latency_ms = 500, .latency_tail_ms = 20000 },
	{ .name = "lossy", .help = "a fifth of the requests is lost", .loss_percent = 20 },
	{ .name = "dead", .help = "no answer at all", .loss_percent = 100 },
	{ .name = "doubling", .help = "ipmi: half of the answers come twice", .duplicate_percent = 50 },
	{ .name = "disorderly", .help = "ipmi: half of the answers are late and doubled",
	  .duplicate_percent = 50, .reorder_percent = 50 },
	{ .name = "freezing", .help = "silent for 5 s after 20 requests within a second",
	  .burst = 20, .freeze_ms = 5000 },
	{ .name = "busy", .help = "ipmi: commands of the chassis are answered C0h",
	  .fault = "status", .fault_status = 0xc0, .fault_match = "Chassis" },
	{ .name = "exhausted", .help = "ipmi: no free session",
	  .fault = "status", .fault_status = 0x01, .fault_match = "Open Session Request" },
	{ .name = "bad-checksum", .help = "ipmi: wrong checksums under right authentication codes",
	  .fault = "bad_checksum" },
	{ .name = "bad-authcode", .help = "ipmi: wrong authentication codes", .fault = "bad_authcode" },
	{ .name = "truncating", .help = "half of each answer", .fault = "truncate" },
	{ 0 },
};
/* clang-format on */

const struct bmc_manners *bmc_manners_find(const char *name)
{
	for (const struct bmc_manners *manners = bmc_manners; manners->name; manners++)
		if (!strcmp(manners->name, name))
			return manners;
	return NULL;
}

static enum bmc_fault_kind fault_kind(const char *name)
{
	int kind = 0;

	while (strcmp(bmc_fault_name(kind), name) != 0)
		kind++;
	return kind;
}

void bmc_manners_set(struct bmc *bmc, const struct bmc_manners *manners)
{
	bmc->latency_ms = manners->latency_ms;
	bmc->latency_tail_ms = manners->latency_tail_ms;
	bmc->loss_percent = manners->loss_percent;
	bmc->duplicate_percent = manners->duplicate_percent;
	bmc->reorder_percent = manners->reorder_percent;
	bmc->burst = manners->burst;
	bmc->freeze_ms = manners->freeze_ms;
	bmc->frozen_until_ms = 0;
	bmc_faults_clear(bmc);
	if (manners->fault) {
		const struct bmc_fault fault = { .kind = fault_kind(manners->fault),
						 .status = manners->fault_status,
						 .times = -1,
						 .match = (char *)manners->fault_match };
		bmc_fault_add(bmc, &fault);
	}
}

int64_t bmc_latency_ms(const struct bmc *bmc)
{
	double median = bmc->latency_ms, tail = bmc->latency_tail_ms;
	double rank = (double)random() / RAND_MAX;

	if (tail <= median)
		return bmc->latency_ms;
	if (rank < 0.5)
		return (int64_t)(median * (0.5 + rank));
	/* exponential in a rank that stays low until the last few of a hundred */
	return (int64_t)(median * pow(tail / (median > 0 ? median : 1), pow(2 * rank - 1, 16)));
}

bool bmc_is_frozen(struct bmc *bmc)
{
	int64_t now_ms = clock_ms();

	if (bmc->burst == 0)
		return false;
	if (now_ms < bmc->frozen_until_ms)
		return true;
	if (now_ms - bmc->burst_since_ms >= 1000) {
		bmc->burst_since_ms = now_ms;
		bmc->burst_seen = 0;
	}
	if (++bmc->burst_seen <= bmc->burst)
		return false;
	bmc->burst_seen = 0;
	bmc->frozen_until_ms = now_ms + bmc->freeze_ms;
	return true;
}
