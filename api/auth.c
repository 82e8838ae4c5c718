#include "api/auth.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/problem.h"
#include "api/route.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define FILE_MAX_BYTES  (1024 * 1024)
#define CREDENTIALS_MAX 512
#define CHECKS_AT_ONCE  4 /* bcrypt is slow: others keep the rest of the thread pool */
#define CHECK_WAIT_MS   20000

static struct {
	char *strategy;
	char *user_file;
} options;

/* clang-format off */
static const struct option table[] = {
	{ .section = "DEFAULT", .name = "auth_strategy", .type = OPTION_TEXT,
	  .target = &options.strategy, .preset = "noauth",
	  .help = "noauth: everyone may do everything. http_basic: users of http_basic_auth_user_file." },
	{ .section = "DEFAULT", .name = "http_basic_auth_user_file", .type = OPTION_TEXT,
	  .target = &options.user_file, .preset = "/etc/ferrule/htpasswd",
	  .help = "Lines user:hash with bcrypt hashes ($2a$, $2b$ or $2y$), as htpasswd -B writes." },
	{ 0 }
};
/* clang-format on */

static struct semaphore checks = { .free = CHECKS_AT_ONCE };

void auth_config_register(void)
{
	config_register(table);
}

bool auth_is_off(void)
{
	return strcmp(options.strategy, "noauth") == 0;
}

int auth_check_config(struct error *err)
{
	if (auth_is_off())
		return 0;
	if (strcmp(options.strategy, "http_basic") != 0)
		return fail(err, ERR_INVALID,
			    "[DEFAULT] auth_strategy = %s is not known; it is noauth or http_basic.",
			    options.strategy);
	if (access(options.user_file, R_OK) != 0)
		return fail(err, ERR_INVALID, "[DEFAULT] http_basic_auth_user_file %s cannot be read: %s.",
			    options.user_file, strerror(errno));
	return 0;
}

static int base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

long auth_base64(const char *text, size_t len, char *decoded)
{
	unsigned bits = 0, count = 0;
	long used = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			decoded[used++] = (char)(bits >> count & 0xff);
		}
	}
	return used;
}

static bool is_bcrypt(const char *hash)
{
	return strncmp(hash, "$2a$", 4) == 0 || strncmp(hash, "$2b$", 4) == 0 ||
	       strncmp(hash, "$2y$", 4) == 0;
}

static bool equal_in_constant_time(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned char difference = strlen(b) != len;

	for (size_t i = 0; i < len && !difference; i++)
		difference |= (unsigned char)(a[i] ^ b[i]);
	return !difference;
}

static bool hash_accepts(const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof *data);
	const char *made = is_bcrypt(hash) ? crypt_r(password, hash, data) : NULL;
	bool is_same = made && equal_in_constant_time(hash, made);

	explicit_bzero(data, sizeof *data);
	xfree(data);
	return is_same;
}

bool auth_file_accepts(const char *file_text, const char *user, const char *password)
{
	size_t user_len = strlen(user);

	for (const char *line = file_text; *line;) {
		size_t len = strcspn(line, "\r\n");

		if (len > user_len + 1 && memcmp(line, user, user_len) == 0 && line[user_len] == ':') {
			char *hash = xstrndup(line + user_len + 1, len - user_len - 1);
			bool is_right = hash_accepts(hash, password);

			xfree(hash);
			return is_right;
		}
		line += len;
		line += strspn(line, "\r\n");
	}
	return false;
}

/* ---- one check in the thread pool ---- */

struct check {
	const char *path, *user, *password;
	bool is_right;
	bool is_unreadable;
};

static char *read_file(const char *path)
{
	char *text = xmalloc(FILE_MAX_BYTES + 1);
	size_t used = 0;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && used < FILE_MAX_BYTES && (got = read(fd, text + used, FILE_MAX_BYTES - used)) > 0)
		used += (size_t)got;
	if (fd >= 0)
		close(fd);
	text[used] = '\0';
	if (fd < 0 || got < 0) {
		xfree(text);
		return NULL;
	}
	return text;
}

static void check_work(void *arg)
{
	struct check *check = arg;
	char *text = read_file(check->path);

	check->is_unreadable = !text;
	check->is_right = text && auth_file_accepts(text, check->user, check->password);
	if (text)
		explicit_bzero(text, strlen(text));
	xfree(text);
}

static bool unauthorized(struct api_request *request, const char *sentence)
{
	request->version_headers = VERSION_HEADERS_NONE;
	buf_puts(&request->out->headers, "WWW-Authenticate: Basic realm=\"Baremetal API\"\r\n");
	reply_json(request, 401);
	problem_auth(&request->out->body, 401, sentence);
	return true;
}

static bool malformed(struct api_request *request)
{
	request->version_headers = VERSION_HEADERS_NONE;
	reply_json(request, 400);
	problem_auth(&request->out->body, 400, "Could not decode authorization token");
	return true;
}

static bool refuse_credentials(struct api_request *request, char *credentials)
{
	char *colon = strchr(credentials, ':');
	struct check check = { .path = options.user_file, .user = credentials };

	if (!colon)
		return malformed(request);
	*colon = '\0';
	check.password = colon + 1;
	if (semaphore_take(&checks, clock_ms() + CHECK_WAIT_MS) < 0) {
		reply_fault(request, 503, "Too many requests wait for their password check. Please retry.");
		return true;
	}
	offload(check_work, &check);
	semaphore_give(&checks);
	if (check.is_unreadable)
		log_error("The password file %s cannot be read.", options.user_file);
	if (!check.is_right)
		return unauthorized(request, "Incorrect username or password");
	request->user = arena_strdup(request->arena, credentials);
	return false;
}

bool auth_refuse(struct api_request *request)
{
	const char *header = http_request_header(request->http, "Authorization");
	char credentials[CREDENTIALS_MAX];

	if (auth_is_off() || request->route->is_public)
		return false;
	if (!header)
		return unauthorized(request, "Authorization required");
	if (strncasecmp(header, "Basic ", 6) != 0)
		return malformed(request);
	const char *token = header + 6 + strspn(header + 6, " ");
	if (strlen(token) >= sizeof credentials)
		return malformed(request);
	long len = auth_base64(token, strlen(token), credentials);
	if (len < 0 || memchr(credentials, '\0', (size_t)len))
		return malformed(request);
	credentials[len] = '\0';
	bool is_refused = refuse_credentials(request, credentials);
	explicit_bzero(credentials, sizeof credentials);
	return is_refused;
}
