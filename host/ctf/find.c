// SPDX-License-Identifier: MIT
/* Finds the trace folders, and the files of trace-cmd, below a folder. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/foreign.h"
#include "ctf/internal.h"

#define MAX_LEVELS	8
#define MAX_FOUND	(1u << 20)

/* A folder that was searched: links may lead to it again, or around in a ring. */
struct been {
	dev_t dev;
	ino_t ino;
};

/* A link to a folder, to be followed. */
struct link {
	char *path;
	int level;
};

struct search {
	struct ctf_paths *out;
	size_t cap;
	struct link *links;
	size_t n_links, cap_links;
	size_t cap_dangling;
	struct been *been;	/* open addressing, @n_slots a power of two */
	size_t n_been, n_slots;
	struct ctf_error *e;
};

static char *path_join(const char *dir, const char *name)
{
	char *p;

	return asprintf(&p, "%s/%s", dir, name) < 0 ? NULL : p;
}

/* Whether stat() has failed since there is nothing. */
static bool is_gone(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ELOOP;
}

/*
 * The path @p could not be looked at: who looks past it passes over what may be a
 * trace.
 */
static int no_entry(const char *p, int err, struct ctf_error *e)
{
	fail(e, -err, "%s: %s", p, strerror(err));
	return remedy(e, "give access to its folder, or name only what can be read");
}

static int metadata_kind(const char *p, struct ctf_error *e)
{
	struct stat st;

	if (stat(p, &st)) {
		if (!is_gone(errno))
			return no_entry(p, errno, e);
		if (lstat(p, &st) || !S_ISLNK(st.st_mode))
			return 0;
		fail(e, -ENOENT, "%s: a link to a file that is not there", p);
		return remedy(e, "fetch what it leads to, or remove the link");
	}
	/* A folder may have any name. */
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return S_ISREG(st.st_mode);
	fail(e, -EINVAL, "%s: not a regular file", p);
	return remedy(e, "copy the whole trace again, or leave it out");
}

/* Return: 1, 0, or an error where there is one that cannot be read as such. */
static int has_metadata(const char *dir, struct ctf_error *e)
{
	char *p = path_join(dir, "metadata");
	int ret;

	if (!p)
		return fail_nomem(e);
	ret = metadata_kind(p, e);
	free(p);
	return ret;
}

/* A file of a stream where no metadata is: what is left of a trace. */
static int stream_alone(const char *path, const char *file, struct ctf_error *e)
{
	uint32_t magic;

	if (file_head(file, &magic, sizeof(magic)) != sizeof(magic) ||
	    (magic != CTF_MAGIC && magic != __builtin_bswap32(CTF_MAGIC)))
		return 0;
	fail(e, -EINVAL, "%s: a trace without its file metadata: %s is a stream's",
	     path, file + strlen(path) + 1);
	return remedy(e, "copy the whole trace again, or leave it out");
}

static int add_path(struct search *s, const char *path)
{
	struct ctf_paths *out = s->out;

	if (out->n >= MAX_FOUND)
		return fail(s->e, -E2BIG, "%s: more than %u traces", path,
			    MAX_FOUND);
	if (vec_grow(&out->path, &s->cap, out->n + 1, sizeof(char *)))
		return fail_nomem(s->e);
	out->path[out->n] = strdup(path);
	if (!out->path[out->n])
		return fail_nomem(s->e);
	out->n++;
	return 0;
}

static struct been *slot_of(struct been *been, size_t n, const struct stat *st)
{
	size_t i = (size_t)(st->st_ino * 0x9e3779b97f4a7c15u >> 20) & (n - 1);

	while (been[i].ino &&
	       (been[i].ino != st->st_ino || been[i].dev != st->st_dev))
		i = (i + 1) & (n - 1);
	return &been[i];
}

static int been_grow(struct search *s)
{
	size_t n = s->n_slots ? 2 * s->n_slots : 64, i;
	struct been *been = calloc(n, sizeof(*been));

	if (!been)
		return fail_nomem(s->e);
	for (i = 0; i < s->n_slots; i++) {
		struct stat st = { .st_dev = s->been[i].dev,
				   .st_ino = s->been[i].ino };

		if (st.st_ino)
			*slot_of(been, n, &st) = s->been[i];
	}
	free(s->been);
	s->been = been;
	s->n_slots = n;
	return 0;
}

/* Return: 1 for a folder that was searched already, 0, or an error. */
static int been_there(struct search *s, const struct stat *st)
{
	struct been *b;

	if (2 * (s->n_been + 1) > s->n_slots && been_grow(s))
		return -ENOMEM;
	b = slot_of(s->been, s->n_slots, st);
	if (b->ino)
		return 1;
	*b = (struct been){ st->st_dev, st->st_ino };
	s->n_been++;
	return 0;
}

static int link_add(struct search *s, char *path, int level)
{
	if (vec_grow(&s->links, &s->cap_links, s->n_links + 1,
		     sizeof(*s->links))) {
		free(path);
		return fail_nomem(s->e);
	}
	s->links[s->n_links++] = (struct link){ path, level };
	return 0;
}

static int dangling_add(struct search *s, char *path)
{
	struct ctf_paths *out = s->out;

	if (vec_grow(&out->dangling, &s->cap_dangling, out->n_dangling + 1,
		     sizeof(char *))) {
		free(path);
		return fail_nomem(s->e);
	}
	out->dangling[out->n_dangling++] = path;
	return 0;
}

static int search(struct search *s, const char *path, int level);

static int search_entry(struct search *s, const char *path, const char *name,
			int level)
{
	char *sub = path_join(path, name);
	struct stat st;
	bool is_link;
	int ret = 0;

	if (!sub)
		return fail_nomem(s->e);
	is_link = !lstat(sub, &st) && S_ISLNK(st.st_mode);
	if (stat(sub, &st)) {
		if (!is_gone(errno))
			ret = no_entry(sub, errno, s->e);
		else if (is_link)
			return dangling_add(s, sub);
	} else if (S_ISDIR(st.st_mode)) {
		if (is_link)
			return link_add(s, sub, level + 1);
		ret = search(s, sub, level + 1);
	} else if (foreign_is(sub)) {
		ret = add_path(s, sub);
	} else {
		ret = stream_alone(path, sub, s->e);
	}
	free(sub);
	return ret;
}

/* What was named is no folder. */
static int no_folder(const char *path, const struct stat *st,
		     struct ctf_error *e)
{
	if (S_ISREG(st->st_mode) && access(path, R_OK))
		return no_entry(path, errno, e);
	fail(e, -ENOTDIR, "%s: neither a folder nor a file of trace-cmd", path);
	return remedy(e, "give the folder that holds metadata and the streams");
}

static int search(struct search *s, const char *path, int level)
{
	int is_trace = has_metadata(path, s->e), ret;
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (is_trace < 0)
		return is_trace;
	if (stat(path, &st))
		return fail(s->e, -errno, "%s: %s", path, strerror(errno));
	ret = been_there(s, &st);
	if (ret)
		return ret < 0 ? ret : 0;
	if (is_trace || foreign_is(path))
		return add_path(s, path);
	if (!S_ISDIR(st.st_mode))
		return no_folder(path, &st, s->e);
	if (level >= MAX_LEVELS)
		return 0;
	dir = opendir(path);
	if (!dir)
		return fail(s->e, -errno, "%s: %s", path, strerror(errno));
	while (!ret && (d = readdir(dir))) {
		if (d->d_name[0] != '.')
			ret = search_entry(s, path, d->d_name, level);
	}
	closedir(dir);
	return ret;
}

static int by_link(const void *a, const void *b)
{
	return strcmp(((const struct link *)a)->path,
		      ((const struct link *)b)->path);
}

/*
 * Links come after everything that is there itself, so that a trace is known by
 * its own place; and then those that are found behind them.
 */
static int search_links(struct search *s)
{
	size_t from = 0, i, n;
	int ret = 0;

	while (!ret && from < s->n_links) {
		n = s->n_links;
		qsort(s->links + from, n - from, sizeof(*s->links), by_link);
		for (i = from; !ret && i < n; i++)
			ret = search(s, s->links[i].path, s->links[i].level);
		from = n;
	}
	return ret;
}

static void search_end(struct search *s)
{
	while (s->n_links)
		free(s->links[--s->n_links].path);
	free(s->links);
	free(s->been);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int ctf_find(const char *path, struct ctf_paths *out, struct ctf_error *e)
{
	struct search s = { .out = out, .e = e };
	size_t len = strlen(path);
	char *top;
	int ret;

	memset(out, 0, sizeof(*out));
	while (len > 1 && path[len - 1] == '/')
		len--;
	top = strndup(path, len);
	ret = top ? search(&s, top, 0) : fail_nomem(e);
	if (!ret)
		ret = search_links(&s);
	free(top);
	search_end(&s);
	if (!ret && !out->n) {
		fail(e, -ENOENT, "%s: no trace here or below", path);
		ret = remedy(e, "give a folder that has a file metadata, or a parent of one, or trace-cmd's trace.dat");
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
	while (p->n_dangling)
		free(p->dangling[--p->n_dangling]);
	free(p->dangling);
	p->dangling = NULL;
}
