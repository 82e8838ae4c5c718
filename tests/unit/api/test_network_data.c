#include "api/network_data.h"

#include <string.h>

#include "tests/support/unit.h"

#define CARD                                                                                                 \
	"{\"id\": \"eth0\", \"type\": \"phy\", \"ethernet_mac_address\": \"52:54:00:12:34:56\", \"mtu\": "   \
	"1500}"
#define BOND                                                                                                 \
	"{\"id\": \"b\", \"type\": \"bond\", \"ethernet_mac_address\": \"52:54:00:12:34:56\","               \
	" \"bond_mode\": \"balance-rr\", \"bond_links\": [\"eth0\"]}"
#define VLAN                                                                                                 \
	"{\"id\": \"v\", \"type\": \"vlan\", \"vlan_mac_address\": \"52:54:00:12:34:56\", \"vlan_link\": "   \
	"\"b\","                                                                                             \
	" \"vlan_id\": 7}"
#define DHCP "{\"id\": \"n0\", \"type\": \"ipv4_dhcp\", \"link\": \"v\", \"network_id\": \"x\"}"
#define STATIC                                                                                               \
	"{\"id\": \"n1\", \"type\": \"ipv4\", \"link\": \"v\", \"network_id\": \"x\", \"ip_address\": "      \
	"\"192.0.2.2\","                                                                                     \
	" \"netmask\": \"255.255.252.0\", \"routes\": [{\"network\": \"0.0.0.0\", \"netmask\": \"0.0.0.0\"," \
	" \"gateway\": \"192.0.2.1\", \"services\": [{\"type\": \"dns\", \"address\": \"192.0.2.3\"}]}]}"
#define IPV6                                                                                                 \
	"{\"id\": \"n2\", \"type\": \"ipv6\", \"link\": \"v\", \"network_id\": \"x\", \"ip_address\": "      \
	"\"2001:db8::1/64\","                                                                                \
	" \"netmask\": \"ffff:ffff::\", \"routes\": []}"
#define DNS "{\"type\": \"dns\", \"address\": \"2001:db8::53\"}"
#define WHOLE(links, networks, services)                                                                     \
	"{\"links\": [" links "], \"networks\": [" networks "], \"services\": [" services "]}"

static int check(const char *text, struct error *err)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	err->text[0] = '\0';
	int rc = network_data_check(value, err);
	json_decref(value);
	return rc;
}

static void test_network_data__what_may_be__is_accepted(void **state)
{
	static const char *const good[] = {
		"{}",
		WHOLE("", "", ""),
		WHOLE(CARD ", " BOND ", " VLAN, DHCP ", " STATIC ", " IPV6, DNS),
		"{\"links\": [], \"networks\": [], \"services\": [], \"more\": 1}",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (check(good[i], &err) != 0)
			fail_with("%s: %s", good[i], err.text);
	}
}

static void test_network_data__what_cannot_be__is_refused_by_its_place(void **state)
{
	static const struct {
		const char *text, *place;
	} bad[] = {
		{ "{\"links\": []}", "networks" },
		{ "{\"links\": {}, \"networks\": [], \"services\": []}", "links" },
		{ WHOLE("5", "", ""), "links[0]" },
		{ WHOLE("{}", "", ""), "links[0].type" },
		{ WHOLE("{\"type\": \"wire\"}", "", ""), "links[0].type" },
		{ WHOLE("{\"type\": \"|\"}", "", ""), "links[0].type" },
		{ WHOLE("{\"type\": \"\"}", "", ""), "links[0].type" },
		{ WHOLE("{\"type\": \"phy\", \"id\": \"a\"}", "", ""), "links[0].ethernet_mac_address" },
		{ WHOLE(CARD ", {\"type\": \"phy\", \"id\": 5}", "", ""), "links[1].id" },
		{ WHOLE("{\"type\": \"phy\", \"id\": \"a\", \"mtu\": 0}", "", ""), "links[0].mtu" },
		{ WHOLE("{\"type\": \"vlan\", \"id\": \"a\", \"vlan_mac_address\": \"52:54:00:12:34:56\","
			" \"vlan_link\": \"b\", \"vlan_id\": \"7\"}",
			"", ""),
		  "links[0].vlan_id" },
		{ WHOLE("{\"type\": \"bond\", \"id\": \"a\", \"ethernet_mac_address\": \"52:54:00:12:34:56\","
			" \"bond_mode\": \"fast\"}",
			"", ""),
		  "links[0].bond_mode" },
		{ WHOLE("", "{\"type\": \"ipv4\", \"id\": \"a\", \"link\": \"b\"}", ""),
		  "networks[0].network_id" },
		{ WHOLE("",
			"{\"type\": \"ipv4\", \"id\": \"a\", \"link\": \"b\", \"network_id\": \"c\","
			" \"ip_address\": \"192.0.2.256\"}",
			""),
		  "networks[0].ip_address" },
		{ WHOLE("",
			"{\"type\": \"ipv4\", \"id\": \"a\", \"link\": \"b\", \"network_id\": \"c\","
			" \"netmask\": \"255.0.255.0\"}",
			""),
		  "networks[0].netmask" },
		{ WHOLE("",
			"{\"type\": \"ipv6_slaac\", \"id\": \"a\", \"link\": \"b\", \"network_id\": \"c\","
			" \"ip_address\": \"::1/\"}",
			""),
		  "networks[0].ip_address" },
		{ WHOLE("",
			"{\"type\": \"ipv4\", \"id\": \"a\", \"link\": \"b\", \"network_id\": \"c\","
			" \"routes\": [{\"network\": \"0.0.0.0\", \"netmask\": \"0.0.0.0\"}]}",
			""),
		  "networks[0].routes[0].gateway" },
		{ WHOLE("", "", "{\"type\": \"ntp\", \"address\": \"192.0.2.1\"}"), "services[0].type" },
		{ WHOLE("", "", "{\"type\": \"dns\", \"address\": \"here\"}"), "services[0].address" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (check(bad[i].text, &err) != -ERR_INVALID || !strstr(err.text, bad[i].place))
			fail_with("%s: \"%s\" does not name %s", bad[i].text, err.text, bad[i].place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_data__what_may_be__is_accepted),
		cmocka_unit_test(test_network_data__what_cannot_be__is_refused_by_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
