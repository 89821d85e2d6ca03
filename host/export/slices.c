// SPDX-License-Identifier: MIT
#include <errno.h>

#include "export/pb.h"
#include "export/slices.h"

int slices_row(struct slices *s)
{
	struct slices_row *r = vmsync_array_add(&s->rows);

	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	return (int)s->rows.count - 1;
}

/* What a group of short slices is drawn as: waits are not to be overlooked. */
static struct slice group(const struct slice *from, const struct slice *end,
			  int64_t begin_ns)
{
	int64_t ns[SLICE_CODES] = {0};
	uint32_t thread[SLICE_CODES] = {0};
	const struct slice *p;
	int i, most = 0;

	for (p = from; p < end; p++) {
		int weight = p->code == ANALYSIS_PREEMPTED ||
					     p->code == ANALYSIS_WAKING
				     ? 4
				     : 1;

		ns[p->code] += weight * (p->until_ns - begin_ns);
		thread[p->code] = p->thread;
		begin_ns = p->until_ns;
	}
	for (i = 1; i < SLICE_CODES; i++) {
		if (ns[i] > ns[most])
			most = i;
	}
	return (struct slice){end[-1].until_ns, thread[most], (uint8_t)most};
}

static void row_coarsen(struct slices_row *r, int64_t begin_ns,
			int64_t shortest_ns)
{
	size_t i, out = 0, first = 0;
	int64_t group_ns = begin_ns;

	for (i = 0; i < r->slices.count; i++) {
		struct slice *s = &r->slices.at[i];
		struct slice g;

		if (s->until_ns - group_ns < shortest_ns &&
		    i + 1 < r->slices.count)
			continue;
		g = group(&r->slices.at[first], s + 1, group_ns);
		group_ns = g.until_ns;
		first = i + 1;
		if (out && r->slices.at[out - 1].code == g.code &&
		    r->slices.at[out - 1].thread == g.thread)
			r->slices.at[out - 1] = g;
		else
			r->slices.at[out++] = g;
	}
	r->slices.count = out;
}

/* Twice as long, until half of the room is free. */
static void coarsen(struct slices *s)
{
	size_t i;

	while (s->count > s->most / 2) {
		s->shortest_ns =
			s->shortest_ns
				? 2 * s->shortest_ns
				: 1 + (s->until_ns - s->from_ns) / 1000000;
		s->count = 0;
		for (i = 0; i < s->rows.count; i++) {
			row_coarsen(&s->rows.at[i], s->from_ns, s->shortest_ns);
			s->count += s->rows.at[i].slices.count;
		}
		if (s->shortest_ns > s->until_ns - s->from_ns)
			return;
	}
}

static int64_t row_end(const struct slices *s, const struct slices_row *r)
{
	return r->slices.count ? vmsync_array_last(&r->slices)->until_ns
			       : s->from_ns;
}

static int push(struct slices *s, struct slices_row *r, struct slice one)
{
	struct slice *last = vmsync_array_last(&r->slices);

	if (last && last->code == one.code && last->thread == one.thread) {
		last->until_ns = one.until_ns;
		return 0;
	}
	last = vmsync_array_add(&r->slices);
	if (!last)
		return -ENOMEM;
	*last = one;
	s->count++;
	return 0;
}

int slices_add(struct slices *s, uint32_t row, enum slice_code code,
	       uint32_t thread, int64_t from_ns, int64_t until_ns)
{
	struct slices_row *r = &s->rows.at[row];
	int64_t end = row_end(s, r);
	int ret = 0;

	if (until_ns <= end)
		return 0;
	if (from_ns > end)
		ret = push(s, r, (struct slice){from_ns, 0, SLICE_NONE});
	if (!ret)
		ret = push(s, r,
			   (struct slice){until_ns, thread, (uint8_t)code});
	if (s->count > s->most)
		coarsen(s);
	return ret;
}

/* Three bytes are four characters. */
struct base64 {
	FILE *file;
	uint32_t bits;
	int n;
};

static void base64_put(struct base64 *b, uint8_t byte)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	int i;

	b->bits = b->bits << 8 | byte;
	if (++b->n < 3)
		return;
	for (i = 18; i >= 0; i -= 6)
		putc(digits[b->bits >> i & 63], b->file);
	b->bits = 0;
	b->n = 0;
}

void slices_write(const struct slices *s, uint32_t row, FILE *f)
{
	const struct slices_row *r = &s->rows.at[row];
	struct base64 b = {.file = f};
	int64_t begin = s->from_ns;
	uint32_t thread = 0;
	size_t i;

	for (i = 0; i < r->slices.count; i++) {
		const struct slice *one = &r->slices.at[i];
		bool is_new = one->thread != thread;
		uint8_t bytes[2 * PB_VARINT + 1], *p, *q;

		p = pb_varint(bytes, (uint64_t)(one->until_ns - begin));
		*p++ = one->code | (is_new ? 32 : 0);
		if (is_new)
			p = pb_varint(p, one->thread);
		for (q = bytes; q < p; q++)
			base64_put(&b, *q);
		thread = one->thread;
		begin = one->until_ns;
	}
	/* Slices of no length, of which any number may follow. */
	while (b.n)
		base64_put(&b, 0);
}

void slices_free(struct slices *s)
{
	size_t i;

	for (i = 0; i < s->rows.count; i++)
		vmsync_array_free(&s->rows.at[i].slices);
	vmsync_array_free(&s->rows);
}
