// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes at KVM's tracepoints. They run in the thread of a virtual CPU (or
 * of its owner, in an ioctl), preemption off: no sleeping, no allocating, no
 * printing.
 *
 * Who a beacon is from, kvm_get_running_vcpu() says, never the beacon.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/tracepoint.h>

#include "host.h"
#include "trace.h"

static unsigned int beacon_rate = 1000;
module_param(beacon_rate, uint, 0644);
MODULE_PARM_DESC(beacon_rate, "beacons per second taken from one VM; more are dropped and counted (default 1000, 0: none)");

static unsigned int beacon_burst = 100;
module_param(beacon_burst, uint, 0644);
MODULE_PARM_DESC(beacon_burst, "beacons taken at once from a VM that was quiet (default 100)");

#define RECENT_MS 1000	/* how old a beacon's TSC may be, unsuspected */

static bool bucket_take(struct host_bucket *bucket, u64 now_ns)
{
	u64 rate = READ_ONCE(beacon_rate), burst = READ_ONCE(beacon_burst);
	u64 step, due = max(bucket->due_ns, now_ns);

	if (!rate)
		return false;
	step = max(NSEC_PER_SEC / rate, 1ULL);
	if (due - now_ns >= step * max(burst, 1ULL))
		return false;
	bucket->due_ns = due + step;
	return true;
}

/* The vCPU whose event this is, for events that only bring its number. */
static struct kvm_vcpu *running_vcpu(unsigned int vcpu_id)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();

	return vcpu && vcpu->vcpu_id == vcpu_id ? vcpu : NULL;
}

static s32 current_process(void)
{
	return task_tgid_nr(current);
}

static u32 suspect_bits(const struct host_vcpu *v, u64 uid, u64 claimed_tsc)
{
	u64 now = kvm_read_l1_tsc(v->vcpu, rdtsc_ordered());
	u64 recent = (u64)v->vcpu->arch.virtual_tsc_khz * RECENT_MS;
	u32 suspect = 0;

	if (now - claimed_tsc > recent)
		suspect |= VMSYNC_SUSPECT_TSC;
	if (!uid || uid >> 63 || (v->vm->uid && v->vm->uid != uid))
		suspect |= VMSYNC_SUSPECT_UID;
	return suspect;
}

/* What a beacon's registers say. */
struct claims {
	u32 cnt;
	u64 uid;
	u64 tsc;
	u64 mono;
};

static void beacon_tell(const struct host_vcpu *v, const struct claims *claims)
{
	struct vmsync_gh_host ev = {
		.vm_uid = claims->uid,
		.cnt = claims->cnt,
		.guest_tsc = claims->tsc,
		.guest_mono = claims->mono,
		.suspect = suspect_bits(v, claims->uid, claims->tsc),
		.who = host_who(v),
		.scale = host_scale(v),
	};

	vmsync_line_get(&ev.line);
	vmsync_pair_get(&ev.pair);
	trace_vmsync_gh_host(&ev);
}

/*
 * Calls @fn under the lock of @v's VM, unless that has died, or @v is NULL
 * because there was no room.
 */
static void locked(struct host_vcpu *v,
		   void (*fn)(struct host_vcpu *v, const void *arg),
		   const void *arg)
{
	unsigned long flags;

	if (!v)
		return;
	raw_spin_lock_irqsave(&v->vm->lock, flags);
	if (!v->vm->dead)
		fn(v, arg);
	raw_spin_unlock_irqrestore(&v->vm->lock, flags);
}

static void beacon_take(struct host_vcpu *v, const void *arg)
{
	const struct claims *claims = arg;

	if (!bucket_take(&v->vm->beacons, ktime_get_mono_fast_ns())) {
		v->vm->dropped++;
		return;
	}
	host_tell_drop(v->vm);
	host_verify(v, v->vcpu->arch.l1_tsc_offset);
	beacon_tell(v, claims);
	if (claims->uid && !(claims->uid >> 63))
		v->vm->uid = claims->uid;
	v->pending_cnt = claims->cnt + 1;
	v->pending_uid = claims->uid;
	host_pending_set(v, PENDING_BEACON);
}

/* Out of line, for the sake of all other hypercalls. */
static noinline void beacon_seen(const struct claims *claims)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();

	if (!vcpu)
		return;
	rcu_read_lock();
	locked(host_vcpu_get(vcpu, current_process()), beacon_take, claims);
	rcu_read_unlock();
}

static void probe_hypercall(void *data, VMSYNC_KVM_HYPERCALL_ARGS)
{
	if (nr == VMSYNC_HC_BEACON) {
		struct claims claims = {
			.cnt = a0, .uid = a1, .tsc = a2, .mono = a3,
		};

		beacon_seen(&claims);
	}
}

static void beacon_return(struct host_vcpu *v)
{
	struct vmsync_hg_host ev = {
		.vm_uid = v->pending_uid,
		.cnt = v->pending_cnt,
		.who = host_who(v),
	};

	host_pending_done(v, PENDING_BEACON);
	ev.tsc = rdtsc_ordered();
	ev.mono = ktime_get_mono_fast_ns();
	trace_vmsync_hg_host(&ev);
}

static void entry_take(struct host_vcpu *v, const void *unused)
{
	if (v->pending & PENDING_ANNOUNCE)
		host_verify(v, v->vcpu->arch.l1_tsc_offset);
	if (v->pending & PENDING_BEACON)
		beacon_return(v);
}

/* Out of line: something is pending somewhere, perhaps not here. */
static noinline void entry_pending(const struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v;

	rcu_read_lock();
	v = host_vcpu_find(vcpu);
	if (v && READ_ONCE(v->pending))
		locked(v, entry_take, NULL);
	rcu_read_unlock();
}

static void probe_entry(void *data, VMSYNC_KVM_ENTRY_ARGS)
{
	if (unlikely(atomic_read(&host_pending)))
		entry_pending(vcpu);
}

/*
 * KVM is about to write @next; vcpu->arch still holds the old one. A guest can
 * do this as often as it likes, hence the bucket; what is not told now
 * host_verify() finds later.
 */
static void offset_written(struct host_vcpu *v, const void *arg)
{
	s64 next = *(const s64 *)arg, prev = v->offset;

	if (v->seen != host_session) {
		host_verify(v, next);
		return;
	}
	if (next == prev)
		return;
	if (!bucket_take(&v->vm->writes, ktime_get_mono_fast_ns()))
		return;
	v->offset = next;
	v->ratio = v->vcpu->arch.l1_tsc_scaling_ratio;
	host_tell_tsc(v, prev, VMSYNC_WHY_WRITE);
}

static void probe_write_tsc_offset(void *data, VMSYNC_KVM_WRITE_TSC_OFFSET_ARGS)
{
	struct kvm_vcpu *vcpu = running_vcpu(vcpu_id);
	s64 offset = next;

	if (!vcpu)
		return;
	rcu_read_lock();
	locked(host_vcpu_get(vcpu, current_process()), offset_written, &offset);
	rcu_read_unlock();
}

static void page_written(struct host_vcpu *v, const void *arg)
{
	const struct pvclock_vcpu_time_info *pv = arg;
	struct vmsync_page page;
	bool same;

	if (v->seen != host_session) {
		host_verify(v, v->vcpu->arch.l1_tsc_offset);
		return;
	}
	host_page_read(&page, pv);
	same = v->page.version && host_page_same(&v->page, &page);
	if (!same && !bucket_take(&v->vm->writes, ktime_get_mono_fast_ns()))
		return;
	v->page = page;
	if (!same)
		host_tell_page(v, VMSYNC_WHY_WRITE);
}

static void probe_pvclock_update(void *data, VMSYNC_KVM_PVCLOCK_UPDATE_ARGS)
{
	struct kvm_vcpu *vcpu = running_vcpu(vcpu_id);

	if (!vcpu)
		return;
	rcu_read_lock();
	locked(host_vcpu_get(vcpu, current_process()), page_written, pv);
	rcu_read_unlock();
}

static struct hook {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} hooks[] = {
	{ "kvm_entry", probe_entry },
	{ "kvm_write_tsc_offset", probe_write_tsc_offset },
	{ "kvm_pvclock_update", probe_pvclock_update },
	{ "kvm_hypercall", probe_hypercall },
};

static void hook_match(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			hooks[i].tp = tp;
}

#ifdef CONFIG_MODULES
static int module_tracepoints(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct tp_module *tm = data;
	int i;

	if (action != MODULE_STATE_COMING || strcmp(tm->mod->name, "kvm"))
		return NOTIFY_OK;
	for (i = 0; i < tm->mod->num_tracepoints; i++)
		hook_match(tracepoint_ptr_deref(&tm->mod->tracepoints_ptrs[i]),
			   NULL);
	return NOTIFY_OK;
}

static struct notifier_block tracepoint_nb = {
	.notifier_call = module_tracepoints,
};
#endif

/*
 * Finds KVM's tracepoints by name: not all are exported. Registering replays
 * the modules that are loaded, and kvm.ko is: this module uses its symbols,
 * which also keeps it, and these pointers, in place until we are gone.
 */
int host_hooks_find(void)
{
	int i, err = 0;

	for_each_kernel_tracepoint(hook_match, NULL);
#ifdef CONFIG_MODULES
	err = register_tracepoint_module_notifier(&tracepoint_nb);
	if (err)
		return err;
	unregister_tracepoint_module_notifier(&tracepoint_nb);
#endif
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].tp)
			continue;
		pr_err("KVM has no tracepoint %s\n", hooks[i].name);
		err = -ENOENT;
	}
	return err;
}

static void hooks_unregister(int n)
{
	while (n-- > 0)
		tracepoint_probe_unregister(hooks[n].tp, hooks[n].probe, NULL);
	tracepoint_synchronize_unregister();
}

/* The one that makes things pending comes last, and goes first. */
int host_hooks_attach(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = tracepoint_probe_register(hooks[i].tp, hooks[i].probe,
						NULL);
		if (err) {
			hooks_unregister(i);
			return err;
		}
	}
	return 0;
}

/* When it returns, no probe runs any more. */
void host_hooks_detach(void)
{
	hooks_unregister(ARRAY_SIZE(hooks));
}
