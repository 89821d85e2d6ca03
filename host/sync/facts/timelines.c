// SPDX-License-Identifier: MIT
/*
 * The timelines of one virtual CPU, together: the host's lines, offset and ratio, and
 * pages are dated elsewhere. Guest lines are dated here, by the TSC of a virtual CPU,
 * for which all the others are needed.
 */
#include <string.h>

#include "sync/facts/facts.h"
#include "sync/facts/pages.h"
#include "sync/facts/reading.h"

/* KVM sets the TSCs of all virtual CPUs one after the other, host cycles. */
#define SET_TOGETHER ((int64_t)1 << 27)

/*
 * A line that was in force when KVM set the TSC of the CPU that recorded it, at
 * @from, is on another CPU from the moment on when that one's was set.
 */
static int64_t own_begin(const struct vmsync_timeline *theirs,
			 const struct vmsync_timeline *own, int64_t from)
{
	const struct vmsync_step *a = vmsync_timeline_at(theirs, from);
	const struct vmsync_step *b =
		vmsync_timeline_at(own, from + SET_TOGETHER);

	if (theirs == own || !a->jump || a->from != from || !b->jump ||
	    b->from < from)
		return from;
	return b->from;
}

static bool is_sure(const struct vmsync_facts *f, uint32_t cpu)
{
	return cpu < f->n_cpus && f->cpus[cpu].sure;
}

/*
 * Guest lines are dated by the TSC of the CPU that recorded them. Where nobody
 * knows which one that was, and it matters, they are not dated at all.
 */
static int guest_timeline(struct vmsync_timeline *tl,
			  const struct vmsync_facts *f,
			  const struct vmsync_dating *dating, uint32_t own_cpu)
{
	struct vmsync_timeline other = { 0 };
	uint32_t cpu = own_cpu;
	const struct vmsync_timeline *scaling = &dating->scaling;
	int64_t seen_before = VMSYNC_AXIS_MIN + 1;
	bool alike = vmsync_facts_tscs_alike(f);
	size_t first = vmsync_lines_first(f->guest_lines, f->guest_from_ns);
	int err = vmsync_timeline_init(tl);

	for (size_t i = first; !err && i < f->guest_lines->spans.count; i++) {
		const struct vmsync_line_span *s = &f->guest_lines->spans.at[i];
		const struct vmsync_line *line = &s->line;
		struct vmsync_reading confirm = { s->confirm, s->stamp_ns };
		struct vmsync_reading last = { s->seen, s->seen_ns };
		int64_t from = 0, sure = 0, seen;

		if (s->cpu != cpu) {
			cpu = s->cpu;
			vmsync_timeline_free(&other);
			scaling = &dating->scaling;
			if (cpu != own_cpu && vmsync_facts_vcpu(f, cpu)) {
				err = vmsync_dating_scaling(&other, f,
							    &dating->host, cpu);
				if (err)
					break;
				scaling = &other;
			}
		}
		if ((cpu != own_cpu && !alike && !is_sure(f, cpu)) ||
		    !vmsync_reading_at(f, scaling, &dating->host, &confirm,
				       &sure) ||
		    !vmsync_reading_before(f, scaling, s->line.since_tsc, sure,
					   &from)) {
			from = sure = seen_before;
			line = NULL;
		}
		if (line)
			from = own_begin(scaling, &dating->scaling, from);
		/*
		 * By the TSC that it had before one that nobody saw written, a line
		 * may begin while another one was still seen in force.
		 */
		if (line && from < seen_before && seen_before <= sure)
			from = seen_before;
		if (sure < from)
			sure = from;
		if (!line ||
		    !vmsync_reading_at(f, scaling, &dating->host, &last,
				       &seen))
			seen = sure;
		/* Not confirmed: the next step, or the end, will cut it. */
		if (!s->confirmed)
			sure = VMSYNC_AXIS_MAX;
		else if (sure > s->over)
			sure = s->over;
		if (s->gap && i > first)
			err = vmsync_timeline_add(tl, seen_before, seen_before,
						  NULL, false);
		if (!i)
			sure = from;
		if (line && !vmsync_line_usable(line))
			line = NULL;
		if (!err)
			err = vmsync_timeline_add_line(tl, from, sure, line, s->told);
		seen_before = seen;
	}
	vmsync_timeline_free(&other);
	return err;
}

int vmsync_dating_init(struct vmsync_dating *dating, const struct vmsync_facts *f,
		       uint32_t cpu)
{
	int err;

	memset(dating, 0, sizeof(*dating));
	err = vmsync_dating_host(&dating->host, f);
	if (!err)
		err = vmsync_dating_scaling(&dating->scaling, f, &dating->host,
					    cpu);
	if (!err)
		err = vmsync_pages_timeline(&dating->pv, f, dating, cpu);
	if (!err)
		err = guest_timeline(&dating->guest, f, dating, cpu);
	return err;
}

void vmsync_dating_free(struct vmsync_dating *dating)
{
	vmsync_timeline_free(&dating->host);
	vmsync_timeline_free(&dating->guest);
	vmsync_timeline_free(&dating->scaling);
	vmsync_timeline_free(&dating->pv);
}
