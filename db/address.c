/* address: the connection string taken apart, names resolved, and put together for libpq. */
#include "db/address.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/http_client.h"
#include "lib/xalloc.h"

enum { ADDRESS_HOSTS_MAX = 16, ADDRESS_TEXT_MAX = 4096 };

/* Room for one more and the NULL behind it. */
static void address_grow(struct db_address *address)
{
	address->keywords = xreallocarray(address->keywords, address->count + 2, sizeof(char *));
	address->values = xreallocarray(address->values, address->count + 2, sizeof(char *));
}

static void address_set(struct db_address *address, const char *keyword, const char *value)
{
	size_t at = 0;

	while (at < address->count && strcmp(address->keywords[at], keyword) != 0)
		at++;
	if (at == address->count) {
		address_grow(address);
		address->keywords[address->count++] = xstrdup(keyword);
	} else {
		xfree_secret(address->values[at]);
	}
	address->values[at] = xstrdup(value);
}

static const char *address_get(const struct db_address *address, const char *keyword)
{
	for (size_t i = 0; i < address->count; i++) {
		if (strcmp(address->keywords[i], keyword) == 0)
			return address->values[i];
	}
	return NULL;
}

static void address_preset(struct db_address *address, const char *keyword, const char *value)
{
	if (address_get(address, keyword) == NULL)
		address_set(address, keyword, value);
}

static void address_take_options(struct db_address *address, const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++) {
		if (options->val != NULL && options->val[0] != '\0')
			address_set(address, options->keyword, options->val);
	}
}

/* PGHOST and its kin fill what the text leaves open. */
static void address_take_environment(struct db_address *address)
{
	static const char *const keywords[] = { "host", "hostaddr", "port", NULL };
	PQconninfoOption *defaults = PQconndefaults();

	for (PQconninfoOption *option = defaults; option != NULL && option->keyword != NULL; option++) {
		for (const char *const *keyword = keywords; *keyword != NULL; keyword++) {
			if (strcmp(option->keyword, *keyword) == 0 && option->val != NULL &&
			    option->val[0] != '\0')
				address_preset(address, *keyword, option->val);
		}
	}
	PQconninfoFree(defaults);
}

/* Splits at commas in place; returns how many parts. */
static size_t split(char *text, char *parts[ADDRESS_HOSTS_MAX])
{
	size_t count = 0;

	while (text != NULL && count < ADDRESS_HOSTS_MAX)
		parts[count++] = strsep(&text, ",");
	return count;
}

struct host_list {
	struct buf hosts, addresses, ports;
	size_t count;
};

static void host_list_add(struct host_list *list, const char *host, const char *address, const char *port)
{
	const char *comma = list->count++ > 0 ? "," : "";

	buf_printf(&list->hosts, "%s%s", comma, host);
	buf_printf(&list->addresses, "%s%s", comma, address);
	buf_printf(&list->ports, "%s%s", comma, port);
}

SUSPENDS static int host_list_resolve(struct host_list *list, char *hosts[], size_t count, char *ports[],
				      size_t port_count, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		char numeric[64] = "";
		const char *port = port_count == 0 ? "5432" : ports[port_count == 1 ? 0 : i];

		/* A path or an abstract socket has no address. */
		if (hosts[i][0] != '/' && hosts[i][0] != '@' && hosts[i][0] != '\0') {
			rc = resolve_host(hosts[i], numeric, sizeof(numeric), err);
			if (rc == -ERR_CANCELLED)
				return rc;
			if (rc < 0)
				continue;
		}
		host_list_add(list, hosts[i], numeric, port);
	}
	return list->count > 0 ? 0 : fail(err, ERR_DATABASE, "The host of the database does not resolve");
}

SUSPENDS static int address_resolve(struct db_address *address, struct error *err)
{
	const char *host = address_get(address, "host");
	const char *port = address_get(address, "port");
	char *hosts[ADDRESS_HOSTS_MAX], *ports[ADDRESS_HOSTS_MAX];

	if (host == NULL || address_get(address, "hostaddr") != NULL)
		return 0;
	char *host_text = xstrdup(host);
	char *port_text = xstrdup_or_null(port);
	size_t count = split(host_text, hosts);
	size_t port_count = split(port_text, ports);
	struct host_list list = { 0 };
	buf_init(&list.hosts, ADDRESS_TEXT_MAX);
	buf_init(&list.addresses, ADDRESS_TEXT_MAX);
	buf_init(&list.ports, ADDRESS_TEXT_MAX);
	int rc = port_count > 1 && port_count != count
			 ? fail(err, ERR_INVALID,
				"The database's connection string has %zu hosts and %zu ports", count,
				port_count)
			 : host_list_resolve(&list, hosts, count, ports, port_count, err);
	if (rc == 0) {
		address_set(address, "host", list.hosts.data);
		if (list.addresses.len > 0) /* not one path alone */
			address_set(address, "hostaddr", list.addresses.data);
		address_set(address, "port", list.ports.data);
	}
	buf_release(&list.hosts);
	buf_release(&list.addresses);
	buf_release(&list.ports);
	xfree(host_text);
	xfree(port_text);
	return rc;
}

int db_address_init(struct db_address *address, const char *connection, const char *application_name,
		    struct error *err)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(connection, &message);

	if (options == NULL) {
		PQfreemem(message);
		return fail(err, ERR_INVALID,
			    "[database] connection is not a libpq URI or connection string");
	}
	/* Texts of the caller are not read once this fiber has been suspended. */
	*address = (struct db_address){ 0 };
	address_take_options(address, options);
	PQconninfoFree(options);
	address_take_environment(address);
	address_preset(address, "fallback_application_name", application_name);
	address_preset(address, "tcp_user_timeout", "6000");
	address_preset(address, "keepalives_idle", "5");
	address_preset(address, "keepalives_interval", "2");
	address_preset(address, "keepalives_count", "3");
	/* Kerberos is looked for by blocking calls. */
	address_preset(address, "gssencmode", "disable");
	int rc = address_resolve(address, err);
	address->keywords[address->count] = NULL;
	address->values[address->count] = NULL;
	if (rc < 0)
		db_address_release(address);
	return rc;
}

void db_address_release(struct db_address *address)
{
	for (size_t i = 0; i < address->count; i++) {
		xfree(address->keywords[i]);
		xfree_secret(address->values[i]);
	}
	xfree(address->keywords);
	xfree(address->values);
	*address = (struct db_address){ 0 };
}
