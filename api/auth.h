#pragma once
/* auth: who may call. Strategies: noauth, and http_basic against a file of bcrypt hashes. */
#include <stdbool.h>

#include "api/request.h"
#include "lib/error.h"

/* Registers [DEFAULT] auth_strategy and http_basic_auth_user_file. */
void auth_config_register(void);
/* -ERR_INVALID when the strategy is not one of ours. */
int auth_check_config(struct error *err);
/* noauth. */
bool auth_is_off(void);
/* True when the request was refused: the answer is made. Reads the file on each request, as Ironic does. */
SUSPENDS bool auth_refuse(struct api_request *request);

/* Checks "user:password" against the text of a password file: lines "user:$2y$...", the first of a user
 * counts. Slow on purpose: in offload() alone. */
bool auth_file_accepts(const char *file_text, const char *user, const char *password);
/* Decodes Base64 (RFC 4648); returns the length, or -1. decoded: at least 3/4 of len bytes. */
long auth_base64(const char *text, size_t len, char *decoded);
