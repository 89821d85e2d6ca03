/* SPDX-License-Identifier: MIT */
/*
 * Containment: a guest event of a virtual CPU happened between an entry of
 * that CPU into the guest and its next exit. A witness, apart from all that
 * makes maps: it sees host times only, some of which came through a map.
 *
 * Entries and exits cut the host's time into intervals, one virtual CPU's at a
 * time; what an event in an interval proves depends on that interval alone.
 */
#ifndef VMSYNC_SYNC_WITNESS_CONTAIN_H
#define VMSYNC_SYNC_WITNESS_CONTAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** enum vmsync_end - where a virtual CPU's run in the guest begins or ends */
enum vmsync_end {
	VMSYNC_END_NONE,	/* nothing is known before, or behind */
	VMSYNC_END_ENTRY,
	VMSYNC_END_EXIT,
};

/**
 * struct vmsync_interval - from one entry or exit to the next, host ns
 * @from_ns:	INT64_MIN for VMSYNC_END_NONE
 * @until_ns:	INT64_MAX for VMSYNC_END_NONE
 * @from:	what is at @from_ns
 * @until:	what is at @until_ns
 * @from_cpu, @until_cpu: CPUs of the host that these two were recorded on
 * @until_open:	at @until_ns the guest took interrupts, as it does not while it
 *		updates its clock
 * @until_stayed: at @until_ns it enters, and its thread has not left that CPU since
 *		it entered or exited there before
 * @lost:	it is not covered: there may be other entries and exits in it
 *
 * An event at @from_ns belongs to it. One at @until_ns belongs to the next one,
 * but at an exit to the run that ends there.
 */
struct vmsync_interval {
	int64_t from_ns;
	int64_t until_ns;
	enum vmsync_end from;
	enum vmsync_end until;
	uint32_t from_cpu;
	uint32_t until_cpu;
	bool until_open;
	bool until_stayed;
	bool lost;
};

/**
 * struct vmsync_contain_result - counts of guest events
 * @inside:	between an entry and the next exit, or nearer to it than the
 *		event's bound: no contradiction
 * @outside:	not so
 * @undecidable: before the first entry or after the last exit, host events
 *		lost around it, or a virtual CPU that has no entries at all
 * @beyond:	those of @undecidable that are where the virtual CPU was not, beyond
 *		all evidence of the map
 * @moved:	those of @undecidable that are where the virtual CPU was not, but where
 *		another one of the VM may have been, to which their thread was moved
 * @edge:	those of @inside that are so only thanks to the bound
 * @worst_ns:	farthest distance outside, without the bound; 0 if none
 * @entry_slack_ns, @exit_slack_ns: least distance of an inside event from its
 *		entry and from its exit, negative if one of @edge is the least;
 *		INT64_MAX if none. A map that is wrong by more than the slack on
 *		that side and the bound has events outside.
 */
struct vmsync_contain_result {
	uint64_t inside;
	uint64_t outside;
	uint64_t undecidable;
	uint64_t beyond;
	uint64_t moved;
	uint64_t edge;
	int64_t worst_ns;
	int64_t entry_slack_ns;
	int64_t exit_slack_ns;
};

/** vmsync_contain_init - no event yet */
void vmsync_contain_init(struct vmsync_contain_result *r);

/** vmsync_contain_add - add the counts of others */
void vmsync_contain_add(struct vmsync_contain_result *r,
			const struct vmsync_contain_result *more);

/**
 * vmsync_interval_is_run - whether only the events of one CPU matter for it
 * From an entry to what came next on the same CPU of the host: the virtual CPU
 * was nowhere else.
 */
bool vmsync_interval_is_run(const struct vmsync_interval *s);

/**
 * vmsync_interval_events - how many events lie in an interval
 * @time:	[@n] host ns, in order, none before the interval
 */
size_t vmsync_interval_events(const struct vmsync_interval *s,
			     const uint64_t *time, size_t n);

/** vmsync_interval_is_gap - whether an event's bound matters there */
bool vmsync_interval_is_gap(const struct vmsync_interval *s);

/**
 * vmsync_contain_events - count events of an interval that is not a gap
 * @time:	[@n] host ns, in order, all of them in @s; @n > 0
 */
void vmsync_contain_events(struct vmsync_contain_result *r,
			   const struct vmsync_interval *s, const uint64_t *time,
			   size_t n);

/**
 * vmsync_contain_is_outside - whether an event is where its virtual CPU was not
 * @ns:		host time, in @s, known to +-@bound_ns
 * False where that is not known.
 */
bool vmsync_contain_is_outside(const struct vmsync_interval *s, int64_t ns,
			       int64_t bound_ns);

/**
 * vmsync_contain_gap_event - count an event of a gap
 * @ns:		host time, in @s, known to +-@bound_ns
 * @spanned:	it lies between the first evidence and the last one
 *
 * Beyond all evidence a clock may have been set: what does not fit there tells so,
 * and contradicts nothing.
 */
void vmsync_contain_gap_event(struct vmsync_contain_result *r,
			      const struct vmsync_interval *s, int64_t ns,
			      int64_t bound_ns, bool spanned);

/** vmsync_contain_moved_event - count one that another virtual CPU may have stamped */
void vmsync_contain_moved_event(struct vmsync_contain_result *r);

#endif /* VMSYNC_SYNC_WITNESS_CONTAIN_H */
