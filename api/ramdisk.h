#pragma once
/* ramdisk: what the calls of agents have in common: finding the node, the token, the answer. */
#include "api/request.h"
#include "db/node.h"
#include "model/node.h"

#define RAMDISK_ADDRESSES_MAX 200

/* 404, with one text for all, so that nobody learns which nodes there are. */
int ramdisk_not_found(struct error *err);
/* The MAC addresses in the comma-separated list, in lower case; others are skipped. Empty: there is none. */
const char *ramdisk_addresses(struct api_request *request, const char *list);
/* Gives the node a token if it has none. The token leaves once; who asks again gets stars. */
SUSPENDS int ramdisk_give_token(struct api_request *request, struct node *node, const char **ret,
				struct error *err);
/* {"node": ..., "config": ...}; token NULL: of a client that knows none. */
SUSPENDS int ramdisk_reply(struct api_request *request, const struct node *node, const char *token,
			   int status, struct error *err);

/* [auto_discovery] */
void ramdisk_config_register(void);
/* After each load of the configuration. -ERR_INVALID: it is enabled and has no driver. */
int ramdisk_check_config(struct error *err);
