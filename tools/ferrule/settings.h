#pragma once
/* settings: the configuration of all programs, as the commands of `ferrule` need it. */
#include "lib/error.h"

#define SETTINGS_DEFAULT_PATH "/etc/ferrule/ferrule.conf"

/* Registers every option table of the project. */
void settings_register(void);

/* The file that counts: the one given, else the default one if it exists, else NULL. */
const char *settings_path(const char *given);

/* Registers all, reads the file (NULL: defaults) and has every program's options checked. */
int settings_load(const char *path, struct error *err);

/* The text of a configuration file. Owned by the caller: xfree_secret. */
int settings_read_text(const char *path, char **ret_text, struct error *err);

/* What the programs of a standalone are started with: what suits its data folder, where they run, the user's
 * text (NULL: none), then what standalone decides; the last value of an option counts. Owned by the caller:
 * xfree_secret. */
char *settings_compose(const char *user_text, const char *connection, int port);
