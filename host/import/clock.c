// SPDX-License-Identifier: MIT
#include "import/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"
#include "fuse/machine.h"

/* When the machine was recorded: the span of all its traces. */
static int span_take(const struct vmsync_machine *m, struct import_clock *c,
		     struct ctf_error *e)
{
	struct ctf_span span;
	size_t i;
	int ret = 0;

	c->begin_ns = INT64_MAX;
	for (i = 0; !ret && i < m->n; i++) {
		ret = ctf_trace_span(m->traces[i], &span, e);
		if (!ret && (int64_t)span.begin < c->begin_ns)
			c->begin_ns = (int64_t)span.begin;
		if (!ret && (int64_t)span.end > c->end_ns)
			c->end_ns = (int64_t)span.end;
	}
	return ret;
}

static int machine_take(const char *path, const struct vmsync_machine *m,
			struct import_clock *c, struct ctf_error *e)
{
	const struct ctf_clock *clock = m->clock;

	/* trace.dat has none, and says so by a 0. */
	if (!clock->offset_s && !clock->offset)
		return vmsync_fail(e, -EINVAL,
				   "name a trace of LTTng's on that machine, or "
				   "leave --clock out",
				   "%.400s: its clock has no offset to the time "
				   "of day", path);
	if (!clock->has_uuid)
		return vmsync_fail(e, -EINVAL, "leave --clock out",
				   "%.400s: its clock has no uuid, by which others "
				   "could share it", path);
	if (m->offset_spread_ns > INT64_MAX / 2)
		return vmsync_fail(e, -EINVAL, "name one session's traces",
				   "%.400s: offsets of its clock differ beyond "
				   "measure", path);
	snprintf(c->name, sizeof(c->name), "%.63s", clock->name);
	snprintf(c->hostname, sizeof(c->hostname), "%s", m->hostname);
	c->has_uuid = true;
	c->description = "of a trace, by its offset";
	memcpy(c->uuid, clock->uuid, sizeof(c->uuid));
	c->offset_s = clock->offset_s;
	c->offset_ns = clock->offset;
	c->bound_ns += m->offset_spread_ns;
	return span_take(m, c, e);
}

int import_clock_take(const char *path, struct import_clock *c, struct ctf_error *e)
{
	struct vmsync_machines machines;
	char *paths[] = { (char *)path };
	int ret;

	*c = (struct import_clock){ .name = "realtime",
				  .description = "time of day",
				  .is_absolute = true,
				  .bound_ns = IMPORT_STAMP_NS };
	if (!path)
		return 0;
	ret = vmsync_machines_open(paths, 1, &machines, false, e);
	if (!ret && machines.n != 1)
		ret = vmsync_fail(e, -EINVAL,
				  "name those of the machine that QEMU ran on",
				  "%.400s: traces of %zu machines", path,
				  machines.n);
	if (!ret)
		ret = machine_take(path, &machines.machine[0], c, e);
	vmsync_machines_close(&machines);
	return ret;
}

int64_t import_clock_value(const struct import_clock *c, int64_t real_ns)
{
	__int128 v = (__int128)real_ns - (__int128)c->offset_s * 1000000000 -
		     c->offset_ns;

	return v < 0 || v > INT64_MAX ? -1 : (int64_t)v;
}
