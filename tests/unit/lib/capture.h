#pragma once
/* capture: what the code between begin and end writes to stderr. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture {
	int saved_fd;
	FILE *file;
	char text[65536];
};

__attribute__((unused)) static void capture_begin(struct capture *capture)
{
	capture->file = tmpfile();
	assert(capture->file);
	fflush(stderr);
	capture->saved_fd = dup(STDERR_FILENO);
	dup2(fileno(capture->file), STDERR_FILENO);
}

__attribute__((unused)) static const char *capture_end(struct capture *capture)
{
	fflush(stderr);
	dup2(capture->saved_fd, STDERR_FILENO);
	close(capture->saved_fd);
	rewind(capture->file);
	size_t len = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[len] = '\0';
	fclose(capture->file);
	return capture->text;
}
