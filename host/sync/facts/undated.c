// SPDX-License-Identifier: MIT
#include "sync/facts/undated.h"

#include <errno.h>
#include <math.h>

#include "sync/base/drift.h"
#include "sync/facts/older.h"
#include "uapi/vmsync.h"

/**
 * struct told - of a guest's pages
 * @any:	there are such, and they are not one
 * @cpus:	virtual CPUs of which there are some
 * @from_ns:	host time from which on each of these has one
 * @until_ns:	host time of the end
 * @live:	some were told as they came
 * @ahead_ns:	kvm-clock is ahead of the host's clock by so much, at most; a number
 *		in a trace may be any
 */
struct told {
	bool any;
	size_t cpus;
	int64_t from_ns;
	int64_t until_ns;
	bool live;
	double ahead_ns;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * What a virtual CPU had when the host began to tell may be old; what came behind that
 * says what kvm-clock was at its stamp.
 */
static void see_vcpu(struct told *t, const struct vmsync_vcpu *v)
{
	const struct vmsync_pvclock_span *s = v->pvclocks.at;

	for (size_t i = 0; i < v->pvclocks.count; i++) {
		t->any |= !(s[i].pv.flags & VMSYNC_PV_STABLE);
		t->until_ns = later(t->until_ns, s[i].stamp_ns);
		if (!i || s[i].stamp_ns == s[i - 1].stamp_ns)
			continue;
		t->live = true;
		t->ahead_ns = fmax(t->ahead_ns, (double)s[i].pv.system_time_ns -
							(double)s[i].stamp_ns);
	}
	if (!v->pvclocks.count)
		return;
	t->cpus++;
	t->from_ns = later(t->from_ns, s[0].stamp_ns);
}

/* How old one of its pages got while the host recorded, at most. */
static double oldest_of(const struct told *t, const struct vmsync_vcpu *v)
{
	const struct vmsync_pvclock_span *s = v->pvclocks.at;
	double most = 0;

	for (size_t i = 0; i < v->pvclocks.count; i++) {
		bool last = i + 1 == v->pvclocks.count;
		int64_t until = last ? t->until_ns : s[i + 1].stamp_ns;

		if (last || until > s[i].stamp_ns)
			most = fmax(most, (double)until + t->ahead_ns -
						  (double)s[i].pv.system_time_ns);
	}
	return most;
}

static int add(struct vmsync_spreads *spreads, int64_t from_ns, int64_t ns)
{
	struct vmsync_spread *s = vmsync_array_add(&spreads->all);

	if (!s)
		return -ENOMEM;
	*s = (struct vmsync_spread){from_ns, ns, ns};
	return 0;
}

int vmsync_undated_find(const struct vmsync_facts *f,
			struct vmsync_spreads *spreads)
{
	struct vmsync_older older = vmsync_older_find(f);
	struct told t = { .from_ns = INT64_MIN, .ahead_ns = -INFINITY };
	double rate = older.ahead + older.behind, any, age = 0;
	int64_t ns, oldest_ns;
	int err;

	t.until_ns = f->answered.host_ns;
	for (size_t i = 0; f->vm && i < f->vm->vcpus.count; i++)
		see_vcpu(&t, f->vm->vcpus.at[i]);
	if (!t.any)
		return 0;
	for (size_t i = 0; t.live && i < f->vm->vcpus.count; i++)
		age = fmax(age, oldest_of(&t, f->vm->vcpus.at[i]));
	any = vmsync_older_most_ns(t.live ? (double)t.until_ns + t.ahead_ns :
					    INFINITY);
	age = t.live ? fmin(age, any) : any;
	ns = (int64_t)(rate * age) + 1;
	oldest_ns = (int64_t)(rate * any) + 1;
	spreads->outside_ns = later(2 * ns, oldest_ns);
	spreads->outside_ns += (int64_t)(VMSYNC_DRIFT * (double)spreads->outside_ns);
	err = add(spreads, INT64_MIN, oldest_ns);
	if (!err && t.cpus >= f->n_cpus && t.cpus == f->vm->vcpus.count)
		err = add(spreads, t.from_ns, ns);
	return err;
}
