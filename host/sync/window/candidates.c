// SPDX-License-Identifier: MIT
#include "sync/window/candidates.h"

#include <errno.h>
#include <string.h>

void vmsync_candidates_free(struct vmsync_candidates *r)
{
	vmsync_array_free(&r->now);
	vmsync_array_free(&r->spare);
}

/* Behind the last one, or joined to it; 0 or -ENOMEM */
static int add(struct vmsync_candidates *r, int64_t lo, int64_t hi,
	       uint64_t inside)
{
	struct vmsync_offsets *last = vmsync_array_last(&r->spare);

	if (last && lo <= last->hi) {
		if (hi > last->hi)
			last->hi = hi;
		if (inside > last->inside)
			last->inside = inside;
		return 0;
	}
	last = vmsync_array_add(&r->spare);
	if (!last)
		return -ENOMEM;
	*last = (struct vmsync_offsets){ lo, hi, inside };
	return 0;
}

static void use_spare(struct vmsync_candidates *r)
{
	__typeof__(r->now) old = r->now;

	memcpy(&r->now, &r->spare, sizeof(r->now));
	memcpy(&r->spare, &old, sizeof(r->spare));
}

int vmsync_candidates_start(struct vmsync_candidates *r,
			    const struct vmsync_vcpu *vcpu, int64_t guest_ns)
{
	int err = 0;

	r->spare.count = 0;
	for (size_t i = 0; !err && i < vcpu->runs.count; i++) {
		const struct vmsync_run *run = &vcpu->runs.at[i];

		/* Where everything fits, nothing speaks for an offset. */
		err = add(r, run->entry_ns - guest_ns, run->exit_ns - guest_ns,
			  !vmsync_vcpu_is_lost(vcpu, i));
	}
	if (!err)
		use_spare(r);
	return err;
}

int vmsync_candidates_meet(struct vmsync_candidates *r,
			   const struct vmsync_offsets *o, size_t n)
{
	size_t i = 0, k = 0;
	int err = 0;

	r->spare.count = 0;
	while (!err && i < r->now.count && k < n) {
		const struct vmsync_offsets *a = &r->now.at[i], *b = &o[k];

		if (a->lo <= b->hi && b->lo <= a->hi)
			err = add(r, a->lo > b->lo ? a->lo : b->lo,
				  a->hi < b->hi ? a->hi : b->hi, b->inside);
		if (a->hi < b->hi)
			i++;
		else
			k++;
	}
	if (!r->spare.count)
		for (k = 0; !err && k < n; k++)
			err = add(r, o[k].lo, o[k].hi, o[k].inside);
	if (!err)
		use_spare(r);
	return err;
}

void vmsync_candidates_grow(struct vmsync_candidates *r, int64_t ns)
{
	size_t n = 0;

	for (size_t i = 0; i < r->now.count; i++) {
		struct vmsync_offsets o = r->now.at[i];

		o.lo -= ns;
		o.hi += ns;
		if (n && o.lo <= r->now.at[n - 1].hi) {
			r->now.at[n - 1].hi = o.hi;
			if (o.inside > r->now.at[n - 1].inside)
				r->now.at[n - 1].inside = o.inside;
		} else {
			r->now.at[n++] = o;
		}
	}
	r->now.count = n;
}

size_t vmsync_run_at(const struct vmsync_vcpu *vcpu, int64_t host_ns)
{
	size_t lo = 0, hi = vcpu->runs.count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (vcpu->runs.at[mid].entry_ns <= host_ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* The parts of @o that put @guest_ns into a run from @k on, or beside all. */
static int cut_one(struct vmsync_candidates *r, const struct vmsync_vcpu *vcpu,
		   int64_t guest_ns, const struct vmsync_offsets *o, size_t k)
{
	const struct vmsync_run *runs = vcpu->runs.at;
	int64_t first = runs[0].entry_ns - guest_ns;
	int64_t last = runs[vcpu->runs.count - 1].exit_ns - guest_ns;
	int err = 0;

	if (o->lo < first)
		err = add(r, o->lo, o->hi < first ? o->hi : first, o->inside);
	for (; !err && k < vcpu->runs.count; k++) {
		int64_t lo = runs[k].entry_ns - guest_ns;
		int64_t hi = runs[k].exit_ns - guest_ns;

		if (lo > o->hi)
			break;
		if (hi < o->lo)
			continue;
		err = add(r, lo > o->lo ? lo : o->lo, hi < o->hi ? hi : o->hi,
			  o->inside + !vmsync_vcpu_is_lost(vcpu, k));
	}
	if (!err && o->hi > last)
		err = add(r, o->lo > last ? o->lo : last, o->hi, o->inside);
	return err;
}

int vmsync_candidates_cut(struct vmsync_candidates *r,
			  const struct vmsync_vcpu *vcpu, int64_t guest_ns)
{
	size_t k = 0;
	int err = 0;

	r->spare.count = 0;
	for (size_t i = 0; !err && i < r->now.count; i++) {
		const struct vmsync_offsets *o = &r->now.at[i];

		/* Few offsets: search; many: they are all over the runs. */
		if (r->now.count < 16)
			k = vmsync_run_at(vcpu, guest_ns + o->lo);
		while (k + 1 < vcpu->runs.count &&
		       vcpu->runs.at[k].exit_ns < guest_ns + o->lo)
			k++;
		err = cut_one(r, vcpu, guest_ns, o, k);
	}
	if (err)
		return err;
	if (!r->spare.count)
		return -ENOENT;
	use_spare(r);
	return 0;
}
