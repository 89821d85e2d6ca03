/* SPDX-License-Identifier: MIT */
/*
 * What a machine's recording covers: of each CPU the time in which all events of
 * some kind are there. Nothing is covered before the first packet of a stream
 * and after its last one, where packets are missing between two, and where the
 * tracer has discarded events.
 */
#ifndef VMSYNC_FUSE_COVERAGE_H
#define VMSYNC_FUSE_COVERAGE_H

#include "ctf/join.h"
#include "fuse/absent.h"
#include "fuse/holes.h"

/*
 * A packet that is not full was closed because the recording ended: whatever its
 * end says, no event came behind it. A full one may have others behind it that are
 * not there. An event that did not fit may be as large, as knots are.
 */
#define VMSYNC_EVENT_ROOM 512

/** enum vmsync_cover_kind - which events; streams without them do not matter */
enum vmsync_cover_kind {
	VMSYNC_COVER_EVIDENCE,	/* vmsync's */
	VMSYNC_COVER_RUNS,	/* KVM's entries and exits */
	VMSYNC_COVER_KINDS,
};

/**
 * struct vmsync_cpu_holes - of one CPU
 * @cpu:	UINT32_MAX: of streams whose CPU is not known
 */
struct vmsync_cpu_holes {
	uint32_t cpu;
	struct vmsync_holes holes;
};

/**
 * struct vmsync_cover - where events of one kind may be missing
 * @cpus:	by CPU, in order: its own
 * @any:	some CPU's; of entries and exits also where recording may have been
 *		stopped, for no stream had a packet open
 */
struct vmsync_cover {
	VMSYNC_ARRAY(struct vmsync_cpu_holes) cpus;
	struct vmsync_holes any;
};

/**
 * struct vmsync_coverage - of one machine
 * @timed:	packets tell times
 * @begin_ns, @end_ns: of the packets of all its streams; 0 if not @timed
 * @discarded:	events that the tracer discarded, in all streams
 * @lost:	packets that are missing, in all streams
 * @of:		by kind of event
 * @absent:	CPUs that it has, in order, though no packet with entries and exits
 *		is of them; none where it has no entries and exits at all
 */
struct vmsync_coverage {
	bool timed;
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t discarded;
	uint64_t lost;
	struct vmsync_cover of[VMSYNC_COVER_KINDS];
	vmsync_cpus absent;
};

/**
 * vmsync_coverage_find() - read the heads of a machine's packets
 * @c:		0 at first; to be freed with vmsync_coverage_free() in any case
 * @streams:	of the machine, after ctf_joined_end()
 * Return: 0 or a negative errno.
 */
int vmsync_coverage_find(struct vmsync_coverage *c,
			 const struct ctf_joined *streams, struct ctf_error *e);

/** vmsync_coverage_free() - free it */
void vmsync_coverage_free(struct vmsync_coverage *c);

/** vmsync_cover_cpu() - one CPU's holes, NULL if it has no stream */
const struct vmsync_holes *vmsync_cover_cpu(const struct vmsync_cover *c,
					    uint32_t cpu);

#endif /* VMSYNC_FUSE_COVERAGE_H */
