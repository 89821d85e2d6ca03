// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel is more than a macro: see kernel.h. */
#include "kernel.h"

static struct task_struct init_task = { 1, 1 };
struct kernel kernel = { .task = &init_task, .probes_fire = true,
			 .online = BIT(KERNEL_CPUS) - 1 };
struct workqueue_struct *system_freezable_wq;
struct notifier_block *kernel_timekeeper;

/* RCU */

static struct rcu_head *rcu_waiting;

void call_rcu(struct rcu_head *rcu, void (*func)(struct rcu_head *rcu))
{
	rcu->func = func;
	rcu->next = rcu_waiting;
	rcu_waiting = rcu;
}

void kernel_grace_period(void)
{
	while (rcu_waiting) {
		struct rcu_head *rcu = rcu_waiting;

		rcu_waiting = rcu->next;
		rcu->func(rcu);
	}
}

void rcu_barrier(void)
{
	kernel_grace_period();
}

/* The timekeeper calls back at once, with the test's clock. */
int pvclock_gtod_register_notifier(struct notifier_block *nb)
{
	kernel_timekeeper = nb;
	return 0;
}

int pvclock_gtod_unregister_notifier(struct notifier_block *nb)
{
	(void)nb;
	kernel_timekeeper = NULL;
	return 0;
}

/* Deferred work */

static struct irq_work *irq_works[16];
static unsigned int n_irq_works;

bool irq_work_queue(struct irq_work *work)
{
	if (work->queued)
		return false;
	work->queued = true;
	irq_works[n_irq_works++] = work;
	return true;
}

unsigned int kernel_irq_work_run(bool lazy)
{
	unsigned int ran = 0;

	for (unsigned int i = 0; i < n_irq_works;) {
		struct irq_work *work = irq_works[i];

		if (work->lazy != lazy) {
			i++;
			continue;
		}
		irq_works[i] = irq_works[--n_irq_works];
		work->queued = false;
		work->func(work);
		ran++;
		i = 0;
	}
	return ran;
}

static struct delayed_work *works;

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq,
			   struct delayed_work *dw, unsigned long delay)
{
	(void)wq, (void)delay;
	if (!dw->known) {
		dw->known = true;
		dw->next = works;
		works = dw;
	}
	if (dw->queued)
		return false;
	dw->queued = true;
	dw->cpu = cpu;
	/* What is meant for one CPU needs that to stay until it is queued. */
	if (cpu < KERNEL_CPUS && !kernel.hotplug_locked)
		kernel.errors++;
	return true;
}

bool cancel_delayed_work_sync(struct delayed_work *dw)
{
	bool was = dw->queued;

	dw->queued = false;
	return was;
}

void kernel_work_run(void)
{
	for (struct delayed_work *dw = works; dw; dw = dw->next) {
		if (!dw->queued)
			continue;
		dw->queued = false;
		if (dw->cpu < KERNEL_CPUS && kernel.online & BIT(dw->cpu))
			kernel.cpu = dw->cpu;
		dw->work.func(&dw->work);
	}
}

/* Probes */

static struct kprobe *kprobes;

int register_kprobe(struct kprobe *kp)
{
	static kprobe_opcode_t somewhere;

	if (kp->symbol_name)
		kp->addr = &somewhere;
	kp->next = kprobes;
	kprobes = kp;
	return 0;
}

void unregister_kprobe(struct kprobe *kp)
{
	if (kernel.probes_stay && kernel.probes_stay--) {
		kp->addr = NULL;
		return;
	}
	for (struct kprobe **p = &kprobes; *p; p = &(*p)->next)
		if (*p == kp) {
			*p = kp->next;
			return;
		}
}

/* How many there are. */
unsigned int kernel_probes(void)
{
	unsigned int n = 0;

	for (struct kprobe *kp = kprobes; kp; kp = kp->next)
		n++;
	return n;
}

void kernel_probed(const char *symbol, const void *addr, unsigned long arg)
{
	struct pt_regs regs = { .di = arg };

	for (struct kprobe *kp = kprobes; kp && kernel.probes_fire; kp = kp->next)
		if (symbol ? kp->symbol_name && !strcmp(kp->symbol_name, symbol) :
			     kp->addr == addr)
			kp->pre_handler(kp, &regs);
}

void __cyg_profile_func_enter(void *fn, void *site);
void __cyg_profile_func_exit(void *fn, void *site);

void __cyg_profile_func_enter(void *fn, void *site)
{
	(void)site;
	kernel_probed(NULL, fn, 0);
}

void __cyg_profile_func_exit(void *fn, void *site)
{
	(void)fn, (void)site;
}

/* debugfs */

static const struct file_operations *debugfs_file;
struct dentry *vmsync_debugfs;

struct dentry *debugfs_create_dir(const char *name, struct dentry *in)
{
	(void)name;
	return in;
}

struct dentry *debugfs_create_file(const char *name, int mode,
				   struct dentry *in, void *data,
				   const struct file_operations *fops)
{
	(void)name, (void)mode, (void)data;
	debugfs_file = fops;
	return in;
}

void debugfs_remove(struct dentry *file)
{
	(void)file;
	debugfs_file = NULL;
}

const char *kernel_debugfs_read(void)
{
	static struct seq_file m;

	m.text[0] = 0;
	return debugfs_file && !debugfs_file->show(&m, NULL) ? m.text : "";
}
