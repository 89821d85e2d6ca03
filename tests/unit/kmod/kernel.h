/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the modules' files need to be compiled and run in
 * user space, one thing at a time: what they include leads here. Several CPUs
 * and contexts are played by the test, which sets @kernel and calls what the
 * kernel would call. Memory that KVM frees is freed, so that the address
 * sanitizer sees whoever still reads it.
 */
#ifndef VMSYNC_TESTS_KERNEL_H
#define VMSYNC_TESTS_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
typedef unsigned long long u64;
typedef long long s64;
typedef u64 __u64;
typedef u32 __u32;
typedef s64 __s64;

#define __used __attribute__((used))
#define KERNEL_CPUS 4

struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

struct preempt_ops { int unused; };
struct preempt_notifier {
	struct hlist_node link;
	const struct preempt_ops *ops;
};
struct sched_info {
	unsigned long pcount;
	u64 run_delay;
	u64 last_queued;
};
struct task_struct {
	s32 pid;
	s32 tgid;
	struct hlist_head preempt_notifiers;
	struct sched_info sched_info;
};

/* What a test sets, and what it finds. */
struct kernel {
	int cpu;			/* that runs now */
	unsigned long online;		/* a bit for each CPU */
	unsigned long isolated[2];	/* from enum hk_type */
	int hotplug_locked;
	bool irqs_off;
	struct task_struct *task;		/* "current" */
	u64 now_ns;			/* CLOCK_MONOTONIC */
	u64 tsc;
	bool probes_fire;		/* kprobes */
	unsigned int deadlocks;		/* locks taken by who holds them */
	unsigned int waits;		/* for another CPU, spinning */
	unsigned int locks;		/* taken since last set to 0 */
	unsigned int errors;		/* messages of pr_err() */
	bool rt;			/* CONFIG_PREEMPT_RT */
	bool vmx;			/* an Intel CPU */
	int attach_fails;		/* that many times */
	int probes_stay;		/* that many times, for want of memory */
};

extern struct kernel kernel;

#define this_cpu_inc(name) (per_cpu(name, kernel.cpu)++)

#define current (kernel.task)
#define task_tgid_nr(t) ((t)->tgid)

/* Compiler and build */

#define KBUILD_MODNAME "vmsync"
#define VMSYNC_VERSION "0"
#define __init
#define __exit
#define __maybe_unused __attribute__((unused))
#define __read_mostly
#define noinline __attribute__((noinline))
#define __noclone
#define likely(x) (x)
#define unlikely(x) (x)
#define barrier() __asm__ volatile("" ::: "memory")
#define ____cacheline_aligned_in_smp __attribute__((aligned(64)))
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define data_race(expr) (expr)
#define smp_load_acquire(p) READ_ONCE(*(p))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define BIT(n) (1UL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define swap(a, b) \
	do { __typeof__(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
		     a_ > b_ ? a_ : b_; })
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
		     a_ < b_ ? a_ : b_; })
#undef container_of
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define abs(x) ({ __typeof__(x) x_ = (x); x_ < 0 ? -x_ : x_; })
#define cmpxchg(p, old, new) __sync_val_compare_and_swap(p, old, new)
#define xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

#define kernel_CONFIG_PREEMPT_RT kernel.rt
#define CONFIG_SCHED_INFO 1
#define kernel_CONFIG_SCHED_INFO true
#define IS_ENABLED(option) (kernel_##option)
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#undef LINUX_VERSION_CODE
#define LINUX_VERSION_CODE KERNEL_VERSION(6, 1, 0)

#define NSEC_PER_SEC 1000000000L
#define NSEC_PER_USEC 1000L
#define GFP_KERNEL 0
#define PAGE_SIZE 4096
#define U32_MAX UINT32_MAX
#define VM_MAYWRITE 0x20

struct vm_area_struct { unsigned long vm_flags; };

/* Modules */

struct kernel_param { void *arg; };
struct kernel_param_ops {
	int (*set)(const char *text, const struct kernel_param *kp);
	int (*get)(char *buf, const struct kernel_param *kp);
};
int param_set_uint_minmax(const char *text, const struct kernel_param *kp,
			  unsigned int low, unsigned int high);
int param_set_uint(const char *text, const struct kernel_param *kp);
int param_get_uint(char *buf, const struct kernel_param *kp);

#define module_param(name, type, mode) \
	void *const kernel_param_##name = &name
#define module_param_named(name, variable, type, mode) \
	void *const kernel_param_##name = &variable
#define module_param_cb(name, ops, arg, mode) \
	void *const kernel_arg_##name = arg; \
	const struct kernel_param_ops *const kernel_param_##name = ops
#define MODULE_PARM_DESC(name, text) struct kernel_nothing
#define __MODULE_PARM_TYPE(name, text) struct kernel_nothing
#define MODULE_DESCRIPTION(text) struct kernel_nothing
#define MODULE_AUTHOR(text) struct kernel_nothing
#define MODULE_LICENSE(text) struct kernel_nothing
#define MODULE_VERSION(text) struct kernel_nothing
#define EXPORT_SYMBOL_GPL(name) struct kernel_nothing
#define module_init(fn) int kernel_init_##fn(void) { return fn(); }
#define module_exit(fn) void kernel_exit_##fn(void) { fn(); }
#define scnprintf snprintf
#define pr_err(fmt, ...) (kernel.errors++)
#define pr_crit pr_err
#define pr_info(fmt, ...) ((void)0)

static inline void *kvcalloc(size_t n, size_t size, int flags)
{
	/* Aligned as the kernel's allocators align what is large. */
	void *p = aligned_alloc(64, (n * size + 63) / 64 * 64);

	(void)flags;
	return p ? memset(p, 0, n * size) : NULL;
}
#define kvfree free

struct seq_file { char text[1 << 20]; };
struct dentry;
struct file_operations { int (*show)(struct seq_file *m, void *unused); };
#define seq_printf(m, ...) \
	snprintf(((struct seq_file *)(m))->text + \
		 strlen(((struct seq_file *)(m))->text), 512, __VA_ARGS__)
#define DEFINE_SHOW_ATTRIBUTE(name) \
	static const struct file_operations name##_fops = { name##_show }
struct dentry *debugfs_create_dir(const char *name, struct dentry *in);
struct dentry *debugfs_create_file(const char *name, int mode,
				   struct dentry *in, void *data,
				   const struct file_operations *fops);
void debugfs_remove(struct dentry *file);
/* What the file that is there says; there is one. */
const char *kernel_debugfs_read(void);

/* Locks */

typedef struct { int held; bool was_off; } raw_spinlock_t;
typedef raw_spinlock_t spinlock_t;
struct mutex { int held; };

#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name
#define DEFINE_SPINLOCK(name) raw_spinlock_t name
#define DEFINE_MUTEX(name) struct mutex name
#define lockdep_is_held(lock) true

static inline void raw_spin_lock(raw_spinlock_t *lock)
{
	kernel.locks++;
	if (lock->held)
		kernel.deadlocks++;
	lock->held++;
}

static inline void raw_spin_unlock(raw_spinlock_t *lock)
{
	lock->held--;
}

#define raw_spin_lock_init(lock) memset(lock, 0, sizeof(*(lock)))
#define raw_spin_lock_irqsave(lock, flags) \
	do { (flags) = kernel.irqs_off; kernel.irqs_off = true; \
	     raw_spin_lock(lock); } while (0)
#define raw_spin_unlock_irqrestore(lock, flags) \
	do { raw_spin_unlock(lock); kernel.irqs_off = (flags); } while (0)
#define spin_lock raw_spin_lock
#define spin_unlock raw_spin_unlock
#define local_irq_save(flags) \
	do { (flags) = kernel.irqs_off; kernel.irqs_off = true; } while (0)
#define local_irq_restore(flags) (kernel.irqs_off = (flags))
static inline void mutex_lock(struct mutex *m) { m->held++; }
static inline void mutex_unlock(struct mutex *m) { m->held--; }

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { int refs; } refcount_t;
#define ATOMIC_INIT(n) { n }
#define ATOMIC64_INIT(n) { n }
#define atomic_read(a) ((a)->counter)
#define atomic_set(a, n) ((a)->counter = (n))
#define atomic_inc(a) ((a)->counter++)
#define atomic_dec(a) ((a)->counter--)
#define atomic64_read(a) ((a)->counter)
#define atomic64_inc(a) ((a)->counter++)
#define atomic64_xchg(a, n) xchg(&(a)->counter, n)
#define atomic64_try_cmpxchg(a, old, new) \
	__atomic_compare_exchange_n(&(a)->counter, old, new, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define refcount_read(r) ((r)->refs)
#define set_bit(n, word) (*(word) |= BIT(n))
#define clear_bit(n, word) (*(word) &= ~BIT(n))

typedef struct { struct { u32 sequence; } seqcount; } seqcount_latch_t;
#define SEQCNT_LATCH_ZERO(name) { { 0 } }
#define raw_write_seqcount_latch(s) ((s)->seqcount.sequence++)
#define raw_read_seqcount_latch(s) ((s)->seqcount.sequence)

/* Lists, as the modules use them */

#define HLIST_HEAD(name) struct hlist_head name

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (!n->pprev)
		return;
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->next = NULL;
	n->pprev = NULL;
}

#define hlist_entry(p, type, member) container_of(p, type, member)
#define hlist_entry_safe(p, type, member) ({ \
	__typeof__(p) p_ = (p); p_ ? container_of(p_, type, member) : NULL; })
#define hlist_for_each_entry(pos, head, member) \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos; pos = hlist_entry_safe(pos->member.next, __typeof__(*pos), \
					 member))
#define hlist_for_each_entry_safe(pos, n, head, member) \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos && (n = pos->member.next, 1); \
	     pos = hlist_entry_safe(n, __typeof__(*pos), member))
#define hlist_for_each_entry_rcu(pos, head, member, ...) \
	hlist_for_each_entry(pos, head, member)

#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define kernel_slot(table, key) \
	(&(table)[((u64)(key) * 0x9e3779b97f4a7c15ull >> 40) % ARRAY_SIZE(table)])
#define hash_add_rcu(table, node, key) \
	hlist_add_head(node, kernel_slot(table, key))
#define hash_del_rcu(node) kernel_unhash(node)
#define hash_for_each_possible_rcu(table, obj, member, key, ...) \
	hlist_for_each_entry(obj, kernel_slot(table, key), member)
#define hash_for_each_rcu(table, i, obj, member) \
	for (i = 0; i < (int)ARRAY_SIZE(table); i++) \
		hlist_for_each_entry(obj, &(table)[i], member)

/* Readers may stand on it: its own link stays. */
static inline void kernel_unhash(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
}

struct list_head { struct list_head *next, *prev; };
#define LIST_HEAD(name) struct list_head name = { &name, &name }

/* RCU: a grace period ends when the test says so, or somebody waits for it */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *rcu);
};
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
void call_rcu(struct rcu_head *rcu, void (*func)(struct rcu_head *rcu));
void rcu_barrier(void);
void kernel_grace_period(void);

/* CPUs */

#define DEFINE_PER_CPU(type, name) __typeof__(type) name[KERNEL_CPUS]
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name[KERNEL_CPUS]
#define per_cpu(name, cpu) ((name)[cpu])
#define per_cpu_ptr(p, cpu) (&(*(p))[cpu])
#define this_cpu_ptr(p) per_cpu_ptr(p, kernel.cpu)
#define this_cpu_read(name) per_cpu(name, kernel.cpu)
#define this_cpu_write(name, v) (per_cpu(name, kernel.cpu) = (v))
#define __this_cpu_read this_cpu_read
#define __this_cpu_write this_cpu_write
#define smp_processor_id() (kernel.cpu)
#define nr_cpu_ids KERNEL_CPUS
#define for_each_online_cpu(cpu) \
	for (cpu = 0; cpu < KERNEL_CPUS; cpu++) \
		if (kernel.online & BIT(cpu))
struct cpumask { unsigned long bits; };
int cpulist_parse(const char *text, struct cpumask *mask);
#define cpumap_print_to_pagebuf(list, buf, mask) \
	sprintf(buf, "%lx\n", (mask)->bits)
#define cpumask_empty(mask) (!(mask)->bits)
#define cpumask_test_cpu(cpu, mask) (!!((mask)->bits & BIT(cpu)))
enum hk_type { HK_TYPE_DOMAIN, HK_TYPE_TICK };
#define housekeeping_test_cpu(cpu, type) (!(kernel.isolated[type] & BIT(cpu)))
#define cpus_read_lock() (kernel.hotplug_locked++)
#define cpus_read_unlock() (kernel.hotplug_locked--)
#define for_each_possible_cpu(cpu) for (cpu = 0; cpu < KERNEL_CPUS; cpu++)

/* Time */

#define rdtsc_ordered() (kernel.tsc += 10)
#define ktime_get_mono_fast_ns() (kernel.now_ns)
#define local_clock() (kernel.now_ns)
#define ktime_to_ns(t) (t)
#define msecs_to_jiffies(ms) (ms)
#define nsecs_to_jiffies(ns) ((ns) / 1000000)

struct clocksource { const char *name; };
struct tk_read_base {
	struct clocksource *clock;
	u64 mask;
	u64 cycle_last;
	u32 mult;
	u32 shift;
	u64 xtime_nsec;
	s64 base;
};
struct timekeeper {
	struct tk_read_base tkr_mono;
	u64 cycle_interval;
};

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long action,
			     void *data);
};
#define NOTIFY_OK 1
int pvclock_gtod_register_notifier(struct notifier_block *nb);
int pvclock_gtod_unregister_notifier(struct notifier_block *nb);
extern struct notifier_block *kernel_timekeeper;

/* Deferred work */

struct irq_work {
	void (*func)(struct irq_work *work);
	bool lazy;
	bool queued;
};
#define IRQ_WORK_INIT_HARD(fn) ((struct irq_work){ .func = (fn) })
#define IRQ_WORK_INIT_LAZY(fn) ((struct irq_work){ .func = (fn), .lazy = true })
bool irq_work_queue(struct irq_work *work);
#define irq_work_sync(work) ((void)(work))
/* Returns how many ran. */
unsigned int kernel_irq_work_run(bool lazy);

struct work_struct { void (*func)(struct work_struct *work); };
struct delayed_work {
	struct work_struct work;
	bool queued;
	int cpu;
	struct delayed_work *next;	/* of all that were ever queued */
	bool known;
};
struct workqueue_struct;
extern struct workqueue_struct *system_freezable_wq;
#define WORK_CPU_UNBOUND KERNEL_CPUS
#define DECLARE_DELAYED_WORK(name, fn) \
	struct delayed_work name = { .work = { fn } }
#define DECLARE_WORK(name, fn) struct work_struct name = { fn }
#define to_delayed_work(w) container_of(w, struct delayed_work, work)
#define schedule_delayed_work(dw, delay) \
	queue_delayed_work_on(WORK_CPU_UNBOUND, system_freezable_wq, dw, delay)
#define queue_delayed_work(wq, dw, delay) \
	queue_delayed_work_on(WORK_CPU_UNBOUND, wq, dw, delay)
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq,
			   struct delayed_work *dw, unsigned long delay);
bool cancel_delayed_work_sync(struct delayed_work *dw);
/* Runs all that is queued, once. */
void kernel_work_run(void);

/* Probes */

struct pt_regs { unsigned long di; };
typedef u8 kprobe_opcode_t;
struct kprobe {
	const char *symbol_name;
	kprobe_opcode_t *addr;
	int (*pre_handler)(struct kprobe *kp, struct pt_regs *regs);
	unsigned long nmissed;
	struct kprobe *next;
};
int register_kprobe(struct kprobe *kp);
void unregister_kprobe(struct kprobe *kp);
unsigned int kernel_probes(void);
static inline void msleep(unsigned int ms)
{
	kernel.now_ns += ms * 1000000ull;
}
/* What the CPU does where a probed function begins. */
void kernel_probed(const char *symbol, const void *addr, unsigned long arg);

struct tracepoint { const char *name; void *probe; };
#define MODULE_STATE_COMING 1
struct module { const char *name; };
void for_each_kernel_tracepoint(void (*fn)(struct tracepoint *tp, void *arg),
				void *arg);
int tracepoint_probe_register_prio(struct tracepoint *tp, void *probe,
				   void *data, int prio);
#define tracepoint_probe_register(tp, probe, data) \
	tracepoint_probe_register_prio(tp, probe, data, 10)
#define TRACEPOINT_DEFAULT_PRIO 10
int tracepoint_probe_unregister(struct tracepoint *tp, void *probe, void *data);
#define tracepoint_synchronize_unregister() ((void)0)
#define check_trace_callback_type_sched_switch(probe) ((void)(probe))

/* The guest's side of KVM */
bool kvm_para_available(void);
long kvm_hypercall4(unsigned int nr, unsigned long a0, unsigned long a1,
		    unsigned long a2, unsigned long a3);
#define get_random_u64() 0x123456789abcdefull

/* vmsync's own tracepoints: the test has their probes. */
#define TP_PROTO(proto) proto
#define TRACE_EVENT(name, proto, ...) \
	void trace_##name(proto); \
	static inline bool trace_##name##_enabled(void) { return true; }
#define TRACE_EVENT_FN TRACE_EVENT

/* KVM */

struct pvclock_vcpu_time_info {
	u32 version;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	signed char tsc_shift;
	u8 flags;
};

static inline u64 pvclock_scale_delta(u64 delta, u32 mul, int shift)
{
	delta = shift < 0 ? delta >> -shift : delta << shift;
	return (u64)((unsigned __int128)delta * mul >> 32);
}

#define KVM_ENOSYS 1000
#define VCPU_REGS_RAX 0
#define VCPU_REGS_RCX 1
#define VCPU_REGS_RDX 2
#define VCPU_REGS_RBX 3
struct kvm_vcpu_arch {
	unsigned long regs[16];
	u64 l1_tsc_offset;
	u64 l1_tsc_scaling_ratio;
	u32 virtual_tsc_khz;
	struct pvclock_vcpu_time_info hv_clock;
};
struct kvm_vcpu {
	struct kvm *kvm;
	struct preempt_notifier preempt_notifier;
	int vcpu_id;
	struct kvm_vcpu_arch arch;
};
struct kvm {
	s32 userspace_pid;
	refcount_t users_count;
};
struct kvm_x86_ops {
	void (*get_exit_info)(void);
	void (*cache_reg)(void);
};
bool kvm_get_kvm_safe(struct kvm *kvm);

#define X86_FEATURE_VMX 5
#define boot_cpu_has(feature) ((feature) == X86_FEATURE_VMX && kernel.vmx)

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (u64)((unsigned __int128)a * b >> shift);
}

#endif /* VMSYNC_TESTS_KERNEL_H */
