#pragma once
/* metrics_process: what the process uses, under the names that Prometheus's own client libraries give it. */

/* Registers them; repeating is harmless. Only lib/metrics.c needs to call it. */
void metrics_process_register(void);
