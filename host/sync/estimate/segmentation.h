/* SPDX-License-Identifier: MIT */
/*
 * Fitting: limits of the offset between two clocks in, a polyline out. As long
 * as one straight line keeps all limits it is followed; where none does, or it
 * is long enough, a new one begins.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_SEGMENTATION_H
#define VMSYNC_SYNC_ESTIMATE_SEGMENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/hulls.h"
#include "sync/estimate/few.h"
#include "sync/estimate/polyline.h"

/**
 * struct vmsync_limit - the offset (host minus guest) is below or above this
 * @guest_ns:	at this guest time
 * @host_ns:	whole ns of the limit, as a host time
 * @rest_ns:	to be added
 */
struct vmsync_limit {
	int64_t guest_ns;
	int64_t host_ns;
	double rest_ns;
};

/**
 * struct vmsync_fix - what one exchange says
 * @has_upper, @has_lower: which limits there are; with both it is a fix
 * @play_ns:	(of a fix) half of what lies between the two
 */
struct vmsync_fix {
	bool has_upper;
	bool has_lower;
	struct vmsync_limit upper;
	struct vmsync_limit lower;
	double play_ns;
};

/**
 * struct vmsync_range - where the offset can be at @ns, less @base
 * By all limits before, as the clocks drift.
 */
struct vmsync_range {
	bool any;
	int64_t ns;
	int64_t base;
	double lo;
	double hi;
};

/**
 * struct vmsync_segmentation - the line that is followed, between two hulls
 * @base_ns, @wave_ns: to be set before each fix: what the result may be wrong
 *		by besides, and what of that the limits already have in them
 * @set_ns:	by how much the clock was set since the last fix, see
 *		vmsync_segmentation_set()
 * @bends, @tilt: how often, and how much, the clocks have bent since the last fix
 * @tilt_before: how much between that one and the fix before
 * @origin, @offset: of the hulls: guest time, host minus guest
 * @first, @second, @before_last, @last: guest times of fixes in it
 * @seen_ns:	of the last exchange that was seen
 * @gaps:	the widest of these, while the line is followed
 * @play_first, @play_last: see struct vmsync_stretch
 * @firsts, @lasts: fixes at its two ends
 * @jumped:	(the next stretch) begins behind a jump, see vmsync_segmentation_jump()
 * @first_set_ns: by how much the clock was set just before it
 * @steep:	stretches that are steeper than any two steered clocks
 * @mean:	the time axis is the mean of both clocks, see vmsync_segmentation_machines()
 * @mean_less_guest: how much that was before the guest's time of late
 * @range:	(of machines) what is left, to see that they drift as clocks do
 * @few:	all limits, as long as they are few
 */
struct vmsync_segmentation {
	double base_ns;
	double wave_ns;
	double set_ns;
	unsigned int bends;
	double tilt;
	double tilt_before;
	bool mean;
	int64_t mean_less_guest;
	struct vmsync_range range;
	struct vmsync_few few;
	struct vmsync_hulls hulls;
	bool open;
	unsigned int count;
	int64_t origin;
	int64_t offset;
	int64_t first;
	int64_t second;
	int64_t before_last;
	int64_t last;
	int64_t seen_ns;
	struct vmsync_gaps gaps;
	double play_first;
	double play_last;
	struct vmsync_sights firsts;
	struct vmsync_sights lasts;
	bool jumped;
	double first_set_ns;
	uint64_t steep;
	double last_slope;
	bool has_slope;
	struct vmsync_polyline line;
};

void vmsync_segmentation_init(struct vmsync_segmentation *seg,
			      enum vmsync_method method);
void vmsync_segmentation_free(struct vmsync_segmentation *seg);

/**
 * vmsync_segmentation_machines - the clocks are two machines'
 * The offset is followed over the mean of both clocks, not over the guest's: so it
 * does not matter which of the two is called the guest, and the map of the one to the
 * other is the other's inverse. Nothing is taken for granted of how long messages
 * take. Right after vmsync_segmentation_init().
 */
void vmsync_segmentation_machines(struct vmsync_segmentation *seg);

/**
 * vmsync_segmentation_own - @seg is the copy of another one: own what it points to
 * Returns 0; or -ENOMEM, and then it owns nothing.
 */
int vmsync_segmentation_own(struct vmsync_segmentation *seg);

/**
 * vmsync_segmentation_see - limits that hold for sure
 * Of an exchange that is added or not, in the order of time.
 */
void vmsync_segmentation_see(struct vmsync_segmentation *seg,
			     const struct vmsync_fix *fix);

/** vmsync_segmentation_add - the next exchange, in the order of time; 0 or -ENOMEM */
int vmsync_segmentation_add(struct vmsync_segmentation *seg,
			    const struct vmsync_fix *fix);

/**
 * vmsync_segmentation_jump - the clock went by a step, at some time after @until
 * Nothing is known of the time from there to the next exchange, also where the map
 * of it was settled: something that was not known then has happened. That a clock
 * which only drifts could have got from the one line to the other does not matter:
 * it did not. Returns 0 or -ENOMEM.
 */
int vmsync_segmentation_jump(struct vmsync_segmentation *seg, int64_t until);

/**
 * vmsync_segmentation_set - the clock was set by @ns before what comes next
 * Forth or back, at any time since the last exchange.
 */
void vmsync_segmentation_set(struct vmsync_segmentation *seg, double ns);

/**
 * vmsync_segmentation_bent - the clocks have bent before what comes next
 * @times, @tilt: how often, and how much in all, ns per ns
 */
void vmsync_segmentation_bent(struct vmsync_segmentation *seg, unsigned int times,
			      double tilt);

/** vmsync_segmentation_break - the clocks' relation changed: no line goes on */
int vmsync_segmentation_break(struct vmsync_segmentation *seg);

/**
 * vmsync_segmentation_map - the map as if nothing more came; @seg stays as it is
 * @from_ns:	nothing before is asked for
 * @map:	empty; 0 or -ENOMEM
 */
int vmsync_segmentation_map(const struct vmsync_segmentation *seg, int64_t from_ns,
			    struct vmsync_map *map);

/**
 * vmsync_segmentation_forget - nothing before @from_ns is asked for any more
 * Some of it goes at a time, and not each time.
 */
void vmsync_segmentation_forget(struct vmsync_segmentation *seg, int64_t from_ns);

/** vmsync_segmentation_final_until - guest time up to which the map is final */
int64_t vmsync_segmentation_final_until(const struct vmsync_segmentation *seg);

/** vmsync_segmentation_odd - how often the clock did what an honest one hardly does */
uint64_t vmsync_segmentation_odd(const struct vmsync_segmentation *seg);

#endif /* VMSYNC_SYNC_ESTIMATE_SEGMENTATION_H */
