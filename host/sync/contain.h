/* SPDX-License-Identifier: MIT */
/*
 * Containment: a guest event of a virtual CPU happened between an entry of
 * that CPU into the guest and its next exit. A witness, apart from all that
 * makes maps: it sees host times only, some of which came through a map.
 *
 * Entries, exits and events are pushed in the order of host time, all virtual
 * CPUs together. Memory is one small struct per virtual CPU.
 */
#ifndef VMSYNC_SYNC_CONTAIN_H
#define VMSYNC_SYNC_CONTAIN_H

#include <stdint.h>

#include "clock.h"

struct vmsync_contain;

/**
 * struct vmsync_contain_result - counts of guest events
 * @inside:	between an entry and the next exit, or nearer to it than the
 *		bound that was pushed with the event: no contradiction
 * @outside:	not so
 * @undecidable: before the first entry or after the last exit, host events
 *		lost around it, or a virtual CPU that has no entries at all
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
	uint64_t edge;
	int64_t worst_ns;
	int64_t entry_slack_ns;
	int64_t exit_slack_ns;
};

/** vmsync_contain_new - a checker for one guest; NULL if out of memory */
struct vmsync_contain *vmsync_contain_new(void);
void vmsync_contain_free(struct vmsync_contain *c);

/**
 * vmsync_contain_entry - virtual CPU @vcpu enters the guest at @t
 * vmsync_contain_exit - it has left it at @t
 * @vcpu:	any number that names the virtual CPU, the same as for its
 *		events; small ones are best
 * Return 0 or -ENOMEM.
 */
int vmsync_contain_entry(struct vmsync_contain *c, uint32_t vcpu, host_time t);
int vmsync_contain_exit(struct vmsync_contain *c, uint32_t vcpu, host_time t);

/** vmsync_contain_lost - host events were lost in [@from, @until] */
void vmsync_contain_lost(struct vmsync_contain *c, host_time from,
			 host_time until);

/**
 * vmsync_contain_event - @vcpu ran guest code at @t, known to +-@bound_ns
 * Returns 0 or -ENOMEM.
 */
int vmsync_contain_event(struct vmsync_contain *c, uint32_t vcpu, host_time t,
			 int64_t bound_ns);

/** vmsync_contain_finish - no more will come: decide what is still open */
void vmsync_contain_finish(struct vmsync_contain *c);

/** vmsync_contain_result - the counts of one virtual CPU, or of all */
void vmsync_contain_result(const struct vmsync_contain *c,
			   struct vmsync_contain_result *all);
void vmsync_contain_result_of(const struct vmsync_contain *c, uint32_t vcpu,
			      struct vmsync_contain_result *one);

#endif /* VMSYNC_SYNC_CONTAIN_H */
