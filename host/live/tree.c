// SPDX-License-Identifier: MIT
#include "live/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"

#define ARCHIVES "archives"
#define DEPTH	 8

/* BEGIN-END-NUMBER, as LTTng calls a chunk: 20260101T120000+0000-...-7. */
static bool chunk_number(const char *name, uint64_t *number)
{
	const char *dash = strrchr(name, '-');
	char *end;

	if (!dash || strspn(name, "0123456789") != 8 || name[8] != 'T' ||
	    dash[1] < '0' || dash[1] > '9')
		return false;
	errno = 0;
	*number = strtoull(dash + 1, &end, 10);
	return !*end && !errno;
}

/* What may have files of a trace in it. */
static bool is_wanted(const char *name)
{
	uint64_t number;

	return name[0] != '.' && strcmp(name, "index") &&
	       strcmp(name, ARCHIVES) && !chunk_number(name, &number);
}

static int walk(const char *root, const char *below, int depth,
		const struct live_tree *to, struct ctf_error *e);

/* One name of a folder that is open as @dir. */
static int look(const char *root, const char *below, const char *name, int dir,
		bool has_metadata, int depth, const struct live_tree *to,
		struct ctf_error *e)
{
	struct stat st;
	char *path;
	int ret = 0;

	if (!is_wanted(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISREG(st.st_mode))
		return has_metadata ? to->take(to->ctx, below, name, e) : 0;
	if (!S_ISDIR(st.st_mode) || !depth)
		return 0;
	if (asprintf(&path, "%s%s%s", below, *below ? "/" : "", name) < 0)
		return vmsync_fail_memory(e);
	ret = walk(root, path, depth - 1, to, e);
	free(path);
	return ret;
}

static int walk(const char *root, const char *below, int depth,
		const struct live_tree *to, struct ctf_error *e)
{
	const struct dirent *entry;
	bool has_metadata;
	char *path;
	int ret = 0;
	DIR *d;

	if (asprintf(&path, "%s/%s", root, below) < 0)
		return vmsync_fail_memory(e);
	d = opendir(path);
	if (!d) {
		if (errno != ENOENT)
			ret = vmsync_fail_file(e, -errno, path);
		free(path);
		return ret;
	}
	has_metadata = !faccessat(dirfd(d), "metadata", F_OK,
				  AT_SYMLINK_NOFOLLOW);
	while (!ret && (entry = readdir(d)))
		ret = look(root, below, entry->d_name, dirfd(d), has_metadata,
			   depth, to, e);
	closedir(d);
	free(path);
	return ret;
}

int live_tree_walk(const char *folder, const struct live_tree *to,
		   struct ctf_error *e)
{
	return walk(folder, "", DEPTH, to, e);
}

static int least_chunk(const char *folder, uint64_t from, uint64_t *number,
		       char **out, struct ctf_error *e)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	char *name = NULL;
	uint64_t n;

	if (!d)
		return errno == ENOENT ? 0 : vmsync_fail_file(e, -errno, folder);
	while ((entry = readdir(d))) {
		if (!chunk_number(entry->d_name, &n) || n < from ||
		    (name && n >= *number))
			continue;
		free(name);
		name = strdup(entry->d_name);
		*number = n;
		if (!name)
			break;
	}
	closedir(d);
	if (!name)
		return entry ? vmsync_fail_memory(e) : 0;
	n = (uint64_t)asprintf(out, "%s/%s", folder, name);
	free(name);
	return (int)n < 0 ? vmsync_fail_memory(e) : 1;
}

int live_tree_chunk(const char *session, uint64_t from, uint64_t *number,
		    char **out, struct ctf_error *e)
{
	char *folder;
	int ret;

	if (asprintf(&folder, "%s/" ARCHIVES, session) < 0)
		return vmsync_fail_memory(e);
	ret = least_chunk(folder, from, number, out, e);
	free(folder);
	return ret;
}

bool live_tree_is_written(const char *session)
{
	DIR *d = opendir(session);
	const struct dirent *entry;
	bool written = false;

	while (d && !written && (entry = readdir(d)))
		written = strcmp(entry->d_name, ".") &&
			  strcmp(entry->d_name, "..") &&
			  strcmp(entry->d_name, ARCHIVES);
	if (d)
		closedir(d);
	return written;
}
