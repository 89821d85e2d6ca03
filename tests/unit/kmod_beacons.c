// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest can do with beacons, and what it cannot: silence its own kernel
 * from a process, or its neighbours.
 */
#include "kernel.h"
#include "kvm.h"
#include "check.h"

#define UID 5

static void begin(void)
{
	CHECK_EQ(kvm_module_load(), 0);
	kvm_tracer_begin();
}

static void end(void)
{
	CHECK_EQ(kernel.deadlocks, 0);
	kvm_tracer_end();
	kvm_module_unload();
}

static void ms_pass(u32 ms)
{
	kernel.now_ns += ms * 1000000ull;
	kernel.tsc += ms * 1000000ull;
}

/* Both events of a beacon, in order, with what was true at the hypercall. */
static void plain(void)
{
	struct kvm_vcpu *v;
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_enter(v);
	kvm_hypercall(v, false, 40, UID);
	kvm_tsc_write(v, 12345);
	kvm_enter(v);
	CHECK_EQ(tracer_count(GH), 1);
	CHECK_EQ(tracer_count(HG), 1);
	CHECK_EQ(tracer_last(GH)->cnt, 40);
	CHECK_EQ(tracer_last(HG)->cnt, 41);
	CHECK_EQ(tracer_last(GH)->suspect, 0);
	CHECK_EQ(tracer_last(GH)->scale.offset, -100000);
	CHECK_EQ(tracer_last(TSC)->scale.offset, 12345);
	CHECK(tracer_last(GH) < tracer_last(HG));
	CHECK(tracer_last(GH)->tsc < tracer_last(HG)->tsc);
	kvm_enter(v);
	CHECK_EQ(tracer_count(HG), 1);
	kvm_beacon(v, 42, UID + 1);
	CHECK_EQ(tracer_last(GH)->suspect, VMSYNC_SUSPECT_UID);
	kvm_hypercall(v, true, 44, UID);
	kvm_enter(v);
	CHECK_EQ(tracer_count(GH), 2);
	CHECK(!strcmp(kernel_debugfs_read(),
		      "vms=1 vcpus=1 untracked=0\n"
		      "sessions=1 attached=1 kprobe=1\n"
		      "vm_pid=100 vm_serial=1 vcpus=1 vm_uid=6 taken=2 dropped=0 suspect=1 user=1 slow=0 slow_dropped=0\n"));
	kvm_vm_end(kvm);
	end();
}

/*
 * What KVM's vCPUs are known by is learnt at the first entry of any, and only
 * once: a beacon before it is left out, and none after it. Others may have
 * notifiers in the same thread.
 */
static void before_any_entry(void)
{
	struct kvm *kvm;
	struct kvm_vcpu *v;

	begin();
	kvm = kvm_vm(100, 2);
	v = kvm_vcpu(kvm, 0);
	kvm_beacon(v, 40, UID);
	CHECK_EQ(tracer_count(GH), 0);
	kvm_beacon(kvm_vcpu(kvm, 1), 42, UID);
	CHECK_EQ(tracer_count(GH), 1);
	CHECK_EQ(tracer_last(GH)->who.vcpu_id, 1);
	kvm_vm_end(kvm);
	end();
}

/* What a ratio means is said by the architecture, and 1 is none. */
static void ratios(void)
{
	static const struct {
		bool vmx;
		u64 ratio;
		u8 bits;
	} cases[] = {
		{ false, 1ull << 32, 32 }, { false, 3ull << 31, 32 },
		{ true, 1ull << 48, 48 },  { true, 3ull << 47, 48 },
		{ false, 1, 0 },	   { true, 1, 0 },
	};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kvm *kvm = kvm_vm(100, 1);
		struct kvm_vcpu *v = kvm_vcpu(kvm, 0);

		kernel.vmx = cases[i].vmx;
		v->arch.l1_tsc_scaling_ratio = cases[i].ratio;
		kvm_enter(v);
		kvm_beacon(v, 40, UID);
		CHECK_EQ(tracer_last(GH)->scale.frac_bits, cases[i].bits);
		/* The claimed TSC is just in the past, at this ratio only. */
		CHECK_EQ(tracer_last(GH)->suspect, 0);
		kvm_vm_end(kvm);
	}
	end();
}

/* A guest of 32 bits gets 32 bits of the answer. */
static void narrow(void)
{
	struct kvm *kvm;
	struct kvm_vcpu *v;

	begin();
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_enter(v);
	kvm_hypercall(v, false, 40, UID);
	v->arch.regs[VCPU_REGS_RAX] &= 0xffffffff;
	kvm_enter(v);
	CHECK_EQ(tracer_count(GH), 1);
	kvm_vm_end(kvm);
	end();
}

/* A process in the guest loops over the hypercall, with uids that change. */
static void from_user_space(void)
{
	struct kvm_vcpu *honest, *other;
	unsigned int beacons = 0;
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 2);
	honest = kvm_vcpu(kvm, 0);
	other = kvm_vcpu(kvm, 1);
	for (u32 i = 0; i < 200000; i++) {
		kernel.cpu = 1;
		kvm_hypercall(other, true, i, i % 2 ? 99 : UID);
		kvm_enter(other);
		kernel.cpu = 0;
		kernel.now_ns += 10000;
		kernel.tsc += 10000;
		if (i % 10000)
			continue;
		tracer.n = 0;
		kvm_beacon(honest, i, UID);
		beacons += tracer_count(GH);
		CHECK_EQ(tracer_last(GH)->suspect, 0);
		CHECK_EQ(tracer_last(GH)->uid, UID);
	}
	CHECK_EQ(beacons, 20);
	kernel_work_run();
	CHECK_EQ(tracer_count(DROP), 0);
	kvm_vm_end(kvm);
	end();
}

/* A hostile kernel floods from all its CPUs; an honest guest beside it. */
static void from_kernel(void)
{
	struct kvm *bad, *good;
	unsigned int taken = 0;
	u64 dropped = 0;

	begin();
	bad = kvm_vm(100, 4);
	good = kvm_vm(200, 1);
	kvm_enter(kvm_vcpu(bad, 0));
	for (u32 i = 0; i < 100000; i++) {
		tracer.n = 0;
		kernel.cpu = 1;
		kvm_beacon(kvm_vcpu(bad, i % 4), i, 77);
		taken += tracer_count(GH);
		dropped += tracer_last(DROP)->dropped;
		kernel.cpu = 0;
		kernel.now_ns += 20000;
		kernel.tsc += 20000;
		if (i % 5000)
			continue;
		tracer.n = 0;
		kvm_beacon(kvm_vcpu(good, 0), i, UID);
		CHECK_EQ(tracer_count(GH), 1);
		CHECK_EQ(tracer_last(GH)->suspect, 0);
	}
	/* 2 s at 1000 a second, and a burst. */
	CHECK(taken >= 2000 && taken <= 2101);
	tracer.n = 0;
	kernel_work_run();
	dropped += tracer_last(DROP)->dropped;
	CHECK_EQ(taken + dropped, 100000);
	kvm_vm_end(bad);
	kvm_vm_end(good);
	end();
}

/*
 * A hostile kernel takes the name and the numbers of an honest guest, from all its
 * CPUs: nothing of the honest one is doubted, dropped, or taken for the other's.
 */
static void forged(void)
{
	struct kvm *bad, *good;

	begin();
	bad = kvm_vm(100, 4);
	good = kvm_vm(200, 1);
	for (u32 i = 0; i < 2000; i++) {
		kernel.cpu = 1;
		for (u32 j = 0; j < 20; j++)
			kvm_beacon(kvm_vcpu(bad, (int)(j % 4)), i,
				   j % 2 ? UID : j);
		kernel.cpu = 0;
		ms_pass(10);
		tracer.n = 0;
		kvm_beacon(kvm_vcpu(good, 0), i, UID);
		CHECK_EQ(tracer_count(GH), 1);
		CHECK_EQ(tracer_count(HG), 1);
		CHECK_EQ(tracer_last(GH)->suspect, 0);
		CHECK_EQ(tracer_last(GH)->who.vm_pid, 200);
	}
	CHECK(strstr(kernel_debugfs_read(),
		     "vm_pid=200 vm_serial=2 vcpus=1 vm_uid=5 taken=2000 dropped=0 suspect=0 user=0 slow=0 slow_dropped=0\n"));
	kvm_vm_end(bad);
	kvm_vm_end(good);
	end();
}

/* Fifty guests flood: together they get no more than all may have. */
static void many(void)
{
	struct kvm *bad[50], *good;
	unsigned int taken = 0, heard = 0;

	begin();
	for (int i = 0; i < 50; i++)
		bad[i] = kvm_vm(100 + i, 1);
	good = kvm_vm(900, 1);
	for (u32 ms = 0; ms < 4000; ms++) {
		ms_pass(1);
		tracer.n = 0;
		for (int i = 0; i < 50; i++) {
			kvm_beacon(kvm_vcpu(bad[i], 0), 2 * ms, 77);
			kvm_beacon(kvm_vcpu(bad[i], 0), 2 * ms, 77);
		}
		taken += tracer_count(GH);
		tracer.n = 0;
		/* As often as a guest is allowed to be set to. */
		if (ms % 10)
			continue;
		kvm_beacon(kvm_vcpu(good, 0), ms, UID);
		heard += tracer_count(GH);
	}
	CHECK_EQ(heard, 400);
	/* 10 000 a second of all, 100 a second of each, and the bursts. */
	CHECK(taken <= 4 * 10000 + 1000 + 50 * (4 * 100 + 100));
	CHECK(taken >= 4 * 10000);
	for (int i = 0; i < 50; i++)
		kvm_vm_end(bad[i]);
	kvm_vm_end(good);
	end();
}

/* Once a VM is known nothing in a beacon or an entry takes a lock. */
static void no_lock(void)
{
	struct kvm *kvm;
	struct kvm_vcpu *v;

	begin();
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_beacon(v, 0, UID);
	kernel.locks = 0;
	for (u32 i = 0; i < 10000; i++) {
		kvm_beacon(v, i, UID);
		kvm_tsc_write(v, i);
		kvm_page_write(v, i + 1);
	}
	CHECK_EQ(kernel.locks, 0);
	kvm_vm_end(kvm);
	end();
}

/* Writes of the TSC from a flood are limited as its beacons are. */
static void writes(void)
{
	struct kvm *kvm;

	begin();
	kvm = kvm_vm(100, 1);
	kvm_enter(kvm_vcpu(kvm, 0));
	tracer.n = 0;
	/* Each is found only at the entry: the page is not KVM's to announce. */
	for (u32 i = 0; i < 20000; i++) {
		kvm_vcpu(kvm, 0)->arch.l1_tsc_offset = i;
		kernel.cpu = i % 2;
		kvm_enter(kvm_vcpu(kvm, 0));
	}
	CHECK(tracer_count(TSC) <= 101);
	kvm_vm_end(kvm);
	end();
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	CHECK_APART(plain);
	CHECK_APART(before_any_entry);
	CHECK_APART(ratios);
	CHECK_APART(narrow);
	CHECK_APART(from_user_space);
	CHECK_APART(from_kernel);
	CHECK_APART(forged);
	CHECK_APART(many);
	CHECK_APART(no_lock);
	CHECK_APART(writes);
	return check_done();
}
