#pragma once
/* config_file: the INI syntax below config.c, by inih, with its limits made visible. */
#include "lib/error.h"

typedef int config_take_fn(const char *section, const char *name, const char *value, struct error *err);

/* Calls take for each option of the file, in order; the value has lost spaces around it and one pair of
 * quotes. Stops at the first failure: -ERR_NOT_FOUND when the file cannot be read, else -ERR_INVALID; the
 * sentence names file and line. No value is ever quoted in it but by take. */
int config_file_read(const char *path, config_take_fn *take, struct error *err);
/* The same for text in memory; name stands for the file in sentences. */
int config_text_read(const char *name, const char *text, size_t len, config_take_fn *take, struct error *err);
