/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each event carries. A tracepoint gets a pointer to one of these, so
 * that its prototype does not change with its fields. Meaning and units, field
 * by field: Documentation/protocol.rst.
 */
#ifndef _VMSYNC_EVENTS_H
#define _VMSYNC_EVENTS_H

#include <linux/types.h>

/**
 * struct vmsync_line - CLOCK_MONOTONIC as an affine function of a counter
 * @since_tsc: TSC read in the timekeeper's callback that brought this line
 * @cycle_last: counter value of the anchor
 * @base_ns: time at the anchor, whole part, ns
 * @xtime_nsec: time at the anchor, fraction, ns << @shift
 * @mult: slope, ns << @shift per count
 * @shift: see above
 * @clocksource: VMSYNC_CLOCKSOURCE_*
 * @seq: number of this line since load, from 1; 0: no line known
 */
struct vmsync_line {
	u64 since_tsc;
	u64 cycle_last;
	s64 base_ns;
	u64 xtime_nsec;
	u32 mult;
	u32 shift;
	u32 clocksource;
	u32 seq;
};

/**
 * struct vmsync_page - kvm-clock as an affine function of the guest's TSC
 * @tsc_timestamp: guest TSC of the anchor
 * @system_time: kvm-clock at the anchor, ns
 * @version: even, changes with each update; 0: no page
 * @mul: slope, ns << 32 per shifted cycle
 * @shift: left shift of cycles, right where negative
 * @flags: PVCLOCK_* of asm/pvclock-abi.h
 */
struct vmsync_page {
	u64 tsc_timestamp;
	u64 system_time;
	u32 version;
	u32 mul;
	s32 shift;
	u32 flags;
};

/**
 * struct vmsync_pair - TSC and CLOCK_MONOTONIC read together
 * @tsc: TSC before the clock was read
 * @mono: CLOCK_MONOTONIC, ns, read in [@tsc, @tsc + @bracket]
 * @bracket: TSC after it, less @tsc
 */
struct vmsync_pair {
	u64 tsc;
	u64 mono;
	u64 bracket;
};

/* A virtual CPU, as the host knows it. */
struct vmsync_who {
	s32 vm_pid;
	u32 vm_serial;
	u32 vcpu_id;
};

/* From host TSC to guest TSC: ((host * ratio) >> frac_bits) + offset. */
struct vmsync_scale {
	s64 offset;
	u64 ratio;
	u32 frac_bits;
};

struct vmsync_gh_guest {
	u64 vm_uid;
	u32 cnt;
	u32 vcpu;
	struct vmsync_pair pair;
	struct vmsync_line line;
	struct vmsync_page page;
};

struct vmsync_gh_host {
	u64 vm_uid;
	u32 cnt;
	u32 suspect;
	u64 guest_tsc;
	u64 guest_mono;
	struct vmsync_who who;
	struct vmsync_pair pair;
	struct vmsync_scale scale;
	struct vmsync_line line;
};

struct vmsync_hg_host {
	u64 vm_uid;
	u64 tsc;
	u64 mono;
	u32 cnt;
	struct vmsync_who who;
};

struct vmsync_hg_guest {
	u64 vm_uid;
	u64 tsc;
	u64 mono;
	u32 cnt;
	u32 vcpu;
};

struct vmsync_knot {
	struct vmsync_line line;
	struct vmsync_line prev;
	struct vmsync_page page;
	u64 confirm_tsc;
	u32 why;
};

/* Of vmsync-clock.ko: the clock that LTTng stamps with in this guest. */
struct vmsync_clock_change {
	struct vmsync_line line;
	struct vmsync_line prev;
	u64 confirm_tsc;
	s64 behind_ns;
	u64 error_ns;
	u32 steps;
	u32 why;
};

struct vmsync_tsc {
	struct vmsync_who who;
	struct vmsync_scale scale;
	s64 prev_offset;
	u32 why;
};

struct vmsync_pvclock {
	struct vmsync_who who;
	struct vmsync_page page;
	u32 why;
};

struct vmsync_vm {
	u64 vm_uid;
	struct vmsync_who who;
	s32 tid;
	u32 why;
};

struct vmsync_drop {
	u64 dropped;
	s32 vm_pid;
	u32 vm_serial;
};

struct vmsync_slow {
	u64 ns;
	struct vmsync_who who;
	s32 tid;
	s32 by;
};

#endif /* _VMSYNC_EVENTS_H */
