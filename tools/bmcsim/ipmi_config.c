/* ipmi_config: accounts, controllers and authentication types from the rack file's texts. */
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/lan15.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/ipmi_side.h"

/* ---- accounts ---- */

static const char *const privilege_names[] = {
	[IPMI_CALLBACK] = "callback",
	[IPMI_USER] = "user",
	[IPMI_OPERATOR] = "operator",
	[IPMI_ADMINISTRATOR] = "administrator",
};

static enum ipmi_privilege privilege_find(const char *name)
{
	for (unsigned i = IPMI_CALLBACK; i <= IPMI_ADMINISTRATOR; i++) {
		if (strcmp(privilege_names[i], name) == 0)
			return (enum ipmi_privilege)i;
	}
	return IPMI_PRIVILEGE_HIGHEST;
}

/* Parts "name:password:privilege", which it cuts in place. */
static int parse_user(char *text, struct ipmi_server_user *ret, struct error *err)
{
	char *password = strchr(text, ':');
	char *privilege = password != NULL ? strchr(password + 1, ':') : NULL;

	if (privilege == NULL)
		return fail(err, ERR_INVALID, "an account is not NAME:PASSWORD:PRIVILEGE");
	*password++ = '\0';
	*privilege++ = '\0';
	*ret = (struct ipmi_server_user){ text, password, privilege_find(privilege) };
	if (ret->limit == IPMI_PRIVILEGE_HIGHEST)
		return fail(err, ERR_INVALID,
			    "privilege of account '%s' is none of callback, user, operator, administrator",
			    text);
	if (strlen(text) > RMCPP_USER_MAX || strlen(password) > RMCPP_KEY)
		return fail(err, ERR_INVALID, "IPMI takes user names up to 16 and passwords up to 20 bytes");
	return 0;
}

static int parse_users(char *text, struct ipmi_server_user *users, size_t *count, struct error *err)
{
	for (char *word = text, *next; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		if (*count == IPMI_USERS_MAX)
			return fail(err, ERR_INVALID, "there are more than %d accounts", IPMI_USERS_MAX);
		int rc = parse_user(word, &users[*count], err);
		if (rc < 0)
			return rc;
		(*count)++;
	}
	return 0;
}

int ipmi_config_users(struct ipmi_side *side, const char *text, struct error *err)
{
	struct ipmi_server_user users[IPMI_USERS_MAX] = { { "", "", IPMI_PRIVILEGE_HIGHEST } };
	char *copy = text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
	size_t count = 2; /* nobody, and the account of the section */
	int rc = copy != NULL ? parse_users(copy, users, &count, err) : 0;

	if (rc < 0 || side == NULL) {
		xfree_secret(copy);
		return rc;
	}
	users[1] = (struct ipmi_server_user){ side->bmc->user, side->bmc->password, IPMI_ADMINISTRATOR };
	side->user_text = copy;
	side->user_count = count;
	side->users = xreallocarray(NULL, count, sizeof(*users));
	memcpy(side->users, users, count * sizeof(*users));
	return 0;
}

/* ---- controllers ---- */

/* "0:0x30"; -1: it is not that. */
static int parse_hop(const char **text, uint8_t *ret_channel, uint8_t *ret_address)
{
	char *end;
	unsigned long channel = strtoul(*text, &end, 0);

	if (end == *text || *end != ':' || channel > 15)
		return -1;

	const char *word = end + 1;
	unsigned long address = strtoul(word, &end, 0);
	if (end == word || address == 0 || address > 255 || address == IPMI_BMC_ADDRESS)
		return -1;
	*ret_channel = (uint8_t)channel;
	*ret_address = (uint8_t)address;
	*text = end;
	return 0;
}

/* One hop, or two with '/' between; moves *text behind it. */
static int parse_route(const char **text, struct ipmi_route *ret)
{
	*ret = (struct ipmi_route){ .hops = 1 };
	*text += strspn(*text, " ");
	if (parse_hop(text, &ret->target_channel, &ret->target_address) < 0)
		return -1;
	if (**text != '/')
		return 0;
	(*text)++;
	ret->hops = 2;
	ret->transit_channel = ret->target_channel;
	ret->transit_address = ret->target_address;
	return parse_hop(text, &ret->target_channel, &ret->target_address);
}

static int parse_routes(const char *text, struct ipmi_route routes[IPMI_TARGETS_MAX], size_t *count,
			struct error *err)
{
	while (*text != '\0') {
		if (*count == IPMI_TARGETS_MAX)
			return fail(err, ERR_INVALID, "there are more than %d targets", IPMI_TARGETS_MAX);
		if (parse_route(&text, &routes[(*count)++]) < 0 || (*text != '\0' && *text != ','))
			return fail(err, ERR_INVALID,
				    "a target is not CHANNEL:ADDRESS or CHANNEL:ADDRESS/CHANNEL:ADDRESS");
		text += *text == ',';
	}
	return 0;
}

static void target_init(struct ipmi_side *side, struct ipmi_target *target, const struct ipmi_route *route)
{
	char name[64];

	if (route->hops == 2)
		snprintf(name, sizeof(name), "%.40s/%02x/%02x", side->bmc->name, route->transit_address,
			 route->target_address);
	else
		snprintf(name, sizeof(name), "%.40s/%02x", side->bmc->name, route->target_address);
	target->route = *route;
	bmc_init(&target->bmc, name);
	target->bmc.protocol = BMC_IPMI;
	target->bmc.address = xstrdup(side->bmc->address);
	target->bmc.profile = side->bmc->profile;
	target->bmc.system_uuid = xstrdup(side->bmc->system_uuid);
	target->bmc.on_delay_ms = side->bmc->on_delay_ms;
	target->bmc.off_delay_ms = side->bmc->off_delay_ms;
	target->bmc.soft_off_delay_ms = side->bmc->soft_off_delay_ms;
	ipmi_machine_init(&target->machine, side, &target->bmc, route->target_address);
	target->machine.model.guid[0] ^= route->target_address;
}

int ipmi_config_targets(struct ipmi_side *side, const char *text, struct error *err)
{
	struct ipmi_route routes[IPMI_TARGETS_MAX];
	size_t count = 0;
	int rc = text != NULL ? parse_routes(text, routes, &count, err) : 0;

	if (rc < 0 || side == NULL || count == 0)
		return rc;
	side->target_count = count;
	side->targets = xcalloc(count, sizeof(*side->targets));
	for (size_t i = 0; i < count; i++)
		target_init(side, &side->targets[i], &routes[i]);
	return 0;
}

/* ---- authentication types of IPMI 1.5 ---- */

int ipmi_config_auth_types(const char *text, uint8_t *ret, struct error *err)
{
	static const struct {
		const char *name;
		enum lan15_auth auth;
	} types[] = { { "none", LAN15_NONE }, { "md5", LAN15_MD5 }, { "password", LAN15_PASSWORD } };
	uint8_t bits = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, ","), i = 0;
		while (i < 3 && (strlen(types[i].name) != len || strncmp(types[i].name, text, len) != 0))
			i++;
		if (i == 3)
			return fail(err, ERR_INVALID, "'%.*s' is none of none, md5 and password", (int)len,
				    text);
		bits |= (uint8_t)(1U << types[i].auth);
		text += len + (text[len] == ',');
	}
	*ret = bits;
	return 0;
}

void ipmi_config_release(struct ipmi_side *side)
{
	for (size_t i = 0; i < side->target_count; i++) {
		bmc_model_release(&side->targets[i].machine.model);
		bmc_release(&side->targets[i].bmc);
	}
	xfree(side->targets);
	xfree(side->users);
	xfree_secret(side->user_text);
}
