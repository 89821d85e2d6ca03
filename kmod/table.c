// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pools of VM and vCPU state, and the hash tables over what is in use.
 *
 * A slot that a dying VM leaves goes back to its pool after a grace period:
 * until then a lockless look-up may still stand on it.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "host.h"

#define VMS_MOST 4096
#define VCPUS_MOST 65536

static unsigned int max_vms = 256;
static unsigned int max_vcpus = 2048;

static int max_vms_set(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, 1, VMS_MOST);
}

static int max_vcpus_set(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, 1, VCPUS_MOST);
}

static const struct kernel_param_ops max_vms_ops = {
	.set = max_vms_set,
	.get = param_get_uint,
};

static const struct kernel_param_ops max_vcpus_ops = {
	.set = max_vcpus_set,
	.get = param_get_uint,
};

module_param_cb(max_vms, &max_vms_ops, &max_vms, 0444);
__MODULE_PARM_TYPE(max_vms, "uint");
MODULE_PARM_DESC(max_vms, "VMs that can be followed at once, 1..4096 (default 256)");

module_param_cb(max_vcpus, &max_vcpus_ops, &max_vcpus, 0444);
__MODULE_PARM_TYPE(max_vcpus, "uint");
MODULE_PARM_DESC(max_vcpus, "virtual CPUs that can be followed at once, 1..65536 (default 2048); one VM takes at most half of those that are left");

static DEFINE_HASHTABLE(vms, 8);
static DEFINE_HASHTABLE(vcpus, 10);

/* Guards the tables' structure, the pools, and these numbers. */
static DEFINE_RAW_SPINLOCK(table_lock);
static HLIST_HEAD(free_vms);
static HLIST_HEAD(free_vcpus);
static unsigned int live_vms, live_vcpus;
static u32 last_serial;

/* Virtual CPUs that found no room, each time. */
static DEFINE_PER_CPU(u64, untracked);

static struct host_vm *vm_pool;
static struct host_vcpu *vcpu_pool;

DEFINE_PER_CPU(const struct kvm_vcpu *, host_quiet);

void host_table_usage(struct host_usage *usage)
{
	unsigned long flags;
	int cpu;

	raw_spin_lock_irqsave(&table_lock, flags);
	usage->vms = live_vms;
	usage->vcpus = live_vcpus;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	usage->untracked = 0;
	for_each_possible_cpu(cpu)
		usage->untracked += READ_ONCE(per_cpu(untracked, cpu));
}

/* By its address, which may be of one that is gone. */
static struct host_vm *vm_find(const struct kvm *kvm)
{
	struct host_vm *vm;

	hash_for_each_possible_rcu(vms, vm, hash, (unsigned long)kvm,
				   lockdep_is_held(&table_lock))
		if (vm->kvm == kvm)
			return vm;
	return NULL;
}

/*
 * Is what lies there still that virtual CPU? If not, the end of the VM before
 * was not seen: then session.c stops, forgets all, and begins anew.
 */
static bool same_vm(const struct host_vm *vm, const struct kvm *kvm)
{
	if (vm->kvm == kvm && vm->creator == kvm->userspace_pid)
		return true;
	host_death_missed();
	return false;
}

static bool same_vcpu(const struct host_vcpu *v, const struct kvm_vcpu *vcpu)
{
	if (v->id == vcpu->vcpu_id)
		return same_vm(v->vm, vcpu->kvm);
	host_death_missed();
	return false;
}

/* By its address, as vm_find(). */
static struct host_vcpu *vcpu_find(const struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v;

	hash_for_each_possible_rcu(vcpus, v, hash, (unsigned long)vcpu,
				   lockdep_is_held(&table_lock))
		if (v->vcpu == vcpu)
			return v;
	return NULL;
}

struct host_vcpu *host_vcpu_find(const struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v = vcpu_find(vcpu);

	return v && same_vcpu(v, vcpu) ? v : NULL;
}

/* Takes the first slot out of a pool that has one. With the table's lock held. */
static struct hlist_node *pool_take(struct hlist_head *pool)
{
	struct hlist_node *node = pool->first;

	hlist_del_init(node);
	return node;
}

static struct host_vm *vm_make(struct kvm *kvm)
{
	struct host_vm *vm;

	vm = hlist_entry(pool_take(&free_vms), struct host_vm, hash);
	memset(vm, 0, sizeof(*vm));
	vm->kvm = kvm;
	vm->pid = task_tgid_nr(current);
	vm->creator = kvm->userspace_pid;
	vm->serial = ++last_serial;
	hash_add_rcu(vms, &vm->hash, (unsigned long)kvm);
	live_vms++;
	return vm;
}

static struct host_vcpu *vcpu_make(struct kvm_vcpu *vcpu, struct host_vm *vm)
{
	struct host_vcpu *v;

	v = hlist_entry(pool_take(&free_vcpus), struct host_vcpu, hash);
	memset(v, 0, sizeof(*v));
	v->vcpu = vcpu;
	v->vm = vm;
	v->id = vcpu->vcpu_id;
	v->quiet_cpu = -1;
	hlist_add_head(&v->of_vm, &vm->vcpus);
	WRITE_ONCE(vm->n_vcpus, vm->n_vcpus + 1);
	hash_add_rcu(vcpus, &v->hash, (unsigned long)vcpu);
	WRITE_ONCE(live_vcpus, live_vcpus + 1);
	return v;
}

/* A VM never has more than it leaves to those that come after it. */
static bool has_its_share(const struct host_vm *vm)
{
	return READ_ONCE(vm->n_vcpus) >= max_vcpus - READ_ONCE(live_vcpus);
}

/*
 * Is there room for one more, as far as can be seen without the lock? One that
 * finds none asks at each of its entries, and must not keep others from theirs.
 */
static bool room_for(const struct kvm_vcpu *vcpu)
{
	const struct host_vm *vm;

	if (!READ_ONCE(free_vcpus.first))
		return false;
	vm = vm_find(vcpu->kvm);
	return vm ? !has_its_share(vm) : READ_ONCE(free_vms.first) != NULL;
}

static struct host_vcpu *vcpu_add(struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v = vcpu_find(vcpu);
	struct host_vm *vm;

	if (v)
		return v;
	/* No VM is made that no virtual CPU would be left for. */
	if (!room_for(vcpu))
		return NULL;
	vm = vm_find(vcpu->kvm);
	if (!vm)
		vm = vm_make(vcpu->kvm);
	return same_vm(vm, vcpu->kvm) ? vcpu_make(vcpu, vm) : NULL;
}

static struct host_vcpu *vcpu_new(struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v = NULL;
	unsigned long flags;

	if (room_for(vcpu)) {
		raw_spin_lock_irqsave(&table_lock, flags);
		v = vcpu_add(vcpu);
		raw_spin_unlock_irqrestore(&table_lock, flags);
	}
	if (!v)
		this_cpu_inc(untracked);
	return v;
}

struct host_vcpu *host_vcpu_get(struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v = vcpu_find(vcpu);

	if (!v)
		v = vcpu_new(vcpu);
	return v && same_vcpu(v, vcpu) ? v : NULL;
}

static void slots_return(struct rcu_head *rcu)
{
	struct host_vm *vm = container_of(rcu, struct host_vm, rcu);
	struct hlist_node *next;
	struct host_vcpu *v;
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	hlist_for_each_entry_safe(v, next, &vm->vcpus, of_vm) {
		hlist_add_head(&v->hash, &free_vcpus);
		WRITE_ONCE(live_vcpus, live_vcpus - 1);
	}
	hlist_add_head(&vm->hash, &free_vms);
	live_vms--;
	raw_spin_unlock_irqrestore(&table_lock, flags);
}

/* Takes a VM out of the tables; nobody finds it or its vCPUs any more. */
static struct host_vm *vm_unhash(const struct kvm *kvm)
{
	struct host_vm *vm = vm_find(kvm);
	struct host_vcpu *v;

	if (!vm)
		return NULL;
	hash_del_rcu(&vm->hash);
	hlist_for_each_entry(v, &vm->vcpus, of_vm)
		hash_del_rcu(&v->hash);
	return vm;
}

void host_vm_forget(const struct kvm *kvm)
{
	struct host_vcpu *v;
	struct host_vm *vm;
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	vm = vm_unhash(kvm);
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (!vm)
		return;

	/* Nobody runs its virtual CPUs any more. */
	hlist_for_each_entry(v, &vm->vcpus, of_vm)
		host_look_again(v);
	call_rcu(&vm->rcu, slots_return);
}

void host_vms_forget(void)
{
	struct host_vm *vm;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(vms, bucket, vm, hash)
		host_vm_forget(vm->kvm);
	rcu_read_unlock();
}

void host_vm_each(void (*fn)(struct host_vm *vm, void *arg), void *arg)
{
	struct host_vm *vm;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(vms, bucket, vm, hash)
		fn(vm, arg);
	rcu_read_unlock();
}

void host_look_again(struct host_vcpu *v)
{
	if (v->quiet_cpu >= 0)
		cmpxchg(per_cpu_ptr(&host_quiet, v->quiet_cpu), v->vcpu, NULL);
}

void host_look_again_all(void)
{
	int cpu;

	/* What made this necessary is seen by whoever is quiet after it. */
	smp_mb();
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(host_quiet, cpu), NULL);
}

void host_quiet_here(struct host_vcpu *v)
{
	int cpu = smp_processor_id();

	if (v->quiet_cpu != cpu)
		host_look_again(v);
	v->quiet_cpu = cpu;
	this_cpu_write(host_quiet, v->vcpu);
	/* A round that began since @v told all is not missed. */
	smp_mb();
	if (READ_ONCE(host_round) != v->round)
		this_cpu_write(host_quiet, NULL);
}

int host_table_init(void)
{
	unsigned int i;

	vm_pool = kvcalloc(max_vms, sizeof(*vm_pool), GFP_KERNEL);
	vcpu_pool = kvcalloc(max_vcpus, sizeof(*vcpu_pool), GFP_KERNEL);
	if (!vm_pool || !vcpu_pool) {
		kvfree(vcpu_pool);
		kvfree(vm_pool);
		return -ENOMEM;
	}
	for (i = 0; i < max_vms; i++)
		hlist_add_head(&vm_pool[i].hash, &free_vms);
	for (i = 0; i < max_vcpus; i++)
		hlist_add_head(&vcpu_pool[i].hash, &free_vcpus);
	return 0;
}

/* Nobody may be looking any more, and no VM be forgotten. */
void host_table_exit(void)
{
	rcu_barrier();
	kvfree(vcpu_pool);
	kvfree(vm_pool);
}
