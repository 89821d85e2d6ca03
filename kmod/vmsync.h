/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmsync.ko offers to the other modules: this kernel's clock, readable
 * from any context.
 */
#ifndef _VMSYNC_H
#define _VMSYNC_H

#include <linux/ktime.h>
#include <asm/msr.h>

#include "../include/uapi/vmsync.h"
#include "events.h"

struct dentry;

/* /sys/kernel/debug/vmsync: a file for each module, for people to look at. */
extern struct dentry *vmsync_debugfs;

/**
 * vmsync_line_get() - the line of CLOCK_MONOTONIC in force
 * @line: filled in
 *
 * May be called from any context, NMI included; takes no lock. For some
 * nanoseconds around a change the clock itself may still be on the previous
 * line: compare with @line->since_tsc.
 */
void vmsync_line_get(struct vmsync_line *line);

/**
 * vmsync_page_get() - the kvm-clock page of this CPU
 * @line: the line in force; all zeros are filled in if it is not on kvm-clock
 * @page: filled in
 *
 * Any context, but preemption must be off.
 */
void vmsync_page_get(const struct vmsync_line *line, struct vmsync_page *page);

/**
 * vmsync_pair_get() - read TSC and CLOCK_MONOTONIC together
 * @pair: filled in
 *
 * Any context. Interrupts should be off, or the bracket gets wide.
 */
static inline void vmsync_pair_get(struct vmsync_pair *pair)
{
	pair->tsc = rdtsc_ordered();
	pair->mono = ktime_get_mono_fast_ns();
	pair->bracket = rdtsc_ordered() - pair->tsc;
}

#endif /* _VMSYNC_H */
