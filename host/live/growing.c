// SPDX-License-Identifier: MIT
#include "live/growing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "live/head.h"
#include "live/sequel.h"
#include "live/tree.h"

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

void live_growing_free(struct live_growing *g)
{
	size_t i;

	for (i = 0; i < g->files.count; i++) {
		live_head_leave(&g->files.at[i]);
		free(g->files.at[i].name);
	}
	for (i = 0; i < g->traces.count; i++)
		free(g->traces.at[i].path);
	vmsync_array_free(&g->files);
	vmsync_array_free(&g->traces);
	free(g->root);
	g->root = NULL;
}

static int trace_of(struct live_growing *g, const char *path, size_t *out,
		    struct ctf_error *e)
{
	struct live_growing_trace *t;

	for (*out = 0; *out < g->traces.count; ++*out)
		if (!strcmp(g->traces.at[*out].path, path))
			return 0;
	t = vmsync_array_add(&g->traces);
	if (!t)
		return vmsync_fail_memory(e);
	*t = (struct live_growing_trace){ .path = strdup(path) };
	if (t->path)
		return 0;
	g->traces.count--;
	return vmsync_fail_memory(e);
}

static int file_seen(void *ctx, const char *path, const char *name,
		     struct ctf_error *e)
{
	struct live_growing *g = ctx;
	struct live_growing_file *f;
	size_t trace, i;
	int ret = trace_of(g, path, &trace, e);

	for (i = 0; !ret && i < g->files.count; i++) {
		f = &g->files.at[i];
		if (f->trace != trace || strcmp(f->name, name))
			continue;
		f->here = true;
		return 0;
	}
	if (!ret && g->files.count >= LIVE_STREAMS_MAX)
		ret = vmsync_fail(e, -EFBIG, "", "%.400s: more than %d files",
				  g->root, LIVE_STREAMS_MAX);
	f = ret ? NULL : vmsync_array_add(&g->files);
	if (!f)
		return ret ? ret : vmsync_fail_memory(e);
	*f = (struct live_growing_file){ .trace = trace,
					 .name = strdup(name),
					 .metadata = !strcmp(name, "metadata"),
					 .here = true,
					 .now = g->files.count - 1 };
	if (f->name)
		return 0;
	g->files.count--;
	return vmsync_fail_memory(e);
}

/* The next chunk, if it is there: 1, 0 or a negative errno. */
static int chunk_next(struct live_growing *g, struct ctf_error *e)
{
	uint64_t number;
	char *root;
	size_t i;
	int ret = live_tree_chunk(g->source->url.text, g->next, &number, &root,
				  e);

	if (ret <= 0)
		return ret;
	if (g->chunks && number != g->next)
		live_say(g->source, "chunks %llu to %llu have gone before they were read",
			 (unsigned long long)g->next,
			 (unsigned long long)number - 1);
	free(g->root);
	g->root = root;
	g->next = number + 1;
	g->chunks = true;
	g->grown_ns = now_ns();
	for (i = 0; i < g->files.count; i++) {
		live_head_leave(&g->files.at[i]);
		if (g->files.at[i].known)
			g->files.at[i].now = LIVE_GROWING_NONE;
	}
	for (i = 0; i < g->traces.count; i++)
		g->traces.at[i].text.file = 0;
	return 1;
}

/* Of what is in the folder now. */
static bool has_channel(const struct live_growing *g)
{
	size_t i;

	for (i = 0; i < g->files.count; i++)
		if (g->files.at[i].here && !g->files.at[i].metadata)
			return true;
	return false;
}

int live_growing_look(struct live_growing *g, struct ctf_error *e)
{
	const struct live_tree tree = { file_seen, g };
	int ret;

	if (!g->root && g->source->url.kind == LIVE_ROTATE &&
	    chunk_next(g, e) < 0)
		return e->code;
	if (!g->root && g->source->url.kind == LIVE_FOLLOW) {
		g->root = strdup(g->source->url.text);
		if (!g->root)
			return vmsync_fail_memory(e);
	}
	if (!g->root)
		return 0;
	ret = live_tree_walk(g->root, &tree, e);
	/* No process recorded then: no stream asks for what comes behind the chunk. */
	while (!ret && g->source->url.kind == LIVE_ROTATE && !has_channel(g)) {
		ret = chunk_next(g, e);
		if (ret <= 0)
			break;
		ret = live_tree_walk(g->root, &tree, e);
	}
	return ret < 0 ? ret : live_sequel_look(g, e);
}

bool live_growing_pass(struct live_growing *g)
{
	size_t i;

	if (g->source->url.kind != LIVE_ROTATE || !g->root)
		return false;
	for (i = 0; i < g->files.count; i++)
		live_head_leave(&g->files.at[i]);
	free(g->root);
	g->root = NULL;
	return true;
}

int live_growing_host(struct live_growing *g, char out[LIVE_HOSTNAME_LEN + 1],
		      struct ctf_error *e)
{
	struct ctf_packet p;
	const char *host;
	size_t i;
	int ret = 0;

	vmsync_fail(e, 0, "", "no packet is there");
	for (i = 0; i < g->files.count; i++) {
		struct live_growing_file *f = &g->files.at[i];

		if (f->metadata || !f->here)
			continue;
		ret = live_head_next(g, f, &p, e);
		if (ret < 0 && ret != -EAGAIN)
			return ret;
		if (ret <= 0)
			continue;
		host = ctf_trace_env(f->part, "hostname");
		snprintf(out, LIVE_HOSTNAME_LEN + 1, "%s", host ? host : "");
		return 1;
	}
	return 0;
}

/* --- what feeds.h asks for */

static int new_streams(void *ctx, const struct live_streams *streams,
		       struct ctf_error *e)
{
	struct live_growing *g = ctx;
	struct live_stream s;
	size_t i;
	int ret = live_growing_look(g, e);

	for (i = 0; !ret && i < g->files.count; i++) {
		struct live_growing_file *f = &g->files.at[i];

		if (!f->here || f->told || f->sequel)
			continue;
		/* Of which stream it is will be known. */
		if (g->source->url.kind == LIVE_FOLLOW && !f->metadata && !f->begun)
			continue;
		f->told = true;
		s = (struct live_stream){ .id = i, .trace = f->trace,
					  .metadata = f->metadata };
		snprintf(s.path, sizeof(s.path), "%s",
			 g->traces.at[f->trace].path);
		snprintf(s.channel, sizeof(s.channel), "%s", f->name);
		ret = streams->take(streams->ctx, &s, e);
	}
	return ret ? ret : 1;
}

/* Of a chunk that is whole: nothing more of it is to be told. */
static bool is_read(const struct live_growing *g, const struct live_growing_file *f)
{
	return f->read || f->metadata || f->sequel ||
	       !(f->told ? live_sequel_is_here(g, f) : f->here);
}

/* Where a chunk was read to its end the next one is looked for. */
static int chunk_end(struct live_growing *g, struct live_growing_file *f,
		     struct live_index *out, struct ctf_error *e)
{
	size_t i;
	int ret;

	f->read = true;
	for (i = 0; i < g->files.count; i++) {
		if (!is_read(g, &g->files.at[i]))
			return 0;
	}
	ret = chunk_next(g, e);
	out->new_streams = ret > 0;
	return ret < 0 ? ret : 0;
}

static int nothing_new(struct live_growing *g, struct live_growing_file *f,
		       struct live_index *out, struct ctf_error *e)
{
	out->status = LIVE_INDEX_RETRY;
	if (!live_sequel_is_here(g, f)) {
		f->told = false;
		out->status = LIVE_INDEX_HUP;
	} else if (g->source->url.kind == LIVE_ROTATE) {
		return chunk_end(g, f, out, e);
	} else {
		out->status = LIVE_INDEX_INACTIVE;
		out->end = live_marks_settled(&g->marks, now_ns());
	}
	return 0;
}

/* The next packet of a stream, as live_head_next(), in whichever file it is. */
static int next_head(struct live_growing *g, size_t stream, struct ctf_packet *p,
		     struct ctf_error *e)
{
	struct live_growing_file *s = &g->files.at[stream];
	struct live_growing_file *f = s->now == LIVE_GROWING_NONE ? NULL :
								    &g->files.at[s->now];
	int ret = 0;

	/* What is in a file that begins anew may not be next. */
	if (f && f->here && (f->any || !s->going || !s->known))
		ret = live_head_next(g, f, p, e);
	if (ret || !live_sequel_next(g, stream))
		return ret;
	return live_head_next(g, &g->files.at[s->now], p, e);
}

static void told(struct live_growing *g, struct live_growing_file *s,
		 const struct ctf_packet *p)
{
	struct live_growing_file *f = &g->files.at[s->now];

	if (!f->any)
		live_sequel_begins(g, s, p);
	f->at = *p;
	f->any = true;
	s->going = true;
	s->last = p->seq;
	g->grown_ns = now_ns();
	live_marks_seen(&g->marks, p->end);
}

static int next_index(struct live_growing *g, size_t stream, struct live_index *out,
		      struct ctf_error *e)
{
	struct live_growing_file *s = &g->files.at[stream];
	struct ctf_packet p;
	int ret = next_head(g, stream, &p, e);

	*out = (struct live_index){ .status = LIVE_INDEX_RETRY };
	if (ret == -EAGAIN && g->source->url.kind == LIVE_FOLLOW)
		return 0; /* it is being written */
	if (ret == -EAGAIN)
		live_say(g->source, "%s is left out from there on: %s",
			 g->files.at[s->now].name, e->msg);
	else if (ret < 0)
		return ret;
	if (ret <= 0)
		return nothing_new(g, s, out, e);
	told(g, s, &p);
	*out = (struct live_index){ .status = LIVE_INDEX_OK,
				    .new_metadata = true,
				    .offset = p.offset,
				    .size = p.size,
				    .begin = p.begin,
				    .end = p.end,
				    .discarded = p.discarded };
	return 0;
}

static int next_indexes(void *ctx, const uint64_t *stream, size_t n,
			struct live_index *out, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < n; i++)
		ret = next_index(ctx, stream[i], &out[i], e);
	return ret;
}

static int packet(void *ctx, uint64_t stream, uint64_t offset, uint32_t n,
		  struct ctf_error *e)
{
	const struct live_growing *g = ctx;
	const struct live_growing_file *f = &g->files.at[g->files.at[stream].now];
	int fd = live_head_open(g, f);
	uint32_t done = 0;
	ssize_t got = 1;

	(void)e;
	while (fd >= 0 && done < n && got > 0) {
		got = pread(fd, g->source->buffer + done, n - done,
			    (off_t)(offset + done));
		done += got > 0 ? (uint32_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return done == n && !live_head_is_old(g, f) ? LIVE_PACKET_OK : LIVE_PACKET_GONE;
}

static int metadata(void *ctx, uint64_t stream,
		    int (*take)(void *ctx, const uint8_t *bytes, size_t n,
				struct ctf_error *e),
		    void *take_ctx, struct ctf_error *e)
{
	struct live_growing *g = ctx;
	const struct live_growing_file *f = &g->files.at[stream];
	char *path = live_head_path(g, f->trace, f->name);
	int ret;

	if (!path)
		return vmsync_fail_memory(e);
	ret = live_text_read(&g->traces.at[f->trace].text, path, take, take_ctx,
			     e);
	free(path);
	if (ret != -ESTALE)
		return ret;
	live_say(g->source, "%s; what is kept is by the old one", e->msg);
	return 0;
}

const struct live_from live_growing_from = { new_streams, next_indexes, packet,
					     metadata };

/*
 * Whether somebody has a file open to write to it: a lease to read it is refused then.
 * Of what is another machine's nothing is known, and the answer is no.
 */
static bool is_written(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool written = fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) &&
		       errno == EAGAIN;

	if (fd >= 0)
		close(fd); /* and the lease has ended */
	return written;
}

static bool any_written(const struct live_growing *g)
{
	bool written = false;
	size_t i;

	for (i = 0; !written && i < g->files.count; i++) {
		const struct live_growing_file *f = &g->files.at[i];
		char *path = f->here ? live_head_path(g, f->trace, f->name) : NULL;

		written = path && is_written(path);
		free(path);
	}
	return written;
}

bool live_growing_ended(struct live_growing *g)
{
	int64_t now = now_ns();
	bool written;

	if (!g->root || now - g->grown_ns < g->marks.settle_ns)
		return false;
	written = g->source->url.kind == LIVE_FOLLOW ?
			  any_written(g) :
			  live_tree_is_written(g->source->url.text);
	if (written) {
		g->grown_ns = now;
	} else if (!g->closed) {
		/* What was written last, just before that, is to be read, too. */
		g->closed = true;
		return false;
	}
	g->closed &= !written;
	return !written;
}
