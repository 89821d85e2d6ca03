/* SPDX-License-Identifier: MIT */
/*
 * The time map: one virtual CPU's CLOCK_MONOTONIC into the host's.
 *
 * A sorted list of segments, each an affine function with a guaranteed bound.
 * Integer throughout; inside a segment
 *
 *	host(g) = host_start
 *		+ floor(((g - guest_start) * slope + host_frac) / 2^shift)
 *
 * in 128 bits, limited from above by the next segment's host_start, so that
 * the output never decreases. Where a segment ends before the next one starts,
 * its line goes on, and the bound is larger by 2 * VMSYNC_COARSE_NS and
 * extrapolation_ns at once and grows by extrapolation_ppb from its end on, as it
 * does before the first segment and after the last one.
 */
#ifndef VMSYNC_SYNC_MAP_MAP_H
#define VMSYNC_SYNC_MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

/* How long the slowest counter of which a clock is made stands still: acpi_pm. */
#define VMSYNC_COARSE_NS 280

/*
 * As a map's extrapolation_ppb: outside the evidence the clock may have jumped, and
 * there is no bound; it is given as VMSYNC_BOUND_NONE.
 */
#define VMSYNC_PPB_NONE	  UINT32_MAX
#define VMSYNC_BOUND_NONE (INT64_MAX / 4)

/** enum vmsync_method - what a segment was computed from, best first */
enum vmsync_method {
	VMSYNC_METHOD_EXACT,
	VMSYNC_METHOD_PAIR,
	VMSYNC_METHOD_BEACON,
	VMSYNC_METHOD_PORT,
	VMSYNC_METHOD_TSYNC,
	VMSYNC_METHOD_WINDOW,
	VMSYNC_METHOD_COUNT,
};

/**
 * struct vmsync_segment - a stretch of time with one affine map
 * @guest_start: first guest time of the segment
 * @guest_end:	last guest time for which @bound_ns holds without growth; the
 *		next segment's guest_start, or the last evidence
 * @guest_left:	what the virtual CPU's clock read at most when it left the guest, before a
 *		step that begins the next segment; INT64_MIN: that is not known
 * @host_start:	host time of @guest_start
 * @slope:	host ns per guest ns, << @shift; > 0
 * @shift:	0..63
 * @host_frac:	what @host_start lacks, ns << @shift; below 1 << @shift
 * @method:	what it was computed from
 * @bound_ns:	|true - host(g)| <= bound_ns for every g in the segment
 * @epoch:	number of the stretch without a discontinuity, from 0
 */
struct vmsync_segment {
	guest_time guest_start;
	guest_time guest_end;
	guest_time guest_left;
	host_time host_start;
	uint64_t slope;
	uint64_t host_frac;
	int64_t bound_ns;
	uint32_t shift;
	uint32_t epoch;
	enum vmsync_method method;
};

/**
 * struct vmsync_map - the map of one virtual CPU
 * @segments:	sorted by guest_start, and by host_start; owned by the map
 * @extrapolation_ppb: how fast the bound grows outside the evidence
 * @extrapolation_ns: by how much it is larger there from the first moment on
 */
struct vmsync_map {
	struct vmsync_segment *segments;
	size_t count;
	size_t capacity;
	uint32_t extrapolation_ppb;
	int64_t extrapolation_ns;
};

/** vmsync_map_init - make @map empty; needs no memory */
void vmsync_map_init(struct vmsync_map *map);

/** vmsync_map_free - free what @map owns and make it empty */
void vmsync_map_free(struct vmsync_map *map);

/**
 * vmsync_map_append - add a segment after the last one
 * Returns 0; -EINVAL if it does not start after the last one in guest time, or
 * starts before it in host time, its end is before its start, its slope is 0,
 * its shift above 63 or its fraction not below 1; -ENOMEM.
 */
int vmsync_map_append(struct vmsync_map *map, const struct vmsync_segment *seg);

/**
 * vmsync_map_eval - host time of a guest time; @map must not be empty
 * Saturates at 0 and at 2^63 - 1.
 */
host_time vmsync_map_eval(const struct vmsync_map *map, guest_time g);

/**
 * vmsync_map_eval_batch - host times of @n non-decreasing guest times
 * Fast: looks a segment up only where it changes. @in and @out may be the same.
 * Works for unsorted input too, only slower.
 */
void vmsync_map_eval_batch(const struct vmsync_map *map, const uint64_t *in,
			   uint64_t *out, size_t n);

/**
 * vmsync_map_inverse - the least guest time whose host time is >= @h
 */
guest_time vmsync_map_inverse(const struct vmsync_map *map, host_time h);

/**
 * vmsync_map_bound_ns - guaranteed error limit at @g, ns
 * @extrapolated: set to whether @g is outside the evidence; may be NULL
 */
int64_t vmsync_map_bound_ns(const struct vmsync_map *map, guest_time g,
			    bool *extrapolated);

/**
 * vmsync_map_spans - whether @g is between the first evidence and the last
 * Beyond them a clock may have been set: nothing there contradicts the map.
 */
bool vmsync_map_spans(const struct vmsync_map *map, guest_time g);

/**
 * vmsync_map_eval_near - host time and bound of a guest time near the last one
 * @near:	where it was found; at first, or for another map, anything
 */
host_time vmsync_map_eval_near(const struct vmsync_map *map, guest_time g,
			       size_t *near, int64_t *bound_ns);

/**
 * vmsync_map_find - index of the segment whose line is used at @g
 * @near:	where to look first: quick where @g has hardly moved
 */
size_t vmsync_map_find(const struct vmsync_map *map, guest_time g, size_t near);

/** vmsync_map_segment - the segment whose line is used at @g */
const struct vmsync_segment *
vmsync_map_segment(const struct vmsync_map *map, guest_time g);

/** vmsync_map_equal - whether two maps are the same to the bit */
bool vmsync_map_equal(const struct vmsync_map *a, const struct vmsync_map *b);

/** vmsync_method_name - "exact", "pair", "beacon", "port", "tsync", "window" */
const char *vmsync_method_name(enum vmsync_method method);

/*
 * A guest's maps, one per virtual CPU (most often all the same map), saved and
 * loaded as JSON.
 */

/**
 * struct vmsync_guest_map - all of one guest
 * @vm_uid:	what the guest calls itself, 0 if it never did
 * @hostname:	of the guest, owned
 * @clock_uuid:	of the guest trace's clock, owned, may be ""
 * @host_clock_uuid: of the host trace's clock, owned, may be ""
 * @maps:	[@vcpus], index is the guest kernel's CPU number; owned
 * @anyone:	for CPUs without one: empty where all of @maps are the same;
 *		vmsync_anyone_make() makes it, it is not saved; owned
 */
struct vmsync_guest_map {
	uint64_t vm_uid;
	char *hostname;
	char *clock_uuid;
	char *host_clock_uuid;
	struct vmsync_map *maps;
	uint32_t vcpus;
	struct vmsync_map anyone;
};

void vmsync_guest_map_init(struct vmsync_guest_map *gm);
void vmsync_guest_map_free(struct vmsync_guest_map *gm);

/**
 * vmsync_guest_map_of - the map of CPU @vcpu
 * A CPU without evidence of its own, or UINT32_MAX, has the map of anyone, whose
 * bound covers all CPUs' maps. NULL if none has evidence.
 */
const struct vmsync_map *
vmsync_guest_map_of(const struct vmsync_guest_map *gm, uint32_t vcpu);

/* How a file of maps begins, and no other one does. */
#define VMSYNC_MAP_BEGINS "{\"vmsync_map\":"

/**
 * vmsync_map_save - write @n guests' maps as JSON; the same bits come back
 * Returns 0 or a negative errno.
 */
int vmsync_map_save(FILE *f, const struct vmsync_guest_map *gms, size_t n);

/**
 * vmsync_map_load - read what vmsync_map_save() wrote
 * @gms, @n:	the result; the caller frees each and then the array
 * @error:	one line of what is wrong and where, on -EINVAL
 * Returns 0, -EINVAL, -ENOMEM, -EIO.
 */
int vmsync_map_load(FILE *f, struct vmsync_guest_map **gms, size_t *n,
		    char *error, size_t error_size);

#endif /* VMSYNC_SYNC_MAP_MAP_H */
