// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/layers/find.h"
#include "fuse/fail.h"

#define SUFFIX ".layer"

static bool is_there(char *folder, size_t size, const char *base, size_t n,
		     const char *below)
{
	return (size_t)snprintf(folder, size, "%.*s/%s", (int)n, base, below) <
		       size &&
	       !access(folder, R_OK | X_OK);
}

/*
 * PREFIX/bin/vmsync has PREFIX/share/vmsync/layers, wherever it was unpacked,
 * and build/release/vmsync of the source tree has layers.
 */
static bool folder_find(char *folder, size_t size)
{
	const char *set = getenv("VMSYNC_LAYERS");
	char self[PATH_MAX];
	ssize_t n;
	int up;

	if (set)
		return is_there(folder, size, set, strlen(set), ".");
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	for (up = 0; n > 0 && up < 3; up++) {
		while (n > 0 && self[n - 1] != '/')
			n--;
		n -= n > 0;
		if (is_there(folder, size, self, (size_t)n,
			     up == 1 ? "share/vmsync/layers" : "layers"))
			return true;
	}
	return false;
}

struct layer *layer_find(const char *what, struct ctf_error *e)
{
	size_t len = strlen(what);
	char folder[PATH_MAX], path[2 * PATH_MAX];

	if (strchr(what, '/') || (len > strlen(SUFFIX) &&
				  !strcmp(what + len - strlen(SUFFIX), SUFFIX)))
		return layer_read(what, e);
	if (!folder_find(folder, sizeof(folder))) {
		vmsync_fail(e, -ENOENT,
			    "name a file, or set VMSYNC_LAYERS to "
			    "their folder",
			    "%.100s: the layers of vmsync are not installed",
			    what);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s" SUFFIX, folder, what);
	if (access(path, R_OK)) {
		vmsync_fail(e, -ENOENT,
			    "vmsync layers --list names them; a file "
			    "has a '/' in its name, or ends in " SUFFIX,
			    "%.100s: no such layer", what);
		return NULL;
	}
	return layer_read(path, e);
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

char **layer_names(size_t *n)
{
	VMSYNC_ARRAY(char *) names = {0};
	char folder[PATH_MAX], **at;
	struct dirent *d;
	DIR *dir = folder_find(folder, sizeof(folder)) ? opendir(folder) : NULL;

	while (dir && (d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (len <= strlen(SUFFIX) ||
		    strcmp(d->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		at = vmsync_array_add(&names);
		if (!at)
			break;
		*at = strndup(d->d_name, len - strlen(SUFFIX));
		names.count -= !*at;
	}
	if (dir)
		closedir(dir);
	if (names.count)
		qsort(names.at, names.count, sizeof(*names.at), by_name);
	*n = names.count;
	return names.at;
}
