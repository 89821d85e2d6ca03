// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/fail.h"
#include "fuse/folders.h"

static int add(struct vmsync_folders *out, const char *path, bool gone,
	       struct ctf_error *e)
{
	struct vmsync_folder *f;
	struct stat st = { 0 };

	if (!gone && stat(path, &st))
		return vmsync_fail_file(e, -errno, path);
	if (out->n == out->cap) {
		size_t cap = out->cap ? 2 * out->cap : 16;

		f = realloc(out->folder, cap * sizeof(*f));
		if (!f)
			return vmsync_fail_memory(e);
		out->folder = f;
		out->cap = cap;
	}
	f = &out->folder[out->n];
	*f = (struct vmsync_folder){
		.path = strdup(path),
		.dev = st.st_dev,
		.ino = st.st_ino,
		.gone = gone,
	};
	if (!f->path)
		return vmsync_fail_memory(e);
	out->n++;
	return 0;
}

static int by_folder(const void *a, const void *b)
{
	const struct vmsync_folder *x = *(struct vmsync_folder *const *)a;
	const struct vmsync_folder *y = *(struct vmsync_folder *const *)b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x < y ? -1 : 1;
}

static int mark_again(struct vmsync_folders *out, struct ctf_error *e)
{
	struct vmsync_folder **sorted = calloc(out->n + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return vmsync_fail_memory(e);
	for (i = 0; i < out->n; i++)
		sorted[i] = &out->folder[i];
	qsort(sorted, out->n, sizeof(*sorted), by_folder);
	for (i = 1; i < out->n; i++)
		sorted[i]->again = !sorted[i]->gone &&
				   sorted[i]->dev == sorted[i - 1]->dev &&
				   sorted[i]->ino == sorted[i - 1]->ino;
	free(sorted);
	return 0;
}

int vmsync_folders_find(char *const *paths, size_t n,
			struct vmsync_folders *out, struct ctf_error *e)
{
	size_t i, j;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; !ret && i < n; i++) {
		struct ctf_paths found;

		ret = ctf_find(paths[i], &found, e);
		if (ret)
			return ret;
		for (j = 0; !ret && j < found.n; j++)
			ret = add(out, found.path[j], false, e);
		for (j = 0; !ret && j < found.n_dangling; j++)
			ret = add(out, found.dangling[j], true, e);
		ctf_paths_free(&found);
	}
	return ret ? ret : mark_again(out, e);
}

void vmsync_folders_free(struct vmsync_folders *f)
{
	while (f->n)
		free(f->folder[--f->n].path);
	free(f->folder);
	f->folder = NULL;
	f->cap = 0;
}
