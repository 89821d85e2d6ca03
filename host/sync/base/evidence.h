/* SPDX-License-Identifier: MIT */
/*
 * Evidence: what is known about two clocks, one record at a time.
 *
 * Estimators and witnesses see nothing else; where a record comes from (a CTF
 * trace, a simulation, a socket) they cannot tell. Each record is one event of
 * Documentation/protocol.rst, or what another source gives in its place, and
 * keeps the names used there. Records are plain values: nothing to free.
 */
#ifndef VMSYNC_SYNC_BASE_EVIDENCE_H
#define VMSYNC_SYNC_BASE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vmsync_line - CLOCK_MONOTONIC as an affine function of a counter
 *
 * mono(c) = base_ns + (((c - cycle_last) * mult + xtime_nsec) >> shift)
 *
 * @clocksource: VMSYNC_CLOCKSOURCE_*; says what the counter is
 * @seq:	number of the line since the module was loaded, 0: no line
 * @since_tsc:	in force not before this TSC (of the recording side)
 * @cycle_last: anchor, counts
 * @base_ns:	time at the anchor, whole ns
 * @xtime_nsec: time at the anchor, fraction, ns << shift
 * @mult:	slope, ns << shift per count
 * @shift:	0..63
 */
struct vmsync_line {
	uint32_t clocksource;
	uint32_t seq;
	uint64_t since_tsc;
	uint64_t cycle_last;
	int64_t base_ns;
	uint64_t xtime_nsec;
	uint32_t mult;
	uint32_t shift;
};

/* Flag of a page: all virtual CPUs have the same line (KVM's master clock). */
#define VMSYNC_PV_STABLE 1u

/**
 * struct vmsync_pvclock - kvm-clock as an affine function of the guest's TSC
 *
 * c(t) = system_time_ns + ((shifted(t - tsc_timestamp) * mul) >> 32)
 *
 * @version: 0: no page
 */
struct vmsync_pvclock {
	uint32_t version;
	uint32_t mul;
	uint64_t tsc_timestamp;
	uint64_t system_time_ns;
	int32_t shift;
	uint32_t flags;
};

/**
 * struct vmsync_scaling - a virtual CPU's TSC over the host's
 *
 * guest = ((host * ratio) >> frac_bits) + offset, modulo 2^64
 */
struct vmsync_scaling {
	int64_t offset;
	uint64_t ratio;
	uint32_t frac_bits;
};

/**
 * struct vmsync_pair - one reading of TSC, clock, TSC
 * @tsc:	the first TSC reading
 * @mono_ns:	the clock, read in [tsc, tsc + bracket]
 * @bracket:	difference of the two TSC readings, cycles
 * @valid:	false where the event carried no TSC (old addons): mono_ns only
 */
struct vmsync_pair {
	uint64_t tsc;
	int64_t mono_ns;
	uint64_t bracket;
	bool valid;
};

enum vmsync_evidence_kind {
	VMSYNC_EV_GH_GUEST,	/* guest: cnt, vcpu, pair, line, pvclock */
	VMSYNC_EV_GH_HOST,	/* host: cnt, vm, vcpu, pair, line, scaling, claims */
	VMSYNC_EV_HG_HOST,	/* host: cnt, vm, vcpu, pair */
	VMSYNC_EV_HG_GUEST,	/* guest: cnt, vcpu, pair */
	VMSYNC_EV_KNOT,		/* either: line, prev, confirm_tsc, why, pvclock */
	VMSYNC_EV_TSC,		/* host: vm, vcpu, scaling, prev_offset, why */
	VMSYNC_EV_PVCLOCK,	/* host: vm, vcpu, pvclock, why */
	VMSYNC_EV_VM,		/* host: vm, vcpu, tid, vm_uid */
	VMSYNC_EV_DROP,		/* host: vm, count */
	VMSYNC_EV_LOST,		/* either: count events lost in (stamp_ns, until_ns) */
	VMSYNC_EV_ENTRY,	/* host: vm, vcpu enters the guest */
	VMSYNC_EV_EXIT,		/* host: vm, vcpu left the guest */
	VMSYNC_EV_GUEST_EVENT,	/* guest: vcpu was running guest code at stamp_ns */
};

/**
 * struct vmsync_vm_id - a VM as KVM knows it; never from the guest
 * @pid:	process that owns the VM
 * @serial:	number given by vmsync-host.ko, 0 where there is none
 */
struct vmsync_vm_id {
	int32_t pid;
	uint32_t serial;
};

/** vmsync_vm_is_unknown - no record says which VM it is */
static inline bool vmsync_vm_is_unknown(struct vmsync_vm_id id)
{
	return id.pid <= 0 && !id.serial;
}

/* The vcpu of a guest's record that does not say where it was made. */
#define VMSYNC_CPU_UNKNOWN UINT32_MAX

/**
 * struct vmsync_evidence - one record
 * @kind:	says which of the other members are meant
 * @stamp_ns:	the event's time stamp in the trace, by the clock of the side
 *		that recorded it (the kind, or for KNOT and LOST who pushes it,
 *		tells the side)
 * @vcpu:	guest records: the guest kernel's CPU number, or
 *		VMSYNC_CPU_UNKNOWN; host records: KVM's vcpu_id
 * @guest_claim: GH_HOST: the guest's TSC and clock as it claimed them
 * @suspect:	GH_HOST: VMSYNC_SUSPECT_* bits
 * @line:	the line in force (KNOT: the new one)
 * @prev:	KNOT: the line that ended, seq 0 if none
 * @confirm_tsc: KNOT: @line was in force at this TSC
 * @port:	beacons: it came over a port, and tells of no TSC
 */
struct vmsync_evidence {
	enum vmsync_evidence_kind kind;
	uint32_t vcpu;
	int64_t stamp_ns;
	uint64_t vm_uid;
	struct vmsync_vm_id vm;
	uint32_t cnt;
	bool port;
	uint32_t why;
	uint32_t suspect;
	int32_t tid;
	struct vmsync_pair pair;
	struct vmsync_pair guest_claim;
	struct vmsync_line line;
	struct vmsync_line prev;
	uint64_t confirm_tsc;
	struct vmsync_pvclock pvclock;
	struct vmsync_scaling scaling;
	int64_t prev_offset;
	uint64_t count;
	int64_t until_ns;
};

#endif /* VMSYNC_SYNC_BASE_EVIDENCE_H */
