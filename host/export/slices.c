// SPDX-License-Identifier: MIT
#include <errno.h>

#include "export/pb.h"
#include "export/slices.h"

/* Of the page, one slice has at most. */
#define SLICE_BYTES (2 * PB_VARINT + 1)

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
	int64_t ns[SLICE_CODES] = { 0 };
	uint32_t thread[SLICE_CODES] = { 0 };
	const struct slice *p;
	int i, most = 0;

	for (p = from; p < end; p++) {
		int weight = p->code == ANALYSIS_PREEMPTED ||
					     p->code == ANALYSIS_WAKING ?
				     4 :
				     1;

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

static bool is_coarsest(const struct slices *s)
{
	return s->shortest_ns > s->until_ns - s->from_ns;
}

/* What is shorter than twice as long as before is put together. */
static void coarsen(struct slices *s)
{
	size_t i;

	if (!s->shortest_ns)
		s->shortest_ns = 1 + (s->until_ns - s->from_ns) / 1000000;
	else if (!is_coarsest(s))
		s->shortest_ns *= 2;
	s->count = 0;
	for (i = 0; i < s->rows.count; i++) {
		row_coarsen(&s->rows.at[i], s->from_ns, s->shortest_ns);
		s->count += s->rows.at[i].slices.count;
	}
}

static int64_t row_end(const struct slices *s, const struct slices_row *r)
{
	return r->slices.count ? vmsync_array_last(&r->slices)->until_ns :
				 s->from_ns;
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
	/* Until half of the room is free. */
	if (s->count > s->most) {
		do
			coarsen(s);
		while (s->count > s->most / 2 && !is_coarsest(s));
	}
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

/* As it is in the page. Return: its bytes. */
static size_t encode(const struct slice *one, int64_t begin_ns, uint32_t thread,
		     uint8_t bytes[SLICE_BYTES])
{
	bool is_new = one->thread != thread;
	uint8_t *p = pb_varint(bytes, (uint64_t)(one->until_ns - begin_ns));

	*p++ = one->code | (is_new ? 32 : 0);
	if (is_new)
		p = pb_varint(p, one->thread);
	return (size_t)(p - bytes);
}

static size_t row_bytes(const struct slices *s, const struct slices_row *r)
{
	uint8_t bytes[SLICE_BYTES];
	int64_t begin = s->from_ns;
	uint32_t thread = 0;
	size_t i, n = 0;

	for (i = 0; i < r->slices.count; i++) {
		n += encode(&r->slices.at[i], begin, thread, bytes);
		thread = r->slices.at[i].thread;
		begin = r->slices.at[i].until_ns;
	}
	return (n + 2) / 3 * 4;
}

static size_t all_bytes(const struct slices *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->rows.count; i++)
		n += row_bytes(s, &s->rows.at[i]);
	return n;
}

void slices_fit(struct slices *s, size_t bytes)
{
	bool done = false;

	while (!done && all_bytes(s) > bytes) {
		coarsen(s);
		done = is_coarsest(s);
	}
}

void slices_write(const struct slices *s, uint32_t row, FILE *f)
{
	const struct slices_row *r = &s->rows.at[row];
	struct base64 b = { .file = f };
	int64_t begin = s->from_ns;
	uint32_t thread = 0;
	size_t i, k, n;

	for (i = 0; i < r->slices.count; i++) {
		uint8_t bytes[SLICE_BYTES];

		n = encode(&r->slices.at[i], begin, thread, bytes);
		for (k = 0; k < n; k++)
			base64_put(&b, bytes[k]);
		thread = r->slices.at[i].thread;
		begin = r->slices.at[i].until_ns;
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
