// SPDX-License-Identifier: MIT
#include "fuse/twice.h"

#include <stdio.h>
#include <string.h>

#include "ctf/join.h"
#include "fuse/names.h"

/* What reports count. */
static const char *const counted[] = { "sched_switch", "kvm_x86_entry", "kvm_x86_exit",
				       "kvm_entry", "kvm_exit" };

#define COUNTED (sizeof(counted) / sizeof(counted[0]))

/* A bit for each of @counted that the trace may have. */
static uint32_t kinds_of(const struct ctf_trace *t)
{
	uint32_t kinds = 0;
	size_t i, k;

	for (i = 0; i < ctf_trace_classes(t); i++) {
		const char *name = vmsync_event_name(ctf_trace_class(t, i));

		for (k = 0; k < COUNTED; k++)
			kinds |= !strcmp(name, counted[k]) ? 1u << k : 0;
	}
	return kinds;
}

/* A process records what it did, and no other one does; a kernel records all. */
static bool of_process(const struct ctf_trace *t)
{
	return ctf_trace_env(t, "vpid");
}

/* They are of one clock, that of the machine. */
static bool at_one_time(const struct ctf_trace *a, const struct ctf_trace *b)
{
	struct ctf_span x, y;
	struct ctf_error e;

	return !ctf_trace_span(a, &x, &e) && !ctf_trace_span(b, &y, &e) &&
	       x.begin < y.end && y.begin < x.end;
}

static const char *twice(const struct ctf_trace *a, const struct ctf_trace *b)
{
	uint32_t both;

	/* What parts of one session have in common is read once. */
	if (ctf_traces_share_uuid(a, b) || (of_process(a) && of_process(b)))
		return NULL;
	both = kinds_of(a) & kinds_of(b);
	return both && at_one_time(a, b) ? counted[__builtin_ctz(both)] : NULL;
}

void vmsync_twice_note(const struct vmsync_machine *m, char *text, size_t size)
{
	const char *name;
	size_t i, k;

	text[0] = '\0';
	for (i = 0; i < m->n; i++) {
		for (k = 0; k < i; k++) {
			name = twice(m->traces[k], m->traces[i]);
			if (!name)
				continue;
			snprintf(text, size, "%.400s and %.400s are of the same time, and "
				 "both have %s: such events are counted twice; name one "
				 "of the two", ctf_trace_path(m->traces[k]),
				 ctf_trace_path(m->traces[i]), name);
			return;
		}
	}
}
