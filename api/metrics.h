#pragma once
/* metrics: what ferrule-api counts, and GET /metrics. Meanings: docs/operations.rst. */
#include <stdint.h>

struct db;
struct route;

/* Registers them; reads the fleet's figures from db when somebody asks. */
void api_metrics_start(struct db *db);

/* A request was answered. route NULL: none has its path. */
void api_metrics_answered(const struct route *route, const char *method, int status, int64_t begun_ns);
/* What never became a request was refused. */
void api_metrics_refused(int status);
/* An action was asked for and is answered, or given up. outcome: "done", "refused", "locked", "no_worker". */
void api_metrics_dispatched(const char *kind, const char *outcome, int64_t begun_ns);
/* A reader of the stream of changes came (1) or went (-1). */
void api_metrics_reader(int change);
