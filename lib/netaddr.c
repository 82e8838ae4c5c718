#include "lib/netaddr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct ip {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128; 0: no address */
};

static struct ip parse_ip(const char *text)
{
	struct ip ip = { .bits = 0 };

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		ip.bits = 32;
	else if (inet_pton(AF_INET6, text, ip.bytes) == 1)
		ip.bits = 128;
	return ip;
}

bool netaddr_is_mac(const char *text)
{
	for (size_t i = 0; i < MAC_TEXT - 1; i++) {
		bool is_right = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]) != 0;

		if (!is_right)
			return false;
	}
	return text[MAC_TEXT - 1] == '\0';
}

void netaddr_lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

bool netaddr_is_loopback(const char *text)
{
	static const unsigned char six[16] = { [15] = 1 };
	struct ip ip = parse_ip(text);

	return (ip.bits == 32 && ip.bytes[0] == 127) || (ip.bits == 128 && memcmp(ip.bytes, six, 16) == 0);
}

/* "192.0.2.0/24". False: malformed. */
static bool parse_net(const char *text, struct ip *ret, unsigned *ret_len)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char *end;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*ret = parse_ip(address);
	*ret_len = ret->bits;
	if (!slash)
		return ret->bits != 0;
	if (!isdigit((unsigned char)slash[1]))
		return false;
	unsigned long prefix = strtoul(slash + 1, &end, 10);
	*ret_len = (unsigned)prefix;
	return ret->bits != 0 && *end == '\0' && prefix <= ret->bits;
}

static bool has_prefix(const struct ip *ip, const struct ip *net, unsigned len)
{
	unsigned rest = len % 8;

	if (ip->bits != net->bits || memcmp(ip->bytes, net->bytes, len / 8) != 0)
		return false;
	return rest == 0 || (ip->bytes[len / 8] ^ net->bytes[len / 8]) >> (8 - rest) == 0;
}

int netaddr_is_in(const char *address, const char *net, bool *ret, struct error *err)
{
	struct ip ip = parse_ip(address), first;
	unsigned len;

	if (ip.bits == 0)
		return fail(err, ERR_INVALID, "'%.100s' is not an IP address", address);
	if (!parse_net(net, &first, &len))
		return fail(err, ERR_INVALID, "'%.100s' is not an IP network", net);
	*ret = has_prefix(&ip, &first, len);
	return 0;
}
