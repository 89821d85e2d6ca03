// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trace-cmd.h>

#include "tracedat/input.h"
#include "tracedat/metadata.h"
#include "tracedat/private.h"
#include "tracedat/tracedat.h"

/* Clocks that count ns. */
static const char *const clocks[] = {
	"mono", "mono_raw", "boot", "tai", "local", "global", "perf", "uptime",
};

/* Stamps as the ring buffer has them, whatever trace-cmd makes of them. */
static struct tracecmd_input *open_raw(const char *path)
{
	struct tracecmd_input *in =
		tracecmd_alloc(path, TRACECMD_FL_LOAD_NO_PLUGINS);

	if (!in)
		return NULL;
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

/* What libtracecmd does not hand out. */
static int find_options(const char *path, struct dat_options *o)
{
	int ret = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *file;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0) {
		ret = -EIO;
	} else {
		file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		ret = file == MAP_FAILED ? -errno :
		      dat_options_find(file, (size_t)st.st_size, o);
		if (file != MAP_FAILED)
			munmap(file, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return ret;
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
	m->trace_id = tracecmd_get_traceid(in);
	/* Stamps of other clocks are ns already. */
	if (strcmp(m->clock, "x86-tsc"))
		m->options.mult = 0;
}

/* Return: 0, or an error if its stamps are no times. */
static int check_clock(const char *path, const struct dat_metadata *m,
		       struct ctf_error *e)
{
	bool tsc = !strcmp(m->clock, "x86-tsc") && m->options.mult;

	if (tsc || counts_ns(m->clock))
		return 0;
	return tracedat_fail(e, -ENOTSUP, "record with trace-cmd record -C mono",
			     "%.400s: recorded by clock %.32s, which does not "
			     "count ns", path, m->clock);
}

struct tracecmd_input *dat_input_open(const char *path, struct dat_metadata *m,
				  struct ctf_error *e)
{
	struct tracecmd_input *in;

	tracecmd_set_loglevel(TEP_LOG_NONE);
	tep_set_loglevel(TEP_LOG_NONE);
	in = open_raw(path);
	if (!in || find_options(path, &m->options)) {
		tracedat_fail(e, -EINVAL, "is it whole? trace-cmd report reads "
			      "it, too", "%.400s: not as trace-cmd writes it",
			      path);
		return NULL;
	}
	describe(in, m);
	if (check_clock(path, m, e))
		return NULL;
	if (tep_is_file_bigendian(tracecmd_get_tep(in))) {
		tracedat_fail(e, -ENOTSUP, "",
			      "%.400s: of a big-endian machine", path);
		return NULL;
	}
	return in;
}
