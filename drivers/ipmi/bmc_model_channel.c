/* bmc_model: channels, LAN parameters and users: what is read of them. Source: IPMI 2.0 sections 22, 23. */
#include "drivers/ipmi/bmc_model_private.h"
#include "drivers/ipmi/lan15.h"

enum { CHANNEL_IPMB = 0, CHANNEL_SYSTEM = 0x0f, PARAMETER_VERSION = 0x11, USERS_MAX = 10, NAME_LEN = 16 };

static bool is_our_channel(uint8_t byte)
{
	return (byte & 0x0f) == CHANNEL_LAN || (byte & 0x0f) == CHANNEL_THIS;
}

/* ---- channels ---- */

static int channel_info(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	/* number, medium, protocol, sessions, vendor (of the protocol: the IPMI forum), 2 bytes of its own */
	static const uint8_t infos[][9] = {
		{ CHANNEL_LAN, 0x04, 0x01, 0x80, 0xf2, 0x1b, 0x00, 0x00, 0x00 },
		{ CHANNEL_IPMB, 0x01, 0x01, 0x00, 0xf2, 0x1b, 0x00, 0x00, 0x00 },
		{ CHANNEL_SYSTEM, 0x0c, 0x05, 0x00, 0xf2, 0x1b, 0x00, 0xff, 0x00 },
	};
	uint8_t channel = call->request->data[0] & 0x0f;

	(void)model;
	if (channel == CHANNEL_THIS)
		channel = CHANNEL_LAN;
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		if (infos[i][0] == channel) {
			put(answer, infos[i], sizeof(infos[i]));
			return COMPLETION_OK;
		}
	}
	return COMPLETION_INVALID_FIELD;
}

static int channel_access(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)model;
	if (!is_our_channel(call->request->data[0]))
		return COMPLETION_INVALID_FIELD;
	put_byte(answer, 0x22); /* always available, no alerts */
	put_byte(answer, IPMI_ADMINISTRATOR);
	return COMPLETION_OK;
}

/* ---- users ---- */

/* NULL: there is no user of that id. */
static const struct ipmi_server_user *user_of(const struct bmc_model *model, uint8_t byte)
{
	unsigned id = byte & 0x3f;

	return id >= 1 && id <= model->user_count ? &model->users[id - 1] : NULL;
}

static int user_access(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const struct ipmi_server_user *user = user_of(model, call->request->data[1]);
	uint8_t id = call->request->data[1] & 0x3f;
	unsigned enabled = 0;

	if (!is_our_channel(call->request->data[0]) || id == 0 || (id > USERS_MAX && user == NULL))
		return COMPLETION_INVALID_FIELD;
	for (size_t i = 0; i < model->user_count; i++)
		enabled += model->users[i].limit != 0;
	bool is_enabled = user != NULL && user->limit != 0;
	put_byte(answer, model->user_count > USERS_MAX ? (unsigned)model->user_count & 0x3f : USERS_MAX);
	put_byte(answer, (enabled & 0x3f) | (is_enabled ? 0x40 : 0x80));
	put_byte(answer, 1); /* user 1's name, which is null, is fixed */
	put_byte(answer, is_enabled ? 0x30U | user->limit : 0x0f);
	return COMPLETION_OK;
}

static int user_name(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const struct ipmi_server_user *user = user_of(model, call->request->data[0]);
	char name[NAME_LEN] = { 0 };

	if (user == NULL)
		return (call->request->data[0] & 0x3f) <= USERS_MAX ? COMPLETION_INVALID_FIELD
								    : COMPLETION_RANGE;
	memcpy(name, user->name, strnlen(user->name, sizeof(name)));
	put(answer, name, sizeof(name));
	return COMPLETION_OK;
}

/* ---- LAN parameters ---- */

static void put_auth_support(const struct bmc_model *model, const struct ipmi_server_call *call,
			     struct answer *answer)
{
	(void)call;
	put_byte(answer, model->auth_types);
}

/* Authentication types enabled per privilege: callback, user, operator, administrator, OEM. */
static void put_auth_enables(const struct bmc_model *model, const struct ipmi_server_call *call,
			     struct answer *answer)
{
	(void)call;
	for (unsigned i = 0; i < 4; i++)
		put_byte(answer, model->auth_types);
	put_byte(answer, 0);
}

static void put_ip(const struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	put(answer, model->ip, sizeof(model->ip));
}

static void put_mac(const struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	(void)call;
	put(answer, model->mac, sizeof(model->mac));
}

static void put_suite_count(const struct bmc_model *model, const struct ipmi_server_call *call,
			    struct answer *answer)
{
	(void)call;
	put_byte(answer, (unsigned)__builtin_popcount(model->suites));
}

/* A reserved byte, then ids. */
static void put_suites(const struct bmc_model *model, const struct ipmi_server_call *call,
		       struct answer *answer)
{
	(void)call;
	put_byte(answer, 0);
	for (unsigned id = 0; id < 32; id++) {
		if (model->suites & (uint32_t)1 << id)
			put_byte(answer, id);
	}
}

static void put_destination(const struct bmc_model *model, const struct ipmi_server_call *call,
			    struct answer *answer)
{
	static const uint8_t zeros[12];
	uint8_t selector = call->request->data[2];

	(void)model;
	put_byte(answer, selector);
	put(answer, zeros, call->request->data[1] == 18 ? 3 : 12);
}

static const uint8_t zeros[18];
static const uint8_t community[18] = { 'p', 'u', 'b', 'l', 'i', 'c' };
/* every suite up to the administrator; the first byte is reserved */
static const uint8_t suite_privileges[] = { 0x00, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44 };

/* clang-format off */
static const struct {
	uint8_t parameter, len;
	const uint8_t *constant; /* NULL: `write` makes it */
	void (*write)(const struct bmc_model *model, const struct ipmi_server_call *call,
		      struct answer *answer);
} parameters[] = {
	{0,  1,  zeros,                                   NULL},            /* set in progress: complete */
	{1,  0,  NULL,                                    put_auth_support},
	{2,  0,  NULL,                                    put_auth_enables},
	{3,  0,  NULL,                                    put_ip},
	{4,  1,  (const uint8_t[]){ 1 },                  NULL},            /* address source: static */
	{5,  0,  NULL,                                    put_mac},
	{6,  4,  (const uint8_t[]){ 255, 255, 255, 0 },   NULL},
	{7,  3,  (const uint8_t[]){ 0x40, 0x40, 0x10 },   NULL},            /* TTL, flags, type of service */
	{8,  2,  (const uint8_t[]){ 0x6f, 0x02 },         NULL},            /* primary RMCP port: 623 */
	{9,  2,  (const uint8_t[]){ 0x98, 0x02 },         NULL},            /* secondary: 664 */
	{10, 1,  zeros,                                   NULL},            /* no ARP of its own accord */
	{11, 1,  zeros,                                   NULL},
	{12, 4,  zeros,                                   NULL},            /* gateways: none */
	{13, 6,  zeros,                                   NULL},
	{14, 4,  zeros,                                   NULL},
	{15, 6,  zeros,                                   NULL},
	{16, 18, community,                               NULL},
	{17, 1,  (const uint8_t[]){ 1 },                  NULL},            /* alert destinations */
	{18, 0,  NULL,                                    put_destination},
	{19, 0,  NULL,                                    put_destination},
	{20, 2,  zeros,                                   NULL},            /* VLAN off */
	{21, 1,  zeros,                                   NULL},
	{22, 0,  NULL,                                    put_suite_count},
	{23, 0,  NULL,                                    put_suites},
	{24, 9,  suite_privileges,                        NULL},
	{26, 6,  zeros,                                   NULL},            /* bad passwords: no lockout */
	{50, 1,  zeros,                                   NULL},            /* IPv6 and IPv4 at once: no */
	{51, 1,  zeros,                                   NULL},
};
/* clang-format on */

static int lan_parameter(struct bmc_model *model, const struct ipmi_server_call *call, struct answer *answer)
{
	const uint8_t *data = call->request->data;

	if (!is_our_channel(data[0]))
		return COMPLETION_INVALID_FIELD;
	put_byte(answer, PARAMETER_VERSION);
	if (data[0] & 0x80) /* the revision alone was asked for */
		return COMPLETION_OK;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		if (parameters[i].parameter != data[1])
			continue;
		if (parameters[i].constant != NULL)
			put(answer, parameters[i].constant, parameters[i].len);
		else
			parameters[i].write(model, call, answer);
		return COMPLETION_OK;
	}
	return COMPLETION_UNSUPPORTED_PARAMETER;
}

/* clang-format off */
const struct bmc_command bmc_model_channel_commands[] = {
	{NETFN_APP,       0x41,              channel_access},
	{NETFN_APP,       APP_CHANNEL_INFO,  channel_info},
	{NETFN_APP,       0x44,              user_access},
	{NETFN_APP,       0x46,              user_name},
	{NETFN_TRANSPORT, TRANSPORT_GET_LAN, lan_parameter},
	{0, 0, NULL},
};
/* clang-format on */
