// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lab only: makes one allocation of a thread fail, on any kernel.
 *
 * Debian's kernels have no fault injection, but the functions are there that it
 * would ask at each allocation, of slabs and of pages. A kprobe answers in their
 * place. N in the file fail_nth of debugfs: of the allocations that the writing
 * thread and kworkers make from then on in vmsync's modules, or in what they call, the
 * Nth fails; 0: none. The file says how many are left until then. What the kernel does for
 * itself meanwhile does not fail: it has WARNs of its own for that.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>

static struct task_struct *whose;
static atomic_long_t left;

static struct dentry *file;

/* Where a function goes on that is to return at once. */
static notrace noinline void just_return(void)
{
	asm volatile("");
}

/*
 * Whether one of vmsync's modules is among the callers. Where unregister_kprobe() has
 * no memory the kernel WARNs, whatever a module makes of it: unit/kmod_vcpus does that.
 */
static bool is_ours(void)
{
	unsigned long callers[32];
	unsigned int i, n = stack_trace_save(callers, ARRAY_SIZE(callers), 0);
	char name[KSYM_SYMBOL_LEN];

	for (i = 0; i < n; i++) {
		sprint_symbol(name, callers[i]);
		if (strstarts(name, "unregister_kprobe"))
			return false;
		if (strstr(name, "[vmsync"))
			return true;
	}
	return false;
}

/* A session begins in a kworker. */
static bool is_looked_at(void)
{
	const struct task_struct *writer = READ_ONCE(whose);

	return in_task() && writer &&
	       (writer == current || current->flags & PF_WQ_WORKER);
}

static int answer(struct pt_regs *regs, gfp_t flags, long no)
{
	if (!is_looked_at() || flags & __GFP_NOFAIL || !is_ours() ||
	    atomic_long_dec_if_positive(&left))
		return 0;
	regs->ax = no;
	regs->ip = (unsigned long)just_return;
	return 1;
}

static int slab(struct kprobe *p, struct pt_regs *regs)
{
	return answer(regs, (gfp_t)regs->si, -ENOMEM);
}
NOKPROBE_SYMBOL(slab);

static int page(struct kprobe *p, struct pt_regs *regs)
{
	return answer(regs, (gfp_t)regs->di, true);
}
NOKPROBE_SYMBOL(page);

static struct kprobe probes[] = {
	{ .symbol_name = "should_failslab", .pre_handler = slab },
	{ .symbol_name = "should_fail_alloc_page", .pre_handler = page },
};

static ssize_t fail_write(struct file *f, const char __user *from, size_t len,
			  loff_t *at)
{
	long n;
	int err = kstrtol_from_user(from, len, 10, &n);

	if (err)
		return err;
	WRITE_ONCE(whose, NULL);
	atomic_long_set(&left, n);
	if (n > 0)
		WRITE_ONCE(whose, current);
	return len;
}

static ssize_t fail_read(struct file *f, char __user *to, size_t len, loff_t *at)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", atomic_long_read(&left));

	return simple_read_from_buffer(to, len, at, text, n);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.read = fail_read,
	.write = fail_write,
};

static int __init fail_nth_init(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_kprobe(&probes[i]);
		if (err) {
			pr_err("fail_nth: %s: %d\n", probes[i].symbol_name, err);
			while (i--)
				unregister_kprobe(&probes[i]);
			return err;
		}
	}
	file = debugfs_create_file("fail_nth", 0600, NULL, NULL, &fops);
	return 0;
}

static void __exit fail_nth_exit(void)
{
	int i;

	debugfs_remove(file);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		unregister_kprobe(&probes[i]);
}

module_init(fail_nth_init);
module_exit(fail_nth_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab only: allocations that fail");
