// SPDX-License-Identifier: MIT
#include "files.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_OPEN 16

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int files_remove(const char *path)
{
	return nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

/* What nftw() cannot hand on. */
static const char *links_to;
static unsigned int n_links;

static int link_one(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	char to[4096];

	(void)st;
	if (type != FTW_F || strncmp(path + ftw->base, "channel", 7))
		return 0;
	snprintf(to, sizeof(to), "%s/%u", links_to, n_links++);
	return rename(path, to) || symlink(to, path) ? -1 : 0;
}

int files_link(const char *path, const char *kept)
{
	if (mkdir(kept, 0755) && errno != EEXIST)
		return -1;
	links_to = kept;
	return nftw(path, link_one, FOLDERS_OPEN, FTW_PHYS);
}
