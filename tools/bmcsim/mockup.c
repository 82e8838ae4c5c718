/* mockup: see mockup.h. */
#include "tools/bmcsim/mockup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"

#define FILE_MAX_BYTES (16 << 20)
#define WALK_FILES     16 /* descriptors that the walk may hold */
#define TAR_BLOCK      512

struct mockup {
	char *path;
	struct service_tree *tree;
	struct mockup *next;
};

static struct mockup *mockups;

/* Of the walk under way: nftw hands no argument on. */
static struct {
	struct service_tree *tree;
	struct error *err;
	size_t skip; /* length of the folder's own name */
} walk;

static char *read_file(const char *path, size_t size)
{
	char *text = xmalloc(size + 1);
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, size, file) : 0;

	if (file)
		fclose(file);
	text[len] = '\0';
	if (len == size)
		return text;
	xfree(text);
	return NULL;
}

/* ".../redfish/v1/Systems/index.json" is the resource /redfish/v1/Systems. Other files are not looked at. */
static const char *resource_of(const char *path, size_t *ret_len)
{
	const char *root = !strncmp(path, "redfish/", 8) ? path : strstr(path, "/redfish/");
	const char *slash = strrchr(path, '/');

	if (!root || !slash || (strcmp(slash, "/index.json") != 0 && strcmp(slash, "/index.xml") != 0))
		return NULL;
	if (*root == '/')
		root++;
	*ret_len = (size_t)(slash - root);
	return root;
}

static int take_resource(struct service_tree *tree, const char *path, const char *text, size_t size,
			 struct error *err)
{
	size_t len;
	const char *root = resource_of(path, &len);
	bool is_text = true;

	if (root) {
		char *resource = xasprintf("/%.*s", (int)len, root);
		is_text = service_tree_put(tree, resource, text, size);
		xfree(resource);
	}
	return is_text ? 0 : fail(err, ERR_INVALID, "%s is not UTF-8", path);
}

static int take_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	size_t len;
	char *text;
	int rc;

	(void)place;
	if (kind != FTW_F || !resource_of(path + walk.skip, &len))
		return 0;
	if (info->st_size > FILE_MAX_BYTES)
		return fail(walk.err, ERR_INVALID, "%s is larger than %d bytes", path, FILE_MAX_BYTES);
	text = read_file(path, (size_t)info->st_size);
	if (!text)
		return fail(walk.err, ERR_INVALID, "Cannot read %s: %s", path, strerror(errno));
	rc = take_resource(walk.tree, path + walk.skip, text, (size_t)info->st_size, walk.err);
	xfree(text);
	return rc;
}

static int read_folder(const char *folder, struct service_tree *tree, struct error *err)
{
	walk.tree = tree;
	walk.err = err;
	walk.skip = strlen(folder);
	if (nftw(folder, take_file, WALK_FILES, FTW_PHYS) != 0)
		return err->code ? -(int)err->code : fail(err, ERR_INVALID, "Cannot read %s", folder);
	return 0;
}

/* ---- archives ---- */

/* The header of one member. Source: POSIX.1 pax, "ustar Interchange Format". */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[8], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

struct archive {
	FILE *file;
	char *long_name; /* owned; of the next member, from one of type 'L' or 'x' before it */
	struct service_tree *tree;
	struct error *err;
};

/* What unpacks it, by the end of its name. */
static int open_archive(const char *path, struct archive *archive, pid_t *ret_child, struct error *err)
{
	size_t len = strlen(path);
	const char *tool = len > 3 && !strcmp(path + len - 3, ".xz")   ? "xz"
			   : len > 3 && !strcmp(path + len - 3, ".gz") ? "gzip"
								       : "cat";
	int out[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return fail(err, ERR_INVALID, "Cannot make a pipe: %s", strerror(errno));
	*ret_child = fork();
	if (*ret_child == 0) {
		dup2(out[1], STDOUT_FILENO);
		execlp(tool, tool, *tool == 'c' ? "--" : "-dc", path, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	archive->file = fdopen(out[0], "r");
	return 0;
}

/* The path out of "27 path=redfish/v1/...\n" records. */
static char *pax_path(const char *records, size_t len)
{
	const char *found = memmem(records, len, " path=", 6);
	const char *end = found ? memchr(found, '\n', len - (size_t)(found - records)) : NULL;

	return end ? xstrndup(found + 6, (size_t)(end - found) - 6) : NULL;
}

static char *member_name(struct archive *archive, const struct tar_header *header)
{
	char *name = archive->long_name;

	archive->long_name = NULL;
	if (name)
		return name;
	if (!memcmp(header->magic, "ustar\0", 6) && header->prefix[0])
		return xasprintf("%.155s/%.100s", header->prefix, header->name);
	return xasprintf("%.100s", header->name);
}

/* One member with its text; false: the archive has an end in the middle. */
static bool read_member(struct archive *archive, const struct tar_header *header, int *ret)
{
	size_t size = strtoul(header->size, NULL, 8);
	size_t padded = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	char *text, *name;

	if (size > FILE_MAX_BYTES) {
		*ret = fail(archive->err, ERR_INVALID, "A member is larger than %d bytes", FILE_MAX_BYTES);
		return false;
	}
	text = xmalloc(padded + 1);
	if (fread(text, 1, padded, archive->file) != padded) {
		xfree(text);
		return false;
	}
	text[size] = '\0';
	if (header->type == 'L' || header->type == 'x') {
		xfree(archive->long_name);
		archive->long_name = header->type == 'L' ? xstrdup(text) : pax_path(text, size);
	} else {
		name = member_name(archive, header);
		if (header->type == '0' || header->type == '\0')
			*ret = take_resource(archive->tree, name, text, size, archive->err);
		xfree(name);
	}
	xfree(text);
	return *ret == 0;
}

static int read_archive(const char *path, struct service_tree *tree, struct error *err)
{
	struct archive archive = { .tree = tree, .err = err };
	struct tar_header header;
	int status, rc;
	pid_t child;

	rc = open_archive(path, &archive, &child, err);
	if (rc < 0)
		return rc;
	while (fread(&header, sizeof(header), 1, archive.file) == 1 && (header.name[0] || header.prefix[0]))
		if (!read_member(&archive, &header, &rc))
			break;
	/* the rest, so that the other side of the pipe ends well */
	while (rc == 0 && fread(&header, sizeof(header), 1, archive.file) == 1)
		;
	fclose(archive.file);
	xfree(archive.long_name);
	if (waitpid(child, &status, 0) == child && rc == 0 && (!WIFEXITED(status) || WEXITSTATUS(status)))
		rc = fail(err, ERR_INVALID, "Cannot unpack %s", path);
	return rc;
}

/* ---- trees ---- */

int mockup_load(const char *path, const struct service_tree **ret, struct error *err)
{
	struct mockup *mockup = mockups;
	struct stat info;
	int rc;

	while (mockup && strcmp(mockup->path, path) != 0)
		mockup = mockup->next;
	if (!mockup) {
		if (stat(path, &info) < 0)
			return fail(err, ERR_INVALID, "Cannot read the tree %s: %s", path, strerror(errno));
		mockup = xcalloc(1, sizeof(*mockup));
		mockup->path = xstrdup(path);
		mockup->tree = service_tree_new();
		mockup->next = mockups;
		mockups = mockup;
		err->code = ERR_NONE;
		rc = (S_ISDIR(info.st_mode) ? read_folder : read_archive)(path, mockup->tree, err);
		if (rc == 0 && !service_tree_count(mockup->tree))
			rc = fail(err, ERR_INVALID, "There is no redfish/.../index.json in %s", path);
		if (rc < 0)
			return rc;
	}
	*ret = mockup->tree;
	return 0;
}

void mockups_release(void)
{
	while (mockups) {
		struct mockup *next = mockups->next;
		service_tree_free(mockups->tree);
		xfree(mockups->path);
		xfree(mockups);
		mockups = next;
	}
}
