// SPDX-License-Identifier: MIT
#include "fuse/tsync.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/earlier.h"
#include "fuse/trace_clock.h"
#include "sync/base/wide.h"

#define SHIFT 56 /* of slopes */

/* A ratio of KVM's has 32 or 48 bits behind the point. */
#define MAX_FRACTION 56

/* CPU numbers of the guest that are looked for. */
#define MAX_CPUS 4096

/** struct factor - what makes a machine's stamps ns; mult 0: they are */
struct factor {
	uint32_t mult;
	uint32_t shift;
};

/** struct stored - a sample as trace-cmd has it, in its own units */
struct stored {
	int64_t time;
	int64_t offset;
	uint64_t ratio;
	uint32_t fraction;
};

typedef VMSYNC_ARRAY(struct stored) stored_samples;

/** struct source - the traces, and how their clocks count */
struct source {
	const struct ctf_trace *host;
	const struct ctf_trace *guest;
	struct factor host_factor;
	struct factor guest_factor;
	bool lines; /* the offset changes as a line does from sample to sample */
	size_t given; /* samples */
};

/* Once vmsync fuse has written it, its stamps are others. */
static const char *stored_in(const struct ctf_trace *t)
{
	return ctf_trace_env(t, VMSYNC_EARLIER_KEY) ? NULL :
						      ctf_trace_env(t, "tsync");
}

static const struct ctf_trace *stored_trace(const struct vmsync_machine *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (stored_in(m->traces[i]))
			return m->traces[i];
	}
	return NULL;
}

bool vmsync_tsync_stored(const struct vmsync_machine *m)
{
	return stored_trace(m);
}

/* The host's recording of that number. */
static const struct ctf_trace *host_trace(const struct vmsync_machine *host,
					  const char *id)
{
	size_t i;

	for (i = 0; id && i < host->n; i++) {
		const char *own = ctf_trace_env(host->traces[i], "trace_id");

		if (own && !strcmp(own, id) &&
		    !ctf_trace_env(host->traces[i], VMSYNC_EARLIER_KEY))
			return host->traces[i];
	}
	return NULL;
}

static struct factor factor_of(const struct ctf_trace *t)
{
	const char *text = ctf_trace_env(t, "tsc_factor");
	struct factor f = { 0, 0 };

	if (!text || sscanf(text, "%" SCNu32 " %" SCNu32, &f.mult, &f.shift) != 2 ||
	    f.shift > 63)
		f.mult = 0;
	return f;
}

static bool same_clock(const struct ctf_trace *a, const struct ctf_trace *b)
{
	const char *x = ctf_trace_env(a, "trace_clock");
	const char *y = ctf_trace_env(b, "trace_clock");

	return x && y && !strcmp(x, y);
}

/* As the reader of trace.dat makes them of stamps; false: below 0, or too many. */
static bool ns_of(const struct factor *f, int128 stamp, int64_t *ns)
{
	if (stamp < 0 || stamp > UINT64_MAX)
		return false;
	if (f->mult)
		stamp = stamp * f->mult >> f->shift;
	*ns = (int64_t)stamp;
	return stamp <= INT64_MAX;
}

/* KVM's guest TSC is the host's * ratio / 2^fraction, less this offset. */
static int128 host_stamp(const struct stored *s)
{
	int128 v = (int128)s->time + s->offset;

	return s->ratio == 1 && !s->fraction ? v :
	       s->ratio && v >= 0 ? (v << s->fraction) / s->ratio : -1;
}

static long double ns_per_stamp(const struct factor *f)
{
	return f->mult ? ldexpl(f->mult, -(int)f->shift) : 1;
}

/* Host ns per guest ns, << SHIFT; 0: it is none. */
static uint64_t slope_of(const struct source *from, const struct stored *s)
{
	long double slope = ns_per_stamp(&from->host_factor) /
			    ns_per_stamp(&from->guest_factor);

	if (s->ratio != 1 || s->fraction)
		slope /= ldexpl(s->ratio, -(int)s->fraction);
	slope = ldexpl(slope, SHIFT) + 0.5L;
	return slope >= 1 && slope < 0x1p63L ? (uint64_t)slope : 0;
}

static bool sample_of(const struct source *from, const struct stored *s,
		      struct vmsync_tsync_sample *out)
{
	out->slope = slope_of(from, s);
	out->shift = SHIFT;
	return ns_of(&from->guest_factor, s->time, &out->guest_ns) &&
	       ns_of(&from->host_factor, host_stamp(s), &out->host_ns);
}

/* "TIME OFFSET RATIO FRACTION;", as tracedat/metadata.c writes it. */
static bool next_stored(const char **text, struct stored *s)
{
	unsigned long fraction;
	char *end;

	s->time = strtoll(*text, &end, 10);
	s->offset = strtoll(end, &end, 10);
	s->ratio = strtoull(end, &end, 10);
	fraction = strtoul(end, &end, 10);
	s->fraction = (uint32_t)fraction;
	*text = end + 1;
	return *end == ';' && fraction <= MAX_FRACTION;
}

static int by_time(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* 1: they are all there, in order; 0: they are damaged, or there are none. */
static int read_cpu(const struct ctf_trace *t, size_t cpu, stored_samples *all)
{
	const char *text;
	char key[32];

	all->count = 0;
	snprintf(key, sizeof(key), "tsync_cpu%zu", cpu);
	text = ctf_trace_env(t, key);
	while (text && *text) {
		struct stored *s = vmsync_array_add(all);

		if (!s)
			return -ENOMEM;
		if (!next_stored(&text, s)) {
			all->count = 0;
			return 0;
		}
	}
	if (all->count)
		qsort(all->at, all->count, sizeof(*all->at), by_time);
	return all->count > 0;
}

/* A line from this sample to the next one, or as the last one went. */
static void bend(struct vmsync_tsync_sample *s, const struct vmsync_tsync_sample *next)
{
	long double slope = (long double)(next->host_ns - s->host_ns) /
			    (next->guest_ns - s->guest_ns);

	slope = ldexpl(slope, SHIFT) + 0.5L;
	s->slope = slope >= 1 && slope < 0x1p63L ? (uint64_t)slope : 0;
}

static int give_cpu(struct source *from, struct vmsync_guest *guest,
		    uint32_t cpu, const stored_samples *all)
{
	struct vmsync_tsync_sample s, next;
	uint64_t slope = 0;
	size_t i, k;
	int ret = 0;

	for (i = 0; ret != -ENOMEM && i < all->count; i = k) {
		bool is_last;

		/* Of several at one time the first is in force. */
		for (k = i + 1; k < all->count &&
		     (!sample_of(from, &all->at[k], &next) ||
		      all->at[k].time == all->at[i].time);
		     k++)
			;
		is_last = k == all->count;
		if (!sample_of(from, &all->at[i], &s))
			continue;
		if (from->lines && !is_last && next.guest_ns > s.guest_ns)
			bend(&s, &next);
		else if (from->lines && slope)
			s.slope = slope;
		slope = s.slope;
		ret = vmsync_sync_guest_tsync(guest, cpu, &s);
		from->given += !ret;
	}
	return ret == -ENOMEM ? ret : 0;
}

static int give_all(struct source *from, struct vmsync_guest *guest)
{
	stored_samples all = { 0 };
	uint32_t cpu;
	int ret = 0;

	for (cpu = 0; ret >= 0 && cpu < MAX_CPUS; cpu++) {
		ret = read_cpu(from->guest, cpu, &all);
		if (ret > 0)
			ret = give_cpu(from, guest, cpu, &all);
	}
	vmsync_array_free(&all);
	return ret < 0 ? ret : 0;
}

/* Why none of them can be used, or NULL. */
static const char *unusable(const struct source *from)
{
	if (!strcmp(stored_in(from->guest), "damaged"))
		return "they are damaged";
	if (!from->host)
		return "they are for another recording of the host's";
	if (!same_clock(from->host, from->guest))
		return "the host recorded with another clock";
	return NULL;
}

int vmsync_tsync_read(const struct vmsync_machine *host,
		      const struct vmsync_machine *m, struct vmsync_guest *guest)
{
	struct source from = { .guest = stored_trace(m) };
	const char *why;
	int ret = 0;

	/* That the counters of virtual CPUs are alike nobody says. */
	if (vmsync_clock_is_tsc(m->traces[0]))
		vmsync_sync_guest_apart(guest);
	if (!from.guest)
		return 0;
	from.host = host_trace(host, ctf_trace_env(from.guest, "tsync_host"));
	why = unusable(&from);
	if (!why) {
		from.lines = !strcmp(stored_in(from.guest), "lines");
		from.host_factor = factor_of(from.host);
		from.guest_factor = factor_of(from.guest);
		ret = give_all(&from, guest);
		if (!from.given)
			why = "they are damaged";
	}
	if (why)
		vmsync_sync_guest_tsync_unusable(guest, why);
	return ret;
}
