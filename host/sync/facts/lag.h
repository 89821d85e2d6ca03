/* SPDX-License-Identifier: MIT */
/*
 * How far a virtual CPU's TSC lags those of the guest's other CPUs. On
 * clocksource tsc, Linux reads the anchor of the timekeeper's last update while
 * a CPU's TSC is before it: a reading of such a CPU is ahead of its own TSC by
 * so much at most.
 */
#ifndef VMSYNC_SYNC_FACTS_LAG_H
#define VMSYNC_SYNC_FACTS_LAG_H

#include "sync/facts/facts.h"
#include "sync/map/map.h"

/* A clock whose TSC was set back by more is one of a restored guest, ns. */
#define VMSYNC_LONGEST_STAND_NS 1000000000

/**
 * vmsync_lag_widen - make the bounds of guest CPU @cpu's @map wide enough for
 * that By the most that it lags a CPU that may update the timekeeper, ever; and
 * beside a moment at which its own TSC was set back by what that was, since its
 * clock stands still at the last anchor until then. Nothing where nothing is
 * known of the TSCs, or the guest does not read them. Returns 0 or -ENOMEM.
 */
int vmsync_lag_widen(const struct vmsync_facts *f, uint32_t cpu,
		     struct vmsync_map *map);

/**
 * vmsync_lag_untold - make the bounds of @map, of a method that is not told of
 * writes, wide enough for those that KVM told of: a little one may be taken for a
 * breakpoint. Nothing where the guest does not read TSCs.
 */
void vmsync_lag_untold(const struct vmsync_facts *f, struct vmsync_map *map);

/**
 * vmsync_lag_stopped - had the guest been stopped before its TSC was set back?
 * Then, as behind a restore, nothing is read twice. It was if none of its beacons,
 * which are more frequent, came in the time before host time @ns that it fell back
 * by, @fall ns.
 */
bool vmsync_lag_stopped(const struct vmsync_facts *f, int64_t ns, int64_t fall);

/**
 * vmsync_lag_beyond - did KVM tell of a write of the TSC of guest CPU @cpu beyond the
 * evidence of its @map, while the guest recorded: from @first_ns to @last_ns? Then
 * what goes on from the evidence to there is off by as much, and by no bound that
 * grows. Nothing where the guest does not read TSCs.
 */
bool vmsync_lag_beyond(const struct vmsync_facts *f, uint32_t cpu,
		       const struct vmsync_map *map, int64_t first_ns,
		       int64_t last_ns);

#endif /* VMSYNC_SYNC_FACTS_LAG_H */
