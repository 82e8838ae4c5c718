/* driver_info: see driver_info.h. */
#include "drivers/redfish/driver_info.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "drivers/redfish/options.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "lib/url.h"

#define DEFAULT_ROOT "/redfish/v1/"

const struct driver_property redfish_properties[] = {
	{ "redfish_address",
	  "The URL of the BMC's Redfish service. Without a scheme, https is assumed; a path is taken as the "
	  "root of the service. For example: https://mgmt.vendor.com. Required." },
	{ "redfish_system_id",
	  "The path of the node's ComputerSystem resource, for example /redfish/v1/Systems/1. Needed only "
	  "when the BMC manages more than one system. Optional." },
	{ "redfish_username", "User name at the BMC. Optional." },
	{ "redfish_password", "Password at the BMC. Optional." },
	{ "redfish_verify_ca",
	  "Whether the BMC's certificate is verified, or the path of a file or folder of trusted "
	  "certificates. Defaults to True. Optional." },
	{ "redfish_auth_type",
	  "How to log in: basic, session or auto. Defaults to [redfish] auth_type. Optional." },
	{ "redfish_tls_minimum_version", "Lowest TLS version: 1.1, 1.2 or 1.3. Optional." },
	{ "redfish_tls_ciphers", "Cipher list of OpenSSL for the connection. Optional." },
	{ 0 }
};

/* What the parsing functions share. */
struct parse {
	const json_t *driver_info;
	const char *node_uuid;
	struct arena *arena;
	struct redfish_info *info;
	struct error *err;
};

/* The value as Python prints it, cut: for sentences. */
static const char *repr(struct parse *parse, const json_t *value)
{
	struct buf text;
	const char *copy;

	if (json_is_string(value))
		return json_string_value(value);
	buf_init(&text, 256);
	json_repr(&text, value);
	copy = arena_strdup(parse->arena, text.data ? text.data : "");
	buf_release(&text);
	return copy;
}

/* ---- address ---- */

static int bad_address(struct parse *parse, const json_t *value)
{
	const char *text = repr(parse, value);

	/* What stands before '@' may be a password. */
	return fail(parse->err, ERR_INVALID,
		    "Invalid Redfish address %s set in driver_info/redfish_address on node %s",
		    strchr(text, '@') ? "(with user information)" : text, parse->node_uuid);
}

static bool is_ipv6_literal(const char *text, size_t len)
{
	size_t colons = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ':')
			colons++;
		else if (!isxdigit((unsigned char)text[i]) && text[i] != '.')
			return false;
	}
	return colons >= 2;
}

static bool is_port(const char *text, size_t len)
{
	unsigned port = 0;

	if (len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port <= 65535;
}

/* host [":" port] with a name, an IPv4 address or a bracketed IPv6 address. */
static bool is_authority(const char *text, size_t len)
{
	size_t host;

	if (len && text[0] == '[') {
		const char *end = memchr(text, ']', len);
		if (!end || !is_ipv6_literal(text + 1, (size_t)(end - text) - 1))
			return false;
		host = (size_t)(end - text) + 1;
	} else {
		for (host = 0; host < len && text[host] != ':'; host++)
			if (!isalnum((unsigned char)text[host]) && !strchr("-._~%", text[host]))
				return false;
	}
	if (!host)
		return false;
	return host == len || (text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

/* Only what may stand in a URL's path as it is. */
static bool is_path(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("/-._~!$&'()*+,;=:@%", text[i]))
			return false;
	return true;
}

static int parse_address(struct parse *parse)
{
	const json_t *value = json_object_get(parse->driver_info, "redfish_address");
	const char *text = json_string_value(value);
	const char *scheme = "https", *rest = text, *found;
	size_t authority_len, path_len;

	if (!text || strlen(text) > 1024 || strlen(text) != json_string_length(value))
		return bad_address(parse, value);
	found = strstr(text, "://");
	if (found) {
		rest = found + 3;
		if (!strncasecmp(text, "http:", 5))
			scheme = "http";
		else if (strncasecmp(text, "https:", 6) != 0)
			return bad_address(parse, value);
	}
	authority_len = strcspn(rest, "/?#");
	path_len = strcspn(rest + authority_len, "?#");
	if (is_ipv6_literal(rest, authority_len))
		parse->info->address =
			arena_printf(parse->arena, "%s://[%.*s]", scheme, (int)authority_len, rest);
	else if (is_authority(rest, authority_len))
		parse->info->address =
			arena_printf(parse->arena, "%s://%.*s", scheme, (int)authority_len, rest);
	else
		return bad_address(parse, value);
	rest += authority_len;
	if (!is_path(rest, path_len))
		return bad_address(parse, value);
	while (path_len && rest[path_len - 1] == '/')
		path_len--;
	parse->info->root =
		path_len ? arena_printf(parse->arena, "%.*s/", (int)path_len, rest) : DEFAULT_ROOT;
	return 0;
}

/* ---- the others ---- */

/* As Python's urllib.parse.quote. */
static const char *path_encode(struct arena *arena, const char *text)
{
	struct buf encoded;
	const char *copy;

	buf_init(&encoded, 8192);
	url_encode(&encoded, text, "/");
	copy = arena_strdup(arena, encoded.data ? encoded.data : "");
	buf_release(&encoded);
	return copy;
}

static int parse_system_id(struct parse *parse)
{
	const json_t *value = json_object_get(parse->driver_info, "redfish_system_id");
	const char *text = json_string_value(value);

	if (!value || json_is_null(value))
		return 0;
	if (!text || strlen(text) > 1024)
		return fail(parse->err, ERR_INVALID,
			    "Invalid value \"%s\" set in driver_info/redfish_system_id on node %s. The value "
			    "should be a path (string) to the resource that the driver will interact with. "
			    "For example: /redfish/v1/Systems/1",
			    repr(parse, value), parse->node_uuid);
	if (!*text)
		return 0;
	/* sushy joins it with the address: a path without its first slash means the same. */
	parse->info->system_id = arena_printf(parse->arena, "%s%s", *text == '/' ? "" : "/",
					      path_encode(parse->arena, text));
	return 0;
}

/* 1, 0, or -1: not a word for either. The words of oslo's bool_from_string. */
static int bool_of_text(const char *text)
{
	static const char *const words[2][6] = {
		{ "0", "f", "false", "off", "n", "no" },
		{ "1", "t", "true", "on", "y", "yes" },
	};

	for (int value = 0; value < 2; value++)
		for (int i = 0; i < 6; i++)
			if (!strcasecmp(words[value][i], text))
				return value;
	return -1;
}

static int set_verify_text(struct parse *parse, const char *text)
{
	struct stat found;
	int value;

	if (!stat(text, &found) && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) {
		parse->info->ca_path = arena_strdup(parse->arena, text);
		return 0;
	}
	value = bool_of_text(text);
	if (value < 0)
		return fail(parse->err, ERR_INVALID,
			    "Invalid value type set in driver_info/redfish_verify_ca on node %s. The value "
			    "should be a Boolean or the path to a file/directory, not \"%s\"",
			    parse->node_uuid, text);
	parse->info->is_tls_unverified = !value;
	return 0;
}

/* True means what [redfish] verify_ca says. */
static int parse_verify(struct parse *parse)
{
	const json_t *value = json_object_get(parse->driver_info, "redfish_verify_ca");
	int rc = 0;

	if (json_is_string(value))
		rc = set_verify_text(parse, json_string_value(value));
	else if (json_is_false(value))
		parse->info->is_tls_unverified = true;
	else if (value && !json_is_true(value) && !json_is_null(value))
		rc = fail(parse->err, ERR_INVALID,
			  "Invalid value type set in driver_info/redfish_verify_ca on node %s. The value "
			  "should be a Boolean or the path to a file/directory, not \"%s\"",
			  parse->node_uuid, repr(parse, value));
	if (rc == 0 && !parse->info->is_tls_unverified && !parse->info->ca_path && redfish_options.verify_ca)
		rc = set_verify_text(parse, redfish_options.verify_ca);
	return rc;
}

static int parse_auth(struct parse *parse)
{
	static const char *const names[] = {
		[REDFISH_AUTH_BASIC] = "basic",
		[REDFISH_AUTH_SESSION] = "session",
		[REDFISH_AUTH_AUTO] = "auto",
	};
	const json_t *value = json_object_get(parse->driver_info, "redfish_auth_type");
	const char *text = value                       ? repr(parse, value)
			   : redfish_options.auth_type ? redfish_options.auth_type
						       : "auto";

	for (int i = 0; i < 3; i++) {
		if (!strcmp(names[i], text)) {
			parse->info->auth = i;
			return 0;
		}
	}
	return fail(parse->err, ERR_INVALID,
		    "Invalid value \"%s\" set in driver_info/redfish_auth_type on node %s. The value should "
		    "be one of \"basic\", \"session\" or \"auto\".",
		    text, parse->node_uuid);
}

/* A text member, or NULL. */
static int parse_text(struct parse *parse, const char *name, const char **ret)
{
	const json_t *value = json_object_get(parse->driver_info, name);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return fail(parse->err, ERR_INVALID,
			    "Invalid value set in driver_info/%s on node %s. The value should be a string.",
			    name, parse->node_uuid);
	*ret = arena_strdup(parse->arena, json_string_value(value));
	return 0;
}

static int parse_credentials(struct parse *parse)
{
	int rc = parse_text(parse, "redfish_username", &parse->info->user);

	if (rc == 0)
		rc = parse_text(parse, "redfish_password", &parse->info->password);
	if (rc == 0 && parse->info->user && !*parse->info->user)
		parse->info->user = NULL;
	if (rc == 0 && !parse->info->password)
		parse->info->password = "";
	return rc;
}

static int parse_tls(struct parse *parse)
{
	static const char *const versions[] = { "1.1", "1.2", "1.3" };
	const json_t *value = json_object_get(parse->driver_info, "redfish_tls_minimum_version");
	const char *text = redfish_options.tls_minimum_version;

	parse->info->tls_ciphers = redfish_options.tls_ciphers;
	if (value && !json_is_null(value))
		text = repr(parse, value);
	for (int i = 0; text && i < 3; i++)
		if (!strcmp(versions[i], text))
			parse->info->tls_minimum = versions[i];
	if (text && !parse->info->tls_minimum)
		return fail(parse->err, ERR_INVALID,
			    "Invalid value \"%s\" set in driver_info/redfish_tls_minimum_version on node %s. "
			    "The value should be one of \"1.1\", \"1.2\" or \"1.3\".",
			    text, parse->node_uuid);
	return parse_text(parse, "redfish_tls_ciphers", &parse->info->tls_ciphers);
}

static bool is_given(const json_t *value)
{
	return value && !json_is_null(value) && !json_is_false(value) &&
	       !(json_is_string(value) && !json_string_length(value));
}

int redfish_info_parse(const json_t *driver_info, const char *node_uuid, struct arena *arena,
		       struct redfish_info *ret, struct error *err)
{
	static int (*const steps[])(struct parse *) = { parse_address, parse_system_id,   parse_verify,
							parse_auth,    parse_credentials, parse_tls };
	struct redfish_info info = { 0 };
	struct parse parse = { driver_info, node_uuid, arena, &info, err };

	if (!is_given(json_object_get(driver_info, "redfish_address")))
		return fail(err, ERR_MISSING,
			    "Missing the following Redfish properties in node %s driver_info: "
			    "['redfish_address']",
			    node_uuid);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int rc = steps[i](&parse);
		if (rc < 0)
			return rc;
	}
	*ret = info;
	return 0;
}

int redfish_validate(struct task *task, struct error *err)
{
	struct redfish_info info;

	return redfish_info_parse(node_object(task->node, NODE_DRIVER_INFO), node_uuid(task->node),
				  &task->arena, &info, err);
}
