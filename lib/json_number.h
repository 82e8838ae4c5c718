#pragma once
/* json_number: floats as Python's repr() prints them, which is what Ironic's JSON and messages hold. */
#include "lib/buf.h"

/* Appends the shortest digits that read back as the same number: 1.0, 0.1, 1e+16, 1e-05, inf, nan. */
void json_put_real(struct buf *buf, double value);
