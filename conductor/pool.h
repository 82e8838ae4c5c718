#pragma once
/* pool: what drivers reach of the records of pooled devices: struct pool_records over the database. For jobs
 * alone (task->owner is one). */
#include "drivers/pool.h"

extern const struct pool_records pool_records;
