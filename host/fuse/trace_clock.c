// SPDX-License-Identifier: MIT
#include "fuse/trace_clock.h"

#include <stdio.h>
#include <string.h>

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
	const struct ctf_clock *c;
	bool all = true;
	size_t i;

	for (i = 0; (c = ctf_trace_clock(t, i)); i++)
		all &= c->absolute;
	return all || (tracer && !strncmp(tracer, "lttng", 5));
}
