// SPDX-License-Identifier: MIT
/* A random trace: packets of events, and all that is around them. */
#include <stdlib.h>
#include <string.h>

#include "random_gen.h"

#define CLOCK_BITS	40

static void put_header(struct gen *g, const struct sclass *s, unsigned int id,
		       uint64_t clock, uint64_t last)
{
	unsigned int brief = s->header == LARGE ? 32 : 27;
	unsigned int id_bits = s->header == LARGE ? 16 : 5;
	int ext = (clock - last) >> brief || below(g, 16) == 0;

	switch (s->header) {
	case NO_HEADER:
		return;
	case FIXED:
		put_align(g, 8);
		put_bits(g, id, 16, g->big);
		put_bits(g, clock, 64, g->big);
		return;
	case ODD:
		if (s->id_first)
			put_bits(g, id, (unsigned int)s->id_bits, g->big);
		put_bits(g, clock, (unsigned int)s->stamp_bits, g->big);
		if (!s->id_first)
			put_bits(g, id, (unsigned int)s->id_bits, g->big);
		return;
	default:
		break;
	}
	put_align(g, s->header == WIDE_COMPACT ? 32 : 8);
	put_bits(g, ext ? ~0ull : id, id_bits, g->big);
	if (ext) {
		put_align(g, s->header == WIDE_COMPACT ? 64 : 8);
		put_bits(g, id, 32, g->big);
		put_align(g, s->header == WIDE_COMPACT ? 64 : 8);
		put_bits(g, clock, 64, g->big);
	} else {
		put_bits(g, clock, brief, g->big);
	}
}

static void put_event(struct gen *g, unsigned int k, uint64_t *clock)
{
	struct sclass *s = &g->streams[k];
	unsigned int id = below(g, s->n), drop;
	struct random_trace *o = g->out;
	struct random_event *ev;
	uint64_t last = *clock, gap = rnd(g) % 1000;

	if (s->header != ODD && s->header != NO_HEADER && below(g, 20) == 0) {
		drop = 28 + below(g, 10);
		gap = rnd(g) >> drop;
	}
	if (s->header == NO_HEADER)
		gap = 0;
	*clock += gap;
	if (gap > o->max_gap)
		o->max_gap = gap;
	if (o->n_events == o->cap_events) {
		o->cap_events = o->cap_events * 2 + 64;
		o->events = realloc(o->events,
				    o->cap_events * sizeof(*o->events));
		if (!o->events)
			abort();
	}
	ev = &o->events[o->n_events++];
	*ev = (struct random_event){ .id = id, .stream_id = k, .clock = *clock,
				     .first = o->n_values };
	put_header(g, s, id, *clock, last);
	if (s->context)
		put_value(g, s->context);
	if (s->classes[id].context)
		put_value(g, s->classes[id].context);
	put_value(g, s->classes[id].payload);
	ev->n = o->n_values - ev->first;
}

static int put_packet(struct gen *g, unsigned int k, FILE *f, uint64_t *clock)
{
	const struct sclass *s = &g->streams[k];
	uint64_t context, content, begin = *clock, size;
	unsigned int n = 1 + below(g, 40), i;

	memset(g->buf, 0, sizeof(g->buf));
	g->pos = 0;
	if (g->has_magic)
		put_bits(g, 0xC1FC1FC1, 32, g->big);
	for (i = 0; g->has_uuid && i < 16; i++)
		put_bits(g, g->uuid[i], 8, g->big);
	put_bits(g, k, 32, g->big);
	put_align(g, s->packet ? type_align(s->packet) : 8);
	context = g->pos;
	g->pos += (4 - s->no_begin - s->no_size) * 64 + 32;
	g->in_packet = 1;
	for (i = 0; s->packet && i < s->packet->n; i++)
		put_value(g, s->packet->fields[i].type);
	g->in_packet = 0;
	for (i = 0; i < n && g->pos < PACKET_BYTES * 8; i++)
		put_event(g, k, clock);
	if (g->pos >= sizeof(g->buf) * 8)
		abort();
	content = g->pos;
	size = (content + 7) / 8;
	if (!s->no_size)
		size += below(g, 64);
	*clock += below(g, 100);
	g->pos = context;
	if (!s->no_begin)
		put_bits(g, begin, 64, g->big);
	put_bits(g, *clock, 64, g->big);
	put_bits(g, content, 64, g->big);
	if (!s->no_size)
		put_bits(g, size * 8, 64, g->big);
	put_bits(g, k, 32, g->big);
	return fwrite(g->buf, 1, size, f) == size ? 0 : -1;
}

static int write_streams(struct gen *g, const char *dir)
{
	unsigned int k, i, n;
	char path[4096];
	uint64_t clock;
	int ret = 0;
	FILE *f;

	for (k = 0; k < g->n_streams && !ret; k++) {
		snprintf(path, sizeof(path), "%s/stream_%u", dir, k);
		f = fopen(path, "wb");
		if (!f)
			return -1;
		clock = rnd(g) >> (64 - CLOCK_BITS);
		/* Short stamps are counted from 0 then. */
		if (g->streams[k].no_begin)
			clock = 0;
		n = 1 + below(g, 4);
		for (i = 0; i < n && !ret; i++)
			ret = put_packet(g, k, f, &clock);
		if (fclose(f))
			ret = -1;
	}
	return ret;
}

int random_trace_write(const char *dir, uint64_t seed, int flags,
		       struct random_trace *out)
{
	struct gen *g = calloc(1, sizeof(*g));
	struct type *t, *next;
	char path[4096];
	unsigned int i;
	int ret = -1;

	memset(out, 0, sizeof(*out));
	if (!g)
		return -1;
	g->rnd = seed;
	g->json = flags & RANDOM_JSON;
	g->for_babeltrace = flags & RANDOM_FOR_BABELTRACE;
	g->out = out;
	g->big = below(g, 4) == 0;
	g->has_magic = below(g, 4) != 0;
	g->has_uuid = below(g, 2);
	for (i = 0; i < 16; i++)
		g->uuid[i] = (uint8_t)rnd(g);
	out->n_streams = g->n_streams = 1 + below(g, 2);
	for (i = 0; i < g->n_streams; i++)
		make_stream(g, &g->streams[i]);
	mark_lengths(g);
	g->n_lengths = 0;
	snprintf(path, sizeof(path), "%s/metadata", dir);
	g->meta = fopen(path, "w");
	if (g->meta) {
		if (g->json)
			json_metadata(g);
		else
			tsdl_metadata(g);
		ret = fclose(g->meta) ? -1 : write_streams(g, dir);
	}
	for (t = g->all; t; t = next) {
		next = t->next;
		free(t);
	}
	free(g);
	return ret;
}

void random_trace_free(struct random_trace *t)
{
	free(t->values);
	free(t->events);
}
