#pragma once
/*
 * driver_info: a node's ipmi_* properties, checked as Ironic does (_parse_driver_info of
 * ironic/drivers/modules/ipmitool.py), and more strictly where a mistake would show only at the BMC.
 */
#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/ipmi/quirks.h"
#include "drivers/ipmi/rmcpp.h"
#include "drivers/ipmi/send_message.h"

struct ipmi_info {
	const char *address; /* IP address or host name; in the task's arena */
	uint16_t port;
	uint16_t terminal_port; /* of the console; 0: not set */
	uint8_t user_len;
	char user[RMCPP_USER_MAX]; /* padded with zeros, not terminated */
	uint8_t password[RMCPP_KEY];
	bool has_kg;
	uint8_t kg[RMCPP_KEY];
	enum ipmi_privilege privilege;
	bool is_privilege_set;      /* by the operator: then no lower one is tried */
	bool is_15;                 /* IPMI 1.5 instead of 2.0 */
	int suite;                  /* -1: those of [ipmi] cipher_suite_versions, or 17, else 3 */
	struct ipmi_route route;    /* to the target behind the BMC */
	uint32_t quirks;            /* as set by ipmi_workarounds */
	bool is_boot_device_forced; /* sent again at each power-on */
	bool keeps_boot_flags;      /* the BMC is asked not to forget them after 60 s */
};

extern const struct driver_property ipmi_properties[];

/* -ERR_MISSING, -ERR_INVALID: the sentence names the property, never a secret's value. */
int ipmi_info_parse(struct task *task, struct ipmi_info *ret, struct error *err);
/* The validate of the interfaces that talk to the BMC. */
int ipmi_validate(struct task *task, struct error *err);
