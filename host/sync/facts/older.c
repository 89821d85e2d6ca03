// SPDX-License-Identifier: MIT
#include "sync/facts/older.h"

#include <math.h>

#include "sync/facts/pages.h"
#include "uapi/vmsync.h"

/* A kHz in 1 GHz, which no TSC is below. */
#define ROUNDED 0.000001

/* Of pages that follow each other sooner rounding is too much of the difference. */
#define APART_NS 100000000.0
#define ROUND_NS 2.0

/* KVM has every virtual CPU take a new page each 300 s (kvmclock_sync_fn()). */
#define KEPT_NS 301e9

/* What is found: from the pages of one virtual CPU after the other. */
struct finder {
	struct vmsync_older older;
	const struct vmsync_pvclock *last;
	bool any;
};

static double ns_of(int128 q32)
{
	return (double)(q32 >> 32);
}

static void see(struct finder *f, const struct vmsync_pvclock *pv)
{
	const struct vmsync_pvclock *last = f->last;
	int128 was;
	double age, off;

	f->last = pv;
	if (!last || (pv->flags | last->flags) & VMSYNC_PV_STABLE ||
	    !vmsync_pvclock_read(last, pv->tsc_timestamp, &was))
		return;
	age = ns_of(was) - (double)last->system_time_ns;
	off = ns_of(was) - (double)pv->system_time_ns;
	if (age < APART_NS || fabs(off) > VMSYNC_PAGE_SET_NS)
		return;
	f->any = true;
	f->older.ahead = fmax(f->older.ahead, (off + ROUND_NS) / age);
	f->older.behind = fmax(f->older.behind, (ROUND_NS - off) / age);
}

struct vmsync_older vmsync_older_find(const struct vmsync_facts *f)
{
	struct finder own = {{0, 0}, NULL, false};

	for (size_t i = 0; f->vm && i < f->vm->vcpus.count; i++) {
		const struct vmsync_vcpu *v = f->vm->vcpus.at[i];

		own.last = NULL;
		for (size_t k = 0; k < v->pvclocks.count; k++)
			see(&own, &v->pvclocks.at[k].pv);
	}
	for (uint32_t i = 0; i < f->n_cpus; i++) {
		own.last = NULL;
		for (size_t k = 0; k < f->cpus[i].pvs.count; k++)
			see(&own, &f->cpus[i].pvs.at[k].pv);
	}
	return own.any ? own.older : (struct vmsync_older){ROUNDED, ROUNDED};
}

double vmsync_older_most_ns(double kvmclock_ns)
{
	return fmin(fmax(kvmclock_ns, 0), KEPT_NS);
}
