// SPDX-License-Identifier: MIT
/* From fuzzed bytes to a stream file that is well formed, and then damaged. */
#include <string.h>

#include "shape.h"

#define MAGIC		0xc1fc1fc1u
#define MAX_PACKETS	10
#define MAX_PER_PACKET	7	/* events, before they are copied */
#define MAX_EVENT	64	/* bytes */
#define COPIES		40	/* so that a packet has several batches */

struct input {
	const uint8_t *p, *end;
};

struct maker {
	struct made *m;
	uint64_t clock, limit;
	uint64_t seq, discarded;
	uint8_t *before;	/* head of the packet made last, or NULL */
	bool full;
	unsigned int packets, copies, fill;
};

static const uint8_t uuid[16] = { 0x2b, 0x5a, 0xd4, 0xb2, 0x9d, 0x3a,
				  0x4a, 0x4e, 0x8f, 0x0c, 0x1f, 0x2e,
				  0x3d, 0x4c, 0x5b, 0x6a };

static uint8_t take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

/* One byte for a number of any size: 3 bits and an exponent. */
static uint64_t take_value(struct input *in)
{
	uint8_t b = take(in);

	return b ? (uint64_t)((b & 7) + 1) << (b >> 3) * 2 : 0;
}

static uint64_t advance(struct maker *k, uint64_t gap)
{
	return k->clock += gap > k->limit - k->clock ? 0 : gap;
}

/* ------------------------------------------------------------------- events */

/* As far from the packet as its alignment wants; packets begin at multiples. */
static uint8_t *align(const struct maker *k, uint8_t *p, unsigned int bytes)
{
	while ((p - k->m->bytes) % bytes)
		*p++ = 0;
	return p;
}

static uint8_t *put_header(const struct maker *k, uint8_t *p, uint8_t id,
			   bool ext)
{
	const struct shape *s = k->m->shape;
	unsigned int brief = s->header == H_LARGE || s->header == H_FIXED ? 2 : 1;
	uint64_t t = k->clock;

	if (s->header == H_FIXED) {
		put_number(p, 2, s->big, id);
		put_number(p + 2, s->stamp_bits / 8, s->big, t);
		return p + 2 + s->stamp_bits / 8;
	}
	if (ext) {
		uint64_t escape = s->header == H_COMPACT && !s->big ? 31 :
				  s->header == H_COMPACT ? 31 << 3 :
				  s->header == H_ODD ? 255 : 65535;

		put_number(p, brief, s->big, escape);
		p += brief;
		if (s->header == H_ODD)
			p = align(k, p, 4);
		put_number(p, 4, s->big, id);
		put_number(p + 4, 8, s->big, t);
		return p + 12;
	}
	if (s->header == H_COMPACT) {
		t &= (1u << 27) - 1;
		put_number(p, 4, s->big, s->big ? (uint64_t)id << 27 | t :
						  id | t << 5);
		return p + 4;
	}
	put_number(p, brief, s->big, id);
	put_number(p + brief, s->stamp_bits / 8, s->big, t);
	return p + brief + s->stamp_bits / 8;
}

static uint8_t *put_text(struct maker *k, uint8_t *p, unsigned int n)
{
	while (n--)
		*p++ = (uint8_t)('a' + k->fill++ % 26);
	*p++ = 0;
	return p;
}

static uint8_t *put_fields(struct maker *k, uint8_t *p, uint8_t id,
			   unsigned int len)
{
	bool big = k->m->shape->big;

	switch (id) {
	case 0:
		put_number(p, 4, big, k->fill++);
		return p + 4;
	case 1:
		p = put_text(k, p, len);
		*p++ = (uint8_t)len;
		while (len--)
			*p++ = (uint8_t)k->fill++;
		return p;
	case 2:
		p = align(k, p, 8);	/* as its member */
		*p++ = (uint8_t)k->fill++;
		p = align(k, p, 8);
		put_number(p, 8, big, k->fill++);
		return p + 8;
	default:
		*p++ = len & 1;
		if (len & 1)
			return put_text(k, p, len);
		put_number(p, 2, big, k->fill++);
		return p + 2;
	}
}

static uint8_t *put_event(struct maker *k, uint8_t *p, uint8_t b)
{
	static const uint8_t ids[4] = { 0, 1, 2, 40 }, lens[4] = { 0, 3, 8, 17 };
	static const uint64_t gaps[8] = { 0, 1, 1000, 1 << 23, (1 << 27) - 1,
					  1 << 27, UINT32_MAX, 1ull << 33 };
	const struct shape *s = k->m->shape;
	uint64_t before = k->clock, gap = gaps[b >> 2 & 7];
	uint8_t id = ids[b & 3];
	struct made *m = k->m;
	bool ext;

	if (s->header == H_FIXED && s->stamp_bits < 64 && gap >> s->stamp_bits)
		gap = 0;
	advance(k, gap);
	ext = b & 32 || (s->header == H_COMPACT && id > 30) ||
	      (s->stamp_bits < 64 && (k->clock - before) >> s->stamp_bits);
	m->event[m->n_events].id = id;
	m->event[m->n_events++].clock = k->clock;
	p = put_header(k, p, id, ext);
	return put_fields(k, p, id, lens[b >> 6]);
}

/* ------------------------------------------------------------------ packets */

static uint8_t *put_events(struct maker *k, uint8_t *p, uint8_t b)
{
	unsigned int i;

	for (i = 0; i < k->copies; i++)
		p = put_event(k, p, b);
	return p;
}

static void put_field(const struct made *m, uint8_t *head, enum head_field f,
		      uint64_t v)
{
	struct place at = m->shape->f[f];

	put_number(head + at.at, at.size, m->shape->big, v);
}

static void put_ids(const struct made *m, uint8_t *head)
{
	bool big = m->shape->big;

	put_number(head, 4, big, MAGIC);
	if (big) {
		head[4] = m->shape->id;
		return;
	}
	memcpy(head + 4, uuid, 16);
	put_number(head + 20, 4, big, m->shape->id);
}

/*
 * As some tracers write it: the packet begins only after its first event, and
 * that before it ends later still. Only a whole stamp can tell that.
 */
static uint64_t make_late(struct maker *k, size_t first, uint64_t begin)
{
	const struct made *m = k->m;
	const struct shape *s = m->shape;

	if (first == m->n_events)
		return begin;
	if (k->before && get_number(k->before + s->f[F_END].at,
				    s->f[F_END].size, s->big))
		put_field(m, k->before, F_END, k->clock);
	return m->event[first].clock + (k->clock - m->event[first].clock) / 2;
}

static void make_packet(struct maker *k, struct input *in)
{
	struct made *m = k->m;
	uint8_t *head = m->bytes + m->size, *p = head + m->shape->head;
	uint8_t how = take(in), n = how & 7, i;
	uint64_t begin, size, content;
	size_t first = m->n_events;
	bool late = how & 32;

	memset(head, 0, m->shape->head);
	begin = advance(k, take_value(in));
	k->discarded += take_value(in);
	k->seq += how & 8 ? take(in) : 1;
	/* With a long header, if it has two. */
	for (i = 0; i < n; i++)
		p = put_events(k, p, take(in) | (late && !i ? 32 : 0));
	advance(k, n & 3);
	if (late && (m->shape->header != H_FIXED || m->shape->stamp_bits == 64))
		begin = make_late(k, first, begin);
	content = (uint64_t)(p - head);
	size = how & 16 ? (content + 4095) & ~4095ull : (content + 7) & ~7ull;
	memset(p, 0, size - content);
	put_ids(m, head);
	put_field(m, head, F_INSTANCE, 3);
	put_field(m, head, F_BEGIN, begin);
	/* A packet that the tracer never closed has no end. */
	put_field(m, head, F_END, how & 64 ? 0 : k->clock);
	put_field(m, head, F_CONTENT, content * 8);
	put_field(m, head, F_PACKET, size * 8);
	put_field(m, head, F_SEQ, k->seq);
	put_field(m, head, F_DISCARDED, k->discarded);
	put_field(m, head, F_CPU, 2);
	m->size += size;
	k->before = head;
	k->packets++;
}

/* The packet that the next bytes describe, once or several times. */
static void make_packets(struct maker *k, struct input *in)
{
	struct input again = *in;
	unsigned int times = in->p < in->end && *in->p & 128 ? 4 : 1;
	size_t worst = 4096 + 255 + MAX_PER_PACKET * MAX_EVENT * k->copies;

	for (; times && k->packets < MAX_PACKETS && !k->full; times--) {
		*in = again;
		make_packet(k, in);
		k->full = k->m->size + worst > MAX_STREAM ||
			  k->m->n_events + MAX_PER_PACKET * k->copies > MAX_EVENTS;
	}
}

/* ------------------------------------------------------------ map and damage */

static void choose_map(struct clock_map *map, struct input *in)
{
	uint8_t how = take(in);

	*map = (struct clock_map){ .mul = 1, .div = 1 };
	if (how & 1)
		map->mul = 1 + take(in);
	if (how & 2)
		map->mul <<= take(in) & 31;
	if (how & 4)
		map->div = 1 + take(in);
	if (how & 8)
		map->add = take_value(in);
	if (how & 16)
		map->sub = take_value(in);
	if (how & 32) {
		map->step_at = take_value(in);
		map->step = take_value(in);
	}
}

static void damage(struct made *m, const uint8_t *how, unsigned int n)
{
	for (; n--; how += 3) {
		size_t at = (how[0] | how[1] << 8) % m->size;

		if (!how[2] && at)
			m->size = at;
		m->bytes[at] ^= how[2];
		m->damaged = true;
	}
}

/*
 * What costs most is done for few inputs; a sum over all bytes chooses them, so
 * that what is derived from such an input is most often none.
 */
static void choose_dear(struct made *m, const uint8_t *data, size_t size)
{
	uint32_t sum = 2166136261u;

	while (size--)
		sum = (sum ^ *data++) * 16777619u;
	sum = (sum >> 16) % 256;
	m->jobs = sum < 2 ? 3 : 1;
	m->reopen = sum == 2;
}

void make_stream(struct made *m, const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct maker k = { .m = m };
	uint8_t options, hits[3 * 3];
	unsigned int n_hits, i;

	m->size = m->n_events = 0;
	m->damaged = false;
	m->shape = &shapes[take(&in) % N_SHAPES];
	choose_map(&m->map, &in);
	options = take(&in);
	n_hits = options & 3;
	k.copies = (options & 0x1c) == 0x1c ? COPIES : 1;
	choose_dear(m, data, size);
	for (i = 0; i < 3 * n_hits; i++)
		hits[i] = take(&in);
	k.limit = m->shape->f[F_BEGIN].size == 4 ? UINT32_MAX : 1ull << 62;
	do
		make_packets(&k, &in);
	while (in.p < in.end && k.packets < MAX_PACKETS && !k.full);
	damage(m, hits, n_hits);
}
