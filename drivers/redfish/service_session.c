/* service_session: credentials, SessionService and its sessions, AccountService (one account, read only).
 * Source: DSP0266 sections 13.3.4 (sessions) and 13.3.3 (Basic). */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "drivers/redfish/service_private.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

#define SESSIONS "/redfish/v1/SessionService/Sessions"

/* ---- sessions ---- */

void service_sessions_release(struct redfish_service *service)
{
	if (service->sessions)
		explicit_bzero(service->sessions, service->session_count * sizeof(*service->sessions));
	xfree(service->sessions);
	service->sessions = NULL;
	service->session_count = 0;
}

static void session_remove(struct redfish_service *service, unsigned index)
{
	service->sessions[index] = service->sessions[--service->session_count];
	explicit_bzero(&service->sessions[service->session_count], sizeof(*service->sessions));
}

static void sessions_expire(struct redfish_service *service)
{
	int64_t oldest_ms = clock_ms() - (int64_t)service->options.session_timeout_s * 1000;

	for (unsigned i = service->session_count; i-- > 0;)
		if (service->sessions[i].used_ms < oldest_ms)
			session_remove(service, i);
}

static struct service_session *session_find(struct redfish_service *service, const char *id)
{
	sessions_expire(service);
	for (unsigned i = 0; i < service->session_count; i++)
		if (!strcmp(service->sessions[i].id, id))
			return &service->sessions[i];
	return NULL;
}

/* Compares with every session and every byte, so that time tells nothing about a token. */
static struct service_session *session_find_token(struct redfish_service *service, const char *token)
{
	struct service_session *found = NULL;

	if (strlen(token) != sizeof(service->sessions->token) - 1)
		return NULL;
	for (unsigned i = 0; i < service->session_count; i++) {
		unsigned char difference = 0;
		for (size_t n = 0; n < sizeof(service->sessions->token); n++)
			difference |= (unsigned char)(service->sessions[i].token[n] ^ token[n]);
		if (!difference)
			found = &service->sessions[i];
	}
	return found;
}

static struct service_session *session_new(struct redfish_service *service)
{
	struct service_session *session;
	unsigned char random_bytes[16];

	sessions_expire(service);
	if (service->session_count == REDFISH_SERVICE_SESSIONS)
		return NULL;
	if (getrandom(random_bytes, sizeof(random_bytes), 0) != sizeof(random_bytes))
		return NULL;
	service->sessions =
		xreallocarray(service->sessions, service->session_count + 1, sizeof(*service->sessions));
	session = &service->sessions[service->session_count++];
	*session = (struct service_session){ .used_ms = clock_ms() };
	snprintf(session->id, sizeof(session->id), "%u", service->next_id++);
	for (size_t i = 0; i < sizeof(random_bytes); i++)
		snprintf(session->token + 2 * i, 3, "%02x", random_bytes[i]);
	return session;
}

/* ---- credentials ---- */

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Decodes into text (size bytes with the NUL); false when it is not base64 or does not fit. */
static bool base64_decode(const char *from, char *text, size_t size)
{
	unsigned bits = 0, count = 0;
	size_t len = 0;

	for (; *from && *from != '='; from++) {
		int digit = base64_digit(*from);
		if (digit < 0)
			return false;
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		if (++count % 4 == 1)
			continue;
		if (len + 1 >= size)
			return false;
		text[len++] = (char)(bits >> (2 * (3 - (count - 1) % 4)) & 0xff);
	}
	text[len] = '\0';
	return strlen(text) == len && from[strspn(from, "=")] == '\0';
}

SUSPENDS static bool is_basic_right(struct service_exchange *exchange, const char *header)
{
	const struct redfish_service_options *options = &exchange->service->options;
	char pair[512];
	char *colon;
	bool is_right = false;

	if (strncasecmp(header, "Basic ", 6) != 0 || !base64_decode(header + 6, pair, sizeof(pair)))
		return false;
	colon = strchr(pair, ':');
	if (colon) {
		*colon = '\0';
		is_right = options->backend->is_authentic(options->arg, pair, colon + 1);
	}
	explicit_bzero(pair, sizeof(pair));
	return is_right;
}

bool service_authenticate(struct service_exchange *exchange)
{
	const char *token = http_request_header(exchange->request, "X-Auth-Token");
	const char *header = http_request_header(exchange->request, "Authorization");

	if (token) {
		struct service_session *session;
		sessions_expire(exchange->service);
		session = session_find_token(exchange->service, token);
		if (session) {
			session->used_ms = clock_ms();
			exchange->session_id = arena_strdup(exchange->request->arena, session->id);
			return true;
		}
	} else if (header && is_basic_right(exchange, header)) {
		return true;
	}
	http_response_header(exchange->response, "WWW-Authenticate", "Basic realm=\"Redfish\"");
	service_refuse(exchange, MESSAGE_NO_SESSION, NULL, NULL);
	return false;
}

/* ---- resources ---- */

static json_t *session_document(const struct redfish_service *service, const struct service_session *session)
{
	return json_pack("{s:s+, s:s, s:s, s:s, s:s, s:n}", "@odata.id", SESSIONS "/", session->id,
			 "@odata.type", "#Session.v1_3_0.Session", "Id", session->id, "Name", "User session",
			 "UserName", service->options.user, "Password");
}

static json_t *session_service_get(struct service_exchange *exchange)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:{s:s, s:s}, s:o}", "@odata.id",
			 "/redfish/v1/SessionService", "@odata.type", "#SessionService.v1_1_8.SessionService",
			 "Id", "SessionService", "Name", "Session service", "ServiceEnabled", 1,
			 "SessionTimeout", exchange->service->options.session_timeout_s, "Status", "State",
			 "Enabled", "Health", "OK", "Sessions", service_link(SESSIONS));
}

static json_t *sessions_get(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	json_t *members = json_array();

	sessions_expire(service);
	for (unsigned i = 0; i < service->session_count; i++)
		json_array_append_new(
			members, json_pack("{s:s+}", "@odata.id", SESSIONS "/", service->sessions[i].id));
	return service_collection(SESSIONS, "SessionCollection.Session", "Sessions", members);
}

static bool refuse_by_quirk(struct service_exchange *exchange)
{
	struct http_response *response = exchange->response;

	if (!exchange->service->quirks->has_no_sessions)
		return false;
	response->status = 503;
	http_response_header(response, "Content-Type", "application/json");
	buf_puts(&response->body,
		 "{\"error\":{\"code\":\"Base.1.0.GeneralError\",\"message\":\"A general error has "
		 "occurred.\",\"@Message.ExtendedInfo\":[{\"MessageId\":\"IDRAC.1.6.RAC0218\","
		 "\"Message\":\"The maximum number of user sessions has been reached.\"}]}}");
	return true;
}

SUSPENDS static void sessions_post(struct service_exchange *exchange)
{
	static const char *const names[] = { "UserName", "Password", NULL };
	const struct redfish_service_options *options = &exchange->service->options;
	const char *user, *password;
	struct service_session *session;
	char location[128];

	if (refuse_by_quirk(exchange) || !service_body_only(exchange, names, false))
		return;
	if (!service_body_text(exchange, "UserName", &user) ||
	    !service_body_text(exchange, "Password", &password))
		return;
	if (!user || !password) {
		service_refuse(exchange, MESSAGE_PROPERTY_MISSING, user ? "Password" : "UserName", NULL);
		return;
	}
	if (!options->backend->is_authentic(options->arg, user, password)) {
		http_response_header(exchange->response, "WWW-Authenticate", "Basic realm=\"Redfish\"");
		service_refuse(exchange, MESSAGE_NO_SESSION, NULL, NULL);
		return;
	}
	session = session_new(exchange->service);
	if (!session) {
		service_refuse(exchange, MESSAGE_SESSION_LIMIT, NULL, NULL);
		return;
	}
	http_response_header(exchange->response, "X-Auth-Token", "%s", session->token);
	snprintf(location, sizeof(location), SESSIONS "/%s", session->id);
	if (exchange->service->quirks->has_no_session_location)
		exchange->response->status = 204;
	else
		service_created(exchange, location, session_document(exchange->service, session));
}

static json_t *session_get(struct service_exchange *exchange)
{
	const struct service_session *session = session_find(exchange->service, exchange->id);

	return session ? session_document(exchange->service, session) : NULL;
}

static void session_delete(struct service_exchange *exchange)
{
	struct service_session *session = session_find(exchange->service, exchange->id);

	if (!session) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return;
	}
	session_remove(exchange->service, (unsigned)(session - exchange->service->sessions));
	service_done(exchange);
}

static json_t *account_service_get(struct service_exchange *exchange)
{
	(void)exchange;
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "@odata.id", "/redfish/v1/AccountService",
			 "@odata.type", "#AccountService.v1_10_0.AccountService", "Id", "AccountService",
			 "Name", "Account service", "ServiceEnabled", 1, "Accounts",
			 service_link("/redfish/v1/AccountService/Accounts"), "Roles",
			 service_link("/redfish/v1/AccountService/Roles"));
}

static json_t *accounts_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection("/redfish/v1/AccountService/Accounts",
				  "ManagerAccountCollection.ManagerAccount", "Accounts",
				  json_pack("[o]", service_link("/redfish/v1/AccountService/Accounts/1")));
}

static json_t *account_get(struct service_exchange *exchange)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:n, s:s, s:b, s:b, s:[s], s:{s:o}}", "@odata.id",
			 "/redfish/v1/AccountService/Accounts/1", "@odata.type",
			 "#ManagerAccount.v1_8_0.ManagerAccount", "Id", "1", "Name", "User account",
			 "UserName", exchange->service->options.user, "Password", "RoleId", "Administrator",
			 "Enabled", 1, "Locked", 0, "AccountTypes", "Redfish", "Links", "Role",
			 service_link("/redfish/v1/AccountService/Roles/Administrator"));
}

static json_t *roles_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection(
		"/redfish/v1/AccountService/Roles", "RoleCollection.Role", "Roles",
		json_pack("[o]", service_link("/redfish/v1/AccountService/Roles/Administrator")));
}

static json_t *role_get(struct service_exchange *exchange)
{
	(void)exchange;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:[s,s,s,s,s]}", "@odata.id",
			 "/redfish/v1/AccountService/Roles/Administrator", "@odata.type", "#Role.v1_3_1.Role",
			 "Id", "Administrator", "Name", "Administrator", "RoleId", "Administrator",
			 "IsPredefined", 1, "AssignedPrivileges", "Login", "ConfigureManager",
			 "ConfigureUsers", "ConfigureComponents", "ConfigureSelf");
}

const struct service_resource service_session_resources[] = {
	{ .path = "/redfish/v1/SessionService", .get = session_service_get },
	{ .path = SESSIONS,
	  .is_live = true,
	  .get = sessions_get,
	  .post = sessions_post,
	  .is_post_open = true },
	{ .path = SESSIONS "/{}", .is_live = true, .get = session_get, .delete = session_delete },
	{ .path = "/redfish/v1/AccountService", .get = account_service_get },
	{ .path = "/redfish/v1/AccountService/Accounts", .get = accounts_get },
	{ .path = "/redfish/v1/AccountService/Accounts/1", .get = account_get },
	{ .path = "/redfish/v1/AccountService/Roles", .get = roles_get },
	{ .path = "/redfish/v1/AccountService/Roles/Administrator", .get = role_get },
	{ 0 },
};
