#include "tools/ferrule/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/server.h"
#include "api/valence.h"
#include "conductor/options.h"
#include "db/db.h"
#include "drivers/driver.h"
#include "drivers/module.h"
#include "lib/buf.h"
#include "lib/config.h"
#include "lib/xalloc.h"
#include "model/options.h"

enum { FILE_MAX = 1024 * 1024 };

void settings_register(void)
{
	common_options_register();
	config_foreign(NULL); /* all tables are here: what is unknown is misspelt */
	db_config_register();
	server_config_register();
	valence_config_register();
	conductor_options_register();
	drivers_config_register();
}

int settings_load(const char *path, struct error *err)
{
	int rc;

	settings_register();
	rc = driver_modules_load(path, err);
	if (rc == 0)
		rc = config_load(path, err);
	if (rc == 0)
		rc = server_check_config(err);
	if (rc == 0)
		rc = valence_check_config(err);
	if (rc == 0)
		rc = conductor_options_check(err);
	if (rc == 0)
		rc = drivers_check_config(err);
	return rc;
}

const char *settings_path(const char *given)
{
	if (!given && access(SETTINGS_DEFAULT_PATH, F_OK) == 0)
		return SETTINGS_DEFAULT_PATH;
	return given;
}

int settings_read_text(const char *path, char **ret_text, struct error *err)
{
	char part[4096];
	struct buf text;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, ERR_INVALID, "Cannot open %s: %s", path, strerror(errno));
	buf_init(&text, FILE_MAX);
	while ((got = read(fd, part, sizeof part)) > 0)
		buf_append(&text, part, (size_t)got);
	explicit_bzero(part, sizeof part);
	close(fd);
	if (got < 0 || text.overflow) {
		buf_release(&text);
		return fail(err, ERR_INVALID, "%s cannot be read, or is larger than %d bytes", path,
			    FILE_MAX);
	}
	*ret_text = buf_take(&text);
	return 0;
}

char *settings_compose(const char *user_text, const char *connection, int port)
{
	return xasprintf(
		"# Written at each start of ferrule standalone, from its configuration and command line.\n"
		"[ipmi]\nsession_ledger = run/ipmi-sessions\n"
		"%s\n"
		"[database]\nconnection = %s\nlisten_connection = %s\n"
		"[api]\nport = %d\n",
		user_text ? user_text : "", connection, connection, port);
}
