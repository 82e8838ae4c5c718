/* options: see options.h. */
#include "drivers/ipmi/options.h"

struct ipmi_options ipmi_options = {
	/* what holds in tools that load no configuration */
	.command_retry_timeout_s = 60,
	.session_idle_timeout_s = 10,
	.disable_boot_timeout = true,
	.receive_buffer_bytes = 4 << 20,
};

const struct option ipmi_option_table[] = {
	{ .section = "ipmi",
	  .name = "command_retry_timeout",
	  .type = OPTION_SECONDS,
	  .preset = "60",
	  .min = 1,
	  .max = 3600,
	  .target = &ipmi_options.command_retry_timeout_s,
	  .help = "Seconds for which a command is repeated to a BMC that does not answer or says that it is "
		  "busy." },
	{ .section = "ipmi",
	  .name = "min_command_interval",
	  .type = OPTION_SECONDS,
	  .preset = "0",
	  .min = 0,
	  .max = 600,
	  .target = &ipmi_options.min_command_interval_s,
	  .help = "Seconds of rest for a BMC between two operations. 0: none, since a BMC never gets more "
		  "than one request "
		  "at a time and its sessions are closed." },
	{ .section = "ipmi",
	  .name = "session_idle_timeout",
	  .type = OPTION_SECONDS,
	  .preset = "10",
	  .min = 0,
	  .max = 50,
	  .target = &ipmi_options.session_idle_timeout_s,
	  .help = "Seconds for which a session is kept for the next operation before it is closed. 0: closed "
		  "at once. BMCs "
		  "have few sessions and end idle ones after 60 seconds." },
	{ .section = "ipmi",
	  .name = "disable_boot_timeout",
	  .type = OPTION_BOOL,
	  .preset = "true",
	  .target = &ipmi_options.disable_boot_timeout,
	  .help = "Whether BMCs are asked not to forget the boot device after 60 seconds. Nodes override it "
		  "by "
		  "ipmi_disable_boot_timeout." },
	{ .section = "ipmi",
	  .name = "allow_send_raw",
	  .type = OPTION_BOOL,
	  .preset = "false",
	  .target = &ipmi_options.allow_send_raw,
	  .help = "Whether the vendor method send_raw may be called: it sends any command at all to a BMC." },
	{ .section = "ipmi",
	  .name = "send_raw_allowed",
	  .type = OPTION_LIST,
	  .target = &ipmi_options.send_raw_allowed,
	  .help = "Which commands send_raw may send, as network function and command in hexadecimal: 04:2d, "
		  "or 30:* "
		  "for all of a network function. Empty: any. [ipmi] allow_send_raw must be true all the "
		  "same." },
	{ .section = "ipmi",
	  .name = "cipher_suite_versions",
	  .type = OPTION_LIST,
	  .target = &ipmi_options.cipher_suite_versions,
	  .help = "Numbers of the cipher suites to try on nodes without ipmi_cipher_suite; as in Ironic the "
		  "last one "
		  "is tried first. Empty: 17, then 3." },
	{ .section = "ipmi",
	  .name = "additional_retryable_ipmi_errors",
	  .type = OPTION_LIST,
	  .target = &ipmi_options.additional_retryable,
	  .help = "Further completion codes (as d3) or words of their meanings after which a command that "
		  "may be "
		  "repeated is sent again, as after \"node busy\"." },
	{ .section = "ipmi",
	  .name = "use_ipmitool_retries",
	  .type = OPTION_BOOL,
	  .preset = "false",
	  .target = &ipmi_options.ignored,
	  .help = "Without effect, for configurations made for Ironic: no ipmitool is run." },
	{ .section = "ipmi",
	  .name = "kill_on_timeout",
	  .type = OPTION_BOOL,
	  .preset = "true",
	  .target = &ipmi_options.ignored,
	  .help = "Without effect, for configurations made for Ironic: no process has to be killed." },
	{ .section = "ipmi",
	  .name = "debug",
	  .type = OPTION_BOOL,
	  .preset = "false",
	  .target = &ipmi_options.ignored,
	  .help = "Without effect, for configurations made for Ironic: the log's level decides." },
	{ .section = "ipmi",
	  .name = "store_cred_in_env",
	  .type = OPTION_BOOL,
	  .preset = "false",
	  .target = &ipmi_options.ignored,
	  .help = "Without effect, for configurations made for Ironic: credentials leave the process neither "
		  "by "
		  "environment nor by file." },
	{ .section = "ipmi",
	  .name = "receive_buffer",
	  .type = OPTION_INT,
	  .preset = "4194304",
	  .min = 0,
	  .max = 1073741824,
	  .target = &ipmi_options.receive_buffer_bytes,
	  .help = "Bytes that the system may hold of BMCs' answers not read yet, as far as net.core.rmem_max "
		  "allows. About "
		  "1 KiB for each BMC that answers at the same moment." },
	{ .section = "ipmi",
	  .name = "session_ledger",
	  .type = OPTION_TEXT,
	  .target = &ipmi_options.session_ledger,
	  .help = "File in which the ids of open sessions are kept, so that a conductor that was killed can "
		  "close them when it is started again. One for each conductor. Unset: ipmi-sessions in the "
		  "service's state directory, if systemd has set one." },
	{ 0 }
};
