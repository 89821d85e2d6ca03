/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine as KVM makes it: scaled TSCs and kvm-clock pages.
 */
#ifndef VMSYNC_SIM_VM_H
#define VMSYNC_SIM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rng.h"
#include "sync/base/evidence.h"
#include "timekeeper.h"

#define SIM_MAX_VCPUS 8

/** struct sim_tsc - a vCPU's TSC from host TSC @from on */
struct sim_tsc {
	uint64_t from;
	uint32_t why;
	struct vmsync_scaling scaling;
};

/** struct sim_page - a vCPU's kvm-clock page from host TSC @from on, as of host TSC @at */
struct sim_page {
	uint64_t from;
	uint64_t at;
	uint32_t why;
	struct vmsync_pvclock page;
};

/** struct sim_hole - the vCPU runs no guest code in [@from, @to) */
struct sim_hole {
	uint64_t from;
	uint64_t to;
};

#define SIM_MAX_WRITES 32 /* of a TSC offset */
#define SIM_MAX_HOMES  9

/**
 * struct sim_home - what KVM calls the VM from host TSC @from on
 * @away:	it is on another host, of which there is no recording
 */
struct sim_home {
	uint64_t from;
	struct vmsync_vm_id id;
	bool away;
};

/** struct sim_vcpu - one virtual CPU over time; lists in the order of time */
struct sim_vcpu {
	struct sim_tsc tsc[SIM_MAX_WRITES];
	size_t tsc_count;
	struct sim_page *pages;
	size_t page_count;
	size_t page_capacity;
	struct sim_hole *holes;
	size_t hole_count;
	size_t hole_capacity;
	uint32_t vcpu_id;
	int32_t tid;
};

#define SIM_HOME_TIDS 5000 /* threads of the next home have numbers higher by that */

/**
 * struct sim_vm - one VM
 * @homes:	more than one if the guest is moved
 * @host_khz:	of the host's TSC, as its kernel calibrated it
 * @host_cs:	the host's TSC clocksource, under kvm-clock's base
 * @kvmclock_offset: kvm-clock less the host's raw clock, ns
 * @master:	all vCPUs' pages have one anchor; otherwise each has its own,
 *		and the guest lets none fall behind what another has shown
 */
struct sim_vm {
	struct sim_home homes[SIM_MAX_HOMES];
	size_t home_count;
	uint64_t host_khz;
	struct sim_clocksource host_cs;
	int64_t kvmclock_offset;
	bool master;
	struct sim_vcpu vcpus[SIM_MAX_VCPUS];
	uint32_t vcpu_count;
	struct sim_rng rng;
};

/**
 * sim_vm_start - create the VM at host TSC @boot
 * @vm:		zeroed, with its first home, host_khz, host_cs, vcpu_count and rng set
 * @scaling:	of the first vCPU
 * @spread:	each further vCPU's TSC is up to so many cycles ahead
 */
void sim_vm_start(struct sim_vm *vm, uint64_t boot,
		  const struct vmsync_scaling *scaling, uint64_t spread);

/** sim_vm_free - free what the VM's vCPUs own */
void sim_vm_free(struct sim_vm *vm);

/**
 * sim_vm_rebase - KVM takes a new anchor at host TSC @h, and shifts it
 * @shift_ns:	added to kvm-clock beyond what the new anchor brings
 */
void sim_vm_rebase(struct sim_vm *vm, uint64_t h, int64_t shift_ns);

/**
 * sim_vm_reanchor - without a master clock: new pages, each vCPU for itself
 * @hz: how often, mean
 */
void sim_vm_reanchor(struct sim_vm *vm, uint64_t from, uint64_t until,
		     double hz);

/** sim_vm_stop - the monitor stops the VM at @h and continues it at @until */
void sim_vm_stop(struct sim_vm *vm, uint64_t h, uint64_t until);

/**
 * sim_vm_write_tsc - KVM adds @cycles to vCPUs' offsets at host TSC @h
 * @cpu:	only that one; < 0: all
 */
void sim_vm_write_tsc(struct sim_vm *vm, uint64_t h, int64_t cycles, int cpu);

/** sim_vm_reset - all TSCs begin at 0 again at host TSC @h */
void sim_vm_reset(struct sim_vm *vm, uint64_t h);

/**
 * sim_vm_move - the guest stops at @h and goes on in another VM at @until
 * Its TSCs and kvm-clock stand still for some of that time, each for its own.
 */
void sim_vm_move(struct sim_vm *vm, uint64_t h, uint64_t until, bool away);

/** sim_vm_away - is it on a host that is not recorded at host TSC @h? */
bool sim_vm_away(const struct sim_vm *vm, uint64_t h);

/** sim_vm_id - what KVM calls it at host TSC @h */
struct vmsync_vm_id sim_vm_id(const struct sim_vm *vm, uint64_t h);

/** sim_vm_was - has it ever been process @pid? */
bool sim_vm_was(const struct sim_vm *vm, int32_t pid);

/** sim_vcpu_tid - the thread of @v at host TSC @h */
int32_t sim_vcpu_tid(const struct sim_vm *vm, const struct sim_vcpu *v,
		     uint64_t h);

/** sim_vcpu_tsc - guest TSC at host TSC @h */
uint64_t sim_vcpu_tsc(const struct sim_vcpu *v, uint64_t h);

/** sim_vcpu_scaling - offset and ratio in force at host TSC @h */
const struct vmsync_scaling *sim_vcpu_scaling(const struct sim_vcpu *v,
					      uint64_t h);

/** sim_vcpu_page - the kvm-clock page at host TSC @h */
const struct vmsync_pvclock *sim_vcpu_page(const struct sim_vcpu *v,
					   uint64_t h);

/** sim_vm_kvmclock - kvm-clock read on vCPU @cpu at host TSC @h, ns */
uint64_t sim_vm_kvmclock(const struct sim_vm *vm, uint32_t cpu, uint64_t h);

/** sim_vcpu_out - does the vCPU leave the guest anywhere in [@from, @to]? */
bool sim_vcpu_out(const struct sim_vcpu *v, uint64_t from, uint64_t to);

/** sim_vcpu_leaves - when it next leaves the guest after @h, UINT64_MAX: never */
uint64_t sim_vcpu_leaves(const struct sim_vcpu *v, uint64_t h);

/** sim_vcpu_wake - first host TSC >= @h at which the vCPU runs guest code */
uint64_t sim_vcpu_wake(const struct sim_vcpu *v, uint64_t h);

/** sim_scale_tsc - (tsc * ratio) >> frac_bits */
uint64_t sim_scale_tsc(uint64_t tsc, const struct vmsync_scaling *s);

/** sim_page_read - kvm-clock that @page gives at guest TSC @tsc */
uint64_t sim_page_read(const struct vmsync_pvclock *page, uint64_t tsc);

#endif /* VMSYNC_SIM_VM_H */
