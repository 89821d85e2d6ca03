/* SPDX-License-Identifier: MIT */
/*
 * From a log's clock to a trace's: CLOCK_REALTIME, by which QEMU logs. On Linux the two of one machine
 * run alike, by however much NTP slews them, and their difference changes only where
 * the time of day is set, by a leap second, or while the machine is suspended. The
 * tracer measured the difference when its session began: the clock's offset.
 */
#ifndef VMSYNC_IMPORT_CLOCK_H
#define VMSYNC_IMPORT_CLOCK_H

#include "ctf/ctf.h"

/* A stamp of the log is cut off after the microsecond. */
#define IMPORT_STAMP_NS 1000

/**
 * struct import_clock - where stamps go
 * @name:	of the clock in the trace to be written
 * @description: of it, in words
 * @is_absolute: it counts from the epoch, with its offset
 * @hostname:	of its machine, or ""
 * @has_uuid:	it is a trace's clock, not the time of day itself
 * @offset_s, @offset_ns: time of day of the clock's 0
 * @bound_ns:	an event was later than its stamp by at most IMPORT_STAMP_NS, and the
 *		stamp is off by what the tracer's own measurements of the offset
 *		differ by; this is the sum
 * @begin_ns, @end_ns: of the trace, on its clock
 */
struct import_clock {
	char name[64];
	const char *description;
	bool is_absolute;
	char hostname[65];
	bool has_uuid;
	uint8_t uuid[16];
	int64_t offset_s;
	int64_t offset_ns;
	uint64_t bound_ns;
	int64_t begin_ns;
	int64_t end_ns;
};

/**
 * import_clock_take() - that of a machine's traces, or the time of day
 * @path:	a trace, or a folder that holds some, all of one machine; NULL: none
 * Return: 0 or a negative errno.
 */
int import_clock_take(const char *path, struct import_clock *c,
		    struct ctf_error *e);

/** import_clock_value() - CLOCK_REALTIME on it; negative where it had not begun */
int64_t import_clock_value(const struct import_clock *c, int64_t real_ns);

#endif /* VMSYNC_IMPORT_CLOCK_H */
