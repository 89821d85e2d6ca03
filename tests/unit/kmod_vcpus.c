// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vmsync-host.ko knows of virtual CPUs, and tells of them, while VMs come
 * and go. The sanitizer sees whoever reads what KVM has freed.
 */
#include "kernel.h"
#include "kvm.h"
#include "check.h"

/* Another tracer: what was told before may be out of date, and is looked at. */
static void next_session(void)
{
	kvm_tracer_end();
	kvm_tracer_begin();
	for (int i = 0; i < 4; i++)
		kernel_work_run();
}

static void begin(void)
{
	kernel.cpu = 0;
	kernel.probes_fire = true;
	CHECK_EQ(kvm_module_load(), 0);
	kvm_tracer_begin();
}

static void end(void)
{
	CHECK_EQ(kernel.deadlocks, 0);
	kvm_tracer_end();
	kvm_module_unload();
	kvm_reuse_memory(false);
}

/* Each is told at its first entry, and then once in each round. */
static void rounds(void)
{
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 2);
	kvm_enter(kvm_vcpu(kvm, 0));
	CHECK_EQ(tracer_count(VM), 1);
	CHECK_EQ(tracer_count(TSC), 1);
	CHECK_EQ(tracer_last(VM)->tid, 101);
	CHECK_EQ(tracer_last(VM)->who.vm_pid, 100);
	CHECK_EQ(tracer_last(TSC)->scale.offset, -100000);
	kvm_enter(kvm_vcpu(kvm, 0));
	CHECK_EQ(tracer_count(VM), 1);
	for (u32 i = 0; i < 3; i++) {
		kernel_work_run();
		kvm_enter(kvm_vcpu(kvm, 0));
		kvm_enter(kvm_vcpu(kvm, 0));
		CHECK_EQ(tracer_count(VM), 2 + i);
	}
	/* One that waits is told when it goes on. */
	kvm_enter(kvm_vcpu(kvm, 1));
	CHECK_EQ(tracer_last(VM)->tid, 102);
	CHECK_EQ(tracer_last(VM)->why, VMSYNC_WHY_FIRST);
	kvm_vm_end(kvm);
	end();
}

/* A VM ends while kprobes are off: nobody reads what it left. */
static void death_unseen(void)
{
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 2);
	kvm_beacon(kvm_vcpu(kvm, 0), 2, 5);
	kvm_enter(kvm_vcpu(kvm, 1));
	kernel.probes_fire = false;
	kvm_vm_end(kvm);
	for (int i = 0; i < 4; i++)
		kernel_work_run();
	kernel.probes_fire = true;
	next_session();
	end();
}

/* No memory to take kprobes off: none is left behind the module. */
static void probes_stay(void)
{
	begin();
	CHECK_EQ(kernel_probes(), 2);
	kernel.probes_stay = 3;
	end();
	CHECK_EQ(kernel.probes_stay, 0);
	CHECK_EQ(kernel_probes(), 0);
}

/* Kprobes go off and on again: nothing is told meanwhile, then all anew. */
static void switched_off(void)
{
	struct kvm *kvm;
	u32 serial;

	begin();
	kvm = kvm_vm(100, 1);
	kvm_beacon(kvm_vcpu(kvm, 0), 2, 5);
	serial = tracer_last(VM)->who.vm_serial;
	kernel.probes_fire = false;
	CHECK_EQ(kernel.errors, 0);
	for (int i = 0; i < 5; i++) {
		kernel_work_run();
		tracer.n = i ? tracer.n : 0;
		kvm_beacon(kvm_vcpu(kvm, 0), 4, 5);
	}
	CHECK_EQ(tracer.n, 0);
	CHECK_EQ(kernel.errors, 1);
	CHECK(strstr(kernel_debugfs_read(), "sessions=1 attached=0 kprobe=0\n"));
	kernel.probes_fire = true;
	kernel_work_run();
	kvm_beacon(kvm_vcpu(kvm, 0), 6, 5);
	CHECK_EQ(tracer_count(VM), 1);
	CHECK_EQ(tracer_count(HG), 1);
	CHECK(tracer_last(VM)->who.vm_serial != serial);
	kvm_vm_end(kvm);
	end();
}

/* It does not load where it could not see a VM's end. */
static void loaded_while_off(void)
{
	kernel.probes_fire = false;
	CHECK(kvm_module_load() < 0);
	CHECK_EQ(kernel.errors, 1);
}

/*
 * A VM ended unseen, by whatever way, and another one has its memory. It is not
 * taken for the first one, not even before that is noticed.
 */
static void memory_of_another(void)
{
	struct kvm *a, *b;

	begin();
	kvm_reuse_memory(true);
	for (int id = 1; id <= 2; id++) {
		a = kvm_vm(100, id);
		kvm_beacon(kvm_vcpu(a, 0), 2, 5);
		kernel.probes_fire = false;
		kvm_vm_end(a);
		kernel.probes_fire = true;
		b = kvm_vm(200, id);
		CHECK(b == a);
		tracer.n = 0;
		for (int i = 0; i < id; i++)
			kvm_beacon(kvm_vcpu(b, i), 2, 7);
		for (unsigned int i = 0; i < tracer.n; i++)
			CHECK_EQ(tracer.event[i].who.vm_pid, 200);
		for (int i = 0; i < 3; i++)
			kernel_work_run();
		kvm_beacon(kvm_vcpu(b, id - 1), 4, 7);
		CHECK_EQ(tracer_last(GH)->who.vm_pid, 200);
		CHECK_EQ(tracer_last(GH)->suspect, 0);
		kvm_vm_end(b);
	}
	end();
}

/* The same within one process, with virtual CPUs that change places. */
static void memory_swapped(void)
{
	struct kvm *a, *b;

	begin();
	kvm_reuse_memory(true);
	a = kvm_vm(100, 2);
	kvm_beacon(kvm_vcpu(a, 0), 2, 5);
	kvm_beacon(kvm_vcpu(a, 1), 4, 5);
	kernel.probes_fire = false;
	kvm_vm_end(a);
	kernel.probes_fire = true;
	b = kvm_vm(100, 2);
	for (u32 i = 0; i < 6; i++) {
		struct kvm_vcpu *v = kvm_vcpu(b, i % 2);

		tracer.n = 0;
		kvm_beacon(v, 2 * i, 7);
		for (unsigned int n = 0; n < tracer.n; n++)
			CHECK_EQ(tracer.event[n].who.vcpu_id, v->vcpu_id);
		if (i == 1)
			kernel_work_run();
		if (i == 1)
			kernel_work_run();
	}
	CHECK_EQ(tracer_count(GH), 1);
	CHECK_EQ(tracer_last(GH)->suspect, 0);
	kvm_vm_end(b);
	end();
}

/* A session that cannot begin is tried again. */
static void begins_late(void)
{
	struct kvm *kvm;

	kernel.attach_fails = 3;
	begin();
	kvm = kvm_vm(100, 1);
	for (int i = 0; i < 3; i++) {
		kvm_beacon(kvm_vcpu(kvm, 0), 2, 5);
		CHECK_EQ(tracer.n, 0);
		kernel_work_run();
	}
	CHECK_EQ(kernel.errors, 1);
	kvm_enter(kvm_vcpu(kvm, 0));
	kvm_beacon(kvm_vcpu(kvm, 0), 2, 5);
	CHECK_EQ(tracer_count(GH), 1);
	kvm_vm_end(kvm);
	end();
}

/*
 * One that does not become part of its VM: seen when its TSC is set up, freed
 * without a word. What then has its memory is somebody else.
 */
static void creation_fails(void)
{
	struct kvm *a, *b;
	struct kvm_vcpu *v;

	begin();
	kvm_reuse_memory(true);
	a = kvm_vm(100, 1);
	kvm_enter(kvm_vcpu(a, 0));
	kvm_vcpu_fail(a, 0, true);
	b = kvm_vm(200, 1);
	v = kvm_vcpu(b, 0);
	kvm_enter(v);
	CHECK_EQ(tracer_last(VM)->who.vm_pid, 200);
	kvm_vm_end(a);
	kvm_enter(v);
	kernel_work_run();
	kvm_enter(v);
	CHECK_EQ(tracer_last(VM)->who.vm_pid, 200);
	kvm_vm_end(b);
	/* Without reuse: freed memory that the announcements read. */
	kvm_reuse_memory(false);
	a = kvm_vm(100, 1);
	kvm_enter(kvm_vcpu(a, 0));
	for (int i = 0; i < 50; i++)
		kvm_vcpu_fail(a, 0, true);
	next_session();
	kvm_vm_end(a);
	end();
}

/* A VMM that sets its virtual CPUs up from one thread, 999. */
static void other_thread(void)
{
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 2);
	kvm_tsc_write_by(kvm_vcpu(kvm, 0), -7, 999);
	kvm_tsc_write_by(kvm_vcpu(kvm, 1), -7, 999);
	CHECK_EQ(tracer_count(VM), 0);
	kvm_enter(kvm_vcpu(kvm, 0));
	CHECK_EQ(tracer_last(VM)->tid, 101);
	CHECK_EQ(tracer_last(TSC)->scale.offset, -7);
	kvm_tsc_write_by(kvm_vcpu(kvm, 0), -9, 999);
	CHECK_EQ(tracer_last(TSC)->why, VMSYNC_WHY_WRITE);
	CHECK_EQ(tracer_last(TSC)->prev, -7);
	for (u32 i = 0; i < tracer.n; i++)
		CHECK(tracer.event[i].kind != VM || tracer.event[i].tid != 999);
	kvm_vm_end(kvm);
	end();
}

/* Changes over the limit: what is told is never what is no longer true. */
static void writes_flood(void)
{
	const struct kvm_event *e;
	struct kvm_vcpu *v;
	struct kvm *kvm;
	unsigned int told;

	begin();
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_page_write(v, 1u << 31);
	kvm_enter(v);
	for (s64 i = 1; i <= 5000; i++) {
		kvm_tsc_write(v, i);
		kvm_page_write(v, (1u << 31) + (u32)i);
		kvm_enter(v);
	}
	told = tracer_count(TSC) + tracer_count(PAGE);
	CHECK(told <= 300);
	/* In the next round all is told as it is, whatever the bucket holds. */
	kernel_work_run();
	kvm_enter(v);
	CHECK_EQ(tracer_last(TSC)->scale.offset, 5000);
	CHECK_EQ(tracer_last(PAGE)->page.mul, (1u << 31) + 5000);
	/* And without one as soon as there is room. */
	for (s64 i = 1; i <= 5000; i++)
		kvm_tsc_write(v, i);
	kvm_tsc_write(v, 77);
	kvm_enter(v);
	CHECK(tracer_last(TSC)->scale.offset != 77);
	kernel.now_ns += 1000000000;
	kvm_enter(v);
	e = tracer_last(TSC);
	CHECK_EQ(e->scale.offset, 77);
	CHECK_EQ(e->why, VMSYNC_WHY_RESTORE);
	kvm_enter(v);
	CHECK(tracer_last(TSC) == e);
	kvm_vm_end(kvm);
	end();
}

/* A round begins just while a virtual CPU is looked at: it is not forgotten. */
static void moves(void)
{
	struct kvm *kvm;
	struct kvm_vcpu *v;

	begin();
	kvm = kvm_vm(100, 3);
	v = kvm_vcpu(kvm, 0);
	/* Any thread goes anywhere, between any two steps; each beacon returns. */
	for (u32 i = 0; i < 3000; i++) {
		v = kvm_vcpu(kvm, (int)check_range(0, 2));
		kernel.now_ns += 10000000;
		kernel.cpu = (int)check_range(0, KERNEL_CPUS - 1);
		kvm_enter(v);
		kernel.cpu = (int)check_range(0, KERNEL_CPUS - 1);
		tracer.n = 0;
		kvm_hypercall(v, false, 2 * i, 5);
		kernel.cpu = (int)check_range(0, KERNEL_CPUS - 1);
		if (!check_range(0, 9))
			kvm_enter(kvm_vcpu(kvm, (v->vcpu_id + 1) % 3));
		kvm_enter(v);
		CHECK_EQ(tracer_count(GH), 1);
		CHECK_EQ(tracer_count(HG), 1);
		CHECK_EQ(tracer_last(HG)->cnt, 2 * i + 1);
		CHECK_EQ(tracer_last(HG)->who.vcpu_id, v->vcpu_id);
		CHECK(tracer_last(GH)->tsc < tracer_last(HG)->tsc);
	}
	kvm_vm_end(kvm);
	end();
}

/* One VM is paused between hypercall and entry: no other one pays. */
static void paused(void)
{
	struct kvm *a, *b;

	begin();
	a = kvm_vm(100, 1);
	b = kvm_vm(200, 1);
	kvm_enter(kvm_vcpu(a, 0));
	kvm_hypercall(kvm_vcpu(a, 0), false, 2, 5);
	kernel.cpu = 1;
	kvm_enter(kvm_vcpu(b, 0));
	kvm_looks = 0;
	for (int i = 0; i < 1000; i++)
		kvm_enter(kvm_vcpu(b, 0));
	CHECK_EQ(kvm_looks, 0);
	kernel.cpu = 0;
	kvm_vm_end(a);
	kvm_vm_end(b);
	end();
}

/* A beacon that a session saw is not answered in another one. */
static void sessions(void)
{
	struct kvm_vcpu *v;
	struct kvm *kvm;
	u32 serial;

	begin();
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_enter(v);
	serial = tracer_last(VM)->who.vm_serial;
	kvm_hypercall(v, false, 2, 5);
	kvm_tracer_end();
	kvm_enter(v);
	kvm_tracer_begin();
	tracer.n = 0;
	/* What is written before the first entry is told there, as it is. */
	kvm_tsc_write_by(v, 4711, 999);
	kvm_page_write(v, 3);
	CHECK_EQ(tracer.n, 0);
	kvm_enter(v);
	CHECK_EQ(tracer_last(TSC)->scale.offset, 4711);
	CHECK_EQ(tracer_last(TSC)->why, VMSYNC_WHY_FIRST);
	CHECK_EQ(tracer_last(PAGE)->why, VMSYNC_WHY_FIRST);
	CHECK_EQ(tracer_count(HG), 0);
	CHECK_EQ(tracer_count(VM), 1);
	CHECK_EQ(tracer_last(VM)->who.vm_serial, serial);
	kvm_vm_end(kvm);
	end();
}

/* What the module says of itself: "vms=N vcpus=N untracked=N". */
static void state(unsigned long *vms, unsigned long *vcpus,
		  unsigned long *untracked)
{
	CHECK_EQ(sscanf(kernel_debugfs_read(), "vms=%lu vcpus=%lu untracked=%lu",
			vms, vcpus, untracked), 3);
}

/* VMs with more virtual CPUs than there is room for, and one beside them. */
static void takes_all(void)
{
	unsigned long vms, vcpus, untracked;
	struct kvm *big, *second, *small;

	begin();
	big = kvm_vm(100, 3000);
	second = kvm_vm(150, 1900);
	small = kvm_vm(200, 2);
	for (int id = 0; id < 3000; id++)
		kvm_enter(kvm_vcpu(big, id));
	state(&vms, &vcpus, &untracked);
	CHECK_EQ(vms, 1);
	CHECK_EQ(vcpus, 1024);
	CHECK_EQ(untracked, 3000 - 1024);
	for (int id = 0; id < 1900; id++)
		kvm_enter(kvm_vcpu(second, id));
	state(&vms, &vcpus, &untracked);
	CHECK_EQ(vcpus, 1024 + 512);
	kvm_beacon(kvm_vcpu(small, 1), 2, 5);
	CHECK_EQ(tracer_last(HG)->who.vm_pid, 200);
	/* One that found no room takes no lock, at entry or at a hypercall. */
	kernel.locks = 0;
	for (u32 i = 0; i < 1000; i++)
		kvm_beacon(kvm_vcpu(big, 2999), i, 5);
	CHECK_EQ(kernel.locks, 0);
	kvm_vm_end(small);
	kvm_vm_end(second);
	kvm_vm_end(big);
	kernel_grace_period();
	state(&vms, &vcpus, &untracked);
	CHECK_EQ(vms, 0);
	CHECK_EQ(vcpus, 0);
	end();
}

/* More VMs than there is room for: the others cost no lock either. */
static void too_many(void)
{
	unsigned long vms, vcpus, untracked;
	struct kvm *kvm[300];

	begin();
	for (int i = 0; i < 300; i++) {
		kvm[i] = kvm_vm(100 + i, 1);
		kvm_enter(kvm_vcpu(kvm[i], 0));
	}
	state(&vms, &vcpus, &untracked);
	CHECK_EQ(vms, 256);
	CHECK_EQ(vcpus, 256);
	kernel.locks = 0;
	kvm_beacon(kvm_vcpu(kvm[299], 0), 2, 5);
	CHECK_EQ(kernel.locks, 0);
	kvm_vm_end(kvm[0]);
	kernel_grace_period();
	kvm_beacon(kvm_vcpu(kvm[299], 0), 2, 5);
	CHECK_EQ(tracer_last(HG)->who.vm_pid, 399);
	for (int i = 1; i < 300; i++)
		kvm_vm_end(kvm[i]);
	end();
}

/* Many VMs come and go, with and without a tracer: all slots come back. */
static void come_and_go(void)
{
	begin();
	for (int i = 0; i < 2000; i++) {
		struct kvm *kvm = kvm_vm(100 + i, 4);

		if (!check_range(0, 9))
			kvm_tracer_end();
		kvm_tracer_begin();
		for (int id = 0; id < 4; id++)
			kvm_beacon(kvm_vcpu(kvm, id), 2, 5);
		CHECK_EQ(tracer_last(HG)->who.vm_pid, 100 + i);
		if (!check_range(0, 9))
			kernel_work_run();
		kvm_vm_end(kvm);
		if (!check_range(0, 9))
			kernel_grace_period();
		tracer.n = 0;
	}
	end();
}

extern const struct kernel_param_ops *const kernel_param_max_vms;
extern const struct kernel_param_ops *const kernel_param_max_vcpus;

static void parameters(void)
{
	CHECK(kernel_param_max_vms->set("0", NULL) < 0);
	CHECK(kernel_param_max_vms->set("4097", NULL) < 0);
	CHECK_EQ(kernel_param_max_vms->set("4096", NULL), 0);
	CHECK(kernel_param_max_vcpus->set("0", NULL) < 0);
	CHECK(kernel_param_max_vcpus->set("65537", NULL) < 0);
	CHECK_EQ(kernel_param_max_vcpus->set("65536", NULL), 0);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	CHECK_APART(rounds);
	CHECK_APART(death_unseen);
	CHECK_APART(probes_stay);
	CHECK_APART(switched_off);
	CHECK_APART(loaded_while_off);
	CHECK_APART(memory_of_another);
	CHECK_APART(memory_swapped);
	CHECK_APART(begins_late);
	CHECK_APART(creation_fails);
	CHECK_APART(other_thread);
	CHECK_APART(writes_flood);
	CHECK_APART(moves);
	CHECK_APART(paused);
	CHECK_APART(sessions);
	CHECK_APART(takes_all);
	CHECK_APART(too_many);
	CHECK_APART(come_and_go);
	CHECK_APART(parameters);
	return check_done();
}
