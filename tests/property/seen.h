/* SPDX-License-Identifier: MIT */
/*
 * The events of some traces, by their serial numbers: which are there, and how
 * far their stamps are from what is true.
 */
#ifndef TESTS_PROPERTY_SEEN_H
#define TESTS_PROPERTY_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"
#include "sync/map/map.h"

/**
 * struct seen_half - of a beacon: "gh" or "hg", one side's
 * @cnt:	as recorded; even for the first one, and one more for the other
 */
struct seen_half {
	uint64_t vm_uid;
	uint64_t cnt;
};

/**
 * struct seen - events of one machine or of several
 * @inside_only: clocks are set: what is outside the evidence is not held against any
 *		bound, nor against window's an event whose serial number is not in
 *		[@told_from, @told_until]: too few are left to tell that one was set
 * @untold_from_ns: true host time from which on nothing that was recorded tells which line
 *		a kernel's clock is on: the events of then are not judged
 * @last_ns:	true host time of the last event
 * @times:	[@n] how often the event of each serial number is there
 * @events:	how many events there are, doubled ones as often
 * @halves:	[@n_halves] of beacons
 * @worst_ns:	the largest error of a stamp
 * @beyond:	stamps that are farther off than the map's bound of their time
 * @beyond_ns:	by how much the worst of them is
 * @beyond_at:	its serial number
 * @beyond_by:	the method of the map there
 */
struct seen {
	bool inside_only;
	uint64_t told_from;
	uint64_t told_until;
	int64_t untold_from_ns;
	int64_t last_ns;
	uint8_t *times;
	uint64_t n;
	uint64_t events;
	struct seen_half *halves;
	size_t n_halves;
	int64_t worst_ns;
	uint64_t beyond;
	int64_t beyond_ns;
	uint64_t beyond_at;
	enum vmsync_method beyond_by;
};

/**
 * seen_read() - add the events of the traces in and below @folder
 * @maps:	of the machine, to hold stamps against; NULL: these are its own
 * Return: 0, or a negative errno with @e filled in.
 */
int seen_read(struct seen *s, const char *folder,
	      const struct vmsync_guest_map *maps, struct ctf_error *e);

/** seen_common() - whether a beacon of which both halves are in @a and in @b is there */
bool seen_common(const struct seen *a, const struct seen *b);

void seen_free(struct seen *s);

#endif /* TESTS_PROPERTY_SEEN_H */
