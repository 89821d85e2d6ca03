// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "fuse/offsets.h"
#include "fuse/trace_clock.h"

/* Time of day of the clock's 0. Two of them may be any distance apart. */
static __int128 epoch_ns(const struct ctf_clock *c)
{
	return (__int128)c->offset_s * 1000000000 + c->offset;
}

static uint64_t spread_of(const struct vmsync_machine *m)
{
	__int128 low = epoch_ns(m->clock), high = low, at;
	size_t i;

	for (i = 0; i < m->n; i++) {
		at = epoch_ns(vmsync_trace_clock(m->traces[i]));
		if (at < low)
			low = at;
		if (at > high)
			high = at;
	}
	return high - low > UINT64_MAX ? UINT64_MAX : (uint64_t)(high - low);
}

/* Whatever order they were named in; of two that begin at once the lesser. */
static int first_clock(const struct vmsync_machine *m,
		       const struct ctf_clock **first, struct ctf_error *e)
{
	struct ctf_span span;
	uint64_t begin = 0;
	size_t i;

	for (i = 0; i < m->n; i++) {
		const struct ctf_clock *c = vmsync_trace_clock(m->traces[i]);
		int ret = ctf_trace_span(m->traces[i], &span, e);

		if (ret)
			return ret;
		if (i && (span.begin > begin ||
			  (span.begin == begin &&
			   epoch_ns(c) >= epoch_ns(*first))))
			continue;
		begin = span.begin;
		*first = c;
	}
	return 0;
}

int vmsync_offsets_settle(struct vmsync_machines *machines,
			  struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < machines->n; i++) {
		struct vmsync_machine *m = &machines->machine[i];

		m->offset_spread_ns = spread_of(m);
		if (m->offset_spread_ns)
			ret = first_clock(m, &m->clock, e);
	}
	return ret;
}

bool vmsync_offset_is(const struct vmsync_machine *m,
		      const struct ctf_trace *t)
{
	return epoch_ns(vmsync_trace_clock(t)) == epoch_ns(m->clock);
}

bool vmsync_offset_moved(const struct ctf_clock *c, int64_t by_ns,
			 int64_t *offset_s, int64_t *offset_ns)
{
	__int128 ns = epoch_ns(c) + by_ns;

	/* As LTTng writes it: all of it in ns. */
	*offset_s = 0;
	*offset_ns = (int64_t)ns;
	return ns >= 0 && ns <= INT64_MAX;
}

void vmsync_offsets_note(const struct vmsync_machine *m, char *text,
			 size_t size)
{
	snprintf(text, size,
		 "the traces differ in their clock's offset to the time of day "
		 "by %" PRIu64 ".%09" PRIu64 " s; all have that of the trace that "
		 "begins first, here and in what fuse writes",
		 m->offset_spread_ns / 1000000000,
		 m->offset_spread_ns % 1000000000);
}
