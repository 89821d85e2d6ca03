// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/runs_chunk.h"
#include "fuse/scratch.h"

#define IN_MEMORY 16		/* full chunks */
#define MAX_PARTS (1u << 18)	/* a trace may claim any number of threads */

struct vmsync_runs_lane {
	struct vmsync_runs *runs;
	uint32_t cpu;
	bool untold;
	VMSYNC_ARRAY(struct runs_part) parts;
	uint32_t *slot;		/* hash of @parts, their places + 1 */
	uint32_t n_slots;	/* a power of two */
};

struct vmsync_runs {
	VMSYNC_ARRAY(struct vmsync_runs_lane *) lanes;
	struct runs_part **part; /* of all lanes, once settled */
	pthread_mutex_t lock;	/* of what follows */
	uint32_t n_parts;
	uint32_t *full[IN_MEMORY];
	uint32_t n_full;	/* there, and in the file */
	int fd;			/* -1: none needed so far */
};

struct vmsync_runs *vmsync_runs_new(void)
{
	struct vmsync_runs *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	r->fd = -1;
	return r;
}

static void lane_free(struct vmsync_runs_lane *l)
{
	size_t i;

	for (i = 0; i < l->parts.count; i++) {
		free(l->parts.at[i].word);
		vmsync_array_free(&l->parts.at[i].chunks);
	}
	vmsync_array_free(&l->parts);
	free(l->slot);
	free(l);
}

void vmsync_runs_free(struct vmsync_runs *r)
{
	size_t i;

	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	for (i = 0; i < r->lanes.count; i++)
		lane_free(r->lanes.at[i]);
	vmsync_array_free(&r->lanes);
	for (i = 0; i < IN_MEMORY; i++)
		free(r->full[i]);
	pthread_mutex_destroy(&r->lock);
	free(r->part);
	free(r);
}

struct vmsync_runs_lane *vmsync_runs_lane(struct vmsync_runs *r, uint32_t cpu)
{
	struct vmsync_runs_lane *l = calloc(1, sizeof(*l));
	struct vmsync_runs_lane **p = l ? vmsync_array_add(&r->lanes) : NULL;

	if (!p) {
		free(l);
		return NULL;
	}
	l->runs = r;
	l->cpu = cpu;
	*p = l;
	return l;
}

/* ----------------------------------------------------------------- threads */

static uint32_t *slot_of(const struct vmsync_runs_lane *l, int32_t tid,
			 int32_t vcpu_id)
{
	uint32_t mask = l->n_slots - 1;
	uint32_t key = tid ? (uint32_t)tid : ~(uint32_t)vcpu_id;
	uint32_t i = (key * 2654435761u) >> 7 & mask;

	for (; l->slot[i]; i = (i + 1) & mask) {
		const struct vmsync_runs_part *p =
			&l->parts.at[l->slot[i] - 1].pub;

		if (p->tid == tid && (tid || p->vcpu_id == vcpu_id))
			break;
	}
	return &l->slot[i];
}

static int slots_grow(struct vmsync_runs_lane *l)
{
	uint32_t n = l->n_slots ? 2 * l->n_slots : 64, i;
	uint32_t *slot = calloc(n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	free(l->slot);
	l->slot = slot;
	l->n_slots = n;
	for (i = 0; i < l->parts.count; i++) {
		const struct vmsync_runs_part *p = &l->parts.at[i].pub;

		*slot_of(l, p->tid, p->vcpu_id) = i + 1;
	}
	return 0;
}

static int part_add(struct vmsync_runs_lane *l, int32_t tid, int32_t vcpu_id,
		    uint32_t *slot)
{
	struct runs_part *p = vmsync_array_add(&l->parts);

	if (!p)
		return -ENOMEM;
	*p = (struct runs_part){ .pub = { tid, vcpu_id }, .cpu = l->cpu };
	*slot = (uint32_t)l->parts.count;
	return 0;
}

/* Whether there may be another part; a trace may claim any number. */
static bool may_add(struct vmsync_runs *r)
{
	bool may;

	pthread_mutex_lock(&r->lock);
	may = r->n_parts < MAX_PARTS;
	r->n_parts += may;
	pthread_mutex_unlock(&r->lock);
	return may;
}

int vmsync_runs_number(struct vmsync_runs_lane *l, int32_t tid, int32_t vcpu_id,
		       uint32_t *number)
{
	uint32_t *slot;

	if (2 * (l->parts.count + 1) >= l->n_slots && slots_grow(l))
		return -ENOMEM;
	if (tid < 0)
		tid = 0;
	slot = slot_of(l, tid, vcpu_id);
	/* Beyond the limit all are nobody's. */
	if (!*slot && !may_add(l->runs)) {
		tid = 0;
		vcpu_id = -1;
		slot = slot_of(l, tid, vcpu_id);
	}
	if (!*slot && part_add(l, tid, vcpu_id, slot))
		return -ENOMEM;
	*number = *slot - 1;
	return 0;
}

int vmsync_runs_name(struct vmsync_runs_lane *l, int32_t tid, int32_t vcpu_id)
{
	uint32_t number;

	if (tid <= 0)
		return 0;
	if (vmsync_runs_number(l, tid, vcpu_id, &number))
		return -ENOMEM;
	if (l->parts.at[number].pub.tid == tid) {
		l->parts.at[number].pub.vcpu_id = vcpu_id;
		l->parts.at[number].named = true;
	}
	return 0;
}

/* ------------------------------------------------------------------ adding */

static off_t place_in_file(const struct runs_chunk *c)
{
	return (off_t)(c->place - IN_MEMORY) * RUNS_CHUNK * sizeof(uint32_t);
}

/* A place for a full chunk: in memory @word is taken over. */
static int place_take(struct vmsync_runs *r, struct runs_chunk *c,
		      uint32_t **word, struct ctf_error *e)
{
	int ret = 0;

	pthread_mutex_lock(&r->lock);
	c->place = r->n_full++;
	if (c->place < IN_MEMORY) {
		r->full[c->place] = *word;
		*word = NULL;
	} else if (r->fd < 0) {
		r->fd = scratch_open(e);
		ret = r->fd < 0 ? r->fd : 0;
	}
	pthread_mutex_unlock(&r->lock);
	return ret;
}

/* The open chunk is full: the next one is open. */
static int chunk_close(struct vmsync_runs *r, struct runs_part *p,
		       struct ctf_error *e)
{
	struct runs_chunk *c = vmsync_array_add(&p->chunks);
	int ret;

	if (!c)
		return vmsync_fail_memory(e);
	*c = p->open;
	p->open.n = 0;
	ret = place_take(r, c, &p->word, e);
	if (!ret && p->word)
		ret = scratch_write(r->fd, p->word, c->n * sizeof(*p->word),
				    place_in_file(c), e);
	if (!p->word)
		p->room = 0;
	return ret;
}

static int word_room(struct runs_part *p, struct ctf_error *e)
{
	uint32_t room = p->room ? 2 * p->room : 16;
	uint32_t *word = realloc(p->word, room * sizeof(*word));

	if (!word)
		return vmsync_fail_memory(e);
	p->word = word;
	p->room = room;
	return 0;
}

static __attribute__((noinline)) int room_make(struct vmsync_runs *r,
					       struct runs_part *p,
					       struct ctf_error *e)
{
	int ret = p->open.n + 3 > RUNS_CHUNK ? chunk_close(r, p, e) : 0;

	return !ret && p->open.n + 3 > p->room ? word_room(p, e) : ret;
}

int vmsync_runs_put(struct vmsync_runs_lane *l, uint32_t number, int64_t ns,
		    unsigned int what, struct ctf_error *e)
{
	struct runs_part *p = &l->parts.at[number];
	uint64_t since;

	/* An end may need three words, and there is never room for more. */
	if (p->open.n + 3 > p->room) {
		int ret = room_make(l->runs, p, e);

		if (ret)
			return ret;
	}
	if (!p->open.n)
		p->open.first_ns = p->last_ns = ns;
	since = (uint64_t)ns - (uint64_t)p->last_ns;
	p->last_ns = ns;
	p->word[p->open.n++] =
		(uint32_t)(since < RUNS_LATE ? since : RUNS_LATE) << 2 | what;
	if (since >= RUNS_LATE) {
		p->word[p->open.n++] = (uint32_t)ns;
		p->word[p->open.n++] = (uint32_t)((uint64_t)ns >> 32);
	}
	return 0;
}

void vmsync_runs_untold(struct vmsync_runs_lane *l)
{
	l->untold = true;
}

/* ----------------------------------------------------------------- settling */

static int by_tid(const void *a, const void *b)
{
	const struct runs_part *x = *(struct runs_part *const *)a;
	const struct runs_part *y = *(struct runs_part *const *)b;

	if (x->pub.tid != y->pub.tid)
		return x->pub.tid < y->pub.tid ? -1 : 1;
	/* Who was named first, then who has a number. */
	if (x->named != y->named)
		return x->named ? -1 : 1;
	return (x->pub.vcpu_id < y->pub.vcpu_id) -
	       (x->pub.vcpu_id > y->pub.vcpu_id);
}

int vmsync_runs_settle(struct vmsync_runs *r)
{
	struct runs_part **part;
	size_t i, k, n = 0;

	for (i = 0; i < r->lanes.count; i++)
		n += r->lanes.at[i]->parts.count;
	part = calloc(n + 1, sizeof(struct runs_part *));
	if (!part)
		return -ENOMEM;
	for (i = n = 0; i < r->lanes.count; i++) {
		for (k = 0; k < r->lanes.at[i]->parts.count; k++) {
			part[n] = &r->lanes.at[i]->parts.at[k];
			part[n++]->untold = r->lanes.at[i]->untold;
		}
	}
	qsort(part, n, sizeof(struct runs_part *), by_tid);
	/* The name was learned in one lane and is good in all. */
	for (i = 1; i < n; i++) {
		if (part[i]->pub.tid && part[i]->pub.tid == part[i - 1]->pub.tid)
			part[i]->pub.vcpu_id = part[i - 1]->pub.vcpu_id;
	}
	free(r->part);
	r->part = part;
	r->n_parts = (uint32_t)n;
	return 0;
}

uint32_t vmsync_runs_parts(const struct vmsync_runs *r)
{
	return r->n_parts;
}

struct vmsync_runs_part vmsync_runs_part(const struct vmsync_runs *r,
					 uint32_t part)
{
	const struct runs_part *p = r->part[part];
	struct vmsync_runs_part pub = p->pub;

	pub.ran = p->chunks.count || p->open.n;
	return pub;
}

const struct runs_part *runs_part(const struct vmsync_runs *r, uint32_t part)
{
	return r->part[part];
}

const uint32_t *runs_chunk_words(const struct vmsync_runs *r,
				 const struct runs_chunk *c, uint32_t **own,
				 struct ctf_error *e)
{
	if (c->place < IN_MEMORY)
		return r->full[c->place];
	if (!*own)
		*own = malloc(RUNS_CHUNK * sizeof(**own));
	if (!*own) {
		vmsync_fail_memory(e);
		return NULL;
	}
	if (scratch_read(r->fd, *own, c->n * sizeof(**own), place_in_file(c),
			 e))
		return NULL;
	return *own;
}
