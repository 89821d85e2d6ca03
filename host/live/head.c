// SPDX-License-Identifier: MIT
#include "live/head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/part.h"
#include "fuse/fail.h"

/* The least of a packet that its head is looked for in. */
#define HEAD_LEAST 512

char *live_head_path(const struct live_growing *g, size_t trace, const char *name)
{
	const char *below = g->traces.at[trace].path;
	char *path;

	if (asprintf(&path, "%s%s%s%s%s", g->root, *below ? "/" : "", below,
		     name ? "/" : "", name ? name : "") < 0)
		return NULL;
	return path;
}

void live_head_leave(struct live_growing_file *f)
{
	ctf_trace_close(f->part);
	f->part = NULL;
	f->here = f->any = f->read = f->begun = f->passed = false;
}

static int64_t time_ns(const struct statx_timestamp *t)
{
	return t->tv_sec * 1000000000 + t->tv_nsec;
}

/*
 * The number of a file that is gone may be the next one's: when it was made tells, too,
 * where the file system knows.
 */
static int look(int dir, const char *path, int flags, struct live_growing_id *id,
		struct statx *st)
{
	if (statx(dir, path, flags | AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, st))
		return -errno;
	*id = (struct live_growing_id){ .inode = st->stx_ino,
					.written_ns = time_ns(&st->stx_mtime) };
	if (st->stx_mask & STATX_BTIME)
		id->made_ns = time_ns(&st->stx_btime);
	return 0;
}

static bool is_same(const struct live_growing_id *a, const struct live_growing_id *b)
{
	return a->inode == b->inode && a->made_ns == b->made_ns;
}

static int look_by_name(const struct live_growing *g, const struct live_growing_file *f,
			struct live_growing_id *id, struct statx *st, struct ctf_error *e)
{
	char *path = live_head_path(g, f->trace, f->name);
	int ret = path ? look(AT_FDCWD, path, 0, id, st) : vmsync_fail_memory(e);

	if (path && ret)
		vmsync_fail_file(e, ret, path);
	free(path);
	return ret;
}

bool live_head_is_written(const struct live_growing *g, const struct live_growing_file *f)
{
	struct live_growing_id id;
	struct ctf_error e;
	struct statx st;

	return !look_by_name(g, f, &id, &st, &e) &&
	       (!is_same(&id, &f->id) || id.written_ns != f->id.written_ns);
}

bool live_head_is_old(const struct live_growing *g, const struct live_growing_file *f)
{
	struct live_growing_id id;
	struct ctf_packet first;
	struct ctf_error e;
	struct statx st;

	if (!look_by_name(g, f, &id, &st, &e) && !is_same(&id, &f->id))
		return true;
	return f->begun && f->known && f->part &&
	       (ctf_stream_packet(ctf_trace_stream(f->part, 0), NULL, &first, &e) <= 0 ||
		first.seq != f->seq);
}

int live_head_open(const struct live_growing *g, const struct live_growing_file *f)
{
	char *path = live_head_path(g, f->trace, f->name);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	struct live_growing_id id;
	struct statx st;

	free(path);
	if (fd >= 0 && !look(fd, "", AT_EMPTY_PATH, &id, &st) && is_same(&id, &f->id))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What compiled the metadata of that trace for another file, or NULL. */
static struct ctf_trace *part_like(const struct live_growing *g, size_t trace)
{
	size_t i;

	for (i = 0; i < g->files.count; i++) {
		if (g->files.at[i].trace == trace && g->files.at[i].part)
			return g->files.at[i].part;
	}
	return NULL;
}

/* Its head is to be read, whatever of the rest is there: 0 or a negative errno. */
static int part_open(struct live_growing *g, struct live_growing_file *f,
		     uint64_t to, struct ctf_error *e)
{
	const struct ctf_part part = { .name = f->name, .to = to };
	char *path;

	if (f->part) {
		ctf_part_grow(f->part, to);
		return 0;
	}
	path = live_head_path(g, f->trace, NULL);
	if (!path)
		return vmsync_fail_memory(e);
	f->part = ctf_part_open(path, &part, part_like(g, f->trace), e);
	free(path);
	return f->part ? 0 : e->code;
}

/* lttng clear takes away what was recorded so far; and files may be written over. */
static void begins_anew(struct live_growing_file *f)
{
	live_head_leave(f);
	f->here = true;
}

/* @size: of what is there, more than @at, where the packet begins. */
static int head_read(struct live_growing *g, struct live_growing_file *f,
		     uint64_t at, uint64_t size, struct ctf_packet *p,
		     struct ctf_error *e)
{
	/* As long as it may be: whether it is whole is asked for here. */
	int ret = part_open(g, f, size - at < HEAD_LEAST ? size : at + LIVE_PACKET_MAX,
			    e);

	if (!ret)
		ret = ctf_stream_packet(ctf_trace_stream(f->part, 0),
					f->any ? &f->at : NULL, p, e);
	if (ret < 0)
		return ret == -ENOMEM ? ret : -EAGAIN;
	if (ret && p->offset + p->size <= size)
		return 1;
	vmsync_fail(e, -EAGAIN, "", "%.400s: a packet is not whole yet", f->name);
	return -EAGAIN;
}

int live_head_next(struct live_growing *g, struct live_growing_file *f,
		   struct ctf_packet *p, struct ctf_error *e)
{
	uint64_t at = f->any ? f->at.offset + f->at.size : 0;
	struct live_growing_id id;
	struct statx st;
	int ret = look_by_name(g, f, &id, &st, e);

	f->here = ret != -ENOENT;
	if (ret || !S_ISREG(st.stx_mode))
		return f->here ? ret : 0;
	if ((f->part && !is_same(&id, &f->id)) || st.stx_size < at) {
		begins_anew(f);
		return 0;
	}
	f->id = id;
	if (st.stx_size == at)
		return 0;
	ret = head_read(g, f, at, st.stx_size, p, e);
	if (!live_head_is_old(g, f))
		return ret;
	begins_anew(f); /* what was read may be of both */
	return 0;
}
