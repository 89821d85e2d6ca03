// SPDX-License-Identifier: MIT
#include "sync/second.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/facts/reading.h"
#include "sync/session.h"

/* A change that is confirmed sooner is not worth a look, host cycles. */
#define SOON ((int64_t)1 << 15)

/*
 * So long before a moment the host's clock must have been on its line, ns: while
 * a clock that fell back catches up, a tracer's stamps are held.
 */
#define SETTLED_NS 1000000

/**
 * struct look - at the lines of one guest
 * @host:	the host's lines
 * @scaling:	[@f.n_cpus], of CPUs that changed a line; else empty
 */
struct look {
	struct vmsync_guest *guest;
	struct vmsync_facts f;
	struct vmsync_timeline host;
	struct vmsync_timeline *scaling;
	vmsync_open_exit *find;
	void *ctx;
};

/*
 * Whether the CPU that recorded line @i was the one that changed it. A knot that
 * another one's update found waiting is confirmed by that update's since_tsc.
 */
static bool by_its_cpu(const struct vmsync_lines *lines, size_t i)
{
	const struct vmsync_line_span *s = &lines->spans.at[i];

	if (!s->told || s->cpu == VMSYNC_CPU_UNKNOWN)
		return false;
	if (i + 1 == lines->spans.count)
		return s->seen != s->confirm;
	return !s[1].gap && s[1].line.since_tsc != s->confirm;
}

/* The TSC of guest CPU @cpu, or NULL. */
static const struct vmsync_timeline *scaling_of(struct look *k, uint32_t cpu,
						int *err)
{
	struct vmsync_timeline *tl;

	if (cpu >= k->f.n_cpus || !k->f.cpus[cpu].known)
		return NULL;
	tl = &k->scaling[cpu];
	if (!tl->steps.count)
		*err = vmsync_dating_scaling(tl, &k->f, &k->host, cpu);
	return *err ? NULL : tl;
}

/* Where the change is known to lie; true if that is long. */
static bool long_doubt(const struct look *k, const struct vmsync_line_span *s,
		       const struct vmsync_timeline *scaling, int64_t *from,
		       int64_t *until)
{
	const struct vmsync_reading confirm = { s->confirm, s->stamp_ns };

	return vmsync_reading_at(&k->f, scaling, &k->host, &confirm, until) &&
	       vmsync_reading_before(&k->f, scaling, s->line.since_tsc, *until,
				     from) &&
	       *until - *from > SOON;
}

/* The host's clock at @at by @line, ns. */
static bool host_at(const struct look *k, const struct vmsync_line *line,
		    int64_t at, int64_t *ns)
{
	int128 h;

	if (!vmsync_chain_host(line, k->f.tsc_ref + (uint64_t)at, &h))
		return false;
	*ns = (int64_t)(h >> 32);
	return true;
}

/* The host's line if it is one and the same all the while, else NULL. */
static const struct vmsync_line *host_line(const struct look *k, int64_t from,
					   int64_t until)
{
	const struct vmsync_step *s = vmsync_timeline_at(&k->host, from);
	const struct vmsync_step *end = k->host.steps.at + k->host.steps.count;
	int64_t sure_ns, from_ns;

	if (!s->param || (s + 1 < end && s[1].from <= until) ||
	    !host_at(k, s->param, s->sure, &sure_ns) ||
	    !host_at(k, s->param, from, &from_ns) ||
	    from_ns - sure_ns < SETTLED_NS)
		return NULL;
	return s->param;
}

/* Asks for an exit, and takes what it says. */
static int ask(struct look *k, struct vmsync_line_span *s, int64_t from,
	       int64_t until)
{
	const struct vmsync_line *line = host_line(k, from, until);
	int64_t from_ns, until_ns, exit_ns, over;
	int ret;

	if (!line || !host_at(k, line, from, &from_ns) ||
	    !host_at(k, line, until, &until_ns))
		return 0;
	/* A stamp is rounded down: what is later by it is later. */
	ret = k->find(k->ctx, k->guest, s->cpu, from_ns, until_ns, &exit_ns);
	if (ret <= 0)
		return ret;
	if (vmsync_date_of_host(&k->host, k->f.tsc_ref, exit_ns + 1, &over) &&
	    over > from && over < until)
		s->over = over;
	return 0;
}

static int look_at(struct look *k, size_t i)
{
	struct vmsync_line_span *s = &k->guest->lines.spans.at[i];
	const struct vmsync_timeline *scaling;
	int64_t from, until;
	int err = 0;

	if (!i || !by_its_cpu(&k->guest->lines, i))
		return 0;
	scaling = scaling_of(k, s->cpu, &err);
	if (!scaling || !long_doubt(k, s, scaling, &from, &until))
		return err;
	return ask(k, s, from, until);
}

int vmsync_guest_second_look(struct vmsync_guest *guest, vmsync_open_exit *find,
			     void *ctx)
{
	struct look k = { .guest = guest, .find = find, .ctx = ctx };
	int err = vmsync_guest_drain(guest, vmsync_guest_is_whole(guest));

	if (err)
		return err;
	k.f = vmsync_guest_facts(guest);
	k.scaling = calloc(k.f.n_cpus + 1, sizeof(*k.scaling));
	err = k.scaling ? vmsync_dating_host(&k.host, &k.f) : -ENOMEM;
	for (size_t i = 0; !err && i < guest->lines.spans.count; i++)
		err = look_at(&k, i);
	for (uint32_t i = 0; k.scaling && i < k.f.n_cpus; i++)
		vmsync_timeline_free(&k.scaling[i]);
	free(k.scaling);
	vmsync_timeline_free(&k.host);
	return err;
}
