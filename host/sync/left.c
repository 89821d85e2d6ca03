// SPDX-License-Identifier: MIT
#include "sync/left.h"

#include "sync/session.h"

/* Later than any record, host ns; INT64_MAX would be where the next entry is, if none. */
#define BEHIND_ALL_NS (INT64_MAX - 1)

/** struct look - at what KVM changed of one guest's CPU @cpu */
struct look {
	struct vmsync_guest *guest;
	struct vmsync_facts f;
	uint32_t cpu;
	vmsync_last_exit *find;
	void *ctx;
};

/* Whether the virtual CPU may have run unseen between two host times. */
static bool any_lost(const struct vmsync_facts *f, int64_t from_ns,
		     int64_t until_ns)
{
	for (size_t i = 0; i < f->n_lost; i++)
		if (f->lost[i].from_ns < until_ns &&
		    f->lost[i].until_ns > from_ns)
			return true;
	return false;
}

/* @exit_ns: of a change at @ns, -1 if it is not known yet */
static int look_at(struct look *k, int64_t ns, int64_t *exit_ns)
{
	int64_t at_ns;
	int ret = 0;

	if (*exit_ns < 0)
		ret = k->find(k->ctx, k->guest, k->cpu, ns, &at_ns);
	if (ret > 0 && !any_lost(&k->f, at_ns, ns))
		*exit_ns = at_ns;
	return ret < 0 ? ret : 0;
}

static int look_at_vcpu(struct look *k, struct vmsync_vcpu *v)
{
	int err = 0;

	for (size_t i = 0; !err && i < v->pvclocks.count; i++)
		err = look_at(k, v->pvclocks.at[i].stamp_ns,
			      &v->pvclocks.at[i].exit_ns);
	for (size_t i = 0; !err && i < v->scalings.count; i++)
		err = look_at(k, v->scalings.at[i].stamp_ns,
			      &v->scalings.at[i].exit_ns);
	return err;
}

/* The last moment at which the host tells of @v, whether it enters or not. */
static int64_t last_told(const struct vmsync_vcpu *v)
{
	const struct vmsync_pvclock_span *page = vmsync_array_last(&v->pvclocks);
	const struct vmsync_scaling_span *tsc = vmsync_array_last(&v->scalings);
	int64_t last = page ? page->stamp_ns : INT64_MIN;

	return tsc && tsc->seen_ns > last ? tsc->seen_ns : last;
}

/*
 * When the guest's virtual CPUs had all left it for good, as far as the host has
 * recorded: it may have been stopped since, of which nothing tells where what comes
 * next was not recorded.
 */
static int look_at_end(struct look *k)
{
	int64_t last_ns = INT64_MIN, at_ns;
	int ret = 1;

	/* One that is not known may have gone on. */
	if (k->f.n_there > k->f.n_cpus)
		return 0;
	for (k->cpu = 0; ret > 0 && k->cpu < k->f.n_cpus; k->cpu++) {
		ret = k->f.cpus[k->cpu].known;
		if (ret)
			ret = k->find(k->ctx, k->guest, k->cpu, BEHIND_ALL_NS, &at_ns);
		if (ret > 0 && at_ns > last_ns)
			last_ns = at_ns;
	}
	if (ret <= 0 || last_ns < k->f.answered.host_ns)
		return ret < 0 ? ret : 0;
	for (size_t i = 0; k->f.vm && i < k->f.vm->vcpus.count; i++)
		if (last_told(k->f.vm->vcpus.at[i]) > last_ns)
			return 0;
	if (last_ns > INT64_MIN)
		k->guest->left_ns = last_ns;
	return 0;
}

int vmsync_guest_left(struct vmsync_guest *guest, vmsync_last_exit *find,
		      void *ctx)
{
	struct look k = { .guest = guest, .find = find, .ctx = ctx };
	int err = vmsync_guest_drain(guest, vmsync_guest_is_whole(guest));

	if (err)
		return err;
	k.f = vmsync_guest_facts(guest);
	for (; !err && k.cpu < k.f.n_cpus; k.cpu++) {
		for (size_t h = 0; !err && h < k.f.n_homes; h++) {
			struct vmsync_vcpu *v =
				vmsync_vm_find_vcpu(k.f.homes[h].vm,
						    k.f.cpus[k.cpu].vcpu_id);

			if (v && k.f.cpus[k.cpu].known)
				err = look_at_vcpu(&k, v);
		}
	}
	/* While more comes, it may come back. */
	if (!err && vmsync_guest_is_whole(guest))
		err = look_at_end(&k);
	return err;
}
