#pragma once
/*
 * attach: cards come to a host and go. A card is claimed in the records, then its group is written to the
 * EEM, then the claim is settled (drivers/pool.h). Where an answer was lost or an earlier conductor died in
 * the middle, the EEM is asked what became of it. Flows: docs/expether.rst, "Requests".
 */
#include "drivers/expether/board.h"
#include "drivers/pool.h"

/* A node's EEM, its host and the records. */
struct attachment {
	struct eem eem;
	struct pod_manager manager; /* as recorded */
	char host_id[EEM_ID_MAX];
	bool is_full; /* the host took no more cards when it was last asked */
};
/* Opens for the task's node. No request yet. */
SUSPENDS int attachment_open(struct attachment *attachment, struct task *task, struct error *err);

/* A card that was taken: settled by attachment_keep or attachment_undo. */
struct taken_card {
	struct device device; /* claimed */
	char id[EEM_ID_MAX];
	char group[EEM_GROUP_TEXT];
	struct taken_card *next;
};

/* Attaches the card to the host, and leaves the claim for the caller to settle. -ERR_NOT_FOUND: no such card.
 * -ERR_CONFLICT: somebody has it, or the host is full. -ERR_INVALID: it is no card, or the host is none. */
SUSPENDS int attachment_take(struct attachment *attachment, const char *card_id, struct taken_card *ret,
			     struct error *err);
/* The same with the first free card of that type that can be had. -ERR_NOT_FOUND: there is none. */
SUSPENDS int attachment_take_type(struct attachment *attachment, const char *type, struct taken_card *ret,
				  struct error *err);
SUSPENDS int attachment_keep(struct attachment *attachment, const struct taken_card *card, struct error *err);
SUSPENDS int attachment_undo(struct attachment *attachment, const struct taken_card *card, struct error *err);

/* Takes the card away from the host; free already is fine. -ERR_CONFLICT: it is another host's. */
SUSPENDS int attachment_drop(struct attachment *attachment, const char *card_id, struct error *err);
/* All cards that are recorded for the node and, with is_live, all that the EEM shows in the host's group.
 * Appends the ids of those that are free now to the list. Goes on after a failure, and tells the first. */
SUSPENDS int attachment_drop_all(struct attachment *attachment, bool is_live, json_t *freed,
				 struct error *err);
/* Finishes what an earlier attempt of the same work left behind: takes it back. */
SUSPENDS int attachment_undo_left(struct attachment *attachment, struct error *err);

/* Of struct pool_driver. */
SUSPENDS int attachment_release(struct task *task, const struct pod_manager *manager, struct error *err);
SUSPENDS int attachment_tear_down(struct task *task, struct error *err);
