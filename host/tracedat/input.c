// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <trace-cmd.h>

#include "tracedat/input.h"
#include "tracedat/metadata.h"
#include "tracedat/private.h"
#include "tracedat/tracedat.h"

/* Clocks that count ns. */
static const char *const clocks[] = {
	"mono", "mono_raw", "boot", "tai", "local", "global", "perf", "uptime",
};

static struct tracecmd_input *open_as(const char *path, bool raw)
{
	struct tracecmd_input *in =
		tracecmd_alloc(path, TRACECMD_FL_LOAD_NO_PLUGINS);

	if (!in)
		return NULL;
	if (raw)
		tracecmd_set_flag(in, DAT_FLAG_RAW);
	if (!tracecmd_read_headers(in, 0) && !tracecmd_init_data(in))
		return in;
	/* Not closed: it would free twice what it had begun to make. */
	return NULL;
}

static bool counts_ns(const char *clock)
{
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (!strcmp(clocks[i], clock))
			return true;
	}
	return false;
}

static struct tracecmd_input *refuse(struct tracecmd_input *in,
				     const char *path, const char *clock,
				     struct ctf_error *e)
{
	tracecmd_close(in);
	tracedat_fail(e, -ENOTSUP, "record with trace-cmd record -C mono",
		      "%.400s: recorded by clock %.32s, which does not count ns",
		      path, clock);
	return NULL;
}

/* Cycles of the TSC, as times. */
static struct tracecmd_input *open_tsc(const char *path, const char *clock,
				       struct ctf_error *e)
{
	struct tracecmd_input *in = open_as(path, false);

	if (in && !(tracecmd_get_flags(in) & DAT_FLAG_IN_TIME))
		return refuse(in, path, clock, e);
	if (in) {
		tracecmd_enable_tsync(in, false);
		tracecmd_set_ts_offset(in, 0);
	}
	return in;
}

static void clean(char *s)
{
	for (; *s; s++) {
		bool good = (*s >= 'a' && *s <= 'z') ||
			    (*s >= 'A' && *s <= 'Z') ||
			    (*s >= '0' && *s <= '9') || strchr("_.-+~", *s);

		if (!good)
			*s = '_';
	}
}

/* "Linux NODE RELEASE MACHINE" */
static void describe(struct tracecmd_input *in, struct dat_metadata *m)
{
	const char *clock = tracecmd_get_trace_clock(in);
	const char *uname = tracecmd_get_uname(in);

	if (uname)
		sscanf(uname, "%*s %64s %64s", m->hostname, m->release);
	clean(m->hostname);
	clean(m->release);
	/* Before kernels had others there was this one. */
	snprintf(m->clock, sizeof(m->clock), "%s", clock ? clock : "local");
	clean(m->clock);
}

struct tracecmd_input *dat_input_open(const char *path, struct dat_metadata *m,
				  struct ctf_error *e)
{
	struct tracecmd_input *in;

	tracecmd_set_loglevel(TEP_LOG_NONE);
	tep_set_loglevel(TEP_LOG_NONE);
	in = open_as(path, true);
	if (in) {
		describe(in, m);
		if (!strcmp(m->clock, "x86-tsc")) {
			tracecmd_close(in);
			in = open_tsc(path, m->clock, e);
			if (!in && e->code)
				return NULL;
		} else if (!counts_ns(m->clock)) {
			return refuse(in, path, m->clock, e);
		}
	}
	if (!in)
		tracedat_fail(e, -EINVAL, "is it whole? trace-cmd report reads "
			      "it, too", "%.400s: not as trace-cmd writes it",
			      path);
	else if (tep_is_file_bigendian(tracecmd_get_tep(in)))
		tracedat_fail(e, -ENOTSUP, "",
			      "%.400s: of a big-endian machine", path);
	return in && !e->code ? in : NULL;
}
