// SPDX-License-Identifier: MIT
#include "sync/lines.h"

#include <errno.h>

#include "sync/chain.h"

/* How far back a record from another CPU may be late, in lines. */
#define MAX_LATE 8

void vmsync_lines_free(struct vmsync_lines *lines)
{
	vmsync_array_free(&lines->spans);
}

/* TSCs of one CPU, modulo 2^64 */
static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* The span of @line if it is one of the last few. */
static struct vmsync_line_span *find(struct vmsync_lines *lines,
				     const struct vmsync_line *line)
{
	for (size_t i = lines->spans.count, k = 0; i-- && k < MAX_LATE; k++) {
		struct vmsync_line_span *s = &lines->spans.at[i];

		if (s->line.seq == line->seq &&
		    vmsync_line_same(&s->line, line))
			return s;
	}
	return NULL;
}

static void see_again(struct vmsync_line_span *s, uint64_t tsc, uint32_t cpu,
		      int64_t stamp_ns)
{
	if (s->cpu != cpu)
		return;
	if (before(tsc, s->confirm) && !before(tsc, s->since))
		s->confirm = tsc;
	if (before(s->seen, tsc)) {
		s->seen = tsc;
		s->seen_ns = stamp_ns;
	}
}

/*
 * A record of an older line that comes late belongs before the last one; one
 * that was never seen and is not next in the row follows a gap.
 */
int vmsync_lines_see(struct vmsync_lines *lines, const struct vmsync_line *line,
		     uint64_t tsc, uint32_t cpu, int64_t stamp_ns)
{
	struct vmsync_line_span *last = vmsync_array_last(&lines->spans);
	struct vmsync_line_span *s = find(lines, line);
	bool gap;

	if (!line->seq)
		return 0;
	if (s) {
		see_again(s, tsc, cpu, stamp_ns);
		return 0;
	}
	gap = !last || line->seq != last->line.seq + 1;
	if (last && line->seq < last->line.seq &&
	    last->line.seq - line->seq < MAX_LATE) {
		lines->out_of_order++;
		return 0;
	}
	s = vmsync_array_add(&lines->spans);
	if (!s)
		return -ENOMEM;
	*s = (struct vmsync_line_span){
		.line = *line,
		.cpu = cpu,
		.stamp_ns = stamp_ns,
		.since = line->since_tsc,
		.confirm = before(tsc, line->since_tsc) ? line->since_tsc : tsc,
		.seen = tsc,
		.seen_ns = stamp_ns,
		.gap = gap,
	};
	return 0;
}

int vmsync_lines_knot(struct vmsync_lines *lines,
		      const struct vmsync_evidence *ev)
{
	int err = 0;

	/* The line that ended was in force until the new one's since_tsc. */
	if (ev->prev.seq)
		err = vmsync_lines_see(lines, &ev->prev, ev->line.since_tsc,
				       ev->vcpu, ev->stamp_ns);
	if (err)
		return err;
	return vmsync_lines_see(lines, &ev->line, ev->confirm_tsc, ev->vcpu,
				ev->stamp_ns);
}
