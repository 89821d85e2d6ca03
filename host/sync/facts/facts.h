/* SPDX-License-Identifier: MIT */
/*
 * Facts: all that the session knows of one guest and its host besides the
 * beacons' delays, and what is made of it: one timeline per parameter.
 */
#ifndef VMSYNC_SYNC_FACTS_FACTS_H
#define VMSYNC_SYNC_FACTS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"
#include "sync/base/chain.h"
#include "sync/base/timeline.h"
#include "sync/facts/lines.h"
#include "sync/facts/vm.h"

/** struct vmsync_reading - a guest's record: a vCPU's TSC, the guest's clock */
struct vmsync_reading {
	uint64_t tsc;
	int64_t ns;
};

/**
 * struct vmsync_pv_run - a kvm-clock line as the guest saw it on one CPU
 * @first, @last: readings between which records of that CPU showed it
 */
struct vmsync_pv_run {
	struct vmsync_pvclock pv;
	struct vmsync_reading first;
	struct vmsync_reading last;
};

/**
 * struct vmsync_shown - the page that a CPU had when it sent a beacon
 * @any:	it has sent one that showed a page
 * @scaling:	of the TSC that the page counts
 * @host_tsc:	when the beacon reached the host
 */
struct vmsync_shown {
	bool any;
	struct vmsync_pvclock pv;
	struct vmsync_scaling scaling;
	uint64_t host_tsc;
};

/**
 * struct vmsync_guest_cpu - a CPU of the guest
 * @answered:	a beacon of it was
 * @known:	a matched beacon tied it to @vcpu_id
 * @sure:	it is that one, or it does not matter which one (whose.h)
 * @seen:	a record of the guest names it
 * @updated:	it updated the timekeeper, as a line told that is forgotten
 * @tid:	the host's thread that answered its last beacon, 0: not known
 * @shown:	by its last beacon
 */
struct vmsync_guest_cpu {
	bool seen;
	bool answered;
	bool updated;
	bool known;
	bool sure;
	uint32_t vcpu_id;
	int32_t tid;
	struct vmsync_shown shown;
	VMSYNC_ARRAY(struct vmsync_pv_run) pvs;
};

/** struct vmsync_mark - a guest time and about the host time that it was */
struct vmsync_mark {
	int64_t guest_ns;
	int64_t host_ns;
};

/**
 * struct vmsync_home - a VM that a guest was in, one after the other
 * @from_ns, @last_ns: host times of the first and the last beacon answered there
 * @from_guest_ns, @last_guest_ns: the guest's times of these
 * @away:	others that were sent before the first one have no answer: it may have
 *		been somewhere else before
 */
struct vmsync_home {
	const struct vmsync_vm *vm;
	int64_t from_ns;
	int64_t last_ns;
	int64_t from_guest_ns;
	int64_t last_guest_ns;
	bool away;
};

/** struct vmsync_lost - some of the host's records may be missing, host ns */
struct vmsync_lost {
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct vmsync_facts - of one guest
 * @vm:		the last of its homes, NULL where it was not found
 * @homes:	in order; more than one if it was restored elsewhere, or moved
 * @vms, @n_vms: all that the host has
 * @lost:	where the host's recording has holes, in the order of their begins
 * @tsc_ref:	origin of the axis
 * @host_from_ns, @guest_from_ns: nothing before is asked for
 * @host_until_ns, @guest_until_ns: records are complete up to here
 * @n_there:	so many CPUs has the guest, at least: it recorded something on each
 * @marks:	a thinned-out list, sorted
 * @answered:	its last beacon, by the host's clock
 * @left_ns:	its virtual CPUs had all left it by then, and nothing tells of them
 *		since; INT64_MAX: that is not known
 * @succeeded:	its VM has answered beacons of another boot since
 * @apart:	each of its CPUs has a clock of its own
 */
struct vmsync_facts {
	const struct vmsync_lines *host_lines;
	const struct vmsync_lines *guest_lines;
	const struct vmsync_vm *vm;
	const struct vmsync_home *homes;
	size_t n_homes;
	struct vmsync_vm *const *vms;
	size_t n_vms;
	const struct vmsync_lost *lost;
	size_t n_lost;
	uint64_t tsc_ref;
	int64_t host_from_ns;
	int64_t guest_from_ns;
	int64_t host_until_ns;
	int64_t guest_until_ns;
	const struct vmsync_guest_cpu *cpus;
	uint32_t n_cpus;
	uint32_t n_there;
	const struct vmsync_mark *marks;
	size_t n_marks;
	struct vmsync_mark answered;
	int64_t left_ns;
	bool succeeded;
	bool apart;
};

/** vmsync_facts_vcpu - the vCPU that guest CPU @cpu is, or may be; or NULL */
const struct vmsync_vcpu *vmsync_facts_vcpu(const struct vmsync_facts *f,
					    uint32_t cpu);

/**
 * struct vmsync_stay - a virtual CPU as far as it was the guest's
 * @vcpu:	NULL where the home has none of that number
 * @from_ns:	the guest was elsewhere up to here, host ns; INT64_MIN: never
 * @sure_ns:	and here from this time on
 * @until_ns:	and elsewhere from here on; INT64_MAX: never
 */
struct vmsync_stay {
	const struct vmsync_vcpu *vcpu;
	int64_t from_ns;
	int64_t sure_ns;
	int64_t until_ns;
};

/** vmsync_facts_stay - of guest CPU @cpu in its home @home */
struct vmsync_stay vmsync_facts_stay(const struct vmsync_facts *f, size_t home,
				     uint32_t cpu);

/**
 * vmsync_facts_left - host ns from which on the guest is not in home @home - 1
 * @told:	set: it is in @home from then on, and was told to be
 * Else it is somewhere from its last beacon there to its first one here.
 */
int64_t vmsync_facts_left(const struct vmsync_facts *f, size_t home,
			  bool *told);

/**
 * vmsync_facts_tscs_alike - does it not matter which vCPU's TSC was read?
 * Where that of one of several CPUs is known only, nothing says so but a master clock.
 */
bool vmsync_facts_tscs_alike(const struct vmsync_facts *f);

/**
 * vmsync_facts_updates - is guest CPU @cpu one that updates the timekeeper?
 * A knot is recorded where the update ran. Linux gives the duty to the boot CPU; one
 * that has it for a while without a change of the line is not known.
 */
bool vmsync_facts_updates(const struct vmsync_facts *f, uint32_t cpu);

/**
 * struct vmsync_dating - the timelines of one virtual CPU
 * @host, @guest: struct vmsync_line
 * @scaling:	struct vmsync_scaling
 * @pv:		struct vmsync_pvclock
 */
struct vmsync_dating {
	struct vmsync_timeline host;
	struct vmsync_timeline guest;
	struct vmsync_timeline scaling;
	struct vmsync_timeline pv;
};

/** vmsync_dating_init - make the timelines of guest CPU @cpu; 0 or -ENOMEM */
int vmsync_dating_init(struct vmsync_dating *dating, const struct vmsync_facts *f,
		       uint32_t cpu);
void vmsync_dating_free(struct vmsync_dating *dating);

/**
 * vmsync_dating_host, vmsync_dating_scaling - one timeline by itself
 * To be freed where it fails, too. Return 0 or -ENOMEM.
 */
int vmsync_dating_host(struct vmsync_timeline *tl,
		       const struct vmsync_facts *f);
int vmsync_dating_scaling(struct vmsync_timeline *tl,
			  const struct vmsync_facts *f,
			  const struct vmsync_timeline *host, uint32_t cpu);

/** vmsync_date_of_tsc - the point of the axis when the host's TSC read @host_tsc */
int64_t vmsync_date_of_tsc(const struct vmsync_facts *f, uint64_t host_tsc);

/**
 * vmsync_date_of_host - the point of the axis when the host's clock read @ns
 * By the line before, or the first one, where none is known: see vmsync_date_earliest().
 * Returns false where there is none at all.
 */
bool vmsync_date_of_host(const struct vmsync_timeline *host, uint64_t tsc_ref,
			 int64_t ns, int64_t *at);

/**
 * vmsync_date_earliest, vmsync_date_latest - what is dated at @at was then
 * Where the host's line is not known, its times are dated by another one, which its
 * clock may have left.
 */
int64_t vmsync_date_earliest(const struct vmsync_timeline *host, int64_t at);
int64_t vmsync_date_latest(const struct vmsync_timeline *host, int64_t at);

/**
 * vmsync_date_exit - when a virtual CPU left the guest before a change at @at
 * @exit_ns:	its last exit, host ns, or -1
 * Returns @at where that is not known.
 */
int64_t vmsync_date_exit(const struct vmsync_facts *f,
			 const struct vmsync_timeline *host, int64_t exit_ns,
			 int64_t at);

#endif /* VMSYNC_SYNC_FACTS_FACTS_H */
