// SPDX-License-Identifier: MIT
/*
 * An end is a word: the time since the end before it in the thread, and whether
 * it is an entry; a time that does not fit follows in two words. Words are kept
 * in chunks, each of which begins anew, so that one can be read by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/runs.h"

#define CHUNK	    2048	/* words */
#define IN_MEMORY   32		/* full chunks */
#define MAX_THREADS (1u << 18)	/* a trace may claim any number */
#define LATE	    (UINT32_MAX >> 1)

/* A full one: the time of its first end, words, where it is. */
struct chunk {
	int64_t first_ns;
	uint32_t n;
	uint32_t place;		/* of @full, or behind these in the file */
};

struct thread {
	struct vmsync_runs_thread pub;
	int64_t last_ns;
	struct chunk open;	/* the last one; its place means nothing */
	uint32_t *word;		/* its words */
	uint32_t room;
	VMSYNC_ARRAY(struct chunk) chunks;
};

struct vmsync_runs {
	VMSYNC_ARRAY(struct thread) threads;
	uint32_t *slot;		/* hash of @threads, their places + 1 */
	uint32_t n_slots;	/* a power of two */
	uint32_t *full[IN_MEMORY];
	uint32_t n_full;	/* there, or in the file */
	int fd;			/* -1: none needed so far */
};

struct vmsync_runs *vmsync_runs_new(void)
{
	struct vmsync_runs *r = calloc(1, sizeof(*r));

	if (r)
		r->fd = -1;
	return r;
}

void vmsync_runs_free(struct vmsync_runs *r)
{
	size_t i;

	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	for (i = 0; i < r->threads.count; i++) {
		free(r->threads.at[i].word);
		vmsync_array_free(&r->threads.at[i].chunks);
	}
	vmsync_array_free(&r->threads);
	for (i = 0; i < IN_MEMORY; i++)
		free(r->full[i]);
	free(r->slot);
	free(r);
}

/* ----------------------------------------------------------------- threads */

static uint32_t *slot_of(const struct vmsync_runs *r, int32_t tid, int32_t vcpu)
{
	uint32_t mask = r->n_slots - 1;
	uint32_t key = tid > 0 ? (uint32_t)tid : ~(uint32_t)vcpu;
	uint32_t i = (key * 2654435761u) >> 7 & mask;

	for (; r->slot[i]; i = (i + 1) & mask) {
		const struct thread *t = &r->threads.at[r->slot[i] - 1];

		if (t->pub.tid == tid && (tid > 0 || t->pub.vcpu_id == vcpu))
			break;
	}
	return &r->slot[i];
}

static int grow(struct vmsync_runs *r)
{
	uint32_t n = r->n_slots ? 2 * r->n_slots : 64, i;
	uint32_t *slot = calloc(n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	free(r->slot);
	r->slot = slot;
	r->n_slots = n;
	for (i = 0; i < r->threads.count; i++) {
		const struct thread *t = &r->threads.at[i];

		*slot_of(r, t->pub.tid, t->pub.vcpu_id) = i + 1;
	}
	return 0;
}

/* NULL: out of memory. Beyond the limit they are all nobody's. */
static struct thread *thread_of(struct vmsync_runs *r, int32_t tid,
				int32_t vcpu_id)
{
	struct thread *t;
	uint32_t *slot;

	if (2 * r->threads.count >= r->n_slots && grow(r))
		return NULL;
	if (tid < 0)
		tid = 0;
	slot = slot_of(r, tid, vcpu_id);
	if (!*slot && r->threads.count >= MAX_THREADS) {
		tid = 0;
		vcpu_id = -1;
		slot = slot_of(r, tid, vcpu_id);
	}
	if (!*slot) {
		t = vmsync_array_add(&r->threads);
		if (!t)
			return NULL;
		*t = (struct thread){ .pub = { tid, vcpu_id } };
		*slot = (uint32_t)r->threads.count;
	}
	t = &r->threads.at[*slot - 1];
	if (vcpu_id >= 0)
		t->pub.vcpu_id = vcpu_id;
	return t;
}

uint32_t vmsync_runs_threads(const struct vmsync_runs *r)
{
	return (uint32_t)r->threads.count;
}

struct vmsync_runs_thread vmsync_runs_thread(const struct vmsync_runs *r,
					     uint32_t thread)
{
	return r->threads.at[thread].pub;
}

/* ---------------------------------------------------------------- the file */

static const char *folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

static int file_open(void)
{
	char path[4096];
	int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || strlen(folder()) > sizeof(path) - 32)
		return fd;
	/* Not every file system can make one without a name. */
	strcpy(path, folder());
	strcat(path, "/vmsync-runs-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int file_fail(struct ctf_error *e, int error)
{
	return vmsync_fail(e, -error,
			   "set TMPDIR to a folder with room for some "
			   "hundredths of the trace",
			   "%.400s: a file for the runs of virtual CPUs: %s",
			   folder(), strerror(error));
}

static off_t place_in_file(const struct chunk *c)
{
	return (off_t)(c->place - IN_MEMORY) * CHUNK * sizeof(uint32_t);
}

static int chunk_write(struct vmsync_runs *r, const struct chunk *c,
		       const uint32_t *word, struct ctf_error *e)
{
	const char *p = (const char *)word;
	size_t left = c->n * sizeof(*word);
	off_t at = place_in_file(c);

	if (r->fd < 0)
		r->fd = file_open();
	if (r->fd < 0)
		return file_fail(e, errno);
	while (left) {
		ssize_t done = pwrite(r->fd, p, left, at);

		if (done < 0 && errno != EINTR)
			return file_fail(e, errno);
		if (done > 0) {
			p += done;
			at += done;
			left -= (size_t)done;
		}
	}
	return 0;
}

static int chunk_read(const struct vmsync_runs *r, const struct chunk *c,
		      uint32_t *word, struct ctf_error *e)
{
	char *p = (char *)word;
	size_t left = c->n * sizeof(*word);
	off_t at = place_in_file(c);

	while (left) {
		ssize_t done = pread(r->fd, p, left, at);

		if (!done || (done < 0 && errno != EINTR))
			return file_fail(e, done ? errno : EIO);
		if (done > 0) {
			p += done;
			at += done;
			left -= (size_t)done;
		}
	}
	return 0;
}

/* ------------------------------------------------------------------ adding */

/* The open chunk is full: the next one is open. */
static int chunk_close(struct vmsync_runs *r, struct thread *t,
		       struct ctf_error *e)
{
	struct chunk *c = vmsync_array_add(&t->chunks);
	int ret = 0;

	if (!c)
		return vmsync_fail_memory(e);
	*c = t->open;
	c->place = r->n_full++;
	if (c->place < IN_MEMORY) {
		r->full[c->place] = t->word;
		t->word = NULL;
		t->room = 0;
	} else {
		ret = chunk_write(r, c, t->word, e);
	}
	t->open.n = 0;
	return ret;
}

static int word_room(struct thread *t, struct ctf_error *e)
{
	uint32_t room = t->room ? 2 * t->room : 16;
	uint32_t *word = realloc(t->word, room * sizeof(*word));

	if (!word)
		return vmsync_fail_memory(e);
	t->word = word;
	t->room = room;
	return 0;
}

int vmsync_runs_add(struct vmsync_runs *r, const struct vmsync_run_end *end,
		    struct ctf_error *e)
{
	struct thread *t = thread_of(r, end->tid, end->vcpu_id);
	uint64_t since;
	int ret = 0;

	if (!t)
		return vmsync_fail_memory(e);
	if (t->open.n + 3 > CHUNK)
		ret = chunk_close(r, t, e);
	if (!ret && t->open.n + 3 > t->room)
		ret = word_room(t, e);
	if (ret)
		return ret;
	if (!t->open.n)
		t->open.first_ns = t->last_ns = end->ns;
	since = (uint64_t)end->ns - (uint64_t)t->last_ns;
	t->last_ns = end->ns;
	t->word[t->open.n++] = (uint32_t)(since < LATE ? since : LATE) << 1 |
			       end->entry;
	if (since >= LATE) {
		t->word[t->open.n++] = (uint32_t)end->ns;
		t->word[t->open.n++] = (uint32_t)((uint64_t)end->ns >> 32);
	}
	return 0;
}

/* ----------------------------------------------------------------- reading */

struct mark {
	enum vmsync_end what;
	int64_t ns;
};

/* A thread's ends, from one chunk to the next. */
struct part {
	const struct thread *thread;
	size_t chunk;		/* being read; the open one is behind the others */
	const uint32_t *word;
	uint32_t *own;		/* CHUNK words, for one of the file */
	uint32_t at, n;
	struct mark last;	/* passed */
	struct mark next;	/* NONE: behind the last one, or not begun */
};

struct vmsync_run_cursor {
	const struct vmsync_runs *runs;
	size_t n;
	struct part part[];
};

struct vmsync_run_cursor *vmsync_run_cursor_new(const struct vmsync_runs *r,
						const uint32_t *threads,
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
		c->part[i].thread = &r->threads.at[threads[i]];
	return c;
}

void vmsync_run_cursor_free(struct vmsync_run_cursor *c)
{
	size_t i;

	for (i = 0; c && i < c->n; i++)
		free(c->part[i].own);
	free(c);
}

static const struct chunk *chunk_of(const struct thread *t, size_t i)
{
	return i < t->chunks.count ? &t->chunks.at[i] : &t->open;
}

/* Chunks that hold anything: the open one does, if there is any end at all. */
static size_t chunks_of(const struct thread *t)
{
	return t->chunks.count + (t->open.n > 0);
}

static int part_load(const struct vmsync_runs *r, struct part *p, size_t i,
		     struct ctf_error *e)
{
	const struct thread *t = p->thread;
	const struct chunk *c = chunk_of(t, i);

	p->chunk = i;
	p->at = 0;
	p->n = c->n;
	p->next.ns = c->first_ns;
	if (c == &t->open) {
		p->word = t->word;
	} else if (c->place < IN_MEMORY) {
		p->word = r->full[c->place];
	} else {
		if (!p->own)
			p->own = malloc(CHUNK * sizeof(*p->own));
		if (!p->own)
			return vmsync_fail_memory(e);
		p->word = p->own;
		return chunk_read(r, c, p->own, e);
	}
	return 0;
}

/* What was next is passed. */
static inline int part_next(const struct vmsync_runs *r, struct part *p,
			    struct ctf_error *e)
{
	uint32_t word;
	int ret;

	p->last = p->next;
	if (p->at == p->n) {
		if (p->chunk + 1 >= chunks_of(p->thread)) {
			p->next = (struct mark){ VMSYNC_END_NONE, INT64_MAX };
			return 0;
		}
		ret = part_load(r, p, p->chunk + 1, e);
		if (ret)
			return ret;
	}
	word = p->word[p->at++];
	p->next.what = word & 1 ? VMSYNC_END_ENTRY : VMSYNC_END_EXIT;
	p->next.ns += word >> 1;
	if (word >> 1 == LATE) {
		p->next.ns = (int64_t)((uint64_t)p->word[p->at + 1] << 32 |
				       p->word[p->at]);
		p->at += 2;
	}
	return 0;
}

/* The chunk that holds the last end at or before @ns; the first if none does. */
static size_t chunk_at(const struct thread *t, int64_t ns)
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
	size_t chunk = chunk_at(p->thread, ns);
	int ret = 0;

	if (!chunks_of(p->thread)) {
		p->next.ns = INT64_MAX;
		return 0;
	}
	if (!p->word || p->chunk != chunk || p->last.ns > ns) {
		ret = part_load(r, p, chunk, e);
		if (ret)
			return ret;
		p->next.what = VMSYNC_END_NONE;
		ret = part_next(r, p, e);
		p->last = (struct mark){ VMSYNC_END_NONE, INT64_MIN };
	}
	while (!ret && p->next.ns <= ns)
		ret = part_next(r, p, e);
	return ret;
}

static struct part *first_of(struct vmsync_run_cursor *c)
{
	struct part *first = &c->part[0];
	size_t i;

	for (i = 1; i < c->n; i++) {
		if (c->part[i].next.ns < first->next.ns)
			first = &c->part[i];
	}
	return first;
}

static void until(struct vmsync_run_cursor *c, struct vmsync_stretch *s)
{
	const struct part *first = first_of(c);

	s->until = first->next.what;
	s->until_ns = first->next.ns;
}

int vmsync_run_cursor_seek(struct vmsync_run_cursor *c, int64_t ns,
			   struct vmsync_stretch *s, struct ctf_error *e)
{
	size_t i;

	*s = (struct vmsync_stretch){ .from_ns = INT64_MIN,
				      .until_ns = INT64_MAX };
	for (i = 0; i < c->n; i++) {
		struct part *p = &c->part[i];
		int ret = part_seek(c->runs, p, ns, e);

		if (ret)
			return ret;
		if (p->last.what && p->last.ns >= s->from_ns) {
			s->from = p->last.what;
			s->from_ns = p->last.ns;
		}
	}
	if (c->n)
		until(c, s);
	return 0;
}

int vmsync_run_cursor_next(struct vmsync_run_cursor *c,
			   struct vmsync_stretch *s, struct ctf_error *e)
{
	int ret = part_next(c->runs, first_of(c), e);

	s->from = s->until;
	s->from_ns = s->until_ns;
	until(c, s);
	return ret;
}
