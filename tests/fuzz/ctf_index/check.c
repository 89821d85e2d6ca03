// SPDX-License-Identifier: MIT
/*
 * The stream and the index that were written, read by nothing of the code under
 * test: every packet of the input is there with mapped times and the rest of
 * its head as it was, and has one entry, which says what the packet says.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"

#define INDEX_HEAD	16
#define INDEX_ENTRY	72

struct head {
	uint64_t f[N_FIELDS];
	bool has_end;		/* the tracer closed the packet */
};

/* Nine numbers of an entry, in the order of the file. */
enum entry_field {
	E_OFFSET, E_PACKET, E_CONTENT, E_BEGIN, E_END, E_DISCARDED, E_STREAM,
	E_INSTANCE, E_SEQ, N_ENTRY,
};

void wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("wrong: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

static void same(const char *what, uint64_t packet, uint64_t got, uint64_t want)
{
	if (got != want)
		wrong("packet %llu: %s is %llu, not %llu",
		      (unsigned long long)packet, what, (unsigned long long)got,
		      (unsigned long long)want);
}

static bool has(const struct shape *s, enum head_field f)
{
	return s->f[f].size;
}

static struct head read_head(const struct shape *s, const struct stream_bytes *file,
			     size_t at, uint64_t packet)
{
	struct head h;
	unsigned int i;

	if (file->n - at < s->head)
		wrong("packet %llu: no room for its head",
		      (unsigned long long)packet);
	for (i = 0; i < N_FIELDS; i++)
		h.f[i] = get_number(file->p + at + s->f[i].at, s->f[i].size,
				    s->big);
	h.has_end = h.f[F_END] || !h.f[F_BEGIN];
	if (!h.f[F_PACKET] || h.f[F_PACKET] % 8 ||
	    h.f[F_PACKET] / 8 > file->n - at ||
	    h.f[F_CONTENT] > h.f[F_PACKET] || h.f[F_CONTENT] / 8 < s->head)
		wrong("packet %llu: sizes %llu and %llu cannot be",
		      (unsigned long long)packet,
		      (unsigned long long)h.f[F_CONTENT],
		      (unsigned long long)h.f[F_PACKET]);
	return h;
}

static void check_head(const struct made *m, const struct head *in,
		       const struct head *out, uint64_t packet)
{
	const struct shape *s = m->shape;

	same("its instance", packet, out->f[F_INSTANCE], in->f[F_INSTANCE]);
	same("its number", packet, out->f[F_SEQ], in->f[F_SEQ]);
	same("discarded", packet, out->f[F_DISCARDED], in->f[F_DISCARDED]);
	same("its CPU", packet, out->f[F_CPU], in->f[F_CPU]);
	/*
	 * Begin and end agree with the events and with the packets beside, whatever
	 * they said before: who compares the events sees whether they do.
	 */
	if (has(s, F_END) && !in->has_end)
		same("its end", packet, out->f[F_END], 0);
	if (out->f[F_PACKET] < in->f[F_PACKET])
		wrong("packet %llu: became smaller", (unsigned long long)packet);
}

static void check_entry(const struct written *w, const struct head *out,
			size_t at, uint64_t packet)
{
	static const struct {
		const char *name;
		uint8_t field;
	} fields[N_ENTRY] = {
		[E_PACKET] = { "its size in the index", F_PACKET },
		[E_CONTENT] = { "its content in the index", F_CONTENT },
		[E_BEGIN] = { "its begin in the index", F_BEGIN },
		[E_END] = { "its end in the index", F_END },
		[E_DISCARDED] = { "discarded in the index", F_DISCARDED },
		[E_INSTANCE] = { "its instance in the index", F_INSTANCE },
		[E_SEQ] = { "its number in the index", F_SEQ },
	};
	const uint8_t *p = w->index.p + INDEX_HEAD + packet * INDEX_ENTRY;
	unsigned int i;

	if (INDEX_HEAD + (packet + 1) * INDEX_ENTRY > w->index.n)
		wrong("packet %llu: not in the index",
		      (unsigned long long)packet);
	same("its place in the index", packet, get_number(p, 8, true), at);
	same("its stream class in the index", packet,
	     get_number(p + 8 * E_STREAM, 8, true), w->made->shape->id);
	for (i = 0; i < N_ENTRY; i++)
		if (fields[i].name)
			same(fields[i].name, packet,
			     get_number(p + 8 * i, 8, true),
			     out->f[fields[i].field]);
}

static void check_index_head(const struct stream_bytes *index)
{
	static const uint8_t head[INDEX_HEAD] = {
		0xc1, 0xf1, 0xdc, 0xc1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 72,
	};

	if (index->n < INDEX_HEAD || memcmp(index->p, head, INDEX_HEAD))
		wrong("the head of the index");
}

/* What the tracer lost between two packets, as their heads say. */
static void add_losses(const struct shape *s, const struct head *in,
		       const struct head *before, uint64_t *discarded,
		       uint64_t *lost)
{
	unsigned int bits = s->f[F_DISCARDED].size * 8;
	uint64_t step = in->f[F_DISCARDED] -
			(before ? before->f[F_DISCARDED] : 0);

	/* What was lost before a recording that begins later is not known. */
	if (!before && in->f[F_SEQ])
		step = 0;
	*discarded += bits && bits < 64 ? step & ((1ull << bits) - 1) : step;
	if (before && in->f[F_SEQ] > before->f[F_SEQ])
		*lost += in->f[F_SEQ] - before->f[F_SEQ] - 1;
}

static void check_bytes(const struct written *w)
{
	const struct clock_map *map = &w->made->map;

	if (map->mul != map->div || map->add || map->sub || map->step)
		return;
	if (w->in.n != w->out.n)
		wrong("nothing is mapped, and the stream is longer or shorter");
}

void check_written(const struct written *w)
{
	const struct shape *s = w->made->shape;
	uint64_t packet = 0, discarded = 0, lost = 0;
	size_t at = 0, to = 0;
	struct head in, out, before;

	check_index_head(&w->index);
	for (; at < w->in.n; packet++, before = in) {
		in = read_head(s, &w->in, at, packet);
		out = read_head(s, &w->out, to, packet);
		check_head(w->made, &in, &out, packet);
		check_entry(w, &out, to, packet);
		add_losses(s, &in, packet ? &before : NULL, &discarded, &lost);
		at += in.f[F_PACKET] / 8;
		to += out.f[F_PACKET] / 8;
		if (!w->grown)
			same("where it ends", packet, to, at);
	}
	same("the end of the stream", packet, w->out.n, to);
	same("the end of the index", packet, w->index.n,
	     INDEX_HEAD + packet * INDEX_ENTRY);
	same("the count of packets", packet, w->packets, packet);
	same("the count of discarded events", packet, w->discarded, discarded);
	same("the count of lost packets", packet, w->lost, lost);
	same("the count of bytes read", packet, w->bytes_in, w->in.n);
	same("the count of bytes written", packet, w->bytes_out, w->out.n);
	check_bytes(w);
}
