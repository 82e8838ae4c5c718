#pragma once
/* database: commands on the database itself. */

/* `ferrule db upgrade`: applies the migrations that are missing. Returns the exit status. */
int database_upgrade(const char *config_path);
