// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who asks for the host's clock: a guest's kernel is told, if the host's administrator
 * wants that, and nobody else.
 */
#include "kernel.h"
#include "kvm.h"
#include "check.h"

#include "../../kmod/host.h"

static struct kvm *kvm;
static struct kvm_vcpu *v;

static void begin(bool answers)
{
	host_answers_clock = answers;
	kvm_host_line = (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC, .seq = 7, .mult = 3 << 22,
		.shift = 24, .cycle_last = 1000, .base_ns = 5000,
		.xtime_nsec = 1 << 22,
	};
	kernel.tsc = 1ull << 40;
	CHECK_EQ(kvm_module_load(), 0);
	kvm = kvm_vm(100, 1);
	v = kvm_vcpu(kvm, 0);
	kvm_enter(v);
}

static void end(void)
{
	kvm_vm_end(kvm);
	CHECK_EQ(kernel.deadlocks, 0);
	kvm_module_unload();
}

static u64 reg(int number)
{
	return v->arch.regs[number];
}

/* Asks, and is told at the next entry: what was so when it asked. */
static bool told(bool user)
{
	u64 tsc, host_tsc;

	kvm_ask(v, user);
	tsc = kvm_guest_tsc(v);
	host_tsc = kernel.tsc;
	CHECK_EQ(reg(VCPU_REGS_RCX), 0);
	kernel.tsc += 123456;
	kvm_enter(v);
	if (!reg(VCPU_REGS_RCX)) {
		CHECK_EQ(reg(VCPU_REGS_RBX), 0);
		CHECK_EQ(reg(VCPU_REGS_RDX), 0);
		return false;
	}
	/* The TSC goes on by some where it is read. */
	host_tsc += reg(VCPU_REGS_RBX) - tsc;
	CHECK(reg(VCPU_REGS_RBX) - tsc <= 1000);
	CHECK_EQ(reg(VCPU_REGS_RCX), 5000 + ((host_tsc - 1000) * 3 + 1) / 4);
	CHECK_EQ(reg(VCPU_REGS_RDX), ((host_tsc - 1000) * 3 + 1) % 4 << 30);
	return true;
}

/* With a tracer or without; but for processes, and once. */
static void answers(void)
{
	begin(true);
	CHECK(told(false));
	CHECK(!told(true));
	kvm_tracer_begin();
	kvm_enter(v);
	CHECK(told(false));
	kvm_beacon(v, 40, 5);
	CHECK(told(false));
	kvm_tracer_end();
	kvm_enter(v);
	CHECK(told(false));
	v->arch.regs[VCPU_REGS_RCX] = 17;
	/* There it is looked at anew. */
	kernel.cpu = 1;
	kvm_enter(v);
	CHECK_EQ(reg(VCPU_REGS_RCX), 17);
	end();
}

static void does_not(void)
{
	begin(false);
	CHECK(!told(false));
	kvm_tracer_begin();
	kvm_enter(v);
	CHECK(!told(false));
	kvm_tracer_end();
	end();
}

/* What is read has to be on the TSC. */
static void other_clock(void)
{
	begin(true);
	kvm_host_line.clocksource = VMSYNC_CLOCKSOURCE_OTHER;
	CHECK(!told(false));
	end();
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	CHECK_APART(answers);
	CHECK_APART(does_not);
	CHECK_APART(other_clock);
	return check_done();
}
