/* SPDX-License-Identifier: MIT */
/*
 * The entries and exits of one CPU of the host, taken out of its stream as it is
 * decoded: what happens on other CPUs does not matter for whose they are.
 */
#ifndef VMSYNC_FUSE_LANE_H
#define VMSYNC_FUSE_LANE_H

#include "ctf/take.h"
#include "fuse/roles.h"
#include "fuse/runs.h"

/**
 * struct vmsync_lane - a stream of the host
 * @roles:	of its trace
 * @runs:	where they go
 * @tid:	who runs on the CPU, 0: not known
 * @stays:	since @tid entered or exited last it has not left the CPU
 * @packet:	byte offset of its packet that was met last, plus 1
 * @lossy:	events are missing somewhere in that one
 * @number:	of the thread that @number_tid names, in @runs
 * @number_tid:	0: none
 */
struct vmsync_lane {
	const struct vmsync_roles *roles;
	struct vmsync_runs_lane *runs;
	int32_t tid;
	bool stays;
	uint64_t packet;
	bool lossy;
	int32_t number_tid;
	uint32_t number;
};

/**
 * vmsync_lanes_suffice() - whether all that tells who runs on a CPU is in one
 * stream, in each of @n traces
 * Return: 1, 0, or a negative errno.
 */
int vmsync_lanes_suffice(struct ctf_trace *const *traces,
			 struct vmsync_roles *const *roles, size_t n,
			 struct ctf_error *e);

/** vmsync_lane_take() - for ctf_merge_take(), with the lane as @ctx */
int vmsync_lane_take(void *ctx, struct ctf_some *some, struct ctf_error *e);

#endif /* VMSYNC_FUSE_LANE_H */
