/*
 * replay_main: runs a fuzz target over files, for compilers without libFuzzer. Arguments are files or
 * folders (walked one level); "-mutate=N" also runs N mutated copies of each, from a fixed seed, so that a
 * run is repeatable.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long mutations, inputs;
static uint64_t random_state = 88172645463325252u;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* The copy has exactly the input's size, so that ASan sees the first byte read past the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	inputs++;
}

static size_t mutate(uint8_t *data, size_t size)
{
	for (uint64_t edits = 1 + draw() % 4; edits-- && size;) {
		size_t at = draw() % size;
		switch (draw() % 4) {
		case 0:
			data[at] ^= (uint8_t)(1u << draw() % 8);
			break;
		case 1:
			data[at] = (uint8_t)draw();
			break;
		case 2:
			memmove(data + at, data + at + 1, size - at - 1);
			size--;
			break;
		default:
			size = at + 1;
		}
	}
	return size;
}

static void replay(const uint8_t *data, size_t size)
{
	static uint8_t mutated[INPUT_MAX];

	run(data, size);
	for (unsigned long i = 0; i < mutations; i++) {
		memcpy(mutated, data, size);
		run(mutated, mutate(mutated, size));
	}
}

static int replay_file(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return 1;
	}
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	replay(data, size);
	return 0;
}

static int replay_path(const char *path)
{
	struct stat status;
	DIR *folder;
	int failures = 0;

	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return replay_file(path);
	folder = opendir(path);
	if (!folder) {
		perror(path);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failures += replay_file(name);
	}
	closedir(folder);
	return failures;
}

int main(int argc, char **argv)
{
	int failures = 0;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-mutate=", 8) == 0)
			mutations = strtoul(argv[i] + 8, NULL, 10);
		else
			failures += replay_path(argv[i]);
	}
	printf("%lu inputs replayed\n", inputs);
	return failures || !inputs;
}
