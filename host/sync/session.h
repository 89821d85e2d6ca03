/* SPDX-License-Identifier: MIT */
/*
 * The session's insides, shared by the files that make it up and by no one
 * else.
 */
#ifndef VMSYNC_SYNC_SESSION_H
#define VMSYNC_SYNC_SESSION_H

#include "sync/estimator.h"
#include "sync/facts/tilt.h"
#include "sync/facts/facts.h"
#include "sync/facts/match.h"
#include "sync/facts/set.h"
#include "sync/pushed.h"
#include "sync/sync.h"
#include "sync/tsync/tsync.h"
#include "sync/witness/causal.h"

/* CPU numbers above are not believed. */
#define VMSYNC_MAX_CPUS 4096

/* Beacons that wait for the map of their time, to be held against it. */
#define VMSYNC_QUEUE 32768

/* Times that a guest changes its VM; more is not believed. */
#define VMSYNC_MAX_HOMES 64

/* Marks kept; when full every second one goes. */
#define VMSYNC_MARKS 4096

struct vmsync_guest {
	struct vmsync_sync *sync;
	char *hostname;
	bool wide; /* see struct vmsync_sync_options */
	bool apart; /* see struct vmsync_facts */
	struct vmsync_pushed side;
	struct vmsync_lines lines;
	int64_t host_from_ns; /* nothing before is asked for any more */
	int64_t guest_from_ns;
	struct vmsync_guest_cpu *cpus;
	uint32_t n_cpus;
	uint32_t n_there; /* CPUs that its recording has streams of, at least */
	struct vmsync_match match;
	struct vmsync_set set;
	struct vmsync_tilt tilt;
	struct vmsync_tsync tsync;
	struct vmsync_tsync_verdict tsync_verdict;
	struct vmsync_mark marks[VMSYNC_MARKS];
	size_t n_marks;
	uint64_t marks_step;
	uint64_t marks_skipped;
	struct vmsync_mark answered; /* its last beacon, by the host's clock */
	int64_t left_ns; /* see struct vmsync_facts */
	VMSYNC_ARRAY(struct vmsync_home) homes;
	struct vmsync_times *queue;
	size_t queued;
	struct vmsync_causal causal;
	uint64_t matched;
	uint64_t whole;
	int64_t rtt_min_ns;
	void *states[VMSYNC_METHOD_COUNT];
	struct vmsync_guest_map maps;
	struct vmsync_map *by_method[VMSYNC_METHOD_COUNT];
	struct vmsync_guest_report report;
	VMSYNC_ARRAY(struct vmsync_disagreement) disagreements;
};

struct vmsync_sync {
	struct vmsync_sync_options opt;
	struct vmsync_pushed side;
	VMSYNC_ARRAY(struct vmsync_lost) lost; /* of the host's records */
	struct vmsync_lines lines;
	bool has_ref;
	uint64_t tsc_ref;
	VMSYNC_ARRAY(struct vmsync_vm *) vms;
	VMSYNC_ARRAY(struct vmsync_guest *) guests;
};

/** vmsync_guest_facts - all that is known of it now, for as long as it lasts */
struct vmsync_facts vmsync_guest_facts(const struct vmsync_guest *guest);

/**
 * vmsync_guest_drain - take the matched beacons that wait for others
 * @flush:	all of them; else those that no other one comes before any more
 * Returns 0 or -ENOMEM.
 */
int vmsync_guest_drain(struct vmsync_guest *guest, bool flush);

/** vmsync_guest_is_whole - nothing more comes, of either side */
static inline bool vmsync_guest_is_whole(const struct vmsync_guest *guest)
{
	return guest->side.ended && guest->sync->side.ended;
}

/**
 * vmsync_guest_match - the beacon @base may be one of @guest and of @vm
 * Binds the guest to the VM where that is proved. Returns 0 or -ENOMEM.
 */
int vmsync_guest_match(struct vmsync_guest *guest, struct vmsync_vm *vm,
		       struct vmsync_stream *stream, uint32_t base);

/** vmsync_match_is_bound - a guest's beacons are matched with those of @stream */
bool vmsync_match_is_bound(const struct vmsync_match *m,
			   const struct vmsync_stream *stream);

/**
 * vmsync_guest_build_maps - maps of all that was pushed
 * @final:	nothing more will come
 * Returns 0 or -ENOMEM.
 */
int vmsync_guest_build_maps(struct vmsync_guest *guest, bool final);

/**
 * vmsync_guest_check_queue - hold the queued beacons against their map
 * Makes the maps of their time only, and leaves the guest's as they are.
 * Returns 0 or -ENOMEM.
 */
int vmsync_guest_check_queue(struct vmsync_guest *guest);

/**
 * vmsync_guest_final_until - guest time up to which CPU 0's map is final
 * As far as the methods know that its later segments are from.
 */
int64_t vmsync_guest_final_until(const struct vmsync_guest *guest);

/** vmsync_guest_want_cpus - it has @n CPUs, at least; 0 or -ENOMEM */
int vmsync_guest_want_cpus(struct vmsync_guest *guest, uint32_t n);

/** vmsync_guest_may_use - the options allow method @m */
bool vmsync_guest_may_use(const struct vmsync_guest *guest,
			  enum vmsync_method m);

/** vmsync_guest_report_make - fill in the report; 0 or -ENOMEM */
int vmsync_guest_report_make(struct vmsync_guest *guest);
void vmsync_guest_report_free(struct vmsync_guest_report *report);

/** vmsync_guest_report_notes - its remarks, once its figures are there; 0 or -ENOMEM */
int vmsync_guest_report_notes(struct vmsync_guest_report *r,
			      const struct vmsync_guest *guest);

#endif /* VMSYNC_SYNC_SESSION_H */
