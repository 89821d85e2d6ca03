// SPDX-License-Identifier: MIT
/*
 * The hot loops: from one event to the next, a batch at a time, fields
 * skipped. One loop for each of LTTng's headers, one for fixed headers, one
 * for everything else.
 */
#include "ctf/bits.h"

#define COMPACT_MASK	0x7ffffffu
#define COMPACT_SIZE	4
#define COMPACT_EXT	13
#define LARGE_ESCAPE	65535u
#define LARGE_SIZE	6
#define LARGE_EXT	14

static int bad(const struct walk *w, const uint8_t *p, struct ctf_error *e,
	       const char *what)
{
	return fail(e, -EINVAL,
		    "%s: packet at byte %llu: event at its byte %llu: %s",
		    w->stream->path, (unsigned long long)w->offset,
		    (unsigned long long)(p - w->data), what);
}

/* Puts @w before the first event of @p, whose bytes are at @data. */
void walk_packet(struct walk *w, const uint8_t *data, const struct ctf_packet *p)
{
	w->data = data;
	/* The headers that the hot loops know are aligned to bytes. */
	w->pos = w->sc->kind == HEADER_NONE || w->sc->kind == HEADER_ANY ?
			 p->events_at : align_up(p->events_at, 8);
	w->end = p->content;
	w->offset = p->offset;
	w->first = w->pos;
	w->unchecked = true;
}

/*
 * barectf reads the clock for an event before it opens a packet for it: the
 * first one of a packet may be before its begin, if its stamp is a whole one.
 */
static bool is_early(const struct walk *w, const uint8_t *event, uint64_t stamp)
{
	return event == w->data + w->first / 8 && stamp >= w->floor;
}

/* Behind the fields at @p of a class that the table cannot finish alone. */
static const uint8_t *skip_slow(struct walk *w, const struct class *c,
				const uint8_t *p, const char **why)
{
	struct run r = { .data = w->data, .end = w->end, .slot = w->slot };
	const uint8_t *q;
	int ret;

	if (c->skip) {
		q = skip_run(c->skip, w->data, p, w->data + w->end / 8, w->slot);
		*why = "its fields do not fit the packet";
		return q;
	}
	r.pos = (uint64_t)(p - w->data) * 8;
	ret = run_skip(&c->prog, &r);
	*why = run_text(ret);
	return ret ? NULL : w->data + (r.pos + 7) / 8;
}

/*
 * Ids beyond the table, classes without a skip list, and errors. @p is behind
 * the header.
 */
static const uint8_t *step_slow(struct walk *w, uint64_t id, const uint8_t *p,
				uint32_t *index, struct ctf_error *e)
{
	const struct class *c = class_by_id(w->sc, id);
	const char *why = "its id is not in the metadata";
	const uint8_t *q = NULL;

	if (c) {
		*index = (uint32_t)c->pub.index;
		q = skip_slow(w, c, p, &why);
	}
	if (!q)
		bad(w, p, e, why);
	return q;
}

/*
 * Where the table does not say the whole length. @start is where the header
 * begins, @p is behind it.
 */
static const uint8_t *step_rare(struct walk *w, uint64_t id,
				const uint8_t *start, const uint8_t *p,
				uint32_t *index, struct ctf_error *e)
{
	const struct sclass *sc = w->sc;
	const uint8_t *end = w->data + w->end / 8;

	if (id >= sc->n_quick || sc->quick[id].fixed == QUICK_NONE)
		return step_slow(w, id, p, index, e);
	p += sc->quick[id].fixed & ~QUICK_SKIP;
	/* The caller sees to that. */
	if (p > end)
		return p;
	p = skip_run(sc->skip_rest[id], w->data, p, end, w->slot);
	if (unlikely(!p))
		bad(w, start, e, "its fields do not fit the packet");
	return p;
}

enum shape { SHAPE_COMPACT, SHAPE_LARGE, SHAPE_FIXED };

static inline struct quick quick_of(const struct quick *table, size_t n,
				    uint64_t id)
{
	return likely(id < n) ? table[id] : (struct quick){ QUICK_NONE, 0 };
}

/* Both in one load: what comes next has to wait for it. */
static inline struct quick quick_load(const struct quick *table, uint64_t id)
{
	struct quick q;
	uint64_t both;

	_Static_assert(sizeof(q) == sizeof(both), "one load");
	memcpy(&both, &table[id], sizeof(both));
	memcpy(&q, &both, sizeof(q));
	return q;
}

static inline uint64_t load_sized(const uint8_t *p, unsigned int size)
{
	switch (size) {
	case 1:
		return *p;
	case 2:
		return load16(p);
	case 4:
		return load32(p);
	case 8:
		return load64(p);
	default:
		return 0;
	}
}

/* Whether a whole header is there, for the last bytes of a packet. */
static bool header_fits(const struct walk *w, enum shape shape,
			const uint8_t *p, const uint8_t *pe)
{
	size_t left = (size_t)(pe - p);

	if (shape == SHAPE_FIXED)
		return left >= w->sc->fixed.size;
	if (shape == SHAPE_COMPACT)
		return left >= ((*p & 31) == COMPACT_ESCAPE ? COMPACT_EXT :
							      COMPACT_SIZE);
	return left >= LARGE_SIZE &&
	       (load16(p) != LARGE_ESCAPE || left >= LARGE_EXT);
}

/* With so many bytes left, a whole header is there. */
#define HEADER_MOST	255

/*
 * Most of the time goes by here. What can be known before the loop is not found
 * out in it, and what it does need should fit the processor's registers.
 */
static inline __attribute__((always_inline)) int
fill(struct walk *w, struct batch *b, enum shape shape, bool pick,
     struct ctf_error *e)
{
	const uint8_t *const data = w->data, *const want = w->want;
	const uint8_t *p = data + w->pos / 8, *const pe = data + w->end / 8;
	const uint8_t *const near = pe - data > HEADER_MOST ? pe - HEADER_MOST :
							      data;
	const struct quick *const table = w->sc->quick;
	const struct quick *const compact = w->sc->compact;
	const size_t n_quick = w->sc->n_quick;
	const struct fixed_header fh = w->sc->fixed;
	uint64_t clock = w->clock, events = w->events;
	uint32_t n = 0;
	int ret = 0;

	for (; n < BATCH; events++) {
		const uint8_t *body, *next;
		struct quick q;
		uint32_t ext = 0, index;
		uint64_t id, stamp;

		if (unlikely(p >= near)) {
			if (p >= pe)
				break;
			if (!header_fits(w, shape, p, pe)) {
				ret = bad(w, p, e, "cut short");
				break;
			}
		}
		if (shape == SHAPE_COMPACT) {
			uint32_t h = load32(p);

			/* This is what the next event waits for. */
			q = quick_load(compact, *p);
			id = *p & COMPACT_ESCAPE;
			stamp = clock + (((h >> 5) - clock) & COMPACT_MASK);
			body = p + COMPACT_SIZE;
			if (unlikely(q.fixed == QUICK_ESCAPE)) {
				id = load32(p + 1);
				stamp = load64(p + 5);
				body = p + COMPACT_EXT;
				q = quick_of(table, n_quick, id);
				ext = WALK_EXT;
			}
		} else if (shape == SHAPE_LARGE) {
			id = load16(p);
			q = quick_of(table, n_quick, id);
			stamp = clock + (uint32_t)(load32(p + 2) - clock);
			body = p + LARGE_SIZE;
			if (unlikely(id == LARGE_ESCAPE)) {
				id = load32(p + 2);
				stamp = load64(p + 6);
				body = p + LARGE_EXT;
				q = quick_of(table, n_quick, id);
				ext = WALK_EXT;
			}
		} else {
			id = load_sized(p + fh.id_at, fh.id_size);
			q = quick_of(table, n_quick, id);
			stamp = load_sized(p + fh.stamp_at, fh.stamp_size);
			if (fh.stamp_size < 8)
				stamp = clock + ((stamp - clock) &
						 low_bits(fh.stamp_size * 8u));
			body = p + fh.size;
		}
		if (unlikely(stamp < clock) && !is_early(w, p, stamp)) {
			ret = bad(w, p, e, "its time is before the event before it");
			break;
		}
		index = q.index;
		next = body + q.fixed;
		if (unlikely(q.fixed >= QUICK_RARE)) {
			uint32_t slow = index;

			next = step_rare(w, id, p, body, &slow, e);
			if (!next) {
				ret = e ? e->code : -EINVAL;
				break;
			}
			index = slow;
		}
		if (unlikely(next > pe)) {
			ret = bad(w, p, e, "its fields pass the end of the packet");
			break;
		}
		if (shape == SHAPE_FIXED && unlikely(next == p)) {
			ret = bad(w, p, e, "it has no bits, and so no end");
			break;
		}
		p = next;
		clock = stamp;
		b->clock[n] = stamp;
		b->at[n] = (uint32_t)(body - data) * 8;
		b->cls[n] = index | ext;
		n += pick ? want[index] != 0 : 1;
	}
	w->pos = (uint64_t)(p - data) * 8;
	w->clock = clock;
	w->events = events;
	b->n = n;
	return ret;
}

/* One event with a header that only the program knows. */
static int step_any(struct walk *w, struct run *r, uint32_t *index,
		    struct ctf_error *e)
{
	const uint8_t *at = w->data + w->pos / 8, *q;
	const struct class *c;
	int ret;

	r->pos = w->pos;
	r->stamp = w->clock;
	ret = run_head(&w->sc->event_head, r);
	if (ret)
		return bad(w, at, e, run_text(ret));
	if (r->stamp < w->clock && !is_early(w, at, r->stamp))
		return bad(w, at, e, "its time is before the event before it");
	if (sem_has(r, SEM_ID))
		c = class_by_id(w->sc, r->sem[SEM_ID]);
	else
		c = w->sc->n_classes == 1 ? w->sc->classes[0] : NULL;
	if (!c)
		return bad(w, at, e, "its id is not in the metadata");
	*index = (uint32_t)c->pub.index;
	w->pos = r->pos;
	if (c->skip && !(r->pos & 7)) {
		q = skip_run(c->skip, w->data, w->data + r->pos / 8,
			     w->data + w->end / 8, w->slot);
		if (!q)
			return bad(w, at, e, "its fields do not fit the packet");
		r->pos = (uint64_t)(q - w->data) * 8;
		return 0;
	}
	ret = run_skip(&c->prog, r);
	return ret ? bad(w, at, e, run_text(ret)) : 0;
}

static int fill_any(struct walk *w, struct batch *b, struct ctf_error *e)
{
	struct run r = { .data = w->data, .end = w->end, .slot = w->slot };
	uint32_t limit = w->sc->event_slots ? 1 : BATCH, index = 0;
	uint64_t start;
	int ret;

	while (b->n < limit && w->pos < w->end) {
		start = w->pos;
		ret = step_any(w, &r, &index, e);
		if (!ret && r.pos == start)
			ret = bad(w, w->data + start / 8, e,
				  "it has no bits, and so no end");
		if (ret) {
			w->pos = start;
			return ret;
		}
		w->clock = r.stamp;
		w->events++;
		b->clock[b->n] = r.stamp;
		b->at[b->n] = (uint32_t)w->pos;
		b->cls[b->n] = index;
		if (w->stamp_at) {
			w->stamp_at[b->n] = sem_has(&r, SEM_STAMP) ?
				r.sem_at[SEM_STAMP] : UINT64_MAX;
			w->stamp_op[b->n] = r.sem_op[SEM_STAMP];
		}
		w->pos = r.pos;
		if (!w->want || w->want[index])
			b->n++;
	}
	return 0;
}

static int fill_batch(struct walk *w, struct batch *b, struct ctf_error *e)
{
	bool pick = w->want != NULL;

	switch (w->sc->kind) {
	case HEADER_COMPACT:
		if (w->end & 7)
			break;
		return pick ? fill(w, b, SHAPE_COMPACT, true, e) :
			      fill(w, b, SHAPE_COMPACT, false, e);
	case HEADER_LARGE:
		if (w->end & 7)
			break;
		return pick ? fill(w, b, SHAPE_LARGE, true, e) :
			      fill(w, b, SHAPE_LARGE, false, e);
	case HEADER_FIXED:
		if (w->end & 7 || w->pos & 7)
			break;
		return fill(w, b, SHAPE_FIXED, pick, e);
	default:
		break;
	}
	w->used_any = true;
	return fill_any(w, b, e);
}

/*
 * Packets may overlap, events may not: where a packet begins before the last event
 * of the packet before it, its first event must not, wanted or not.
 */
static int check_first(const struct walk *w, struct batch *b,
		       struct ctf_error *e)
{
	struct walk first = *w;
	struct ctf_error unread;

	if (w->clock >= w->floor)
		return 0;
	first.want = NULL;
	/* What is wrong with a later event is found when it is its turn. */
	fill_batch(&first, b, &unread);
	if (!b->n || b->clock[0] >= w->floor)
		return 0;
	b->n = 0;
	return bad(w, w->data + w->first / 8, e,
		   "its time is before the last event of the packet before");
}

/*
 * Decodes up to BATCH wanted events; none at the end of the packet. After an
 * error the events before it are in the batch.
 */
int walk_fill(struct walk *w, struct batch *b, struct ctf_error *e)
{
	b->n = 0;
	w->used_any = false;
	if (unlikely(w->unchecked)) {
		if (check_first(w, b, e))
			return -EINVAL;
		b->n = 0;
		w->unchecked = false;
	}
	return fill_batch(w, b, e);
}
