// SPDX-License-Identifier: MIT
/* The threads of the guest's virtual CPUs, on the host: what KVM and the scheduler record. */
#include "pair.h"

static uint32_t running[HOST_CPUS + GUEST_CPUS]; /* vCPU + 1, 0: none so far */

int vcpu_tid(uint32_t vcpu)
{
	return FIRST_TID + (int)(100 * guest_number() + vcpu);
}

static const char *thread_name(uint32_t vcpu)
{
	if (opt.plain)
		return "qemu-system-x86";
	return vcpu ? "CPU 1/KVM" : "CPU 0/KVM";
}

static void switch_to(struct kernel *k, uint32_t cpu, const char *comm, int tid)
{
	struct gen_value v[] = {
		{ .s = "swapper/0" }, number(0), number(20), number(0),
		{ .s = comm }, number((uint64_t)tid), number(20), number(0),
	};

	add_truth(SWITCH, v);
	emit(k, cpu, SWITCH, v);
}

void entry(uint32_t vcpu)
{
	struct gen_value v[] = { number(vcpu), number(rng() | 1ull << 63) };

	emit(&host, guest->cpu_of[vcpu], ENTRY, v);
}

void leave(uint32_t vcpu, uint32_t reason)
{
	struct gen_value v[] = { number(reason), number(rng() | 1ull << 63),
				 number(2), number(0), number(0),
				 number(vcpu) };

	emit(&host, guest->cpu_of[vcpu], EXIT, v);
}

void vcpu_begin(uint32_t vcpu)
{
	switch_to(&host, guest->cpu_of[vcpu], thread_name(vcpu), vcpu_tid(vcpu));
	running[guest->cpu_of[vcpu]] = vcpu + 1;
}

void move(uint32_t vcpu)
{
	if (!opt.move)
		return;
	if (rng() % opt.move == 0)
		guest->cpu_of[vcpu] ^= 1;
	if (running[guest->cpu_of[vcpu]] == vcpu + 1)
		return;
	step(300);
	switch_to(&host, guest->cpu_of[vcpu], thread_name(vcpu),
		  vcpu_tid(vcpu));
	running[guest->cpu_of[vcpu]] = vcpu + 1;
	step(300);
}

void halt(uint32_t vcpu)
{
	static bool sleeps;
	uint64_t from = stamp(&host, now);
	struct gen_value v[] = { number(0), number(sleeps), number(1) };
	struct gen_value out[] = {
		{ .s = thread_name(vcpu) }, number((uint64_t)vcpu_tid(vcpu)),
		number(20), number(1), { .s = "swapper/0" }, number(0),
		number(20),
	};

	step(3000);
	if (sleeps) {
		emit(&host, guest->cpu_of[vcpu], SWITCH, out);
		step(20000);
		switch_to(&host, guest->cpu_of[vcpu], thread_name(vcpu),
			  vcpu_tid(vcpu));
		step(500);
	}
	v[0] = number(stamp(&host, now) - from);
	step(300);
	emit(&host, guest->cpu_of[vcpu], HALTED, v);
	sleeps = !sleeps;
}
