#pragma once
/*
 * standalone: `ferrule standalone`: a private PostgreSQL cluster, ferrule-api and ferrule-conductor under
 * one supervisor, until SIGTERM or SIGINT.
 */
struct standalone_arguments {
	const char *config_path; /* NULL: /etc/ferrule/ferrule.conf if it exists, else defaults */
	const char *data_dir;    /* NULL: the default folder */
	int port;                /* 0: the configuration's */
};

/* Runs until stopped. Returns the exit status. Owns the process's loop. */
int standalone(const struct standalone_arguments *arguments);
