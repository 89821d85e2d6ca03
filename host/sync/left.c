// SPDX-License-Identifier: MIT
#include "sync/left.h"

#include "sync/session.h"

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

int vmsync_guest_left(struct vmsync_guest *guest, vmsync_last_exit *find,
		      void *ctx)
{
	struct look k = {.guest = guest, .find = find, .ctx = ctx};
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
	return err;
}
