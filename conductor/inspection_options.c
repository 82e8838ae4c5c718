/* inspection_options: see inspection_options.h. */
#include "conductor/inspection_options.h"

#include <string.h>

#include "conductor/inspection_hooks.h"
#include "lib/netaddr.h"

struct inspection_options inspection_options;

#define INSPECTOR(kind, option, field, value, text)                                                          \
	{                                                                                                    \
		.section = "inspector", .name = (option), .type = OPTION_##kind,                             \
		.target = &inspection_options.field, .preset = (value), .help = (text)                       \
	}

static const struct option table[] = {
	INSPECTOR(
		LIST, "hooks", hooks, INSPECTION_DEFAULT_HOOKS,
		"What is made of a ramdisk's inventory before the inspection rules, in this order. The word "
		"$default_hooks stands for the default. Others: memory, cpus, cpu-capabilities, boot-mode, "
		"root-device, extra-hardware, local-link-connection, physical-network."),
	INSPECTOR(
		TEXT, "add_ports", add_ports, "pxe",
		"Which network interfaces get a port: pxe (the one that the ramdisk was booted from; all, if "
		"it does not say which), active (those with an IP address), all, disabled (none)."),
	INSPECTOR(TEXT, "keep_ports", keep_ports, "all",
		  "Which ports a node keeps: all, present (those of its network interfaces), added (those "
		  "that add_ports means)."),
	INSPECTOR(BOOL, "update_pxe_enabled", is_pxe_enabled_updated, "true",
		  "Whether pxe_enabled of ports is set to whether the ramdisk was booted from there."),
	INSPECTOR(LIST, "cpu_capabilities", cpu_capabilities,
		  "vmx:cpu_vt,svm:cpu_vt,aes:cpu_aes,pse:cpu_hugepages,pdpe1gb:cpu_hugepages_1g,smx:cpu_txt",
		  "Which capability a node gets for which flag of its processors: flag:capability, for the "
		  "hook cpu-capabilities."),
	INSPECTOR(BOOL, "extra_hardware_strict", is_extra_hardware_strict, "false",
		  "Whether the hook extra-hardware drops data of which a record is incomplete."),
	INSPECTOR(LIST, "physical_network_cidr_map", network_map, NULL,
		  "Physical networks of ports by the IP addresses that their interfaces have: "
		  "net/length:physical network, for the hook physical-network."),
	{ .section = "inspection_rules",
	  .name = "mask_secrets",
	  .type = OPTION_TEXT,
	  .preset = "always",
	  .target = &inspection_options.mask_secrets,
	  .help = "Whether inspection rules read stars instead of passwords and tokens in what a ramdisk "
		  "reports: always, never, or sensitive (all but sensitive rules). Those of the node itself "
		  "are always stars." },
	{ 0 }
};

void inspection_options_register(void)
{
	config_register(table);
}

/* option: with its section. */
static int check_word(const char *option, const char *value, const char *const *words, struct error *err)
{
	for (; *words; words++) {
		if (value && strcmp(value, *words) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID, "%s: %s is not one of the words that it may be", option,
		    value ? value : "nothing");
}

static int check_pairs(const char *option, const struct option_list *list, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *colon = strrchr(list->items[i], ':');

		if (!colon || colon == list->items[i] || !colon[1])
			return fail(err, ERR_INVALID, "[inspector] %s: %s has no form a:b", option,
				    list->items[i]);
	}
	return 0;
}

int inspection_options_check(struct error *err)
{
	static const char *const add[] = { "pxe", "active", "all", "disabled", NULL };
	static const char *const keep[] = { "all", "present", "added", NULL };
	static const char *const mask[] = { "always", "never", "sensitive", NULL };
	int rc = check_word("[inspector] add_ports", inspection_options.add_ports, add, err);

	if (rc == 0)
		rc = check_word("[inspector] keep_ports", inspection_options.keep_ports, keep, err);
	if (rc == 0)
		rc = check_word("[inspection_rules] mask_secrets", inspection_options.mask_secrets, mask,
				err);
	if (rc == 0)
		rc = check_pairs("cpu_capabilities", &inspection_options.cpu_capabilities, err);
	if (rc == 0)
		rc = check_pairs("physical_network_cidr_map", &inspection_options.network_map, err);
	return rc == 0 ? inspection_hooks_check(&inspection_options.hooks, err) : rc;
}
