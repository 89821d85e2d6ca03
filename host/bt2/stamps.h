/* SPDX-License-Identifier: MIT */
/* Saved maps, applied to the clocks of a babeltrace2 graph. */
#ifndef VMSYNC_BT2_STAMPS_H
#define VMSYNC_BT2_STAMPS_H

#include <babeltrace2/babeltrace.h>

#include "sync/map/map.h"

/**
 * struct stamps - the maps of all guests, and the host's offset
 * @guests:	as loaded
 * @n:		how many
 * @offset_known: whether @offset_ns is the host's
 * @offset_ns:	ns from the origin to value 0 of the host's clock
 */
struct stamps {
	struct vmsync_guest_map *guests;
	size_t n;
	bool offset_known;
	int64_t offset_ns;
};

/* Loads the file; on failure *@error has one line. */
int stamps_load(struct stamps *s, const char *path, char *error, size_t size);
void stamps_free(struct stamps *s);

/* ns from the origin to value 0 of a clock. */
int64_t clock_offset_ns(const bt_clock_class *clock);
/* Learns the host's offset where @clock is the host's. */
void stamps_see(struct stamps *s, const bt_clock_class *clock);
/* The guest whose clock this is, or NULL. */
const struct vmsync_guest_map *stamps_guest(const struct stamps *s,
					    const bt_clock_class *clock);
/* ns from the origin, on the host's clock, of a guest's raw value. */
int64_t stamps_map(const struct stamps *s, const struct vmsync_guest_map *g,
		   uint32_t cpu, uint64_t raw);
/*
 * How far @guest's map may take a stamp back at most, ns: a message cannot be
 * given on before this much later has been seen.
 */
int64_t stamps_most_back(const struct stamps *s,
			 const struct vmsync_guest_map *guest,
			 const bt_clock_class *clock);

#endif /* VMSYNC_BT2_STAMPS_H */
