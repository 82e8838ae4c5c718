#pragma once
/* registration: the row of this instance and what it can do, from the tables of the enabled hardware types.
 */
#include "lib/error.h"
#include "lib/fiber.h"

struct conductor;

/* Fills pools and drivers. Once. */
void registration_init(struct conductor *conductor);
void registration_release(struct conductor *conductor);
/* Draws a new instance and registers it. Errors as conductor_register. */
SUSPENDS int registration_register(struct conductor *conductor, struct error *err);
