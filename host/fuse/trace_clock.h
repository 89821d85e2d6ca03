/* SPDX-License-Identifier: MIT */
/*
 * The clock that a trace's stamps are on.
 */
#ifndef VMSYNC_FUSE_TRACE_CLOCK_H
#define VMSYNC_FUSE_TRACE_CLOCK_H

#include "ctf/ctf.h"

/** vmsync_clock_uuid() - a clock's uuid as text, "" where it has none */
void vmsync_clock_uuid(const struct ctf_clock *c, char text[37]);

/** vmsync_trace_clock() - the clock that a trace's stamps are on, or NULL */
const struct ctf_clock *vmsync_trace_clock(const struct ctf_trace *t);

/**
 * vmsync_clock_is_host() - whether the stamps were made by vmsync-clock.ko, which
 * follows the host's clock: vmsync_clock_line tells of them, and vmsync_knot does not
 */
bool vmsync_clock_is_host(const struct ctf_clock *c);

/**
 * vmsync_clock_of_all_cpus() - whether stamps of one CPU can be held against
 * another's: of ftrace's clocks some, by the environment, and else all
 */
bool vmsync_clock_of_all_cpus(const struct ctf_trace *t);

/** vmsync_clock_is_tsc() - whether each CPU's stamps are of its own counter */
bool vmsync_clock_is_tsc(const struct ctf_trace *t);

/**
 * vmsync_clock_is_comparable() - whether babeltrace2 compares a trace's clocks with
 * others that it is told are absolute: they are that themselves, or LTTng's own
 */
bool vmsync_clock_is_comparable(const struct ctf_trace *t);

/** vmsync_trace_clock_check() - can it be put on another's? 0 or a negative errno */
int vmsync_trace_clock_check(const struct ctf_trace *t, struct ctf_error *e);

#endif /* VMSYNC_FUSE_TRACE_CLOCK_H */
