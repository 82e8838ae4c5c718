/* bmc_log: the request log of bmcsim, one JSON object a line, and its place in bmc.h. */
#include <errno.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "tools/bmcsim/bmc.h"

static FILE *log_file;

int bmc_log_open(const char *path, struct error *err)
{
	log_file = fopen(path, "ae");
	if (!log_file)
		return fail(err, ERR_INVALID, "Cannot write the log %s: %s", path, strerror(errno));
	return 0;
}

bool bmc_log_is_open(void)
{
	return log_file;
}

void bmc_log_close(void)
{
	if (log_file)
		fclose(log_file);
	log_file = NULL;
}

/* Flushed line by line: a test reads the line once it has the answer. */
void bmc_log(const struct bmc *bmc, const char *what, int status, const char *fault)
{
	struct buf line;

	if (!log_file)
		return;
	buf_init(&line, 65536);
	buf_printf(&line, "{\"time_ns\":%lld,\"bmc\":", (long long)clock_ns());
	buf_json_string(&line, bmc->name, strlen(bmc->name));
	buf_printf(&line, ",\"protocol\":\"%s\",\"what\":", bmc_protocol_names[bmc->protocol]);
	buf_json_string(&line, what, strnlen(what, 2048));
	if (status < 0)
		buf_puts(&line, ",\"status\":null");
	else
		buf_printf(&line, ",\"status\":%d", status);
	if (fault)
		buf_printf(&line, ",\"fault\":\"%s\"", fault);
	buf_puts(&line, "}\n");
	fwrite(line.data, 1, line.len, log_file);
	fflush(log_file);
	buf_release(&line);
}
