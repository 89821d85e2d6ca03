// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync-clock.ko: the host's clock in a guest, for LTTng to stamp with.
 *
 * The host is asked for its clock some 100 times a second, by KVM's own hypercall for
 * that; track.c makes a line of the answers, which readers find in a page, and each
 * line is told as an event, so that a trace says how its stamps were made.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kvm_para.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>
#include <asm/tsc.h>

#include "../kmod/compat.h"
#include "../kmod/trace.h"
#include "../kmod/vmsync.h"
#include "clock.h"
#include "track.h"

#define RATE_MIN_HZ 10
#define RATE_MAX_HZ 1000	/* a reading is a wake-up and an exit */
#define BEGIN_MS 100		/* for the first line: the rate to 10 ppb */
#define LEAD_PER_S 10000	/* a line begins 100 us after it was made */

static unsigned int rate_hz = 100;

static int rate_set(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, RATE_MIN_HZ, RATE_MAX_HZ);
}

static const struct kernel_param_ops rate_ops = {
	.set = rate_set,
	.get = param_get_uint,
};

module_param_cb(rate_hz, &rate_ops, &rate_hz, 0444);
__MODULE_PARM_TYPE(rate_hz, "uint");
MODULE_PARM_DESC(rate_hz, "readings of the host's clock per second, 10..1000 (default 100)");

static unsigned long offset_ns;
module_param(offset_ns, ulong, 0444);
MODULE_PARM_DESC(offset_ns, "ns by which the host's CLOCK_REALTIME is ahead of its CLOCK_MONOTONIC; the clock is the latter then (default 0: the former, less 2^60 ns)");

/*
 * What is left of CLOCK_REALTIME without offset_ns, the same in all guests: the time of day
 * at which the clock was 0, which LTTng takes from the guest, is in 2006. At the Epoch
 * itself it would be negative in a guest that is behind, and readers refuse that.
 */
#define BEHIND_NS (1LL << 60)

/* The page that is mapped, and whatever readers here read. */
static struct vmsync_clock_page *page;

/* Where KVM writes its answer. */
static struct kvm_clock_pairing *answer;

/* Whom we read: vmsync-host.ko, or KVM. */
static bool asks;

/* These belong to the work, which never runs twice at once. */
static struct track track;
static u32 n_lines, n_steps, n_readings, n_failures;

static DEFINE_PER_CPU(u64, last_ns);

/* Of the clock, as the guest was last suspended. */
static u64 suspended_ns;

static u64 tsc_read(void)
{
	return rdtsc_ordered();
}

u64 vmsync_clock_now(void)
{
	u64 last, now, found;

	preempt_disable_notrace();
	/*
	 * What comes in between reads later, and has put down what it read: that is
	 * as good an answer as our own.
	 */
	last = this_cpu_read(last_ns);
	barrier();
	now = vmsync_clock_read(page, tsc_read);
	if ((s64)(now - last) < 0)
		now = last;
	found = this_cpu_cmpxchg(last_ns, last, now);
	preempt_enable_notrace();
	return found == last ? now : found;
}
EXPORT_SYMBOL_GPL(vmsync_clock_now);

const char *vmsync_clock_description(void)
{
	return asks || offset_ns ? "CLOCK_MONOTONIC of the host that runs this guest" :
			   "CLOCK_REALTIME of the host that runs this guest, less 2^60 ns and never set: its CLOCK_MONOTONIC and a constant";
}
EXPORT_SYMBOL_GPL(vmsync_clock_description);

/* vmsync-host.ko, where it answers: CLOCK_MONOTONIC, and fractions of a ns. */
static bool host_answers(struct track_reading *r)
{
	unsigned long ret, tsc = 0, ns = 0, frac = 0;

	asm volatile(KVM_HYPERCALL
		     : "=a"(ret), "+b"(tsc), "+c"(ns), "+d"(frac)
		     : "a"((unsigned long)VMSYNC_HC_CLOCK), "S"(0ul)
		     : "memory");
	*r = (struct track_reading){ tsc, ns, (u32)frac };
	return ns;
}

/* KVM itself: CLOCK_REALTIME. */
static int host_pairs(struct track_reading *r)
{
	long ret = kvm_hypercall2(KVM_HC_CLOCK_PAIRING, virt_to_phys(answer),
				  KVM_CLOCK_PAIRING_WALLCLOCK);

	if (ret)
		return -EOPNOTSUPP;
	r->tsc = answer->tsc;
	r->ns = (u64)answer->sec * NSEC_PER_SEC + (u64)answer->nsec;
	r->frac = TRACK_HALF_NS;
	return 0;
}

/*
 * Interrupts off, so that what follows is not long after it. A host that answers no
 * more, or again, is no reason to change the clock that is read.
 */
static int host_read(struct track_reading *r)
{
	int err = 0;

	if (!asks)
		err = host_pairs(r);
	else if (!host_answers(r))
		err = -EAGAIN;
	n_readings++;
	n_failures += !!err;
	return err;
}

static void publish(const struct vmsync_clock_lines *lines)
{
	int i;

	for (i = 0; i < 2; i++) {
		/* Odd: readers are at copy 1 while copy 0 is written. */
		smp_wmb();
		WRITE_ONCE(page->latch, page->latch + 1);
		smp_wmb();
		/* Whoever reads meanwhile does so again: vmsync_clock_read(). */
		data_race(page->copy[i] = *lines);
	}
}

static void line_of_event(struct vmsync_line *to,
			  const struct vmsync_clock_line *from, u32 seq)
{
	*to = (struct vmsync_line){
		.since_tsc = from->start_tsc,
		.cycle_last = from->start_tsc,
		.base_ns = (s64)from->base_ns,
		.xtime_nsec = from->frac,
		.mult = from->mult,
		.shift = from->shift,
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = seq,
	};
}

/* Readers are on a line from its begin on, unless it was published later than that. */
static void tell(u64 published_tsc, u64 error_ns, u32 why)
{
	struct vmsync_clock_change ev = {
		.behind_ns = track.behind_ns,
		.error_ns = error_ns,
		.steps = n_steps,
		.why = why,
	};

	line_of_event(&ev.line, &track.lines.now, n_lines);
	line_of_event(&ev.prev, &track.lines.before, n_lines - 1);
	ev.confirm_tsc = ev.line.since_tsc;
	if ((s64)(published_tsc - ev.confirm_tsc) > 0)
		ev.confirm_tsc = published_tsc;
	trace_vmsync_clock_line(&ev);
}

static void clock_read(void)
{
	enum track_change change;
	u64 error_ns = track.error_ns;
	struct track_reading r;

	if (host_read(&r))
		return;
	change = track_read(&track, &r, rdtsc_ordered() +
			    (u64)tsc_khz * 1000 / LEAD_PER_S);
	if (change == TRACK_SAME)
		return;
	publish(&track.lines);
	n_lines++;
	n_steps += change == TRACK_STEP;
	tell(rdtsc_ordered(), error_ns, VMSYNC_KNOT_SLOPE);
}

static void clock_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, clock_work);

static unsigned long period(void)
{
	return max(1ul, msecs_to_jiffies(MSEC_PER_SEC / rate_hz));
}

static void clock_work(struct work_struct *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	clock_read();
	local_irq_restore(flags);
	queue_delayed_work(system_freezable_wq, &work, period());
}

/* No process runs then, no other CPU, and interrupts are off: the last one to stamp. */
static int clock_suspend(VMSYNC_SYSCORE_ARG)
{
	suspended_ns = vmsync_clock_now();
	return 0;
}

/*
 * Back from memory: the TSC began anew, and nothing was stamped since. Where it did not,
 * the next reading is one as any other.
 */
static void clock_resume(VMSYNC_SYSCORE_ARG)
{
	s64 was_behind_ns = track.behind_ns;
	u64 error_ns = track.error_ns;
	struct track_reading r;

	if (host_read(&r) || (s64)(r.tsc - track.last_tsc) > 0)
		return;
	track_begin_anew(&track, &r, suspended_ns);
	publish(&track.lines);
	n_lines++;
	n_steps += track.behind_ns != was_behind_ns;
	tell(rdtsc_ordered(), error_ns, VMSYNC_KNOT_STEP);
}

VMSYNC_SYSCORE(syscore, .suspend = clock_suspend, .resume = clock_resume);

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	vmsync_vm_never_written(vma);
	return vm_insert_page(vma, vma->vm_start, virt_to_page(page));
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.mmap = device_mmap,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmsync-clock",
	.fops = &device_fops,
	.mode = 0444,
};

/* To look at: the work may be changing any of these. */
static int guest_clock_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "by=%s readings=%u failures=%u lines=%u steps=%u behind_ns=%lld error_ns=%llu\n",
		   asks ? "host" : "kvm", data_race(n_readings), data_race(n_failures),
		   data_race(n_lines), data_race(n_steps),
		   data_race(track.behind_ns), data_race(track.error_ns));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(guest_clock);

static struct dentry *state;

static int reading_alone(struct track_reading *r)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = host_read(r);
	local_irq_restore(flags);
	return err;
}

static int clock_begin(void)
{
	struct track_reading a, b;
	int err;

	asks = true;
	if (reading_alone(&a))
		asks = false;
	err = reading_alone(&a);
	if (err) {
		pr_err("the host does not tell its clock: KVM does where its own clocksource is tsc\n");
		return err;
	}
	msleep(BEGIN_MS);
	err = reading_alone(&b);
	if (!err)
		err = track_begin(&track, &a, &b,
				  asks ? 0 : offset_ns ? (s64)offset_ns : BEHIND_NS,
				  jiffies_to_nsecs(period()) / NSEC_PER_USEC *
					  (u64)tsc_khz / USEC_PER_MSEC);
	if (err) {
		pr_err("what the host tells is no clock\n");
		return err;
	}
	n_readings = n_lines = 1;
	n_failures = 0;
	page->magic = VMSYNC_CLOCK_MAGIC;
	page->version = VMSYNC_CLOCK_VERSION;
	publish(&track.lines);
	return 0;
}

static int __init vmsync_clock_init(void)
{
	int err = -ENOMEM;

	if (!kvm_para_available()) {
		pr_err("no KVM under this kernel: this module is for guests of KVM\n");
		return -ENODEV;
	}
	page = (struct vmsync_clock_page *)get_zeroed_page(GFP_KERNEL);
	answer = (struct kvm_clock_pairing *)get_zeroed_page(GFP_KERNEL);
	if (!page || !answer)
		goto err;
	err = clock_begin();
	if (err)
		goto err;
	err = misc_register(&device);
	if (err)
		goto err;
	state = debugfs_create_file("guest_clock", 0444, vmsync_debugfs, NULL,
				    &guest_clock_fops);
	vmsync_syscore_register(&syscore);
	queue_delayed_work(system_freezable_wq, &work, period());
	return 0;

err:
	free_page((unsigned long)answer);
	free_page((unsigned long)page);
	return err;
}

static void __exit vmsync_clock_exit(void)
{
	cancel_delayed_work_sync(&work);
	vmsync_syscore_unregister(&syscore);
	debugfs_remove(state);
	misc_deregister(&device);
	free_page((unsigned long)answer);
	free_page((unsigned long)page);
}

module_init(vmsync_clock_init);
module_exit(vmsync_clock_exit);

MODULE_DESCRIPTION("vmsync: the host's clock in a KVM guest, for LTTng");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
