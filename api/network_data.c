#include "api/network_data.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/netaddr.h"

#define PLACE_MAX 128

struct rule;
/* What an item of a list may be, by its member "type". */
struct shape {
	const char *types; /* each between bars: "|ipv4|ipv4_dhcp|" */
	const struct rule *rules;
};

enum value_kind {
	VALUE_TEXT,
	VALUE_MAC,
	VALUE_WORD, /* one of words */
	VALUE_MTU,
	VALUE_INTEGER,
	VALUE_TEXTS,
	VALUE_IPV4,
	VALUE_IPV4_MASK,
	VALUE_IPV6,
	VALUE_IPV6_HOST, /* may end in a prefix length */
	VALUE_ADDRESS,   /* of either family */
	VALUE_ITEMS      /* a list of objects: shapes */
};

/* A member; the table ends with a NULL name. Members that no table names are let through. */
struct rule {
	const char *name;
	enum value_kind kind;
	bool is_required;
	const char *words;
	const struct shape *shapes;
};

/* clang-format off */
#define BOND_MODES "|802.1ad|802.3ad|balance-rr|active-backup|balance-xor|broadcast|balance-tlb|balance-alb|"

static const struct rule service_rules[] = {
	{ .name = "type", .kind = VALUE_WORD, .is_required = true, .words = "|dns|" },
	{ .name = "address", .kind = VALUE_ADDRESS, .is_required = true }, { 0 }
};
static const struct shape services[] = { { NULL, service_rules }, { 0 } };

static const struct rule ipv4_route_rules[] = {
	{ .name = "network", .kind = VALUE_IPV4, .is_required = true },
	{ .name = "netmask", .kind = VALUE_IPV4_MASK, .is_required = true },
	{ .name = "gateway", .kind = VALUE_IPV4, .is_required = true },
	{ .name = "services", .kind = VALUE_ITEMS, .shapes = services }, { 0 }
};
static const struct rule ipv6_route_rules[] = {
	{ .name = "network", .kind = VALUE_IPV6, .is_required = true },
	{ .name = "netmask", .kind = VALUE_IPV6, .is_required = true },
	{ .name = "gateway", .kind = VALUE_IPV6, .is_required = true },
	{ .name = "services", .kind = VALUE_ITEMS, .shapes = services }, { 0 }
};
static const struct shape ipv4_routes[] = { { NULL, ipv4_route_rules }, { 0 } };
static const struct shape ipv6_routes[] = { { NULL, ipv6_route_rules }, { 0 } };

#define NETWORK_RULES                                                \
	{ .name = "id", .kind = VALUE_TEXT, .is_required = true },    \
	{ .name = "link", .kind = VALUE_TEXT, .is_required = true },  \
	{ .name = "network_id", .kind = VALUE_TEXT, .is_required = true }
static const struct rule ipv4_rules[] = {
	NETWORK_RULES, { .name = "ip_address", .kind = VALUE_IPV4 },
	{ .name = "netmask", .kind = VALUE_IPV4_MASK },
	{ .name = "routes", .kind = VALUE_ITEMS, .shapes = ipv4_routes }, { 0 }
};
static const struct rule ipv6_rules[] = {
	NETWORK_RULES, { .name = "ip_address", .kind = VALUE_IPV6_HOST },
	{ .name = "netmask", .kind = VALUE_IPV6 },
	{ .name = "routes", .kind = VALUE_ITEMS, .shapes = ipv6_routes }, { 0 }
};
static const struct shape networks[] = {
	{ "|ipv4|ipv4_dhcp|", ipv4_rules }, { "|ipv6|ipv6_dhcp|ipv6_slaac|", ipv6_rules }, { 0 }
};

#define LINK_RULES                                                   \
	{ .name = "id", .kind = VALUE_TEXT, .is_required = true },    \
	{ .name = "mtu", .kind = VALUE_MTU }, { .name = "vif_id", .kind = VALUE_TEXT }
static const struct rule card_rules[] = {
	LINK_RULES, { .name = "ethernet_mac_address", .kind = VALUE_MAC, .is_required = true }, { 0 }
};
static const struct rule bond_rules[] = {
	LINK_RULES, { .name = "ethernet_mac_address", .kind = VALUE_MAC, .is_required = true },
	{ .name = "bond_mode", .kind = VALUE_WORD, .is_required = true, .words = BOND_MODES },
	{ .name = "bond_links", .kind = VALUE_TEXTS, .is_required = true }, { 0 }
};
static const struct rule vlan_rules[] = {
	LINK_RULES, { .name = "vlan_mac_address", .kind = VALUE_MAC, .is_required = true },
	{ .name = "vlan_link", .kind = VALUE_TEXT, .is_required = true },
	{ .name = "vlan_id", .kind = VALUE_INTEGER, .is_required = true }, { 0 }
};
static const struct shape links[] = {
	{ "|bridge|dvs|hw_veb|hyperv|ovs|tap|vhostuser|vif|phy|", card_rules },
	{ "|bond|", bond_rules }, { "|vlan|", vlan_rules }, { 0 }
};

static const struct rule whole_rules[] = {
	{ .name = "links", .kind = VALUE_ITEMS, .is_required = true, .shapes = links },
	{ .name = "networks", .kind = VALUE_ITEMS, .is_required = true, .shapes = networks },
	{ .name = "services", .kind = VALUE_ITEMS, .is_required = true, .shapes = services }, { 0 }
};
/* clang-format on */

static bool is_word_of(const char *words, const char *word)
{
	size_t len = word ? strlen(word) : 0;

	for (const char *p = words; len > 0 && (p = strstr(p, word)); p++) {
		if (p > words && p[-1] == '|' && p[len] == '|')
			return true;
	}
	return false;
}

static bool is_ipv4(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_ipv4_mask(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return false;
	uint32_t host_bits = ~ntohl(address.s_addr);
	return (host_bits & (host_bits + 1)) == 0;
}

static bool is_ipv6(const char *text, bool may_have_prefix)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	size_t len = may_have_prefix ? strcspn(text, "/") : strlen(text);

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	const char *prefix = text + len;
	size_t digits = *prefix ? strspn(prefix + 1, "0123456789") : 0;
	bool is_prefix = *prefix == '\0' || ((digits == 1 || digits == 2) && prefix[1 + digits] == '\0');
	return is_prefix && inet_pton(AF_INET6, address, &parsed) == 1;
}

static bool is_list_of_texts(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)))
			return false;
	}
	return json_is_array(value);
}

static bool is_mtu(const json_t *value)
{
	double mtu = json_number_value(value);

	return json_is_null(value) || (json_is_number(value) && mtu >= 1 && mtu <= 65535);
}

static bool fits(const struct rule *rule, const json_t *value)
{
	const char *text = json_string_value(value);

	switch (rule->kind) {
	case VALUE_TEXT:
		return text != NULL;
	case VALUE_MAC:
		return text && netaddr_is_mac(text);
	case VALUE_WORD:
		return is_word_of(rule->words, text);
	case VALUE_MTU:
		return is_mtu(value);
	case VALUE_INTEGER:
		return json_is_integer(value);
	case VALUE_TEXTS:
		return is_list_of_texts(value);
	case VALUE_IPV4:
		return text && is_ipv4(text);
	case VALUE_IPV4_MASK:
		return text && is_ipv4_mask(text);
	case VALUE_IPV6:
		return text && is_ipv6(text, false);
	case VALUE_IPV6_HOST:
		return text && is_ipv6(text, true);
	case VALUE_ADDRESS:
		return text && (is_ipv4(text) || is_ipv6(text, true));
	case VALUE_ITEMS:
		break;
	}
	return json_is_array(value);
}

static int invalid(const char *place, const char *what, const char *name, struct error *err)
{
	return fail(err, ERR_INVALID, "Invalid network_data: %s%s%s %s", place, *place ? "." : "", name,
		    what);
}

/* NOLINTBEGIN(misc-no-recursion): the tables bound the depth. */
static int check_object(const json_t *object, const struct rule *rules, const char *place, struct error *err);

/* An item of a list: its type chooses the rules. */
static int check_item(const json_t *item, const struct shape *shapes, const char *place, struct error *err)
{
	const char *type = json_string_value(json_object_get(item, "type"));

	if (!json_is_object(item))
		return fail(err, ERR_INVALID, "Invalid network_data: %s is not of type 'object'", place);
	for (const struct shape *shape = shapes; shape->rules; shape++) {
		if (!shape->types || is_word_of(shape->types, type))
			return check_object(item, shape->rules, place, err);
	}
	return invalid(place, type ? "is not one that there is" : "is a required property of type 'string'",
		       "type", err);
}

static int check_items(const json_t *items, const struct rule *rule, const char *place, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
		char item[PLACE_MAX];

		snprintf(item, sizeof item, "%s%s%s[%zu]", place, *place ? "." : "", rule->name, i);
		rc = check_item(json_array_get(items, i), rule->shapes, item, err);
	}
	return rc;
}

static int check_object(const json_t *object, const struct rule *rules, const char *place, struct error *err)
{
	int rc = 0;

	for (const struct rule *rule = rules; rc == 0 && rule->name; rule++) {
		const json_t *value = json_object_get(object, rule->name);

		if (!value && rule->is_required)
			return invalid(place, "is a required property", rule->name, err);
		if (value && !fits(rule, value))
			return invalid(place, "has a value that it cannot have", rule->name, err);
		if (value && rule->kind == VALUE_ITEMS)
			rc = check_items(value, rule, place, err);
	}
	return rc;
}

/* NOLINTEND(misc-no-recursion) */

int network_data_check(const json_t *value, struct error *err)
{
	return json_object_size(value) == 0 ? 0 : check_object(value, whole_rules, "", err);
}
