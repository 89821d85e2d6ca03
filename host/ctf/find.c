// SPDX-License-Identifier: MIT
/* Finds the trace folders below a folder. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctf/internal.h"

#define MAX_LEVELS	8
#define MAX_FOUND	(1u << 20)

static char *path_join(const char *dir, const char *name)
{
	char *p;

	return asprintf(&p, "%s/%s", dir, name) < 0 ? NULL : p;
}

static bool is_regular(const char *dir, const char *name)
{
	char *p = path_join(dir, name);
	struct stat st;
	bool yes = p && !stat(p, &st) && S_ISREG(st.st_mode);

	free(p);
	return yes;
}

static int add_path(struct ctf_paths *out, size_t *cap, const char *path,
		    struct ctf_error *e)
{
	if (out->n >= MAX_FOUND)
		return fail(e, -E2BIG, "%s: more than %u traces", path,
			    MAX_FOUND);
	if (vec_grow(&out->path, cap, out->n + 1, sizeof(char *)))
		return fail_nomem(e);
	out->path[out->n] = strdup(path);
	if (!out->path[out->n])
		return fail_nomem(e);
	out->n++;
	return 0;
}

static int search(const char *path, int level, struct ctf_paths *out,
		  size_t *cap, struct ctf_error *e)
{
	struct dirent *d;
	int ret = 0;
	DIR *dir;

	if (is_regular(path, "metadata"))
		return add_path(out, cap, path, e);
	if (level >= MAX_LEVELS)
		return 0;
	dir = opendir(path);
	if (!dir)
		return fail(e, -errno, "%s: %s", path, strerror(errno));
	while (!ret && (d = readdir(dir))) {
		struct stat st;
		char *sub;

		if (d->d_name[0] == '.')
			continue;
		sub = path_join(path, d->d_name);
		if (!sub)
			ret = fail_nomem(e);
		else if (!lstat(sub, &st) && S_ISDIR(st.st_mode))
			ret = search(sub, level + 1, out, cap, e);
		free(sub);
	}
	closedir(dir);
	return ret;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ctf_find(const char *path, struct ctf_paths *out, struct ctf_error *e)
{
	size_t cap = 0, len = strlen(path);
	char *top;
	int ret;

	memset(out, 0, sizeof(*out));
	while (len > 1 && path[len - 1] == '/')
		len--;
	top = strndup(path, len);
	ret = top ? search(top, 0, out, &cap, e) : fail_nomem(e);
	free(top);
	if (!ret && !out->n) {
		fail(e, -ENOENT, "%s: no trace here or below", path);
		ret = remedy(e, "give a folder that has a file metadata, or a parent of one");
	}
	if (ret)
		ctf_paths_free(out);
	else
		qsort(out->path, out->n, sizeof(char *), by_text);
	return ret;
}

void ctf_paths_free(struct ctf_paths *p)
{
	while (p->n)
		free(p->path[--p->n]);
	free(p->path);
	p->path = NULL;
}
