// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes at KVM's tracepoints. They run in the thread of a virtual CPU (or
 * of its owner, in an ioctl), preemption off: no sleeping, no allocating, no
 * printing.
 *
 * Who a beacon is from, the thread says in which it is sent, never the beacon.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/tracepoint.h>

#include "host.h"
#include "trace.h"

/* What KVM registers with the scheduler for each vCPU that a thread has loaded. */
static const struct preempt_ops *kvm_ops;

/*
 * kvm_entry brings its vCPU, and with it the operations of all of them. Before
 * the first entry nothing is known of any vCPU, so nobody misses them.
 */
static void kvm_ops_learn(const struct kvm_vcpu *vcpu)
{
	WRITE_ONCE(kvm_ops, vcpu->preempt_notifier.ops);
}

/*
 * KVM's own kvm_get_running_vcpu() says the same of the current thread, but kernels
 * from 6.18 on export it to KVM's modules only. A thread has one notifier for each
 * vCPU that it has loaded, which is one, and seldom any other.
 */
struct kvm_vcpu *host_vcpu_loaded(const struct task_struct *task)
{
	const struct preempt_ops *ops = READ_ONCE(kvm_ops);
	struct preempt_notifier *pn;

	hlist_for_each_entry(pn, &task->preempt_notifiers, link)
		if (pn->ops == ops)
			return container_of(pn, struct kvm_vcpu,
					    preempt_notifier);
	return NULL;
}

/* The vCPU whose event this is, for events that only bring its number. */
static struct kvm_vcpu *running_vcpu(unsigned int vcpu_id)
{
	struct kvm_vcpu *vcpu = host_vcpu_loaded(current);

	return vcpu && vcpu->vcpu_id == vcpu_id ? vcpu : NULL;
}

/* Out of line, for the sake of all other hypercalls. @claims: of a beacon, or NULL. */
static noinline void call_seen(const struct host_claims *claims)
{
	struct kvm_vcpu *vcpu = host_vcpu_loaded(current);
	struct host_vcpu *v;

	if (!vcpu)
		return;
	rcu_read_lock();
	v = host_vcpu_get(vcpu);
	if (v && claims)
		host_beacon_seen(v, claims);
	else if (v)
		host_clock_asked(v);
	rcu_read_unlock();
}

static void probe_hypercall(void *data, VMSYNC_KVM_HYPERCALL_ARGS)
{
	if (nr == VMSYNC_HC_BEACON) {
		struct host_claims claims = {
			.cnt = a0, .uid = a1, .tsc = a2, .mono = a3,
		};

		call_seen(&claims);
	} else if (nr == VMSYNC_HC_CLOCK && host_answers_clock) {
		call_seen(NULL);
	}
}

/* Out of line: not the one that was last entered here with nothing to do. */
static noinline void entry_look(struct kvm_vcpu *vcpu)
{
	struct host_vcpu *v;

	kvm_ops_learn(vcpu);
	rcu_read_lock();
	v = host_vcpu_get(vcpu);
	if (v) {
		host_verify(v);
		host_beacon_return(v);
		host_clock_answer(v);
		if (!v->untold)
			host_quiet_here(v);
	}
	rcu_read_unlock();
}

static void probe_entry(void *data, VMSYNC_KVM_ENTRY_ARGS)
{
	if (unlikely(this_cpu_read(host_quiet) != vcpu))
		entry_look(vcpu);
}

/*
 * The state of the vCPU whose event this is, if it was entered in this session.
 * Else its first entry tells what came of it; until then it may not even be
 * part of its VM, and the thread may be one that only sets it up.
 */
static struct host_vcpu *vcpu_known(unsigned int vcpu_id)
{
	const struct kvm_vcpu *vcpu = running_vcpu(vcpu_id);
	struct host_vcpu *v = vcpu ? host_vcpu_find(vcpu) : NULL;

	return v && v->session == host_session ? v : NULL;
}

/* A guest can do this as often as it likes: then it is told later. */
static bool may_tell(struct host_vcpu *v)
{
	if (host_limit_write(&v->vm->writes))
		return true;
	v->untold = true;
	host_look_again(v);
	return false;
}

/* KVM is about to write @next; vcpu->arch still holds @prev. */
static void probe_write_tsc_offset(void *data, VMSYNC_KVM_WRITE_TSC_OFFSET_ARGS)
{
	struct host_vcpu *v;

	rcu_read_lock();
	v = vcpu_known(vcpu_id);
	if (v && next != prev && may_tell(v)) {
		v->told.offset = next;
		v->told.ratio = v->vcpu->arch.l1_tsc_scaling_ratio;
		host_tell_tsc(v, prev, VMSYNC_WHY_WRITE);
	}
	rcu_read_unlock();
}

static void page_written(struct host_vcpu *v,
			 const struct pvclock_vcpu_time_info *pv)
{
	struct vmsync_page page;
	bool same;

	host_page_read(&page, pv);
	same = v->told.page.version && host_page_same(&v->told.page, &page);
	if (!same && !may_tell(v))
		return;
	v->told.page = page;
	if (!same)
		host_tell_page(v, VMSYNC_WHY_WRITE);
}

static void probe_pvclock_update(void *data, VMSYNC_KVM_PVCLOCK_UPDATE_ARGS)
{
	struct host_vcpu *v;

	rcu_read_lock();
	v = vcpu_known(vcpu_id);
	if (v)
		page_written(v, pv);
	rcu_read_unlock();
}

/* Before a tracer's own probes: what is told belongs before the entry itself. */
#define FIRST_PRIO (TRACEPOINT_DEFAULT_PRIO + 1)

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
 * One symbol of kvm.ko's that is exported to everybody: who uses one keeps
 * kvm.ko, with its tracepoints and kvm_ops, in place.
 */
static bool (*const kvm_stays)(struct kvm *kvm) __used = kvm_get_kvm_safe;

/*
 * Finds KVM's tracepoints by name: not all are exported. Registering replays
 * the modules that are loaded, and kvm.ko is.
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
		err = tracepoint_probe_register_prio(hooks[i].tp,
						     hooks[i].probe, NULL,
						     FIRST_PRIO);
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
