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

void vmsync_losses_free(struct vmsync_losses *l)
{
	vmsync_array_free(&l->loss);
}
