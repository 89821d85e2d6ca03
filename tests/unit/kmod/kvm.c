// SPDX-License-Identifier: GPL-2.0-only
#include "kernel.h"
#include "kvm.h"
#include "../../../kmod/host.h"
#include "../../../kmod/listen.h"

#define VMS 300
#define VCPUS 5000
#define HC 0x56534e43
#define HC_CLOCK 0x56534341

struct tracer tracer;
unsigned int kvm_looks;

/* KVM's, and those of somebody else who wants to know when a thread runs. */
static const struct preempt_ops kvm_preempt_ops, other_preempt_ops;

static struct vmsync_listener *listeners[2];
static struct kvm_vcpu *vcpus[VCPUS];
static int n_vcpus;

/* Memory of VMs that ended, in the order of their end, to be used again. */
static bool reuse;
static void *kept[16];
static size_t kept_size[16];
static int n_kept;

static void *take(size_t size)
{
	for (int i = n_kept; reuse && i-- > 0;)
		if (kept[i] && kept_size[i] == size) {
			void *p = kept[i];

			kept[i] = NULL;
			return memset(p, 0, size);
		}
	return calloc(1, size);
}

static void give(void *p, size_t size)
{
	if (!reuse || n_kept == 16) {
		free(p);
		return;
	}
	kept[n_kept] = p;
	kept_size[n_kept++] = size;
}

void kvm_reuse_memory(bool on)
{
	for (int i = 0; !on && i < n_kept; i++)
		free(kept[i]);
	n_kept = 0;
	reuse = on;
}

/* The tracer */

static struct kvm_event *record(enum kvm_event_kind kind,
				const struct vmsync_who *who)
{
	struct kvm_event *e = &tracer.event[tracer.n];

	if (tracer.n + 1 < TRACER_MAX)
		tracer.n++;
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	if (who)
		e->who = *who;
	return e;
}

unsigned int tracer_count(enum kvm_event_kind kind)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tracer.n; i++)
		n += tracer.event[i].kind == kind;
	return n;
}

const struct kvm_event *tracer_last(enum kvm_event_kind kind)
{
	static const struct kvm_event none;

	for (unsigned int i = tracer.n; i-- > 0;)
		if (tracer.event[i].kind == kind)
			return &tracer.event[i];
	return &none;
}

void trace_vmsync_gh_host(const struct vmsync_gh_host *ev)
{
	struct kvm_event *e = record(GH, &ev->who);

	e->cnt = ev->cnt;
	e->uid = ev->vm_uid;
	e->suspect = ev->suspect;
	e->scale = ev->scale;
	e->tsc = ev->pair.tsc;
}

void trace_vmsync_hg_host(const struct vmsync_hg_host *ev)
{
	struct kvm_event *e = record(HG, &ev->who);

	e->cnt = ev->cnt;
	e->uid = ev->vm_uid;
	e->tsc = ev->tsc;
}

void trace_vmsync_tsc(const struct vmsync_tsc *ev)
{
	struct kvm_event *e = record(TSC, &ev->who);

	e->why = ev->why;
	e->prev = ev->prev_offset;
	e->scale = ev->scale;
}

void trace_vmsync_pvclock(const struct vmsync_pvclock *ev)
{
	struct kvm_event *e = record(PAGE, &ev->who);

	e->why = ev->why;
	e->page = ev->page;
}

void trace_vmsync_vm(const struct vmsync_vm *ev)
{
	struct kvm_event *e = record(VM, &ev->who);

	e->why = ev->why;
	e->tid = ev->tid;
	e->uid = ev->vm_uid;
}

void trace_vmsync_drop(const struct vmsync_drop *ev)
{
	struct kvm_event *e = record(DROP, NULL);

	e->who.vm_pid = ev->vm_pid;
	e->who.vm_serial = ev->vm_serial;
	e->dropped = ev->dropped;
}

void trace_vmsync_slow(const struct vmsync_slow *ev)
{
	struct kvm_event *e = record(SLOW, &ev->who);

	e->tid = ev->tid;
	e->ns = ev->ns;
	e->by = ev->by;
}

/* vmsync.ko and KVM, as far as the module calls them */

struct vmsync_line kvm_host_line = { .seq = 1 };

void vmsync_line_get(struct vmsync_line *line)
{
	*line = kvm_host_line;
}

static void listeners_tell(bool on)
{
	for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
		struct vmsync_listener *l = listeners[i];

		if (l && l->on != on) {
			l->on = on;
			l->change(on);
		}
	}
}

void kvm_tracer_begin(void)
{
	listeners_tell(true);
}

void kvm_tracer_end(void)
{
	listeners_tell(false);
}

void vmsync_listener_register(struct vmsync_listener *l)
{
	size_t i = 0;

	while (listeners[i])
		i++;
	listeners[i] = l;
}

void vmsync_listener_unregister(struct vmsync_listener *l)
{
	kvm_tracer_end();
	for (size_t i = 0; i < ARRAY_SIZE(listeners); i++)
		if (listeners[i] == l)
			listeners[i] = NULL;
}

int param_set_uint(const char *text, const struct kernel_param *kp)
{
	*(unsigned int *)kp->arg = (unsigned int)strtoul(text, NULL, 10);
	return 0;
}

int param_set_uint_minmax(const char *text, const struct kernel_param *kp,
			  unsigned int low, unsigned int high)
{
	unsigned long n = strtoul(text, NULL, 10);

	(void)kp;
	return n < low || n > high ? -EINVAL : 0;
}

int param_get_uint(char *buf, const struct kernel_param *kp)
{
	(void)buf, (void)kp;
	return 0;
}

bool kvm_get_kvm_safe(struct kvm *kvm)
{
	(void)kvm;
	abort();
}

static struct tracepoint points[] = {
	{ .name = "kvm_entry" },
	{ .name = "kvm_write_tsc_offset" },
	{ .name = "kvm_pvclock_update" },
	{ .name = "kvm_hypercall" },
	{ .name = "kvm_exit" },
	{ .name = "sched_switch" },
};

void for_each_kernel_tracepoint(void (*fn)(struct tracepoint *tp, void *arg),
				void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		fn(&points[i], arg);
}

int tracepoint_probe_register_prio(struct tracepoint *tp, void *probe,
				   void *data, int prio)
{
	(void)data, (void)prio;
	if (kernel.attach_fails > 0) {
		kernel.attach_fails--;
		return -ENOMEM;
	}
	tp->probe = probe;
	return 0;
}

int tracepoint_probe_unregister(struct tracepoint *tp, void *probe, void *data)
{
	(void)probe, (void)data;
	tp->probe = NULL;
	return 0;
}

/* The module */

int kernel_init_vmsync_host_init(void);
void kernel_exit_vmsync_host_exit(void);

int kvm_module_load(void)
{
	memset(&tracer, 0, sizeof(tracer));
	kernel.now_ns = 1000000000000;
	kernel.tsc = 1ull << 50;
	return kernel_init_vmsync_host_init();
}

void kvm_module_unload(void)
{
	kernel_exit_vmsync_host_exit();
}

/* Virtual machines */

struct kvm *kvm_vm(s32 pid, int n)
{
	struct kvm *kvm = take(sizeof(*kvm));

	kvm->userspace_pid = pid;
	kvm->users_count.refs = 1;
	for (int id = 0; id < n; id++) {
		struct kvm_vcpu *v = take(sizeof(*v));

		v->kvm = kvm;
		v->vcpu_id = id;
		v->preempt_notifier.ops = &kvm_preempt_ops;
		v->arch.l1_tsc_offset = (u64)-1000 * (u64)pid;
		v->arch.l1_tsc_scaling_ratio = 1ull << 32;
		v->arch.virtual_tsc_khz = 1000000;
		vcpus[n_vcpus++] = v;
	}
	return kvm;
}

struct kvm_vcpu *kvm_vcpu(struct kvm *kvm, int id)
{
	for (int i = 0; i < n_vcpus; i++)
		if (vcpus[i]->kvm == kvm && vcpus[i]->vcpu_id == id)
			return vcpus[i];
	abort();
}

void kvm_vm_end(struct kvm *kvm)
{
	kvm->users_count.refs = 0;
	kernel_probed("kvm_arch_destroy_vm", NULL, (unsigned long)kvm);
	for (int i = 0; i < n_vcpus;) {
		if (vcpus[i]->kvm != kvm) {
			i++;
			continue;
		}
		give(vcpus[i], sizeof(*vcpus[i]));
		vcpus[i] = vcpus[--n_vcpus];
	}
	give(kvm, sizeof(*kvm));
}

static struct task_struct vcpu_thread(const struct kvm_vcpu *vcpu)
{
	s32 pid = vcpu->kvm->userspace_pid;

	return (struct task_struct){ pid + 1 + vcpu->vcpu_id, pid, {}, {} };
}

static struct task_struct now_thread;
static struct preempt_notifier other_notifier = { .ops = &other_preempt_ops };

static void in_thread(struct kvm_vcpu *vcpu, struct task_struct thread)
{
	now_thread = thread;
	kernel.task = &now_thread;
	hlist_add_head(&vcpu->preempt_notifier.link,
		       &now_thread.preempt_notifiers);
	hlist_add_head(&other_notifier.link, &now_thread.preempt_notifiers);
}

/* vcpu_put() */
static void put(void)
{
	now_thread.preempt_notifiers.first = NULL;
}

void kvm_enter(struct kvm_vcpu *vcpu)
{
	void (*probe)(void *data, struct kvm_vcpu *vcpu) = points[0].probe;
	unsigned int before = kernel.tsc;

	in_thread(vcpu, vcpu_thread(vcpu));
	kernel.tsc += 1000;
	if (probe) {
		bool quiet = host_quiet[kernel.cpu] == vcpu;

		probe(NULL, vcpu);
		kvm_looks += !quiet;
	}
	(void)before;
	put();
}

/* What the guest's RDTSC gives. */
u64 kvm_guest_tsc(const struct kvm_vcpu *vcpu)
{
	u64 ratio = vcpu->arch.l1_tsc_scaling_ratio;
	int places = ratio == 1 ? 0 : kernel.vmx ? 48 : 32;

	return (u64)((unsigned __int128)kernel.tsc * ratio >> places) +
	       vcpu->arch.l1_tsc_offset;
}

static void call(struct kvm_vcpu *vcpu, bool user, unsigned long nr, u32 cnt, u64 uid)
{
	void (*probe)(void *data, unsigned long nr, unsigned long a0,
		      unsigned long a1, unsigned long a2,
		      unsigned long a3) = points[3].probe;

	in_thread(vcpu, vcpu_thread(vcpu));
	kernel.tsc += 1000;
	if (probe)
		probe(NULL, nr, cnt, uid, kvm_guest_tsc(vcpu), kernel.now_ns);
	vcpu->arch.regs[VCPU_REGS_RAX] = (unsigned long)(user ? -1L : -1000L);
	put();
}

void kvm_hypercall(struct kvm_vcpu *vcpu, bool user, u32 cnt, u64 uid)
{
	call(vcpu, user, HC, cnt, uid);
}

void kvm_ask(struct kvm_vcpu *vcpu, bool user)
{
	vcpu->arch.regs[VCPU_REGS_RBX] = 0;
	vcpu->arch.regs[VCPU_REGS_RCX] = 0;
	vcpu->arch.regs[VCPU_REGS_RDX] = 0;
	call(vcpu, user, HC_CLOCK, 0, 0);
}

void kvm_beacon(struct kvm_vcpu *vcpu, u32 cnt, u64 uid)
{
	kvm_hypercall(vcpu, false, cnt, uid);
	kvm_enter(vcpu);
}

static void tsc_write(struct kvm_vcpu *vcpu, s64 offset)
{
	void (*probe)(void *data, unsigned int id, u64 prev, u64 next) =
		points[1].probe;

	if (probe)
		probe(NULL, (unsigned int)vcpu->vcpu_id,
		      vcpu->arch.l1_tsc_offset, (u64)offset);
	vcpu->arch.l1_tsc_offset = (u64)offset;
	put();
}

void kvm_tsc_write(struct kvm_vcpu *vcpu, s64 offset)
{
	in_thread(vcpu, vcpu_thread(vcpu));
	tsc_write(vcpu, offset);
}

void kvm_tsc_write_by(struct kvm_vcpu *vcpu, s64 offset, s32 tid)
{
	in_thread(vcpu, (struct task_struct){ tid, vcpu->kvm->userspace_pid,
					  {}, {} });
	tsc_write(vcpu, offset);
}

bool kvm_switch_probed(void)
{
	return points[5].probe;
}

void kvm_switch(s32 prev, struct kvm_vcpu *vcpu, bool loaded,
		struct sched_info info)
{
	void (*probe)(void *data, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state) =
		points[5].probe;
	struct task_struct old = { .pid = prev };

	in_thread(vcpu, vcpu_thread(vcpu));
	if (!loaded)
		put();
	now_thread.sched_info = info;
	kernel.task = &old;
	if (probe)
		probe(NULL, true, &old, &now_thread, 0);
	kernel.task = &now_thread;
	put();
}

void kvm_page_write(struct kvm_vcpu *vcpu, u32 mul)
{
	struct pvclock_vcpu_time_info *pv = &vcpu->arch.hv_clock;
	void (*probe)(void *data, unsigned int id,
		      struct pvclock_vcpu_time_info *pv) = points[2].probe;

	in_thread(vcpu, vcpu_thread(vcpu));
	pv->version += 2;
	pv->tsc_timestamp = kernel.tsc;
	pv->system_time = kernel.now_ns;
	pv->tsc_to_system_mul = mul;
	if (probe)
		probe(NULL, (unsigned int)vcpu->vcpu_id, pv);
	put();
}

void kvm_vcpu_fail(struct kvm *kvm, int id, bool unstable_tsc)
{
	struct kvm_vcpu *v = take(sizeof(*v));

	v->kvm = kvm;
	v->vcpu_id = id;
	v->preempt_notifier.ops = &kvm_preempt_ops;
	if (unstable_tsc)
		kvm_tsc_write(v, -5);
	give(v, sizeof(*v));
}
