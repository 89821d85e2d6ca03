// SPDX-License-Identifier: MIT
/*
 * Events into records: what an event says is stored in a block, with a
 * reference to what all events of its packet and of its class have in common.
 * The lines are made from that (line.c), by other threads if there are some.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/export.h"
#include "export/line.h"
#include "export/text.h"
#include "export/value.h"

#define PLACE_ROOM  1536 /* bytes of a place, as a rule */
#define WHO_ROOM    512
#define PLACE_SLOTS 64
#define SHAPE_SLOTS 256	 /* at first */
#define DIRECT_ROOM (256u << 10)

/*
 * A merge goes from stream to stream, so the places of several are kept, in a
 * slot by the stream's address.
 */
struct fixed {
	const struct ctf_stream *stream;
	uint64_t packet_offset;
	uint64_t block;	/* number of the block that has it, */
	uint32_t at;	/* and where */
	struct out out;	/* the place, of any size */
};

struct vmsync_text {
	int fd;
	struct blocks *blocks;
	struct record_block *b;	/* being filled */
	uint64_t block;		/* its number, from 1 */
	struct line_clock clock; /* of the events stored so far */
	struct fixed fixed[PLACE_SLOTS];
	struct shape **shapes;	/* a hash table, half empty at least */
	size_t n_shapes;
	size_t n_slots;
};

struct vmsync_text *vmsync_text_new(int fd, unsigned int jobs)
{
	struct vmsync_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->fd = fd;
	t->block = 1;
	t->clock = (struct line_clock)LINE_CLOCK_INIT;
	t->n_slots = SHAPE_SLOTS;
	t->shapes = calloc(t->n_slots, sizeof(*t->shapes));
	t->blocks = blocks_new(fd, jobs, line_print);
	if (!t->shapes || !t->blocks) {
		vmsync_text_free(t);
		return NULL;
	}
	t->b = blocks_now(t->blocks);
	return t;
}

void vmsync_text_free(struct vmsync_text *t)
{
	size_t i;

	if (!t)
		return;
	blocks_free(t->blocks);
	for (i = 0; i < PLACE_SLOTS; i++)
		out_free(&t->fixed[i].out);
	for (i = 0; t->shapes && i < t->n_slots; i++) {
		if (t->shapes[i])
			shape_free(t->shapes[i]);
		free(t->shapes[i]);
	}
	free(t->shapes);
	free(t);
}

/* The next block goes on where this one ends. */
static void begin_block(struct vmsync_text *t)
{
	t->block++;
	t->b = blocks_now(t->blocks);
	t->b->has_last = t->clock.has_last;
	t->b->last_ns = t->clock.last_ns;
}

static int next_block(struct vmsync_text *t)
{
	int ret = blocks_next(t->blocks);

	begin_block(t);
	return ret;
}

int vmsync_text_flush(struct vmsync_text *t)
{
	int ret = blocks_flush(t->blocks);

	begin_block(t);
	return ret;
}

/* Objects that lie side by side get slots that do not. */
static size_t slot_of(const void *p)
{
	return (size_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 40);
}

/* ------------------------------------------------------------------ shapes */

static struct shape **shape_slot(const struct vmsync_text *t,
				 const struct ctf_class *cls)
{
	size_t i = slot_of(cls) & (t->n_slots - 1);

	while (t->shapes[i] && t->shapes[i]->cls != cls)
		i = (i + 1) & (t->n_slots - 1);
	return &t->shapes[i];
}

static bool shapes_grow(struct vmsync_text *t)
{
	struct shape **old = t->shapes;
	size_t n = t->n_slots, i;

	t->shapes = calloc(2 * n, sizeof(*old));
	if (!t->shapes) {
		t->shapes = old;
		return false;
	}
	t->n_slots = 2 * n;
	for (i = 0; i < n; i++) {
		if (old[i])
			*shape_slot(t, old[i]->cls) = old[i];
	}
	free(old);
	return true;
}

static __attribute__((noinline)) const struct shape *
shape_new(struct vmsync_text *t, const struct ctf_class *cls,
	  const struct ctf_value *v, long n)
{
	struct shape *sh;

	if (2 * t->n_shapes >= t->n_slots && !shapes_grow(t))
		return NULL;
	sh = malloc(sizeof(*sh));
	if (!sh)
		return NULL;
	if (!shape_make(sh, cls, v, n)) {
		shape_free(sh);
		free(sh);
		return NULL;
	}
	*shape_slot(t, cls) = sh;
	t->n_shapes++;
	return sh;
}

/* ------------------------------------------------------------------ places */

static const struct place *place_of(const struct fixed *f)
{
	return (const struct place *)f->out.start;
}

/* "{ cpu_id = 0 }, " */
static int put_packet(struct out *o, const struct ctf_event *ev)
{
	const struct ctf_value *v;
	long n = ctf_packet_values(ev, &v);

	if (n <= 0)
		return (int)n;
	value_put_all(o, v, n);
	out_put(o, ", ", 2);
	return 0;
}

/* A member of the environment, as export_text() cuts it; NULL if there is none. */
static const char *env_text(const struct ctf_trace *trace, const char *name,
			    char *buf, size_t size)
{
	const char *s = ctf_trace_env(trace, name);

	return s ? export_text(s, buf, size) : NULL;
}

/* "hostname " or "hostname:procname:(vpid) ": its characters, at most @room. */
static uint32_t who_text(char *p, size_t room, const struct ctf_trace *trace)
{
	char h[201], c[201], v[21];
	const char *host = env_text(trace, "hostname", h, sizeof(h));
	const char *proc = env_text(trace, "procname", c, sizeof(c));
	const char *vpid = env_text(trace, "vpid", v, sizeof(v));
	int n;

	n = snprintf(p, room, "%s%s%s%s%s%s", host ? host : "",
		     host && proc ? ":" : "", proc ? proc : "",
		     vpid ? (host || proc ? ":(" : "(") : "", vpid ? vpid : "",
		     vpid ? ")" : "");
	if (n)
		p[n++] = ' ';
	return (uint32_t)n;
}

static __attribute__((noinline)) int fixed_make(struct fixed *f,
						const struct ctf_event *ev)
{
	size_t head = sizeof(struct place), len;
	struct out *o = &f->out;
	struct place p = { .mark = LINE_PLACE };
	int ret;

	f->stream = NULL;
	if (!o->start && !out_new(o, PLACE_ROOM, -1))
		return -ENOMEM;
	p.who_len = who_text(o->start + head, WHO_ROOM,
			     ctf_stream_trace(ev->stream));
	o->p = o->start + head + p.who_len;
	ret = put_packet(o, ev);
	if (ret)
		return ret;
	len = (size_t)(o->p - o->start);
	p.packet_len = (uint32_t)(len - head - p.who_len);
	p.words = (uint32_t)((len + 7) / 8);
	/* What is copied ends at a word, and more may be read. */
	out_reserve(o, SHAPE_PAD + sizeof(uint64_t));
	if (o->error)
		return o->error;
	memcpy(o->start, &p, head);
	f->stream = ev->stream;
	f->packet_offset = ev->packet->offset;
	f->block = 0;
	return 0;
}

/* NULL where the packet cannot be decoded, or memory is out: *@error. */
static struct fixed *fixed_of(struct vmsync_text *t, const struct ctf_event *ev,
			      int *error)
{
	struct fixed *f = &t->fixed[slot_of(ev->stream) % PLACE_SLOTS];

	if (f->stream != ev->stream || f->packet_offset != ev->packet->offset)
		*error = fixed_make(f, ev);
	return *error ? NULL : f;
}

/* Sees to it that the block has it; false where it does not fit. */
static inline bool place_store(struct vmsync_text *t, struct fixed *f)
{
	const struct place *p = place_of(f);
	struct record_block *b = t->b;

	if (f->block == t->block)
		return true;
	if (b->end - b->p < p->words)
		return false;
	f->block = t->block;
	f->at = (uint32_t)(b->p - b->start);
	memcpy(b->p, p, p->words * sizeof(*b->p));
	b->p += p->words;
	return true;
}

/* ------------------------------------------------------------------ events */

/* Steps as they are, and behind them their strings. */
static __attribute__((noinline)) uint64_t *
steps_store(const struct ctf_value *v, long n, uint64_t *at,
	    const uint64_t *end)
{
	struct ctf_value *to = (struct ctf_value *)at;
	char *text = (char *)(to + n);
	long i;

	if ((size_t)((const char *)end - (char *)at) / sizeof(*v) <= (size_t)n)
		return NULL;
	for (i = 0; i < n; i++) {
		to[i] = v[i];
		if (v[i].step != CTF_LEAF || v[i].type->kind <= CTF_FLOAT)
			continue;
		if ((size_t)((const char *)end - text) < v[i].len)
			return NULL;
		memcpy(text, v[i].str, v[i].len);
		to[i].str = text;
		text += v[i].len;
	}
	return at + ((size_t)(text - (char *)at) + 7) / 8;
}

static inline bool event_store(struct vmsync_text *t,
			       const struct ctf_event *ev,
			       const struct shape *shape, struct fixed *f,
			       const struct ctf_value *v, long n)
{
	struct record_block *b = t->b;
	struct record *r;
	uint64_t *end;

	if (!place_store(t, f))
		return false;
	r = (struct record *)b->p;
	if ((size_t)(b->end - b->p) < RECORD_WORDS)
		return false;
	end = shape->is_fixed ? shape_store(shape, v, (uint64_t *)(r + 1), b->end) :
		      steps_store(v, n, (uint64_t *)(r + 1), b->end);
	if (!end)
		return false;
	r->words = (uint32_t)(end - b->p);
	r->place = f->at;
	r->shape = shape;
	r->ns = (int64_t)ev->time;
	r->steps = shape->is_fixed ? 0 : (uint64_t)n;
	b->p = end;
	return true;
}

/* An event that is too large for a block: printed at once, behind all others. */
static __attribute__((noinline)) int
event_direct(struct vmsync_text *t, const struct ctf_event *ev,
	     const struct shape *shape, struct fixed *f,
	     const struct ctf_value *v, long n)
{
	int ret = vmsync_text_flush(t);
	struct out o;

	if (ret)
		return ret;
	if (!out_new(&o, DIRECT_ROOM, t->fd))
		return -ENOMEM;
	line_begin(&o, &t->clock, shape, place_of(f), (int64_t)ev->time,
		   shape->room);
	value_put_all(&o, v, n);
	out_put(&o, "\n", 1);
	ret = out_write(&o, t->fd);
	out_free(&o);
	t->b->has_last = t->clock.has_last;
	t->b->last_ns = t->clock.last_ns;
	return ret;
}

int vmsync_text_event(struct vmsync_text *t, const struct ctf_event *ev)
{
	int ret = 0;
	struct fixed *f = fixed_of(t, ev, &ret);
	const struct shape *shape = *shape_slot(t, ev->cls);
	const struct ctf_value *v;
	long n = ctf_event_values(ev, &v);
	bool again = false;

	if (!f)
		return ret;
	if (n < 0)
		return (int)n;
	if (!shape)
		shape = shape_new(t, ev->cls, v, n);
	if (!shape)
		return -ENOMEM;
	for (; !event_store(t, ev, shape, f, v, n); again = true) {
		if (again)
			return event_direct(t, ev, shape, f, v, n);
		ret = next_block(t);
	}
	if (ev->cls->clock) {
		t->clock.has_last = true;
		t->clock.last_ns = (int64_t)ev->time;
	}
	return ret;
}
