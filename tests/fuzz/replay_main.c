/*
 * replay_main: runs a fuzz target over files, for compilers without libFuzzer. Arguments are files or
 * folders (walked down); "-mutate=N" also runs N mutated copies of each, from a fixed seed, so that a
 * run is repeatable.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int replay_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)place;
	return kind == FTW_F ? replay_file(path) : 0;
}

int main(int argc, char **argv)
{
	int failures = 0;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-mutate=", 8) == 0)
			mutations = strtoul(argv[i] + 8, NULL, 10);
		else
			failures += nftw(argv[i], replay_entry, 16, FTW_PHYS) != 0;
	}
	printf("%lu inputs replayed\n", inputs);
	return failures || !inputs;
}
