/* SPDX-License-Identifier: MIT */
/*
 * Trails: a row of guest events through which one offset (host minus guest
 * clock) leads, which drifts and does not jump. It is found at one event and
 * followed from there to both sides, until nothing is left that puts the next
 * event into a run.
 */
#ifndef VMSYNC_SYNC_WINDOW_TRAIL_H
#define VMSYNC_SYNC_WINDOW_TRAIL_H

#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/facts/vm.h"
#include "sync/window/candidates.h"
#include "sync/window/spans.h"

/** struct vmsync_guest_event - of virtual CPU @cpu, guest ns */
struct vmsync_guest_event {
	int64_t ns;
	uint32_t cpu;
};

typedef VMSYNC_ARRAY(struct vmsync_guest_event) vmsync_guest_events;
typedef VMSYNC_ARRAY(struct vmsync_between) vmsync_limits;

/**
 * struct vmsync_trail - events [@first, @end) that one offset leads through
 * @lock:	event at which it was found
 * @at_lock:	what it may be there, from @lo to @hi; @n intervals of it
 * @at_first, @at_last: what it may be at the first and at the last event, as
 * far as the way there from @lock tells
 * @limits:	that the events give, once it was followed
 * @from, @until: it leads through all of [@from, @until), though events beyond
 *		@first and @end are not surely its own
 * @fell:	how far the clock may have fallen back before it, ns
 * @ahead, @behind: what the offset is at events beyond @end, and before @first, if
 *		it still is, or is already, this one; from its own last one on, and
 *		from its own first one back. Guest times of @behind are negated, so
 *		that both rise
 */
struct vmsync_trail {
	size_t first;
	size_t end;
	size_t from;
	size_t until;
	int64_t fell;
	size_t lock;
	VMSYNC_ARRAY(struct vmsync_offsets) at_lock;
	struct vmsync_offsets at_first;
	struct vmsync_offsets at_last;
	vmsync_limits limits;
	vmsync_limits ahead;
	vmsync_limits behind;
};

/** struct vmsync_tracker - finds and follows trails in one VM */
struct vmsync_tracker {
	const vmsync_guest_events *events;
	const struct vmsync_vm *vm;
	struct vmsync_candidates reach;
	uint32_t *possible;
	struct vmsync_between *windows;
	VMSYNC_ARRAY(struct vmsync_offsets) stack;
};

int vmsync_tracker_init(struct vmsync_tracker *t,
			const vmsync_guest_events *events,
			const struct vmsync_vm *vm);
void vmsync_tracker_free(struct vmsync_tracker *t);

/**
 * vmsync_trail_find - go from event @from on until one offset is left
 * @step:	1, or -1 to go back
 * @among:	offsets that may be meant
 * @trail:	its @lock and @at_lock are set
 * @stop:	the event that nothing fitted, or that behind the last one
 * One offset is known to the width that runs leave, at most 50 us if there are
 * events behind it. Returns 0, -ENOMEM, or -ENOENT where nothing fits or it stays
 * ambiguous. If
 * that is so at the last event, @lock and @at_lock are set as well, to all that
 * is left.
 */
int vmsync_trail_find(struct vmsync_tracker *t, size_t from, int step,
		      const struct vmsync_offsets *among,
		      struct vmsync_trail *trail, size_t *stop);

/**
 * vmsync_trail_extend - see how far it leads, not beyond [@first, @end)
 * Sets the trail's own @first and @end. Returns 0 or -ENOMEM.
 */
int vmsync_trail_extend(struct vmsync_tracker *t, struct vmsync_trail *trail,
			size_t first, size_t end);

/**
 * vmsync_trail_follow - find the limits of the trail from its @first to its
 * @end What is possible at an event is what leads to it from both sides.
 * Returns 0, -ENOMEM, or -ENOENT if it does not lead through all of them.
 */
int vmsync_trail_follow(struct vmsync_tracker *t, struct vmsync_trail *trail);

/**
 * vmsync_trail_beyond - find @ahead, or with a @step of -1 @behind
 * Returns 0 or -ENOMEM.
 */
int vmsync_trail_beyond(struct vmsync_tracker *t, struct vmsync_trail *trail,
			int step);

void vmsync_trail_free(struct vmsync_trail *trail);

#endif /* VMSYNC_SYNC_WINDOW_TRAIL_H */
