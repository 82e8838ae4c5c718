/*
 * ferrule: the administrator's program. Commands are rows of one table.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "lib/config.h"
#include "tools/ferrule/database.h"
#include "tools/ferrule/settings.h"
#include "tools/ferrule/standalone.h"

struct arguments {
	const char *config_path;
	const char *data_dir;
	int port;
};

enum { WITHOUT_CONFIG = 1, WITHOUT_DATA_DIR = 2 /* and --port */ };

struct command {
	const char *words[2]; /* "db", "upgrade" */
	unsigned without;
	int (*run)(const struct arguments *arguments);
	const char *usage;
	const char *help;
};

static int run_standalone(const struct arguments *arguments)
{
	struct standalone_arguments wanted = { .config_path = arguments->config_path,
					       .data_dir = arguments->data_dir,
					       .port = arguments->port };

	return standalone(&wanted);
}

static int run_db_upgrade(const struct arguments *arguments)
{
	return database_upgrade(arguments->config_path);
}

static int run_config_sample(const struct arguments *arguments)
{
	(void)arguments;
	settings_register();
	config_print_sample(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int run_api_document(const struct arguments *arguments)
{
	size_t len;
	const char *text = openapi_text(&len);

	(void)arguments;
	return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}

static const struct command commands[] = {
	{ .words = { "standalone" },
	  .run = run_standalone,
	  .usage = "[--config FILE] [--data-dir DIR] [--port N]",
	  .help = "Run everything that a single machine needs: a private PostgreSQL, the API and a "
		  "conductor." },
	{ .words = { "db", "upgrade" },
	  .without = WITHOUT_DATA_DIR,
	  .run = run_db_upgrade,
	  .usage = "[--config FILE]",
	  .help = "Bring the database's schema to this program's version." },
	{ .words = { "config", "sample" },
	  .without = WITHOUT_DATA_DIR | WITHOUT_CONFIG,
	  .run = run_config_sample,
	  .usage = "",
	  .help = "Print every option with its default and its help." },
	{ .words = { "api", "document" },
	  .without = WITHOUT_DATA_DIR | WITHOUT_CONFIG,
	  .run = run_api_document,
	  .usage = "",
	  .help = "Print the API's OpenAPI document, which it serves at /v1/openapi.json." },
	{ .run = NULL }
};

static void print_usage(FILE *out)
{
	fputs("ferrule " FERRULE_VERSION ": bare-metal service, compatible with Ironic\n\n", out);
	for (const struct command *command = commands; command->run; command++)
		fprintf(out, "  ferrule %s%s%s %s\n      %s\n", command->words[0],
			command->words[1] ? " " : "", command->words[1] ? command->words[1] : "",
			command->usage, command->help);
	fputs("  ferrule --version\n\nWithout --config, " SETTINGS_DEFAULT_PATH " is read.\n", out);
}

/* The row that the first words name; *ret_words is how many those are. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
	for (const struct command *command = commands; command->run; command++) {
		int count = command->words[1] ? 2 : 1;

		if (argc > count && strcmp(argv[1], command->words[0]) == 0 &&
		    (count == 1 || strcmp(argv[2], command->words[1]) == 0)) {
			*ret_words = count;
			return command;
		}
	}
	return NULL;
}

static bool parse_port(const char *text, int *ret_port)
{
	char *end;
	long port = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || port < 1 || port > 65535)
		return false;
	*ret_port = (int)port;
	return true;
}

/* Takes "--name VALUE" or "--name=VALUE" at argv[*at]; the value, or NULL when it is another option. */
static const char *option_value(const char *name, int argc, char **argv, int *at)
{
	size_t len = strlen(name);

	if (strncmp(argv[*at], name, len) != 0)
		return NULL;
	if (argv[*at][len] == '=')
		return argv[*at] + len + 1;
	if (argv[*at][len] == '\0' && *at + 1 < argc)
		return argv[++*at];
	return NULL;
}

static bool parse_option(const struct command *command, int argc, char **argv, int *at, struct arguments *ret)
{
	const char *value;

	if (!(command->without & WITHOUT_CONFIG) && (value = option_value("--config", argc, argv, at))) {
		ret->config_path = value;
		return true;
	}
	if (command->without & WITHOUT_DATA_DIR)
		return false;
	if ((value = option_value("--data-dir", argc, argv, at))) {
		ret->data_dir = value;
		return true;
	}
	value = option_value("--port", argc, argv, at);
	return value && parse_port(value, &ret->port);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	const struct command *command;
	int words;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("ferrule " FERRULE_VERSION);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return 0;
	}
	command = find_command(argc, argv, &words);
	if (!command) {
		print_usage(stderr);
		return 2;
	}
	for (int at = words + 1; at < argc && argv[at]; at++) {
		const char *text = argv[at];

		if (!parse_option(command, argc, argv, &at, &arguments)) {
			fprintf(stderr, "ferrule: unknown or incomplete option: %s\n", text);
			return 2;
		}
	}
	return command->run(&arguments);
}
