/* SPDX-License-Identifier: MIT */
/*
 * The lines that one kernel's clock followed, in order, as far as they were
 * seen: from knots, and from the line that each beacon carries.
 */
#ifndef VMSYNC_SYNC_FACTS_LINES_H
#define VMSYNC_SYNC_FACTS_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/base/evidence.h"

/**
 * struct vmsync_line_span - one line and when it was in force
 * @line:	the line
 * @cpu:	the CPU whose TSC all times are of, or VMSYNC_CPU_UNKNOWN
 * @stamp_ns:	of the record that brought it, by the clock of its side
 * @confirm:	it came into force in [its since_tsc, @confirm]
 * @confirmed:	@confirm is known; else it is when the next line's since_tsc
 *		was read, for the timekeeper had done with this one by then
 * @told:	@confirm is of the knot's own record
 * @over:	in force for sure from this point of the axis on, INT64_MAX: not
 *		known by other means than @confirm
 * @seen:	it was still in force at this TSC, at @seen_ns by the clock
 * @gap:	what was in force just before since_tsc is not known
 */
struct vmsync_line_span {
	struct vmsync_line line;
	int64_t stamp_ns;
	uint64_t confirm;
	int64_t over;
	uint64_t seen;
	int64_t seen_ns;
	uint32_t cpu;
	bool confirmed;
	bool told;
	bool gap;
};

/**
 * struct vmsync_lines - of one kernel
 * @other:	some were of a counter that is neither a TSC nor kvm-clock
 */
struct vmsync_lines {
	VMSYNC_ARRAY(struct vmsync_line_span) spans;
	uint64_t out_of_order;
	bool other;
};

void vmsync_lines_free(struct vmsync_lines *lines);

/**
 * vmsync_lines_beacon - a beacon record that carries a line
 * The line it names is the newest that the timekeeper's callback has brought;
 * readers may still be on the one before it. Returns 0 or -ENOMEM.
 */
int vmsync_lines_beacon(struct vmsync_lines *lines,
			const struct vmsync_evidence *ev, uint32_t cpu);

/** vmsync_lines_knot - a knot record; returns 0 or -ENOMEM */
int vmsync_lines_knot(struct vmsync_lines *lines,
		      const struct vmsync_evidence *ev, uint32_t cpu);

/**
 * vmsync_lines_other_at - may the clock have counted neither a TSC nor kvm-clock at @ns?
 * By the line told last before, and by the one told next, which may have been in force.
 */
bool vmsync_lines_other_at(const struct vmsync_lines *lines, int64_t ns);

/** vmsync_lines_first - the first line that matters from @from_ns on; 0 if there is none */
size_t vmsync_lines_first(const struct vmsync_lines *lines, int64_t from_ns);

/**
 * vmsync_lines_forget - drop what does not matter from @from_ns on
 * Some at a time, and not each time.
 * @drop:	told of each that goes, in order
 * Returns how many went: so much lower are the numbers of the others.
 */
size_t vmsync_lines_forget(struct vmsync_lines *lines, int64_t from_ns,
			   void (*drop)(void *ctx, const struct vmsync_line_span *s),
			   void *ctx);

#endif /* VMSYNC_SYNC_FACTS_LINES_H */
