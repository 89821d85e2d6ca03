// SPDX-License-Identifier: GPL-2.0-only
/*
 * What entering a guest costs: instructions of kvm_entry, as KVM calls it, with
 * the probe in it. They are counted by stepping through a child, so that the
 * number is the same whatever else the machine does.
 */
#include <signal.h>
#include <sys/ptrace.h>

#include "kernel.h"
#include "kvm.h"
#include "check.h"

#define UID 5

static bool stopped_by(pid_t pid, int sig)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	       WSTOPSIG(status) == sig;
}

static void enter_between_stops(struct kvm_vcpu *v)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	raise(SIGSTOP);
	if (v)
		kvm_enter(v);
	raise(SIGSTOP);
	_exit(0);
}

/* From one stop of the child to the next; 0 where it cannot be traced. */
static long steps(struct kvm_vcpu *v)
{
	long n = 0;
	pid_t pid = fork();

	if (!pid)
		enter_between_stops(v);
	if (stopped_by(pid, SIGSTOP)) {
		do {
			n++;
			if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
				break;
		} while (stopped_by(pid, SIGTRAP));
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return n;
}

/* Instructions of the next entry of @v here; nothing comes of it. */
static long cost(struct kvm_vcpu *v)
{
	return steps(v) - steps(NULL);
}

static struct kvm_vcpu *begin(struct kvm_vcpu **other)
{
	struct kvm_vcpu *v;

	CHECK_EQ(kvm_module_load(), 0);
	kvm_tracer_begin();
	v = kvm_vcpu(kvm_vm(100, 1), 0);
	*other = kvm_vcpu(kvm_vm(200, 1), 0);
	for (int i = 0; i < 3; i++) {
		kvm_beacon(v, 40 + 2 * i, UID);
		kvm_enter(v);
	}
	return v;
}

static void end(struct kvm_vcpu *v, struct kvm_vcpu *other)
{
	kvm_vm_end(v->kvm);
	kvm_vm_end(other->kvm);
	kvm_tracer_end();
	kvm_module_unload();
}

/* One of all that a guest can do without an end. */
static void flood(struct kvm_vcpu *v, unsigned int i)
{
	tracer.n = 0;
	switch (i % 4) {
	case 0:
		kvm_hypercall(v, false, i, UID + i);
		break;
	case 1:
		kvm_hypercall(v, true, i, UID + i);
		break;
	case 2:
		kvm_tsc_write(v, i);
		break;
	default:
		kvm_page_write(v, i);
	}
}

/* While another VM floods on another CPU, in the middle of it and after an
 * entry. */
static void elsewhere(void)
{
	struct kvm_vcpu *other, *v = begin(&other);
	long quiet = cost(v);

	CHECK(quiet > 0);
	printf("kvm_entry with nothing to do: %ld instructions\n", quiet);
	for (unsigned int i = 0; i < 40000; i++) {
		kernel.cpu = 1;
		flood(other, i);
		if (i % 3)
			kvm_enter(other);
		kernel.cpu = 0;
		if (i % 5003 == 0)
			CHECK_EQ(cost(v), quiet);
	}
	end(v, other);
}

/* On the same CPU: what it is anyhow after another one had it, and no more. */
static void here(void)
{
	struct kvm_vcpu *other, *v = begin(&other);
	long after_other;

	for (int i = 0; i < 3; i++) {
		kvm_enter(other);
		kvm_enter(v);
	}
	kvm_enter(other);
	after_other = cost(v);
	CHECK(after_other > 0);
	printf("... where another vCPU was entered: %ld instructions\n",
	       after_other);
	for (unsigned int i = 0; i < 40000; i++) {
		flood(other, i);
		kvm_enter(other);
		if (i % 5003 == 0)
			CHECK_EQ(cost(v), after_other);
	}
	end(v, other);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	if (!steps(NULL)) {
		printf("no child can be traced here: nothing is counted\n");
		return check_done();
	}
	CHECK_APART(elsewhere);
	CHECK_APART(here);
	return check_done();
}
