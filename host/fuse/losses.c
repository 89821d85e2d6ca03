// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/losses.h"

static int loss_add(struct vmsync_losses *l, const struct vmsync_loss *loss)
{
	struct vmsync_loss *p = vmsync_array_add(&l->loss);

	if (!p)
		return -ENOMEM;
	*p = *loss;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct vmsync_loss *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static int stream_losses(struct vmsync_losses *l, const struct ctf_stream *s,
			 struct ctf_error *e)
{
	struct ctf_packet p, last;
	bool first = true;
	int ret;

	while ((ret = ctf_stream_packet(s, first ? NULL : &last, &p, e)) > 0) {
		/* The counter is read as the packet ends, not as it begins. */
		struct vmsync_loss loss = {
			.from_ns = (int64_t)(first ? p.begin : last.end),
			.until_ns = (int64_t)(p.dropped ? p.end : p.begin),
			.count = p.dropped + p.lost,
		};

		if (loss.count && loss_add(l, &loss))
			return vmsync_fail_memory(e);
		last = p;
		first = false;
	}
	return ret;
}

int vmsync_losses_find(struct vmsync_losses *l, const struct ctf_trace *t,
		       struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < ctf_trace_streams(t); i++)
		ret = stream_losses(l, ctf_trace_stream(t, i), e);
	if (!ret && l->loss.count)
		qsort(l->loss.at, l->loss.count, sizeof(*l->loss.at), compare);
	return ret;
}

void vmsync_losses_join(struct vmsync_losses *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->loss.count; i++) {
		const struct vmsync_loss *loss = &l->loss.at[i];
		struct vmsync_loss *last = n ? &l->loss.at[n - 1] : NULL;

		if (!last || loss->from_ns > last->until_ns) {
			l->loss.at[n++] = *loss;
			continue;
		}
		last->count += loss->count;
		if (loss->until_ns > last->until_ns)
			last->until_ns = loss->until_ns;
	}
	l->loss.count = n;
}

bool vmsync_losses_in(const struct vmsync_losses *l, int64_t from_ns,
		      int64_t until_ns)
{
	size_t lo = 0, hi = l->loss.count;

	/* The first one that begins behind it; only the one before can matter. */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->loss.at[mid].from_ns <= until_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && l->loss.at[lo - 1].until_ns >= from_ns;
}

void vmsync_losses_free(struct vmsync_losses *l)
{
	vmsync_array_free(&l->loss);
}
