// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "ctf/input.h"

#define TASK_READS	16	/* of the file, that a task goes on for */

struct input *input_new(const struct ctf_stream *s, const struct ctf_map *map,
			const uint8_t *want, uint32_t source,
			struct ctf_error *e)
{
	struct input *in = calloc(1, sizeof(*in));

	if (!in) {
		fail_nomem(e);
		return NULL;
	}
	in->stream = s;
	in->want = want;
	if (map)
		in->map = *map;
	in->source = source;
	return in;
}

void input_end(struct input *in)
{
	if (in->apart && in->pool)
		pool_cancel(in->pool, &in->fill);
	if (in->cur)
		in->passed = cursor_passed(in->cur);
	ctf_cursor_free(in->cur);
	free(in->now);
	if (in->next != in->now)
		free(in->next);
	free(in->used[0]);
	free(in->used[1]);
	in->cur = NULL;
	in->now = in->next = in->used[0] = in->used[1] = NULL;
	in->apart = false;
}

void input_free(struct input *in)
{
	input_end(in);
	free(in);
}

static void map_clock(const struct input *in, const struct batch *b,
		      uint64_t *time)
{
	const struct ctf_clock *c = in->stream->sc->clock;
	uint64_t base;
	uint32_t i;

	if (c && c->freq != 1000000000) {
		for (i = 0; i < b->n; i++)
			time[i] = ctf_clock_ns(c, b->clock[i]);
		return;
	}
	base = ctf_clock_ns(c, 0);
	for (i = 0; i < b->n; i++)
		time[i] = b->clock[i] + base;
}

/* Whether 64 bits with a sign hold the ns: ctf_clock_ns() does without the rest. */
static bool clock_fits(const struct ctf_clock *c, uint64_t value)
{
	__int128 ns = value;

	if (!c)
		return value <= INT64_MAX;
	ns += c->offset;
	if (c->freq != 1000000000)
		ns = ns * 1000000000 / c->freq;
	ns += (__int128)c->offset_s * 1000000000;
	return ns >= INT64_MIN && ns <= INT64_MAX;
}

/* The stamps of a batch are in order: its first and its last one tell for all. */
static int map_times(const struct input *in, struct timed *t,
		     struct ctf_error *e)
{
	const struct batch *b = &t->block.batch;
	const struct ctf_clock *c = in->stream->sc->clock;

	if (in->map.fn) {
		in->map.fn(in->map.ctx, b->clock, t->time, b->n);
		return 1;
	}
	if (!clock_fits(c, b->clock[0]) || !clock_fits(c, b->clock[b->n - 1]))
		return fail(e, -ERANGE,
			    "%s: a time stamp that, with its clock's offset, 64 "
			    "bits of ns do not hold",
			    in->stream->path);
	map_clock(in, b, t->time);
	return 1;
}

void input_map_again(struct input *in)
{
	if (in->i < in->n)
		in->map.fn(in->map.ctx, in->now->block.batch.clock + in->i,
			   in->now->time + in->i, in->n - in->i);
}

int input_peek(struct input *in, struct timed *scratch, struct ctf_error *e)
{
	struct ctf_cursor *cur = ctf_cursor_new(in->stream, NULL, e);
	int ret;

	if (!cur)
		return -ENOMEM;
	cur->read = READ_LEAST;
	ret = cursor_fill(cur, &scratch->block, NULL, e);
	if (ret > 0) {
		scratch->block.batch.n = 1;
		ret = map_times(in, scratch, e);
		in->from = scratch->time[0];
	}
	/* It will not be read again. */
	if (!ret)
		in->passed = cursor_passed(cur);
	ctf_cursor_free(cur);
	return ret;
}

const struct ctf_event *ctf_some_event(struct ctf_some *s, uint32_t i)
{
	s->ev.cls = &s->ev.stream->trace->classes[ctf_some_class(s, i)]->pub;
	s->ev.clock = s->clock[i];
	s->ev.at = s->at[i];
	return &s->ev;
}

/* Leaves in the block what is kept. */
static int take_some(struct input *in, struct timed *t)
{
	struct block *b = &t->block;
	struct reader reader = { .slot = in->cur->slot };
	struct ctf_some some = {
		.ev = {
			.stream = in->cur->stream,
			.packet = &b->packet,
			.cpu = b->packet.cpu,
			.source = in->source,
			.data = b->data,
			.state = &reader,
		},
		.end = b->packet.content,
		.n = b->batch.n,
		.clock = b->batch.clock,
		.at = b->batch.at,
		.cls = b->batch.cls,
		.note = (uint8_t *)t->note,
		.note_size = in->note * sizeof(t->note[0]),
	};
	int ret = in->take(in->take_ctx, &some, &in->why);

	b->batch.n = some.kept;
	reader_free(&reader);
	return ret < 0 ? ret : 1;
}

static struct filling filling(struct input *in)
{
	return (struct filling){
		.cur = in->cur,
		.block = &in->next->block,
		/* With a note nobody looks at the event itself any more. */
		.keep = in->apart && !in->note ? &in->now->block : NULL,
	};
}

/* Goes on to the next block of an input. Return: whether it is there, or none is. */
static bool fill_some(struct input *in)
{
	struct timed *next = in->next;
	struct block *b = &next->block;

	in->got = cursor_try(in->cur, b, filling(in).keep, &in->why);
	if (in->got > 0 && b->batch.n && in->take)
		in->got = take_some(in, next);
	if (in->got > 0 && !b->batch.n)
		return false;
	if (in->got > 0)
		in->got = map_times(in, next, &in->why);
	return true;
}

static void fill_next(struct input *in)
{
	while (!in->full)
		in->full = fill_some(in);
}

/* Has the block that was filled given out, and another one filled. */
static void blocks_turn(struct input *in)
{
	struct timed *used = in->now;

	in->now = in->next;
	in->next = in->lasts ? in->used[0] : used;
	if (!in->lasts)
		return;
	in->used[0] = in->used[1];
	in->used[1] = used;
}

static bool is_hungry(const struct input *in)
{
	return in->apart && !in->pool && !in->full;
}

/* Goes on to the next blocks of two at once, a step. */
static void fill_two(struct input *a, struct input *b)
{
	const struct filling f = filling(a), g = filling(b);
	unsigned int stop = cursor_two(&f, &g);

	if (stop & WALK_FIRST)
		a->full = fill_some(a);
	if (stop & WALK_SECOND)
		b->full = fill_some(b);
}

/* Of those whose next block is not there who needs it first, but @in. */
static struct input *hungry(const struct input *in, struct input *const *live,
			    size_t n_live, struct input *later)
{
	struct input *first = later && is_hungry(later) ? later : NULL;
	size_t i;

	for (i = 0; i < n_live; i++) {
		if (live[i] != in && is_hungry(live[i]) &&
		    (!first || live[i]->n - live[i]->i < first->n - first->i))
			first = live[i];
	}
	return first;
}

void input_fill_ahead(struct input *in, struct input *const *live, size_t n_live,
		      struct input *later)
{
	struct input *other;

	while (is_hungry(in) && (other = hungry(in, live, n_live, later)))
		fill_two(in, other);
}

static struct input *give_back(const struct input *in, struct input *other, bool done)
{
	pool_give(in->pool, &other->fill, done);
	return NULL;
}

/* A step, with another one if there is any: @other, which may be another then. */
static void fill_step(struct input *in, struct input **other)
{
	if (!*other)
		*other = (struct input *)pool_also(in->pool, &in->fill);
	else if (pool_idle(in->pool))
		*other = give_back(in, *other, false);
	if (!*other) {
		in->full = fill_some(in);
		return;
	}
	fill_two(in, *other);
	if ((*other)->full)
		*other = give_back(in, *other, true);
}

/* Where few events are wanted, a block may be as long as the stream. */
static bool fill_task(struct task *t)
{
	struct input *in = (struct input *)t, *other = NULL;
	int i;

	for (i = 0; i < TASK_READS && !in->full; i++)
		fill_step(in, &other);
	if (other)
		give_back(in, other, false);
	return in->full;
}

static struct timed *timed_new(size_t note)
{
	size_t size = sizeof(struct timed) + BATCH * note * sizeof(uint64_t);
	struct timed *t = aligned_alloc(CACHE_LINE, size);

	if (t)
		t->block.batch.n = 0;
	return t;
}

int input_start(struct input *in, uint32_t read, bool apart,
		struct ctf_pool *pool, struct ctf_error *e)
{
	in->cur = ctf_cursor_new(in->stream, in->want, e);
	if (!in->cur)
		return -ENOMEM;
	in->cur->read = read;
	in->cur->ev.source = in->source;
	/* Who takes events looks at them alone, not at their packet. */
	in->cur->slides = apart && in->take;
	in->pool = pool;
	in->fill.run = fill_task;
	in->next = in->now = timed_new(in->note);
	/* With a note nobody reads fields while others are decoded. */
	in->apart = apart && (in->note || cursor_part_ways(in->cur));
	if (in->apart)
		in->next = timed_new(in->note);
	if (in->lasts) {
		in->used[0] = timed_new(in->note);
		in->used[1] = timed_new(in->note);
	}
	if (!in->now || !in->next ||
	    (in->lasts && (!in->used[0] || !in->used[1]))) {
		in->apart = false;
		return fail_nomem(e);
	}
	if (in->apart && pool)
		pool_push(pool, &in->fill);
	return 0;
}

int input_refill(struct input *in, uint32_t read, struct ctf_error *e)
{
	if (in->apart && in->pool)
		pool_wait(in->pool, &in->fill);
	else
		fill_next(in);
	in->full = false;
	if (in->got < 0) {
		if (e)
			*e = in->why;
		return in->got;
	}
	if (!in->got)
		return 0;
	blocks_turn(in);
	in->i = 0;
	in->n = in->now->block.batch.n;
	in->cur->read = read;
	cursor_use(in->cur, &in->now->block);
	if (in->apart && in->pool)
		pool_push(in->pool, &in->fill);
	return 1;
}
