/* SPDX-License-Identifier: MIT */
/*
 * What no fix shows: between two fixes a clock may leave its line and come back. It
 * is taken to do so as steeply as it was seen to bend, as long as enough was seen of
 * it; where it was not, as far as the limits that were seen there and the clocks'
 * physical limits let it go.
 */
#ifndef VMSYNC_SYNC_ESTIMATE_UNSEEN_H
#define VMSYNC_SYNC_ESTIMATE_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/estimate/recent.h"
#include "sync/estimate/stretch.h"

/**
 * struct vmsync_unseen - what was seen so far of how the clock runs
 * @drift:	how fast the two clocks drift apart at most, ns per ns
 * @sure:	nothing is taken for granted of how long messages take, nor of how
 *		straight a clock is within what they leave
 * @fixes:	that all stretches so far were found from
 * @breakpoints: how many there were; @tilt: the greatest of them, ns per ns
 * @recent:	limits of late; to be added to by who calls
 */
struct vmsync_unseen {
	double drift;
	bool sure;
	uint64_t fixes;
	unsigned int breakpoints;
	double tilt;
	struct vmsync_recent recent;
};

/** vmsync_unseen_breakpoint - the clock bent by @tilt, ns per ns */
void vmsync_unseen_breakpoint(struct vmsync_unseen *u, double tilt);

/** vmsync_unseen_take - the next stretch: its @hidden_ns and @sure_ns are filled in */
void vmsync_unseen_take(struct vmsync_unseen *u, struct vmsync_stretch *s);

/**
 * vmsync_unseen_make_sure - widen @s->sure_ns to what the limits of late leave
 * To be done again when the clocks have turned out to be of another kind.
 */
void vmsync_unseen_make_sure(const struct vmsync_unseen *u,
			     struct vmsync_stretch *s);

/** vmsync_unseen_dark_ns - in gaps that are longer the clock may do anything, ns */
double vmsync_unseen_dark_ns(const struct vmsync_unseen *u);

/**
 * vmsync_unseen_is_dark - in a gap so long between two lines that cross in it the
 * clock may have bent more often than once
 */
bool vmsync_unseen_is_dark(const struct vmsync_unseen *u, double gap_ns);

/** vmsync_unseen_is_vague - too few fixes: nobody knows how the clock went at @s */
bool vmsync_unseen_is_vague(const struct vmsync_unseen *u,
			    const struct vmsync_stretch *s);

/**
 * vmsync_unseen_away - how far the clock can have gone, ns
 * @g0, @g, @g1: between the first and the last of these guest times, on a path from
 *		the line of @a that is bent at @g to that of @b
 * @known:	it is no farther off at both ends, ns
 */
double vmsync_unseen_away(const struct vmsync_unseen *u,
			  const struct vmsync_stretch *a,
			  const struct vmsync_stretch *b, int64_t g0, int64_t g,
			  int64_t g1, double known);

/**
 * vmsync_unseen_error - what breakpoints that no fix shows may do to the clock, ns
 * @a, @b:	the stretches beside
 * @length:	of the time without a fix, ns
 * @away:	as far as it can have gone, ns
 */
double vmsync_unseen_error(const struct vmsync_unseen *u,
			   const struct vmsync_stretch *a,
			   const struct vmsync_stretch *b, double length,
			   double away);

/** vmsync_unseen_short_error - the same between the fixes of a short stretch */
double vmsync_unseen_short_error(const struct vmsync_unseen *u,
				 const struct vmsync_stretch *s);

/** vmsync_unseen_gap_error - the same in a gap between the fixes of a stretch */
double vmsync_unseen_gap_error(const struct vmsync_unseen *u,
			       const struct vmsync_stretch *s,
			       const struct vmsync_gap *gap);

/**
 * vmsync_unseen_end_error - the same in [@g0, @g1], at an end of @s
 * Where no line comes before the first fix, or behind the last one.
 */
double vmsync_unseen_end_error(const struct vmsync_unseen *u,
			       const struct vmsync_stretch *s, int64_t g0,
			       int64_t g1);

/** vmsync_unseen_jump_error - off the line of @a up to @s, before which it jumped */
double vmsync_unseen_jump_error(const struct vmsync_unseen *u,
				const struct vmsync_stretch *a,
				const struct vmsync_stretch *s);

#endif /* VMSYNC_SYNC_ESTIMATE_UNSEEN_H */
