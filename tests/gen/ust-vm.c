// SPDX-License-Identifier: MIT
/*
 * ust-vm guest TO FROM, ust-vm host TO FROM END: a host and its guest, processes that record by
 * LTTng-UST what kernels would have. One virtual CPU and a task of the host share a
 * CPU; the guest's threads wake each other.
 *
 * TO and FROM are pipes, by name. The host says what happens in its guest, a letter
 * each, and waits for the answer: so no event of the guest is but while it runs. Both
 * go on, by turns on the CPU of some 100 us each, until there is a file END, and do
 * some hundred at least.
 *
 * ust-vm other END: another process of the host, which runs on another CPU.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust-vm.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VM_PID	 500
#define VCPU_TID 501
#define HOG	 77

#define LEAST_ROUNDS 400

/* AMD's reasons of exits: a hypercall, a halt, an access to a page, an interrupt. */
enum { VMMCALL = 0x81, HLT = 0x78, NPF = 0x400, INTR = 0x60 };

/* Names as a kernel has them: 16 bytes. */
static const char names[][16] = { "swapper/0", "hog", "CPU 0/KVM", "waker",
				  "worker" };
enum { SWAPPER, TASK, VCPU, WAKER, WORKER };

static int to, from;
static uint64_t vm_uid; /* of this boot; the host chooses it */
static uint64_t rng_state = 88172645463325252;

static unsigned int rng(unsigned int below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (unsigned int)(rng_state % below);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void work(unsigned int ns)
{
	uint64_t until = now_ns() + ns;

	while (now_ns() < until)
		;
}

static int pipe_open(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

/* --- the guest */

static void guest_switch(bool work_is_there)
{
	static int runs = SWAPPER;
	int next = work_is_there ? WORKER : SWAPPER;

	if (next != runs)
		lttng_ust_tracepoint(vmsync, sched_switch, runs ? 1001 : 0,
				     names[runs], runs ? 1 : 0, next ? 1001 : 0,
				     names[next]);
	runs = next;
}

static void guest_does(char what)
{
	static unsigned int cnt;

	switch (what) {
	case 'g':
		lttng_ust_tracepoint(vmsync, vmsync_gh_guest, cnt, vm_uid);
		return;
	case 'h':
		lttng_ust_tracepoint(vmsync, vmsync_hg_guest, cnt + 1, vm_uid);
		cnt += 2;
		return;
	case 'w':
		lttng_ust_tracepoint(vmsync, sched_waking, 1001, names[WORKER], 0);
		lttng_ust_tracepoint(vmsync, sched_wakeup, 1001, names[WORKER], 0);
		return;
	case 'r':
	case 'i':
		guest_switch(what == 'r');
	}
}

static int guest(void)
{
	char what;

	if (read(from, &vm_uid, sizeof(vm_uid)) != sizeof(vm_uid))
		return 1;
	while (read(from, &what, 1) == 1) {
		guest_does(what);
		if (write(to, &what, 1) != 1)
			return 1;
	}
	return 0;
}

/* --- the host */

static void in_guest(char what)
{
	char done;

	if (write(to, &what, 1) != 1 || read(from, &done, 1) != 1) {
		fprintf(stderr, "ust-vm: the guest has ended\n");
		exit(1);
	}
}

static void enter(void)
{
	lttng_ust_tracepoint(vmsync, kvm_x86_entry, VM_PID, VCPU_TID, 0);
}

static void leave(unsigned int reason)
{
	lttng_ust_tracepoint(vmsync, kvm_x86_exit, VM_PID, VCPU_TID, reason, 0);
}

static void beacon(void)
{
	static unsigned int cnt;

	in_guest('g');
	leave(VMMCALL);
	lttng_ust_tracepoint(vmsync, vmsync_gh_host, cnt, vm_uid);
	lttng_ust_tracepoint(vmsync, vmsync_hg_host, cnt + 1, vm_uid);
	cnt += 2;
	enter();
	in_guest('h');
}

static void host_switch(int next, long state)
{
	static const int tids[] = { 0, HOG, VCPU_TID };
	static int runs = SWAPPER;

	if (next != runs)
		lttng_ust_tracepoint(vmsync, sched_switch, tids[runs],
				     names[runs], state, tids[next],
				     names[next]);
	runs = next;
}

/* Until it is left for good; the state that its thread is in then. */
static long guest_runs(void)
{
	unsigned int n = 1 + rng(3);

	enter();
	in_guest('w');
	in_guest('r');
	while (n--) {
		if (rng(2))
			beacon();
		work(10000);
		leave(rng(2) ? NPF : INTR);
		work(2000);
		enter();
	}
	if (rng(3)) {
		leave(INTR);
		return 0;
	}
	in_guest('i');
	leave(HLT);
	work(5000);
	return 1;
}

static void wake_vcpu(void)
{
	lttng_ust_tracepoint(vmsync, sched_waking, VCPU_TID, names[VCPU], 0);
	lttng_ust_tracepoint(vmsync, sched_wakeup, VCPU_TID, names[VCPU], 0);
	work(3000);
}

static int host(const char *end)
{
	long state = 0; /* of the virtual CPU's thread */
	unsigned int round;

	vm_uid = now_ns();
	if (write(to, &vm_uid, sizeof(vm_uid)) != sizeof(vm_uid))
		return 1;
	for (round = 0; round < LEAST_ROUNDS || access(end, F_OK); round++) {
		if (state)
			wake_vcpu();
		host_switch(VCPU, 0);
		state = guest_runs();
		host_switch(TASK, state);
		work(20000 + rng(20000));
		/* So that it takes some time, and the consumer has some. */
		if (round % 20 == 0)
			usleep(20000);
	}
	host_switch(SWAPPER, 0);
	return 0;
}

static int other(const char *end)
{
	while (access(end, F_OK)) {
		lttng_ust_tracepoint(vmsync, sched_switch, 0, names[SWAPPER], 0,
				     78, names[WAKER]);
		work(1000);
		lttng_ust_tracepoint(vmsync, sched_switch, 78, names[WAKER], 1,
				     0, names[SWAPPER]);
		usleep(20000);
	}
	return 0;
}

/* All that is recorded of one is on one CPU. */
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		perror("sched_setaffinity");
}

int main(int argc, char **argv)
{
	bool is_host = argc > 4 && !strcmp(argv[1], "host");

	if (argc == 3 && !strcmp(argv[1], "other")) {
		pin(1);
		return other(argv[2]);
	}
	if (!is_host && (argc != 4 || strcmp(argv[1], "guest"))) {
		fprintf(stderr, "usage: ust-vm guest TO FROM, ust-vm host TO FROM END\n");
		return 2;
	}
	pin(0);
	if (!is_host)
		from = pipe_open(argv[3], O_RDONLY);
	to = pipe_open(argv[2], O_WRONLY);
	if (is_host)
		from = pipe_open(argv[3], O_RDONLY);
	return is_host ? host(argv[4]) : guest();
}
