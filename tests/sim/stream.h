/* SPDX-License-Identifier: MIT */
/*
 * What the two sides recorded, in the order of their own time.
 */
#ifndef VMSYNC_SIM_STREAM_H
#define VMSYNC_SIM_STREAM_H

#include "world.h"

/* Why of an exit: the guest took interrupts there. */
#define SIM_EXIT_OPEN 1

/** struct sim_record - one event; @h: host TSC at which it was stamped */
struct sim_record {
	uint64_t h;
	struct vmsync_evidence ev;
};

/**
 * struct sim_stream - one side's recording
 * @begin_ns, @end_ns: when it began and ended, by that side's clock
 */
struct sim_stream {
	struct sim_record *records;
	size_t count;
	size_t capacity;
	int64_t begin_ns;
	int64_t end_ns;
};

/** struct sim_recording - everything that the sync library gets to see */
struct sim_recording {
	struct sim_stream host;
	struct sim_stream guests[SIM_MAX_GUESTS];
};

/** sim_stream_add - append a copy of @ev */
void sim_stream_add(struct sim_stream *s, uint64_t h,
		    const struct vmsync_evidence *ev);

/** sim_stream_sort - into the order of @h */
void sim_stream_sort(struct sim_stream *s);

/**
 * sim_record_world - record @world as its scenario says
 * @truthful: leave the scenario's lie out
 */
void sim_record_world(struct sim_recording *rec, const struct sim_world *world,
		      bool truthful);
void sim_recording_free(struct sim_recording *rec);

/* The parts, each into the streams of @rec. */

/** sim_record_knots - knots of the host and of all guests */
void sim_record_knots(struct sim_recording *rec, const struct sim_world *w);

/** sim_record_vm - VM, TSC and page events of the host's module about @g */
void sim_record_vm(struct sim_recording *rec, const struct sim_world *w,
		   const struct sim_guest *g);

/** sim_record_beacons - the four legs of every beacon of @g */
void sim_record_beacons(struct sim_recording *rec, const struct sim_world *w,
			const struct sim_guest *g);

/** sim_record_runs - entries, exits and guest events of @g */
void sim_record_runs(struct sim_recording *rec, const struct sim_world *w,
		     const struct sim_guest *g);

/** sim_record_lie - make @g a liar, as the scenario says */
void sim_record_lie(struct sim_recording *rec, const struct sim_world *w,
		    const struct sim_guest *g);

#endif /* VMSYNC_SIM_STREAM_H */
