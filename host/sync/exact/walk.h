/* SPDX-License-Identifier: MIT */
/*
 * A walk along the four timelines of a virtual CPU, and the pieces of its map
 * that are made on the way.
 */
#ifndef VMSYNC_SYNC_EXACT_WALK_H
#define VMSYNC_SYNC_EXACT_WALK_H

#include "sync/exact/link.h"
#include "sync/facts/facts.h"
#include "sync/facts/older.h"
#include "sync/map/map.h"

/** enum vmsync_param - the four timelines of a virtual CPU */
enum vmsync_param { HOST, GUEST, SCALING, PV, PARAMS };

/**
 * struct vmsync_walk - where in the timelines we are
 * @at:		the steps in force
 * @all:	the same facts, with a CPU for each virtual CPU that the guest's trace
 *		does not name: others read what its clock says all the same
 * @others:	timelines of the guest's other CPUs, [all.n_cpus], or NULL
 * @updates:	which of them may update the timekeeper
 * @lost_from:	the first of the host's records that may be missing, of the axis
 * @joined:	nothing is missing between the last piece and the next one
 * @bridged:	the last piece is a bridge
 * @doubt_until: until here the line before the last change may be in force
 * @old:	these lines (HOST and GUEST, as all of these)
 * @confirmed:	the change's own record tells that it was not any more then
 * @earlier:	what may still have been in force where the changes that are taken
 *		now begin
 * @earlier_until: ... until here, if that is beyond
 * @spill_until: readings of lines before those may be ahead as far as here
 * @spill:	by so much
 * @unknown_until: until here the lines in force are not known
 * @read:	both clocks where the last chain of which nothing was missing ended
 * @jumped:	the clock jumped there, and what it has read since is not known;
 *		VMSYNC_AXIS_MAX: it did not
 * @older:	how far a page that nobody saw may be off
 * @page:	the step of PV whose begin was looked at last
 */
struct vmsync_walk {
	const struct vmsync_facts *facts;
	uint32_t cpu;
	struct vmsync_facts all;
	struct vmsync_dating *others;
	bool *updates;
	int64_t lost_from;
	const struct vmsync_timeline *tl[PARAMS];
	size_t at[PARAMS];
	struct vmsync_map *map;
	uint32_t epoch;
	bool joined;
	bool bridged;
	int64_t doubt_until[2];
	const void *old[2];
	bool confirmed[2];
	struct vmsync_link earlier;
	int64_t earlier_until;
	int64_t spill_until;
	int128 spill;
	int64_t unknown_until;
	struct vmsync_point read;
	int64_t jumped;
	struct vmsync_older older;
	size_t page;
};

/** vmsync_walk_step - of timeline @t, the one in force; the next one follows it
 */
const struct vmsync_step *vmsync_walk_step(const struct vmsync_walk *w, int t);
bool vmsync_walk_has_next(const struct vmsync_walk *w, int t);

/** vmsync_walk_next - where the next change begins; false if none is to come */
bool vmsync_walk_next(const struct vmsync_walk *w, int64_t *z0);

/** vmsync_walk_doubt_until - until when any kernel's line is in doubt */
int64_t vmsync_walk_doubt_until(const struct vmsync_walk *w);

/** vmsync_walk_confirmed - whether records tell the end of all doubts at @at */
bool vmsync_walk_confirmed(const struct vmsync_walk *w, int64_t at);

/** vmsync_walk_now - of all that is in force */
struct vmsync_link vmsync_walk_now(const struct vmsync_walk *w);

/** vmsync_walk_before - of the lines that may at @at still be in force */
struct vmsync_link vmsync_walk_before(const struct vmsync_walk *w, int64_t at);

/**
 * vmsync_walk_ahead - how far other CPUs' clocks may be ahead, between two
 * points, by the host's clock. Readings of a CPU are not behind what another one has
 * shown. Returns -1 where a page is not known which tells that.
 */
int128 vmsync_walk_ahead(const struct vmsync_walk *w,
			 const struct vmsync_link *l, int64_t from,
			 int64_t until);

/** vmsync_walk_piece - @l's, from @from to @until; 0 or -ENOMEM */
int vmsync_walk_piece(struct vmsync_walk *w, const struct vmsync_link *l,
		      int64_t from, int64_t until, int128 error);

/** vmsync_walk_bridge - a straight one between two points; 0 or -ENOMEM */
int vmsync_walk_bridge(struct vmsync_walk *w, const struct vmsync_link *l,
		       struct vmsync_point a, struct vmsync_point b,
		       int128 error);

/**
 * vmsync_walk_others_make - the timelines of the guest's other CPUs; 0 or -ENOMEM
 * To be freed in either case.
 */
int vmsync_walk_others_make(struct vmsync_walk *w);
void vmsync_walk_others_free(struct vmsync_walk *w);

#endif /* VMSYNC_SYNC_EXACT_WALK_H */
