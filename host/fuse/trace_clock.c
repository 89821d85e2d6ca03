// SPDX-License-Identifier: MIT
#include "fuse/trace_clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/fail.h"
#include "uapi/vmsync_clock.h"

/* The clock that the stamps are on: the first stream's, if there is one. */
const struct ctf_clock *vmsync_trace_clock(const struct ctf_trace *t)
{
	const struct ctf_stream *s = ctf_trace_stream(t, 0);
	const struct ctf_clock *c = s ? ctf_stream_clock(s) : NULL;

	/* Stamps without a declared clock are nobody's. */
	return c && !c->is_implied ? c : ctf_trace_clock(t, 0);
}

void vmsync_clock_uuid(const struct ctf_clock *c, char text[37])
{
	int i;

	*text = '\0';
	for (i = 0; c && c->has_uuid && i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		text += sprintf(text, dash ? "-%02x" : "%02x", c->uuid[i]);
	}
}

bool vmsync_clock_is_host(const struct ctf_clock *c)
{
	return c && !strcmp(c->name, VMSYNC_CLOCK_NAME);
}

bool vmsync_clock_of_all_cpus(const struct ctf_trace *t)
{
	static const char *const good[] = {
		"mono", "mono_raw", "boot", "global", "x86-tsc",
	};
	const char *clock = ctf_trace_env(t, "trace_clock");
	size_t i;

	for (i = 0; clock && i < sizeof(good) / sizeof(good[0]); i++) {
		if (!strcmp(good[i], clock))
			return true;
	}
	return !clock;
}

bool vmsync_clock_is_tsc(const struct ctf_trace *t)
{
	const char *clock = ctf_trace_env(t, "trace_clock");

	return clock && !strcmp(clock, "x86-tsc");
}

bool vmsync_clock_is_comparable(const struct ctf_trace *t)
{
	const char *tracer = ctf_trace_env(t, "tracer_name");
	bool lttng = tracer && !strncmp(tracer, "lttng", 5);
	const struct ctf_clock *c;
	bool all = true;
	size_t i;

	/* Of a plugin's clock babeltrace2 does not think so. */
	for (i = 0; (c = ctf_trace_clock(t, i)); i++)
		all &= c->absolute || (lttng && !strcmp(c->name, "monotonic"));
	return all;
}

/* What vmsync's modules tell is of the monotonic clock. */
static bool tells_of_another(const struct ctf_trace *t)
{
	const char *clock = ctf_trace_env(t, "trace_clock");
	size_t i;

	for (i = 0; clock && strcmp(clock, "mono") && i < ctf_trace_classes(t);
	     i++) {
		if (vmsync_class_is_evidence(ctf_trace_class(t, i)))
			return true;
	}
	return false;
}

int vmsync_trace_clock_check(const struct ctf_trace *t, struct ctf_error *e)
{
	const struct ctf_clock *c = vmsync_trace_clock(t);

	if (!c)
		return vmsync_fail(e, -EINVAL,
				   "only traces with a clock can be put on "
				   "another",
				   "%.400s: has no clock", ctf_trace_path(t));
	if (c->freq != 1000000000)
		return vmsync_fail(e, -ENOTSUP,
				   "record with LTTng's default clock",
				   "%.400s: its clock does not count "
				   "nanoseconds",
				   ctf_trace_path(t));
	if (!vmsync_clock_of_all_cpus(t))
		return vmsync_fail(e, -ENOTSUP,
				   "record with trace-cmd record -C mono",
				   "%.400s: its clock, %.32s, is not one for "
				   "all CPUs",
				   ctf_trace_path(t),
				   ctf_trace_env(t, "trace_clock"));
	if (tells_of_another(t))
		return vmsync_fail(e, -ENOTSUP,
				   "record with trace-cmd record -C mono, or "
				   "leave vmsync's events out",
				   "%.400s: its clock is %.32s, but vmsync's "
				   "events tell of mono",
				   ctf_trace_path(t),
				   ctf_trace_env(t, "trace_clock"));
	return 0;
}
