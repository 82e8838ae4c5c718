#pragma once
/* chassis: what nodes need to know of them. */
#include "db/db.h"

/* -ERR_NOT_FOUND "Chassis x could not be found." uuid must be valid. */
SUSPENDS int chassis_exists(struct db *db, const char *uuid, struct error *err);
