// SPDX-License-Identifier: MIT
/*
 * The hot loops: from one event to the next, a batch at a time, fields
 * skipped. One loop for each of LTTng's headers, one for fixed headers, one
 * for everything else, which is walk_any.c.
 */
#include "ctf/bits.h"

#define COMPACT_MASK	0x7ffffffu
#define COMPACT_SIZE	4
#define COMPACT_EXT	13
#define LARGE_ESCAPE	65535u
#define LARGE_SIZE	6
#define LARGE_EXT	14

int walk_bad(const struct walk *w, const uint8_t *p, struct ctf_error *e,
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
bool walk_is_early(const struct walk *w, const uint8_t *event, uint64_t stamp)
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
		walk_bad(w, p, e, why);
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
		walk_bad(w, start, e, "its fields do not fit the packet");
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

/* Of a walk and its batch, what the hot loops should have in registers. */
struct hot {
	const uint8_t *p;	/* the next event */
	uint64_t clock, events;
	uint32_t n;
};

/* The same, that stays as it is. */
struct ground {
	const uint8_t *data, *want;
	const uint8_t *pe, *near;	/* the end; from here on it is near */
	const uint8_t *swift;	/* the same, for swift() */
	const struct quick *table, *compact;
	size_t n_quick;
	struct fixed_header fh;
};

static inline struct hot hot_of(const struct walk *w, const struct batch *b)
{
	return (struct hot){ w->data + w->pos / 8, w->clock, w->events, b->n };
}

static inline void hot_end(const struct hot *h, struct walk *w, struct batch *b)
{
	w->pos = (uint64_t)(h->p - w->data) * 8;
	w->clock = h->clock;
	w->events = h->events;
	b->n = h->n;
}

/* So many bytes before @pe. */
static inline const uint8_t *before(const uint8_t *data, const uint8_t *pe, size_t n)
{
	return (size_t)(pe - data) > n ? pe - n : data;
}

static inline struct ground ground_of(const struct walk *w)
{
	const uint8_t *pe = w->data + w->end / 8;

	return (struct ground){
		.data = w->data,
		.want = w->want,
		.pe = pe,
		.near = before(w->data, pe, HEADER_MOST),
		.swift = before(w->data, pe,
				(size_t)HEADER_MOST + w->sc->compact_most),
		.table = w->sc->quick,
		.compact = w->sc->compact,
		.n_quick = w->sc->n_quick,
		.fh = w->sc->fixed,
	};
}

/*
 * One event, whose whole header is there. Most of the time goes by here. What can be
 * known before the loop is not found out in it. An error leaves all as it is.
 */
static inline __attribute__((always_inline)) int
step(struct walk *w, struct batch *b, struct hot *h, const struct ground *g,
     enum shape shape, bool pick, struct ctf_error *e)
{
	const uint8_t *const p = h->p, *body, *next;
	struct quick q;
	uint32_t ext = 0, index;
	uint64_t id, stamp;

	if (shape == SHAPE_COMPACT) {
		uint32_t head = load32(p);

		/* This is what the next event waits for. */
		q = quick_load(g->compact, *p);
		id = *p & COMPACT_ESCAPE;
		stamp = h->clock + (((head >> 5) - h->clock) & COMPACT_MASK);
		body = p + COMPACT_SIZE;
		if (unlikely(q.fixed == QUICK_ESCAPE)) {
			id = load32(p + 1);
			stamp = load64(p + 5);
			body = p + COMPACT_EXT;
			q = quick_of(g->table, g->n_quick, id);
			ext = WALK_EXT;
		}
	} else if (shape == SHAPE_LARGE) {
		id = load16(p);
		q = quick_of(g->table, g->n_quick, id);
		stamp = h->clock + (uint32_t)(load32(p + 2) - h->clock);
		body = p + LARGE_SIZE;
		if (unlikely(id == LARGE_ESCAPE)) {
			id = load32(p + 2);
			stamp = load64(p + 6);
			body = p + LARGE_EXT;
			q = quick_of(g->table, g->n_quick, id);
			ext = WALK_EXT;
		}
	} else {
		id = load_sized(p + g->fh.id_at, g->fh.id_size);
		q = quick_of(g->table, g->n_quick, id);
		stamp = load_sized(p + g->fh.stamp_at, g->fh.stamp_size);
		if (g->fh.stamp_size < 8)
			stamp = h->clock + ((stamp - h->clock) &
					    low_bits(g->fh.stamp_size * 8u));
		body = p + g->fh.size;
	}
	if (unlikely(stamp < h->clock) && !walk_is_early(w, p, stamp))
		return walk_bad(w, p, e, "its time is before the event before it");
	index = q.index;
	next = body + q.fixed;
	if (unlikely(q.fixed >= QUICK_RARE)) {
		uint32_t slow = index;

		next = step_rare(w, id, p, body, &slow, e);
		if (!next)
			return e ? e->code : -EINVAL;
		index = slow;
	}
	if (unlikely(next > g->pe))
		return walk_bad(w, p, e, "its fields pass the end of the packet");
	if (shape == SHAPE_FIXED && unlikely(next == p))
		return walk_bad(w, p, e, "it has no bits, and so no end");
	h->p = next;
	h->clock = stamp;
	h->events++;
	b->clock[h->n] = stamp;
	b->at[h->n] = (uint32_t)(body - g->data) * 8;
	b->cls[h->n] = index | ext;
	h->n += pick ? g->want[index] != 0 : 1;
	return 0;
}

#define SWIFT_ENDS	1	/* there is more that swift() is not for */
/* Beyond that a short stamp might be more than 64 bits hold. */
#define SWIFT_CLOCK	(1ull << 62)

static inline bool is_swift(const struct hot *h, const struct ground *g)
{
	return h->n < BATCH && h->p < g->swift;
}

/*
 * The same as step() for compact headers, far enough from the end, and where the clock
 * is not beyond SWIFT_CLOCK: of an event of one length nothing can be wrong then.
 */
static inline __attribute__((always_inline)) int
swift(struct walk *w, struct batch *b, struct hot *h, const struct ground *g,
      bool pick, struct ctf_error *e)
{
	const uint8_t *const body = h->p + COMPACT_SIZE;
	const uint32_t head = load32(h->p);
	/* This is what the next event waits for. */
	const struct quick q = quick_load(g->compact, *h->p);

	if (unlikely(q.fixed >= QUICK_ESCAPE)) {
		int ret = step(w, b, h, g, SHAPE_COMPACT, pick, e);

		return ret || h->clock <= SWIFT_CLOCK ? ret : SWIFT_ENDS;
	}
	h->clock += ((head >> 5) - h->clock) & COMPACT_MASK;
	h->p = body + q.fixed;
	h->events++;
	b->clock[h->n] = h->clock;
	b->at[h->n] = (uint32_t)(body - g->data) * 8;
	b->cls[h->n] = q.index;
	h->n += pick ? g->want[q.index] != 0 : 1;
	return 0;
}

static inline __attribute__((always_inline)) int
fill_swift(struct walk *w, struct batch *b, struct hot *h,
	   const struct ground *g, bool pick, struct ctf_error *e)
{
	int ret = h->clock <= SWIFT_CLOCK ? 0 : SWIFT_ENDS;

	while (!ret && is_swift(h, g))
		ret = swift(w, b, h, g, pick, e);
	return ret == SWIFT_ENDS ? 0 : ret;
}

static inline __attribute__((always_inline)) int
fill(struct walk *w, struct batch *b, enum shape shape, bool pick,
     struct ctf_error *e)
{
	const struct ground g = ground_of(w);
	struct hot h = hot_of(w, b);
	int ret = 0;

	if (shape == SHAPE_COMPACT)
		ret = fill_swift(w, b, &h, &g, pick, e);
	while (!ret && h.n < BATCH) {
		if (unlikely(h.p >= g.near)) {
			if (h.p >= g.pe)
				break;
			if (!header_fits(w, shape, h.p, g.pe)) {
				ret = walk_bad(w, h.p, e, "cut short");
				break;
			}
		}
		ret = step(w, b, &h, &g, shape, pick, e);
	}
	hot_end(&h, w, b);
	return ret;
}

static inline __attribute__((always_inline)) unsigned int
fill_two(struct walk *v, struct batch *a, struct walk *w, struct batch *b,
	 bool pick)
{
	const struct ground f = ground_of(v), g = ground_of(w);
	struct hot h = hot_of(v, a), i = hot_of(w, b);
	int ret = h.clock <= SWIFT_CLOCK && i.clock <= SWIFT_CLOCK ? 0 : SWIFT_ENDS;

	while (!ret && is_swift(&h, &f) && is_swift(&i, &g)) {
		ret = swift(v, a, &h, &f, pick, NULL);
		if (!ret)
			ret = swift(w, b, &i, &g, pick, NULL);
	}
	hot_end(&h, v, a);
	hot_end(&i, w, b);
	/* What is wrong is found again, and told, by who goes on with it. */
	if (ret)
		return WALK_FIRST | WALK_SECOND;
	return (is_swift(&h, &f) ? 0 : WALK_FIRST) |
	       (is_swift(&i, &g) ? 0 : WALK_SECOND);
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
	return walk_any(w, b, e);
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
	return walk_bad(w, w->data + w->first / 8, e,
		   "its time is before the last event of the packet before");
}

/*
 * Decodes up to BATCH wanted events behind those that are in the batch; none at the
 * end of the packet. After an error the events before it are in the batch.
 */
int walk_more(struct walk *w, struct batch *b, struct ctf_error *e)
{
	w->used_any = false;
	if (unlikely(w->unchecked)) {
		if (check_first(w, b, e))
			return -EINVAL;
		b->n = 0;
		w->unchecked = false;
	}
	return fill_batch(w, b, e);
}

int walk_fill(struct walk *w, struct batch *b, struct ctf_error *e)
{
	b->n = 0;
	return walk_more(w, b, e);
}

static bool is_simple(struct walk *w)
{
	/* As check_first() does. */
	if (w->clock >= w->floor)
		w->unchecked = false;
	return w->sc->kind == HEADER_COMPACT && !(w->end & 7) && !w->unchecked;
}

/*
 * Each event has to wait for where the one before it ends; two such chains take
 * hardly longer than one.
 */
unsigned int walk_two(struct walk *v, struct batch *a, struct walk *w,
		      struct batch *b)
{
	unsigned int stop = (is_simple(v) ? 0 : WALK_FIRST) |
			    (is_simple(w) ? 0 : WALK_SECOND);

	if (!stop && !v->want != !w->want)
		stop = WALK_SECOND;
	if (stop)
		return stop;
	return v->want ? fill_two(v, a, w, b, true) :
			 fill_two(v, a, w, b, false);
}
