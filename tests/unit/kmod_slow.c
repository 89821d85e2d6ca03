// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsync_slow: of virtual CPUs that are in KVM, for waits above the limit, with who they
 * are and who had the CPU; no probe where there is no limit or nobody listens, and no more
 * events of one VM than of its beacons.
 */
#include "check.h"
#include "kernel.h"
#include "kvm.h"

#define US 1000ull
#define MS 1000000ull

extern const struct kernel_param_ops *const kernel_param_slow_us;
extern void *const kernel_arg_slow_us;

static void limit(const char *text)
{
	struct kernel_param kp = { kernel_arg_slow_us };

	CHECK_EQ(kernel_param_slow_us->set(text, &kp), 0);
}

static struct kvm *begin(int n)
{
	struct kvm *kvm = kvm_vm(100, n);

	CHECK_EQ(kvm_module_load(), 0);
	kvm_tracer_begin();
	for (int i = 0; i < n; i++)
		kvm_enter(kvm_vcpu(kvm, i));
	return kvm;
}

static void end(struct kvm *kvm)
{
	limit("0");
	kvm_vm_end(kvm);
	CHECK_EQ(kernel.deadlocks, 0);
	CHECK_EQ(kernel.errors, 0);
	kvm_tracer_end();
	kvm_module_unload();
	CHECK(!kvm_switch_probed());
}

/* It was queued @ns ago, and never ran before. */
static struct sched_info since(u64 ns)
{
	return (struct sched_info){ .last_queued = kernel.now_ns - ns };
}

static void plain(void)
{
	struct kvm *kvm = begin(2);
	struct kvm_vcpu *v = kvm_vcpu(kvm, 1);

	limit("500");
	kvm_switch(77, v, true, since(500 * US));
	CHECK_EQ(tracer_count(SLOW), 0);
	kvm_switch(77, v, true, since(500 * US + 1));
	CHECK_EQ(tracer_count(SLOW), 1);
	CHECK_EQ(tracer_last(SLOW)->ns, 500 * US + 1);
	CHECK_EQ(tracer_last(SLOW)->by, 77);
	CHECK_EQ(tracer_last(SLOW)->tid, 102);
	CHECK_EQ(tracer_last(SLOW)->who.vcpu_id, 1);
	CHECK_EQ(tracer_last(SLOW)->who.vm_pid, 100);
	CHECK_EQ(tracer_last(SLOW)->who.vm_serial, 1);
	/* Its thread is in user space: it is no virtual CPU then. */
	kvm_switch(77, v, false, since(MS));
	CHECK_EQ(tracer_count(SLOW), 1);
	limit("2000");
	kvm_switch(77, v, true, since(MS));
	CHECK_EQ(tracer_count(SLOW), 1);
	CHECK(strstr(kernel_debugfs_read(), " slow=1 slow_dropped=0\n") != NULL);
	end(kvm);
}

/* A part of it was on another CPU. */
static void moved(void)
{
	struct kvm *kvm = begin(1);
	struct kvm_vcpu *v = kvm_vcpu(kvm, 0);
	struct sched_info info = since(10 * US);

	limit("500");
	info.run_delay = MS;
	info.pcount = 9;
	kvm_switch(77, v, true, info);
	CHECK_EQ(tracer_count(SLOW), 0);
	info.run_delay += 10 * US + 600 * US;
	info.pcount = 10;
	kvm_switch(77, v, true, info);
	CHECK_EQ(tracer_count(SLOW), 1);
	CHECK_EQ(tracer_last(SLOW)->ns, 610 * US);
	end(kvm);
}

static void nobody(void)
{
	struct kvm *kvm = begin(1);
	struct kvm *young = kvm_vm(200, 1);

	CHECK(!kvm_switch_probed());
	limit("1");
	CHECK(kvm_switch_probed());
	/* Of one that was never entered nothing is known. */
	kvm_switch(77, kvm_vcpu(young, 0), true, since(MS));
	CHECK_EQ(tracer_count(SLOW), 0);
	kvm_tracer_end();
	CHECK(!kvm_switch_probed());
	kvm_tracer_begin();
	CHECK(kvm_switch_probed());
	limit("0");
	CHECK(!kvm_switch_probed());
	limit("1");
	kvm_vm_end(young);
	end(kvm);
}

static void flood(void)
{
	struct kvm *kvm = begin(1), *other = kvm_vm(200, 1);
	u64 until = kernel.now_ns + 10 * 1000 * MS;
	unsigned int n;
	char counts[64];

	kvm_enter(kvm_vcpu(other, 0));
	limit("1");
	while (kernel.now_ns < until) {
		kernel.now_ns += 20 * US;
		kvm_switch(77, kvm_vcpu(kvm, 0), true, since(10 * US));
	}
	n = tracer_count(SLOW);
	CHECK(n >= 10000 && n <= 10100);
	snprintf(counts, sizeof(counts), " slow=%u slow_dropped=%u\n", n,
		 500000 - n);
	CHECK(strstr(kernel_debugfs_read(), counts) != NULL);
	/* What one had takes nothing from another one. */
	tracer.n = 0;
	kvm_switch(77, kvm_vcpu(other, 0), true, since(10 * US));
	CHECK_EQ(tracer_count(SLOW), 1);
	CHECK_EQ(tracer_last(SLOW)->who.vm_pid, 200);
	kvm_vm_end(other);
	end(kvm);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	CHECK_APART(plain);
	CHECK_APART(moved);
	CHECK_APART(nobody);
	CHECK_APART(flood);
	return check_done();
}
