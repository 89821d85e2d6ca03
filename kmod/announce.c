// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells a tracer that has just begun to listen what there is: vmsync_vm,
 * vmsync_tsc and vmsync_pvclock of every virtual CPU.
 *
 * A tracepoint says only that its first tracer comes, and that some time
 * before that one really listens; a second one comes unseen, and one that
 * records into a ring loses what is old. So all is told again periodically, as
 * long as anybody listens. A few events per virtual CPU cost nothing beside
 * what KVM itself traces.
 *
 * What a virtual CPU's clock is like, its own thread knows best. So each one
 * not yet seen in this session is asked to look at its next entry; only one
 * that does not enter for a whole period, being idle or not even started, is
 * described from outside.
 */
#include <linux/fdtable.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "host.h"

static unsigned int announce_ms = 2000;
module_param(announce_ms, uint, 0644);
MODULE_PARM_DESC(announce_ms, "ms between two descriptions of all virtual CPUs while a tracer listens (default 2000, at least 100)");

#define FIRST_MS 100	/* time for a tracer's start to complete */
#define WALKS 2		/* passes of a session that look for unknown VMs */

static unsigned int passes;	/* of this session */

static void vcpu_ask(struct host_vcpu *v)
{
	v->asked = host_session;
	host_page_read(&v->sample, &v->vcpu->arch.hv_clock);
	host_pending_set(v, PENDING_ANNOUNCE);
}

/*
 * A virtual CPU that has not entered for a period, by what KVM holds. Its page
 * may be just being written, which its version does not tell: so it is taken
 * only if it is the same as a period ago.
 */
static void vcpu_tell_idle(struct host_vcpu *v)
{
	struct kvm_vcpu_arch *arch = &v->vcpu->arch;

	host_pending_done(v, PENDING_ANNOUNCE);
	v->tid = vmsync_vcpu_tid(v->vcpu);
	v->offset = READ_ONCE(arch->l1_tsc_offset);
	v->ratio = READ_ONCE(arch->l1_tsc_scaling_ratio);
	host_page_read(&v->page, &arch->hv_clock);
	if (memcmp(&v->page, &v->sample, sizeof(v->page))) {
		v->sample = v->page;
		memset(&v->page, 0, sizeof(v->page));
	}
	host_tell_all(v);
}

static void vcpu_announce(struct host_vcpu *v)
{
	if (v->seen == host_session)
		host_tell_all(v);
	else if (v->asked != host_session)
		vcpu_ask(v);
	else
		vcpu_tell_idle(v);
}

/* For iterate_fd(): makes state for each virtual CPU of a VM's file. */
static int file_look(const void *data, struct file *file, unsigned int fd)
{
	const struct task_struct *task = data;
	struct kvm_vcpu *vcpu;
	unsigned long i;
	struct kvm *kvm;

	if (!file_is_kvm(file))
		return 0;
	kvm = file->private_data;
	if (kvm->mm != task->mm)
		return 0;	/* passed on; its owner will come, too */
	kvm_for_each_vcpu(i, vcpu, kvm)
		host_vcpu_get(vcpu, task->pid);
	return 0;
}

/* KVM has a list of VMs but does not show it; their files are to be found. */
static void vms_look(void)
{
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task) {
		if (task->flags & PF_KTHREAD)
			continue;
		task_lock(task);
		if (task->files)
			iterate_fd(task->files, 0, file_look, task);
		task_unlock(task);
	}
	rcu_read_unlock();
}

static void announce(struct work_struct *work)
{
	if (passes < WALKS) {
		vms_look();
		passes++;
	}
	host_vm_each(host_tell_drop);
	host_vcpu_each(vcpu_announce);
	schedule_delayed_work(to_delayed_work(work),
			      msecs_to_jiffies(max(announce_ms, 100U)));
}

static DECLARE_DELAYED_WORK(announce_work, announce);

void host_announce_start(void)
{
	passes = 0;
	schedule_delayed_work(&announce_work, msecs_to_jiffies(FIRST_MS));
}

void host_announce_stop(void)
{
	cancel_delayed_work_sync(&announce_work);
}
