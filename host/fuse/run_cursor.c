// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/run_cursor.h"
#include "fuse/runs_chunk.h"

struct mark {
	enum vmsync_end what;
	bool open;
	bool stayed;
	int64_t ns;
};

/* A part's ends, from one chunk to the next. */
struct part {
	const struct runs_part *runs;
	size_t chunk;		/* being read; the open one is behind the others */
	const uint32_t *word;
	uint32_t *own;		/* for a chunk of the file */
	uint32_t at, n;
	struct mark last;	/* passed */
	struct mark next;	/* NONE: behind the last one, or not begun */
};

struct vmsync_run_cursor {
	const struct vmsync_runs *runs;
	struct part *first;	/* whose next end is the first of all */
	int64_t others_ns;	/* the next end of all others */
	size_t n;
	struct part part[];
};

struct vmsync_run_cursor *vmsync_run_cursor_new(const struct vmsync_runs *r,
						const uint32_t *parts,
						size_t n)
{
	struct vmsync_run_cursor *c;
	size_t i;

	c = calloc(1, sizeof(*c) + n * sizeof(c->part[0]));
	if (!c)
		return NULL;
	c->runs = r;
	c->n = n;
	for (i = 0; i < n; i++)
		c->part[i].runs = runs_part(r, parts[i]);
	return c;
}

struct vmsync_run_cursor *vmsync_run_cursor_of(const struct vmsync_runs *r,
					       int32_t tid)
{
	uint32_t n = vmsync_runs_parts(r), count = 0, i;
	uint32_t *parts = calloc((size_t)n + 1, sizeof(*parts));
	struct vmsync_run_cursor *c;

	if (!parts)
		return NULL;
	for (i = 0; tid > 0 && i < n; i++) {
		if (vmsync_runs_part(r, i).tid == tid)
			parts[count++] = i;
	}
	c = vmsync_run_cursor_new(r, parts, count);
	free(parts);
	return c;
}

void vmsync_run_cursor_free(struct vmsync_run_cursor *c)
{
	size_t i;

	for (i = 0; c && i < c->n; i++)
		free(c->part[i].own);
	free(c);
}

static const struct runs_chunk *chunk_of(const struct runs_part *t, size_t i)
{
	return i < t->chunks.count ? &t->chunks.at[i] : &t->open;
}

/* Chunks that hold anything: the open one does, if there is any end at all. */
static size_t chunks_of(const struct runs_part *t)
{
	return t->chunks.count + (t->open.n > 0);
}

static int part_load(const struct vmsync_runs *r, struct part *p, size_t i,
		     struct ctf_error *e)
{
	const struct runs_part *t = p->runs;
	const struct runs_chunk *c = chunk_of(t, i);

	p->chunk = i;
	p->at = 0;
	p->n = c->n;
	p->next.ns = c->first_ns;
	p->word = c == &t->open ? t->word : runs_chunk_words(r, c, &p->own, e);
	return p->word ? 0 : e->code;
}

/* What was next is passed. */
static inline int part_next(const struct vmsync_runs *r, struct part *p,
			    struct ctf_error *e)
{
	uint32_t word;
	int ret;

	p->last = p->next;
	if (p->at == p->n) {
		if (p->chunk + 1 >= chunks_of(p->runs)) {
			p->next = (struct mark){ .ns = INT64_MAX };
			return 0;
		}
		ret = part_load(r, p, p->chunk + 1, e);
		if (ret)
			return ret;
	}
	word = p->word[p->at++];
	p->next.what = word & VMSYNC_RUNS_ENTRY ? VMSYNC_END_ENTRY :
						  VMSYNC_END_EXIT;
	p->next.open = (word & 3) == VMSYNC_RUNS_OPEN;
	p->next.stayed = (word & 3) == VMSYNC_RUNS_STAYED &&
			 !p->runs->untold;
	p->next.ns += word >> 2;
	if (word >> 2 == RUNS_LATE) {
		p->next.ns = (int64_t)((uint64_t)p->word[p->at + 1] << 32 |
				       p->word[p->at]);
		p->at += 2;
	}
	return 0;
}

/* The chunk that holds the last end at or before @ns; the first if none does. */
static size_t chunk_at(const struct runs_part *t, int64_t ns)
{
	size_t lo = 0, hi = chunks_of(t);

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (chunk_of(t, mid)->first_ns <= ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* All at or before @ns are passed, and none behind it. */
static int part_seek(const struct vmsync_runs *r, struct part *p, int64_t ns,
		     struct ctf_error *e)
{
	size_t chunk = chunk_at(p->runs, ns);
	int ret = 0;

	if (!chunks_of(p->runs)) {
		p->next.ns = INT64_MAX;
		return 0;
	}
	if (!p->word || p->chunk != chunk || p->last.ns > ns) {
		ret = part_load(r, p, chunk, e);
		if (ret)
			return ret;
		p->next.what = VMSYNC_END_NONE;
		ret = part_next(r, p, e);
		p->last = (struct mark){ .ns = INT64_MIN };
	}
	while (!ret && p->next.ns <= ns)
		ret = part_next(r, p, e);
	return ret;
}

static void first_find(struct vmsync_run_cursor *c)
{
	size_t i;

	c->first = &c->part[0];
	c->others_ns = INT64_MAX;
	for (i = 1; i < c->n; i++) {
		struct part *p = &c->part[i];

		if (p->next.ns < c->first->next.ns) {
			c->others_ns = c->first->next.ns;
			c->first = p;
		} else if (p->next.ns < c->others_ns) {
			c->others_ns = p->next.ns;
		}
	}
}

static void until(const struct vmsync_run_cursor *c, struct vmsync_interval *s)
{
	s->until = c->first->next.what;
	s->until_ns = c->first->next.ns;
	s->until_cpu = c->first->runs->cpu;
	s->until_open = c->first->next.open;
	s->until_stayed = c->first->next.stayed;
}

int vmsync_run_cursor_seek(struct vmsync_run_cursor *c, int64_t ns,
			   struct vmsync_interval *s, struct ctf_error *e)
{
	size_t i;

	*s = (struct vmsync_interval){ .from_ns = INT64_MIN,
				      .until_ns = INT64_MAX };
	for (i = 0; i < c->n; i++) {
		struct part *p = &c->part[i];
		int ret = part_seek(c->runs, p, ns, e);

		if (ret)
			return ret;
		if (p->last.what && p->last.ns >= s->from_ns) {
			s->from = p->last.what;
			s->from_ns = p->last.ns;
			s->from_cpu = p->runs->cpu;
		}
	}
	if (c->n) {
		first_find(c);
		until(c, s);
	}
	return 0;
}

int vmsync_run_cursor_next(struct vmsync_run_cursor *c,
			   struct vmsync_interval *s, struct ctf_error *e)
{
	int ret = part_next(c->runs, c->first, e);

	/* A thread mostly stays where it is for many runs. */
	if (c->first->next.ns >= c->others_ns)
		first_find(c);
	s->from = s->until;
	s->from_ns = s->until_ns;
	s->from_cpu = s->until_cpu;
	until(c, s);
	return ret;
}
