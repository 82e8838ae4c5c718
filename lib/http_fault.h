#pragma once
/* http_fault: the one place that turns libcurl's results into ours. Private to http_client.c. */
#include "lib/error.h"

struct http_transfer;

/* 0 for a whole answer, else the code with a sentence that names scheme, host, port and cause. */
int http_fault(const struct http_transfer *transfer, struct error *err);
