/*
 * inspection_lldp: the hook local-link-connection: which switch a port is connected to, by what its switch
 * has announced. See inspection_hooks.h. Source: IEEE 802.1AB, section 8.5; Ironic's hook of that name.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conductor/inspection_hooks.h"
#include "lib/netaddr.h"

enum { TLV_CHASSIS_ID = 1, TLV_PORT_ID = 2, TLV_SYSTEM_NAME = 5, TLV_BYTES_MAX = 511 };
enum { CHASSIS_MAC = 4, PORT_MAC = 3, MAC_BYTES = 6 };

struct tlv {
	json_int_t type;
	unsigned char bytes[TLV_BYTES_MAX + 1];
	size_t len;
};

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* A pair of type and hexadecimal text. */
static bool tlv_parse(const json_t *pair, struct tlv *ret)
{
	const char *text = json_string_value(json_array_get(pair, 1));
	size_t len = text ? strlen(text) : 0;

	if (!json_is_integer(json_array_get(pair, 0)) || !text || len % 2 || len / 2 > TLV_BYTES_MAX ||
	    strspn(text, "0123456789abcdefABCDEF") != len)
		return false;
	ret->type = json_integer_value(json_array_get(pair, 0));
	ret->len = len / 2;
	for (size_t i = 0; i < ret->len; i++)
		ret->bytes[i] = (unsigned char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	ret->bytes[ret->len] = '\0';
	return true;
}

static json_t *mac_value(const unsigned char *bytes)
{
	char text[MAC_TEXT];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
		 bytes[4], bytes[5]);
	return json_string(text);
}

/* NULL: not text. */
static json_t *text_value(const unsigned char *bytes, size_t len)
{
	return len && !memchr(bytes, '\0', len) ? json_stringn((const char *)bytes, len) : NULL;
}

/* What it says of the switch, and under which name; NULL: nothing that is kept. */
static json_t *tlv_value(const struct tlv *tlv, const char **ret_name)
{
	bool is_mac = tlv->len == 1 + MAC_BYTES;

	switch (tlv->type) {
	case TLV_CHASSIS_ID:
		*ret_name = "switch_id";
		return is_mac && tlv->bytes[0] == CHASSIS_MAC ? mac_value(tlv->bytes + 1) : NULL;
	case TLV_PORT_ID:
		*ret_name = "port_id";
		if (is_mac && tlv->bytes[0] == PORT_MAC)
			return mac_value(tlv->bytes + 1);
		return tlv->len > 1 ? text_value(tlv->bytes + 1, tlv->len - 1) : NULL;
	case TLV_SYSTEM_NAME:
		*ret_name = "switch_info";
		return text_value(tlv->bytes, tlv->len);
	default:
		return NULL;
	}
}

/* What an operator has written stays. */
static void connect_port(json_t *port, const json_t *tlvs)
{
	json_t *connection = json_object_get(port, "local_link_connection");
	const json_t *pair;
	struct tlv tlv;
	size_t i;

	json_array_foreach(tlvs, i, pair)
	{
		const char *name;
		json_t *value = tlv_parse(pair, &tlv) ? tlv_value(&tlv, &name) : NULL;

		if (value && json_is_object(connection) && !json_object_get(connection, name))
			json_object_set(connection, name, value);
		json_decref(value);
	}
}

int hook_local_link_connection(struct inspected *inspected, struct error *err)
{
	const json_t *raw = json_object_get(inspected->plugin_data, "lldp_raw");
	json_t *interface;
	const char *name;

	(void)err;
	json_object_foreach(json_object_get(inspected->plugin_data, "all_interfaces"), name, interface)
	{
		const json_t *tlvs = json_object_get(raw, name);
		json_t *port = inspected_port(inspected,
					      json_string_value(json_object_get(interface, "mac_address")));

		if (!json_array_size(tlvs))
			tlvs = json_object_get(interface, "lldp");
		if (port)
			connect_port(port, tlvs);
	}
	return 0;
}
