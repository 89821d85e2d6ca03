// SPDX-License-Identifier: MIT
/*
 * From facts to timelines: what the host tells is dated on the host's TSC.
 *
 * Host lines are dated by host TSC, what KVM does (offset and ratio here, kvm-clock in
 * pages.c) by the host's clock; the virtual CPU is out of guest mode meanwhile, so that
 * any moment between its exit and its next entry will do. Guest lines: timelines.c.
 */
#include "sync/base/drift.h"
#include "sync/facts/facts.h"
#include "uapi/vmsync.h"

static int64_t clip(int64_t at)
{
	if (at < VMSYNC_AXIS_MIN)
		return VMSYNC_AXIS_MIN;
	return at > VMSYNC_AXIS_MAX ? VMSYNC_AXIS_MAX : at;
}

int64_t vmsync_date_of_tsc(const struct vmsync_facts *f, uint64_t host_tsc)
{
	return clip((int64_t)(host_tsc - f->tsc_ref));
}

/* The TSC at which @line reads @ns, nearest to its anchor. */
static bool line_inverse(const struct vmsync_line *line, int64_t ns,
			 uint64_t *tsc)
{
	int128 need, d;

	if (__builtin_mul_overflow((int128)ns - line->base_ns,
				   (int128)1 << line->shift, &need))
		return false;
	d = wide_div_ceil(need - (int128)line->xtime_nsec, line->mult);
	if (d > INT64_MAX || d < INT64_MIN)
		return false;
	*tsc = line->cycle_last + (uint64_t)(int64_t)d;
	return true;
}

bool vmsync_date_of_host(const struct vmsync_timeline *host, uint64_t tsc_ref,
			 int64_t ns, int64_t *at)
{
	const struct vmsync_step *s = host->steps.at;
	size_t lo = 0, hi = host->steps.count;
	const struct vmsync_line *line;
	size_t next;
	uint64_t tsc;
	int128 h;

	/* The last step whose line does not read more at its begin. */
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2, k = mid;

		while (k > lo && !s[k].param)
			k--;
		line = s[k].param;
		if (!line)
			lo = mid;
		else if (vmsync_chain_host(line, tsc_ref + (uint64_t)s[k].from,
					   &h) &&
			 h <= (int128)ns * Q32)
			lo = mid;
		else
			hi = k;
		if (hi <= lo)
			break;
	}
	while (lo && !s[lo].param)
		lo--;
	if (!s[lo].param)
		lo = host->steps.count > 1 && s[1].param ? 1 : lo;
	line = s[lo].param;
	if (!line || !line_inverse(line, ns, &tsc))
		return false;
	*at = clip((int64_t)(tsc - tsc_ref));
	/* It goes on where no line is known, up to the next one that is. */
	next = lo + 1;
	while (next < host->steps.count && !s[next].param)
		next++;
	if (next < host->steps.count && *at > s[next].from)
		*at = s[next].from;
	return true;
}

/* How far off a date may be that is of where no line is known, cycles. */
static int64_t slack_at(const struct vmsync_timeline *host,
			const struct vmsync_step *s, int64_t at)
{
	int128 away = (int128)at - s->from;

	if (s->param || host->steps.count < 2)
		return 0;
	if (s == host->steps.at)
		away = (int128)s[1].from - at;
	return (int64_t)(away * VMSYNC_DRIFT_PPM / 1000000) + 1;
}

int64_t vmsync_date_earliest(const struct vmsync_timeline *host, int64_t at)
{
	const struct vmsync_step *s = vmsync_timeline_at(host, at);
	int64_t from = at - slack_at(host, s, at);

	return from < s->from ? s->from : from;
}

int64_t vmsync_date_latest(const struct vmsync_timeline *host, int64_t at)
{
	const struct vmsync_step *s = vmsync_timeline_at(host, at);
	const struct vmsync_step *end = host->steps.at + host->steps.count;
	int64_t until = at + slack_at(host, s, at);

	while (s < end && (!s->param || s->from <= at))
		s++;
	return s < end && s->from < until ? s->from : until;
}

/* ------------------------------------------------------------- host's lines */

static int add_lines_end(struct vmsync_timeline *tl,
			 const struct vmsync_facts *f,
			 const struct vmsync_line_span *last)
{
	int64_t seen = vmsync_date_of_tsc(f, last->seen), at = seen;
	uint64_t tsc;

	if (line_inverse(&last->line, f->host_until_ns, &tsc))
		at = vmsync_date_of_tsc(f, tsc);
	if (at < seen)
		at = seen;
	return vmsync_timeline_add(tl, at, at, NULL, false);
}

int vmsync_dating_host(struct vmsync_timeline *tl, const struct vmsync_facts *f)
{
	const struct vmsync_lines *lines = f->host_lines;
	const struct vmsync_line_span *last = vmsync_array_last(&lines->spans);
	size_t first = vmsync_lines_first(lines, f->host_from_ns);
	int err = vmsync_timeline_init(tl);

	for (size_t i = first; !err && i < lines->spans.count; i++) {
		const struct vmsync_line_span *s = &lines->spans.at[i];
		const struct vmsync_line *line = &s->line;
		int64_t from = vmsync_date_of_tsc(f, line->since_tsc);
		int64_t sure = vmsync_date_of_tsc(f, s->confirm);

		if (!s->confirmed)
			sure = i + 1 < lines->spans.count ?
				       vmsync_date_of_tsc(f,
							  s[1].line.since_tsc) :
				       VMSYNC_AXIS_MAX;
		if (s->gap && i > first) {
			int64_t seen = vmsync_date_of_tsc(f, s[-1].seen);

			err = vmsync_timeline_add(tl, seen, seen, NULL, false);
			if (err)
				break;
		}
		if (!i)
			sure = from;
		if (!vmsync_line_usable(line) ||
		    line->clocksource != VMSYNC_CLOCKSOURCE_TSC)
			line = NULL;
		err = vmsync_timeline_add_line(tl, from, sure, line, s->told);
	}
	if (!err && last && last->line.clocksource == VMSYNC_CLOCKSOURCE_TSC &&
	    vmsync_line_usable(&last->line))
		err = add_lines_end(tl, f, last);
	return err;
}

/* ------------------------------------------------- offset, ratio, kvm-clock */

int64_t vmsync_date_exit(const struct vmsync_facts *f,
			 const struct vmsync_timeline *host, int64_t exit_ns,
			 int64_t at)
{
	int64_t v;

	if (exit_ns < 0 ||
	    !vmsync_date_of_host(host, f->tsc_ref, exit_ns, &v) || v > at)
		return at;
	return v;
}

/* The first offset and ratio: in force since the records are whole. */
static int add_first_scaling(struct vmsync_timeline *tl,
			     const struct vmsync_facts *f,
			     const struct vmsync_timeline *host,
			     const struct vmsync_scaling_span *s)
{
	int64_t at = VMSYNC_AXIS_MIN + 1;

	if (s->since_ns != INT64_MIN &&
	    !vmsync_date_of_host(host, f->tsc_ref, s->since_ns, &at))
		return 0;
	return vmsync_timeline_add(tl, at, at, &s->scaling, false);
}

/* One change of offset or ratio. */
static int add_scaling(struct vmsync_timeline *tl, const struct vmsync_facts *f,
		       const struct vmsync_timeline *host,
		       const struct vmsync_scaling_span *s)
{
	int64_t at, seen, left;
	int err = 0;

	if (s->from_start)
		return add_first_scaling(tl, f, host, s);
	if (!vmsync_date_of_host(host, f->tsc_ref, s->stamp_ns, &at))
		return 0;
	if (s->gap &&
	    vmsync_date_of_host(host, f->tsc_ref, s[-1].seen_ns, &seen)) {
		seen = vmsync_date_earliest(host, seen);
		err = vmsync_timeline_add(tl, seen, seen, NULL, true);
	}
	if (err)
		return err;
	left = vmsync_date_exit(f, host, s->exit_ns, at);
	return vmsync_timeline_add(tl, vmsync_date_earliest(host, left),
				   vmsync_date_latest(host, at), &s->scaling,
				   true);
}

/* What a virtual CPU had at the guest's first beacon in this home. */
static size_t arrival_of(const struct vmsync_vcpu *v,
			 const struct vmsync_stay *stay)
{
	size_t first = 0;

	/* What was before it came is another guest's. */
	while (first + 1 < v->scalings.count &&
	       v->scalings.at[first + 1].stamp_ns <= stay->sure_ns)
		first++;
	return first;
}

/*
 * Was the first entry of a virtual CPU in home @home the guest's arrival? Who was
 * first heard of behind the guest's last beacon elsewhere has run nobody before.
 * But a host module that is loaded again knows nobody, and begins to count anew.
 */
static bool entered_then(const struct vmsync_facts *f, size_t home,
			 const struct vmsync_scaling_span *s)
{
	const struct vmsync_vm_id old = f->homes[home - 1].vm->id;
	const struct vmsync_vm_id new = f->homes[home].vm->id;

	return s->entered && s->since_ns <= f->homes[home - 1].last_ns &&
	       new.pid != old.pid && new.serial > old.serial;
}

/*
 * When a virtual CPU got its offset for the guest's sake: KVM set it, or it was
 * entered for the first time. INT64_MAX: not known.
 */
static int64_t told_ns(const struct vmsync_facts *f, size_t home,
		       const struct vmsync_stay *stay,
		       const struct vmsync_vcpu *v)
{
	const struct vmsync_scaling_span *s;

	if (!v->scalings.count)
		return INT64_MAX;
	s = &v->scalings.at[arrival_of(v, stay)];
	if (s->stamp_ns <= stay->from_ns || s->gap ||
	    (s->from_start && !entered_then(f, home, s)))
		return INT64_MAX;
	return s->stamp_ns;
}

/* The guest comes with all its virtual CPUs, and may run when the first is there. */
int64_t vmsync_facts_left(const struct vmsync_facts *f, size_t home, bool *told)
{
	const struct vmsync_stay stay = vmsync_facts_stay(f, home, 0);
	const struct vmsync_vm *vm = f->homes[home].vm;
	int64_t first_ns = INT64_MAX;

	for (size_t i = 0; !f->homes[home].away && i < vm->vcpus.count; i++) {
		int64_t ns = told_ns(f, home, &stay, vm->vcpus.at[i]);

		if (ns < first_ns)
			first_ns = ns;
	}
	*told = first_ns != INT64_MAX;
	return *told ? first_ns : stay.from_ns;
}

/*
 * The guest came from another VM. It ran in neither while KVM set the TSCs of this
 * one, and entered it then; if nobody saw that, the offset is not known from the last
 * beacon there to the first one here.
 */
static int add_arrival(struct vmsync_timeline *tl, const struct vmsync_facts *f,
		       const struct vmsync_timeline *host, size_t home,
		       const struct vmsync_stay *stay,
		       const struct vmsync_scaling *scaling)
{
	bool seen;
	int64_t told = vmsync_facts_left(f, home, &seen), left, at;
	int err = 0;

	seen &= told_ns(f, home, stay, stay->vcpu) != INT64_MAX;

	if (!vmsync_date_of_host(host, f->tsc_ref, stay->from_ns, &left) ||
	    !vmsync_date_of_host(host, f->tsc_ref, seen ? told : stay->sure_ns,
				 &at))
		return 0;
	if (!seen)
		err = vmsync_timeline_add(tl, left, left, NULL, true);
	return err ? err : vmsync_timeline_add(tl, at, at, scaling, true);
}

/* Nothing was heard of this virtual CPU where the guest is now. */
static int add_unheard(struct vmsync_timeline *tl, const struct vmsync_facts *f,
		       const struct vmsync_timeline *host,
		       const struct vmsync_stay *stay)
{
	int64_t left;

	if (!vmsync_date_of_host(host, f->tsc_ref, stay->from_ns, &left))
		return 0;
	return vmsync_timeline_add(tl, left, left, NULL, true);
}

/* A change may have been missed, and nothing seen later tells. */
static int add_scaling_end(struct vmsync_timeline *tl,
			   const struct vmsync_facts *f,
			   const struct vmsync_timeline *host,
			   const struct vmsync_vcpu *v)
{
	const struct vmsync_scaling_span *s = vmsync_array_last(&v->scalings);
	int64_t at;

	if (!s || s->lost_ns == INT64_MAX ||
	    !vmsync_date_of_host(host, f->tsc_ref, s->lost_ns, &at))
		return 0;
	return vmsync_timeline_add(tl, at, at, NULL, true);
}

int vmsync_dating_scaling(struct vmsync_timeline *tl,
			  const struct vmsync_facts *f,
			  const struct vmsync_timeline *host, uint32_t cpu)
{
	int err = vmsync_timeline_init(tl);

	for (size_t h = 0; !err && h < f->n_homes; h++) {
		const struct vmsync_stay stay = vmsync_facts_stay(f, h, cpu);
		const struct vmsync_vcpu *v = stay.vcpu;
		size_t first = 0;

		if (h && (!v || !v->scalings.count))
			err = add_unheard(tl, f, host, &stay);
		else if (h)
			first = arrival_of(v, &stay);
		for (size_t i = first; !err && v && i < v->scalings.count; i++) {
			const struct vmsync_scaling_span *s =
				&v->scalings.at[i];

			if (s->stamp_ns >= stay.until_ns)
				break;
			err = h && i == first ?
				      add_arrival(tl, f, host, h, &stay,
						  &s->scaling) :
				      add_scaling(tl, f, host, s);
		}
		if (!err && v && h + 1 == f->n_homes)
			err = add_scaling_end(tl, f, host, v);
	}
	return err;
}
