/* SPDX-License-Identifier: MIT */
/*
 * How far a virtual CPU's TSC lags those of the guest's other CPUs. On clocksource
 * tsc, Linux reads the anchor of the timekeeper's last update while a CPU's TSC is
 * before it: a reading of such a CPU is ahead of its own TSC by so much at most.
 */
#ifndef VMSYNC_SYNC_LAG_H
#define VMSYNC_SYNC_LAG_H

#include "sync/facts.h"

/**
 * vmsync_lag_ns - the most that guest CPU @cpu lags a CPU that may update the
 * timekeeper, ever; 0 where nothing is known of the TSCs, or the guest does not
 * read them
 */
int64_t vmsync_lag_ns(const struct vmsync_facts *f, uint32_t cpu);

#endif /* VMSYNC_SYNC_LAG_H */
