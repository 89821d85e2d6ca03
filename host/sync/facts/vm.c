// SPDX-License-Identifier: MIT
#include "sync/facts/vm.h"

#include <errno.h>
#include <stdlib.h>

#include "sync/base/chain.h"
#include "uapi/vmsync.h"

/* KVM_MAX_VCPU_IDS is 4096; room for more, but not for any number. */
#define MAX_VCPU_ID 65535

static void vcpu_free(struct vmsync_vcpu *vcpu)
{
	vmsync_array_free(&vcpu->runs);
	vmsync_array_free(&vcpu->lost);
	vmsync_array_free(&vcpu->scalings);
	vmsync_array_free(&vcpu->pvclocks);
	free(vcpu);
}

void vmsync_vm_free(struct vmsync_vm *vm)
{
	for (size_t i = 0; i < vm->vcpus.count; i++)
		vcpu_free(vm->vcpus.at[i]);
	for (size_t i = 0; i < vm->streams.count; i++)
		free(vm->streams.at[i]);
	vmsync_array_free(&vm->vcpus);
	vmsync_array_free(&vm->streams);
	free(vm);
}

struct vmsync_vcpu *vmsync_vm_find_vcpu(const struct vmsync_vm *vm, uint32_t id)
{
	if (id < vm->vcpus.count && vm->vcpus.at[id]->id == id)
		return vm->vcpus.at[id];
	for (size_t i = 0; i < vm->vcpus.count; i++)
		if (vm->vcpus.at[i]->id == id)
			return vm->vcpus.at[i];
	return NULL;
}

struct vmsync_vcpu *vmsync_vm_vcpu(struct vmsync_vm *vm, uint32_t id)
{
	struct vmsync_vcpu *vcpu = vmsync_vm_find_vcpu(vm, id);
	struct vmsync_vcpu **slot;

	if (vcpu || id > MAX_VCPU_ID)
		return vcpu;
	vcpu = calloc(1, sizeof(*vcpu));
	slot = vcpu ? vmsync_array_add(&vm->vcpus) : NULL;
	if (!slot) {
		free(vcpu);
		return NULL;
	}
	vcpu->id = id;
	vcpu->exit_ns = vcpu->entry_ns = -1;
	vcpu->lost_until_ns = vm->lost_until_ns;
	*slot = vcpu;
	return vcpu;
}

/* Since when a change may have been missed, if none had been until @ns. */
static int64_t lost_since(const struct vmsync_vcpu *vcpu, int64_t ns)
{
	return ns < vcpu->lost_until_ns ? ns : INT64_MAX;
}

/* From where on no change was missed that would have come before @ns. */
static int64_t whole_since(const struct vmsync_vcpu *vcpu, int64_t ns)
{
	if (!vcpu->lost_until_ns)
		return INT64_MIN;
	return vcpu->lost_until_ns < ns ? vcpu->lost_until_ns : ns;
}

static int scaling_add(struct vmsync_vcpu *vcpu, const struct vmsync_scaling *s,
		       int64_t stamp_ns, bool gap)
{
	bool first = !vcpu->scalings.count;
	struct vmsync_scaling_span *span = vmsync_array_add(&vcpu->scalings);

	if (!span)
		return -ENOMEM;
	*span = (struct vmsync_scaling_span){
		.scaling = *s,
		.from_start = first,
		.gap = gap,
		.since_ns = whole_since(vcpu, stamp_ns),
		.stamp_ns = stamp_ns,
		.exit_ns = vcpu->exit_ns,
		.seen_ns = stamp_ns,
		.lost_ns = lost_since(vcpu, stamp_ns),
	};
	return 0;
}

static void scaling_again(const struct vmsync_vcpu *vcpu,
			  struct vmsync_scaling_span *span, int64_t stamp_ns)
{
	span->seen_ns = stamp_ns;
	span->lost_ns = lost_since(vcpu, stamp_ns);
}

int vmsync_vcpu_scaling_seen(struct vmsync_vcpu *vcpu,
			     const struct vmsync_scaling *s, int64_t stamp_ns)
{
	struct vmsync_scaling_span *last = vmsync_array_last(&vcpu->scalings);

	if (last && vmsync_scaling_same(&last->scaling, s)) {
		scaling_again(vcpu, last, stamp_ns);
		return 0;
	}
	return scaling_add(vcpu, s, stamp_ns, last != NULL);
}

int vmsync_vcpu_scaling_write(struct vmsync_vcpu *vcpu,
			      const struct vmsync_evidence *ev)
{
	struct vmsync_scaling_span *last = vmsync_array_last(&vcpu->scalings);
	struct vmsync_scaling prev = ev->scaling;
	bool known;

	prev.offset = ev->prev_offset;
	if (!last && ev->why != VMSYNC_WHY_FIRST) {
		if (scaling_add(vcpu, &prev, ev->stamp_ns, false))
			return -ENOMEM;
		last = vmsync_array_last(&vcpu->scalings);
	}
	if (!last || ev->why == VMSYNC_WHY_FIRST) {
		if (vmsync_vcpu_scaling_seen(vcpu, &ev->scaling, ev->stamp_ns))
			return -ENOMEM;
		if (!last)
			vcpu->scalings.at[0].entered = true;
		return 0;
	}
	if (vmsync_scaling_same(&last->scaling, &ev->scaling) &&
	    ev->prev_offset == ev->scaling.offset) {
		scaling_again(vcpu, last, ev->stamp_ns);
		return 0;
	}
	/* Found changed, or not what was known: the moment is not this one. */
	known = last->scaling.offset == ev->prev_offset &&
		ev->why == VMSYNC_WHY_WRITE;
	return scaling_add(vcpu, &ev->scaling, ev->stamp_ns, !known);
}

int vmsync_vcpu_pvclock(struct vmsync_vcpu *vcpu,
			const struct vmsync_evidence *ev)
{
	struct vmsync_pvclock_span *last = vmsync_array_last(&vcpu->pvclocks);

	if (last && vmsync_pvclock_same(&last->pv, &ev->pvclock))
		return 0;
	last = vmsync_array_add(&vcpu->pvclocks);
	if (!last)
		return -ENOMEM;
	*last = (struct vmsync_pvclock_span){
		.pv = ev->pvclock,
		.stamp_ns = ev->stamp_ns,
		.exit_ns = vcpu->exit_ns,
	};
	return 0;
}

static int run_add(struct vmsync_vcpu *vcpu, int64_t until_ns)
{
	struct vmsync_run *run;

	if (vcpu->entry_ns < 0 || until_ns < vcpu->entry_ns)
		return 0;
	run = vmsync_array_add(&vcpu->runs);
	if (!run)
		return -ENOMEM;
	*run = (struct vmsync_run){ vcpu->entry_ns, until_ns };
	if (vcpu->missed || vcpu->maybe) {
		size_t *lost = vmsync_array_add(&vcpu->lost);

		if (!lost)
			return -ENOMEM;
		*lost = vcpu->runs.count - 1;
	}
	vcpu->missed = false;
	return 0;
}

bool vmsync_vcpu_is_lost(const struct vmsync_vcpu *vcpu, size_t number)
{
	size_t lo = 0, hi = vcpu->lost.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (vcpu->lost.at[mid] < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < vcpu->lost.count && vcpu->lost.at[lo] == number;
}

int vmsync_vcpu_entry(struct vmsync_vcpu *vcpu, int64_t stamp_ns)
{
	bool over = vcpu->maybe && vcpu->lost_until_ns < stamp_ns;
	/* Had it still been in, its exit would have been seen. */
	int err = run_add(vcpu, over ? vcpu->lost_until_ns : stamp_ns);

	vcpu->exit_ns = -1;
	vcpu->entry_ns = stamp_ns;
	vcpu->maybe = false;
	return err;
}

int vmsync_vcpu_exit(struct vmsync_vcpu *vcpu, int64_t stamp_ns)
{
	int err = run_add(vcpu, stamp_ns);

	vcpu->maybe = stamp_ns < vcpu->lost_until_ns;
	vcpu->exit_ns = vcpu->maybe ? -1 : stamp_ns;
	vcpu->entry_ns = vcpu->maybe ? stamp_ns : -1;
	return err;
}

bool vmsync_vm_written_since(const struct vmsync_vm *vm, int64_t ns)
{
	for (size_t i = 0; i < vm->vcpus.count; i++) {
		const struct vmsync_scaling_span *last =
			vmsync_array_last(&vm->vcpus.at[i]->scalings);

		if (last && last->stamp_ns > ns)
			return true;
	}
	return false;
}

void vmsync_vm_scaling_kept(struct vmsync_vm *vm,
			    const struct vmsync_scaling_span *shown,
			    int64_t stamp_ns)
{
	int64_t since_ns = shown->from_start ? shown->since_ns :
					       shown->stamp_ns;

	for (size_t i = 0; vm->lost_until_ns && i < vm->vcpus.count; i++) {
		const struct vmsync_vcpu *vcpu = vm->vcpus.at[i];
		struct vmsync_scaling_span *last =
			vmsync_array_last(&vcpu->scalings);

		if (last && last->lost_ns >= since_ns &&
		    last->lost_ns < stamp_ns)
			last->lost_ns = lost_since(vcpu, stamp_ns);
	}
}

static void vcpu_lost(struct vmsync_vcpu *vcpu, int64_t from_ns)
{
	struct vmsync_scaling_span *last = vmsync_array_last(&vcpu->scalings);

	if (last && from_ns < last->lost_ns)
		last->lost_ns = from_ns;
	vcpu->exit_ns = -1;
	vcpu->missed = vcpu->entry_ns >= 0;
	if (vcpu->missed || !vcpu->runs.count)
		return;
	vcpu->entry_ns = from_ns;
	vcpu->maybe = true;
}

void vmsync_vm_lost(struct vmsync_vm *vm, int64_t from_ns, int64_t until_ns)
{
	if (until_ns > vm->lost_until_ns)
		vm->lost_until_ns = until_ns;
	for (size_t i = 0; i < vm->vcpus.count; i++) {
		vm->vcpus.at[i]->lost_until_ns = vm->lost_until_ns;
		vcpu_lost(vm->vcpus.at[i], from_ns);
	}
}
