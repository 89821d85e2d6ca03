/* SPDX-License-Identifier: MIT */
/*
 * Whether what is said of a map is true of the events that it is applied to. A
 * guest that was recorded longer than the host has events that no evidence
 * covers: their bound is wider, and that must not be overlooked.
 */
#ifndef VMSYNC_FUSE_COVERED_H
#define VMSYNC_FUSE_COVERED_H

#include <stdio.h>

#include "fuse/session.h"

/**
 * vmsync_guest_covered() - are all events known as well as those with evidence?
 * @g:		of which the witness has told
 *
 * Evidence of samples (beacons, messages, the guest's own events) reaches as far
 * beyond the first and the last one as a few of them are apart: no recording
 * begins and ends with one. Bounds are wider there, but that is the method's.
 */
bool vmsync_guest_covered(const struct vmsync_session_guest *g);

/** vmsync_session_covered() - the same of all guests */
bool vmsync_session_covered(const struct vmsync_session *s);

/**
 * vmsync_trace_is_strange() - no event of the trace is near the evidence
 * @trace:	its number among those of @g->machine
 *
 * Though other traces with the same clock are. It was recorded at another time,
 * or its clock is not that of the kernel: a process in a time namespace has one
 * of its own, and nothing in a trace says so.
 */
bool vmsync_trace_is_strange(const struct vmsync_session_guest *g, size_t trace);

/**
 * vmsync_guest_reach() - from where to where the guest's events are
 * @first_ns, @last_ns: guest time; set if it has any
 *
 * Strange traces are no part of it. Return: whether it has events that the
 * witness has told of.
 */
bool vmsync_guest_reach(const struct vmsync_session_guest *g, int64_t *first_ns,
			int64_t *last_ns);

/** vmsync_covered_lines() - the report's lines in short, two at most, for a picture */
void vmsync_covered_lines(FILE *f, const struct vmsync_session_guest *g);

/** vmsync_covered_text() - the report's lines about it */
void vmsync_covered_text(FILE *f, const struct vmsync_session_guest *g);

/** vmsync_covered_json() - the same as members of an object, with a comma first */
void vmsync_covered_json(FILE *f, const struct vmsync_session_guest *g);

#endif /* VMSYNC_FUSE_COVERED_H */
