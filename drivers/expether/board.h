#pragma once
/* board: a board as an EEM shows it, read with bounds, and what follows from it. */
#include <jansson.h>
#include <stdbool.h>

#include "drivers/expether/driver_info.h"
#include "drivers/expether/eem.h"

#define EEM_GROUP_TEXT 8

struct board {
	char id[EEM_ID_MAX];
	char group[EEM_GROUP_TEXT]; /* decimal */
	bool is_host;               /* EESV; else EEIO */
	bool is_up;                 /* its first link's heartbeat is there */
	const char *type;           /* "40g"; this and all texts: borrowed from the object, never NULL */
	const char *mac, *model, *ee_version, *serial, *host_model, *host_serial, *power;
	const char *card;                    /* "SSD", ...; NULL: the board does not tell */
	unsigned vendor, device, class_code; /* of the card, when card is not NULL */
	unsigned max_cards;                  /* of a host */
};

/* Reads the object. -ERR_BMC: it is no board. */
int board_read(const struct eem *eem, const json_t *object, struct board *ret, struct error *err);
/* "SSD" ... of a PCI class code of 24 bits. */
const char *board_card_type(unsigned class_code);
/* GET devices/<id>. *ret_object keeps the texts; new reference. -ERR_NOT_FOUND when there is none. */
SUSPENDS int board_get(struct eem *eem, const char *id, struct board *ret, json_t **ret_object,
		       struct error *err);
/* The same, which must be a host: -ERR_INVALID "... is an I/O device". */
SUSPENDS int board_get_host(struct eem *eem, const char *id, struct board *ret, json_t **ret_object,
			    struct error *err);
/* GET devices/detail with that query: the list; new reference. */
SUSPENDS int board_list(struct eem *eem, const char *query, json_t **ret_list, struct error *err);
/* GET devices with that query: only ids; the list, new reference. */
SUSPENDS int board_ids(struct eem *eem, const char *query, json_t **ret_list, struct error *err);

/* A card for clients; host_id: who has its group, NULL: nobody. New reference. */
json_t *board_card_json(const struct board *board, const char *host_id);
/* A host for clients. */
json_t *board_host_json(const struct board *board);
/* What is recorded of a card: JSON texts in the arena. */
const char *board_properties(const struct board *board, struct arena *arena);
const char *board_extra(const struct board *board, struct arena *arena);
bool board_has_group(const struct board *board); /* one from 16 to 4092 */
