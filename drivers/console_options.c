/* console_options: see console_options.h. */
#include "drivers/console_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <sys/socket.h>

/* what holds in programs that load no configuration: the address of console_address, a log of 1 MiB */
struct console_options console_options = { .log_bytes = 1 << 20 };

const struct option console_option_table[] = {
	{ .section = "console",
	  .name = "socat_address",
	  .type = OPTION_TEXT,
	  .preset = "127.0.0.1",
	  .target = &console_options.address,
	  .help = "IP address of this machine on which consoles listen; their URLs name it. Who reaches it "
		  "can "
		  "type on the machines, without a password." },
	{ .section = "console",
	  .name = "port_range",
	  .type = OPTION_TEXT,
	  .target = &console_options.port_range,
	  .help = "TCP ports, first:last, for consoles of nodes without ipmi_terminal_port." },
	{ .section = "console",
	  .name = "log_dir",
	  .type = OPTION_TEXT,
	  .target = &console_options.log_dir,
	  .help = "Folder of the consoles' log files, <node uuid>.log, readable by this user alone. Unset: "
		  "no "
		  "log." },
	{ .section = "console",
	  .name = "log_bytes",
	  .type = OPTION_INT,
	  .preset = "1048576",
	  .min = 4096,
	  .max = 1099511627776,
	  .target = &console_options.log_bytes,
	  .help = "Size at which a log file becomes <node uuid>.log.1, replacing the one before." },
	{ 0 }
};

static bool parse_port(const char *text, char end, const char **ret_rest, unsigned *ret)
{
	char *rest;

	if (!isdigit((unsigned char)*text))
		return false;
	unsigned long port = strtoul(text, &rest, 10);
	*ret_rest = rest + 1;
	*ret = (unsigned)port;
	return *rest == end && port >= 1 && port <= 65535;
}

bool console_port_range(unsigned *ret_first, unsigned *ret_last)
{
	const char *rest = console_options.port_range;

	return rest != NULL && parse_port(rest, ':', &rest, ret_first) &&
	       parse_port(rest, '\0', &rest, ret_last) && *ret_first <= *ret_last;
}

const char *console_address(void)
{
	return console_options.address != NULL ? console_options.address : "127.0.0.1";
}

int console_options_check(struct error *err)
{
	struct in6_addr address;
	unsigned first, last;

	if (inet_pton(AF_INET, console_address(), &address) != 1 &&
	    inet_pton(AF_INET6, console_address(), &address) != 1)
		return fail(err, ERR_INVALID, "[console] socat_address: %s is not a numeric address",
			    console_address());
	if (console_options.port_range != NULL && !console_port_range(&first, &last))
		return fail(err, ERR_INVALID,
			    "[console] port_range: %s is not FIRST:LAST, two ports from 1 to 65535",
			    console_options.port_range);
	return 0;
}
