// SPDX-License-Identifier: MIT
/*
 * contend OUT [ROUNDS [SEED [SIGNALS]]]: traces of a host and of two guests,
 * OUT/host, OUT/g0 and OUT/g1, whose virtual CPUs and a task of the host share
 * one CPU: preempted, halted, woken, served by interrupts. The guests' threads
 * wake each other, and some have names that no program should take for more
 * than names.
 *
 * The clocks are brought together by the beacons of the old addons. ROUNDS
 * (2000) are turns on the CPU, of some 100 us each. One sleep in SIGNALS (10;
 * 0: none) is cut short by a signal: the thread stays on the run queue.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "writer.h"

#define VMS	  2
#define FIRST_TID 500 /* of VM i: process 500 + 100 i, its vCPU one more */
#define HOG	  77
#define TIMERS	  78
#define THREADS	  4 /* of a guest, the idle one too */
#define EPOCH	  1750000000000000000

enum {
	GH_GUEST,
	GH_HOST,
	HG_HOST,
	HG_GUEST,
	ENTRY,
	EXIT,
	USER,
	SWITCH,
	WAKING,
	WAKEUP,
	IRQ_IN,
	IRQ_OUT,
	DUMP,
	IOCTL,
};

#define BEACON                            \
	{                                 \
		{ "cnt", GEN_U32 },       \
		{                         \
			"vm_uid", GEN_U64 \
		}                         \
	}
#define WOKEN                                               \
	{                                                   \
		{ "comm", GEN_TEXT16 }, { "tid", GEN_S32 }, \
			{ "prio", GEN_S32 },                \
		{                                           \
			"target_cpu", GEN_S32               \
		}                                           \
	}

static const struct gen_class classes[] = {
	[GH_GUEST] = { "vmsync_gh_guest", BEACON },
	[GH_HOST] = { "vmsync_gh_host", BEACON },
	[HG_HOST] = { "vmsync_hg_host", BEACON },
	[HG_GUEST] = { "vmsync_hg_guest", BEACON },
	[ENTRY] = { "kvm_x86_entry", { { "vcpu_id", GEN_U32 } } },
	[EXIT] = { "kvm_x86_exit",
		   { { "exit_reason", GEN_U32 },
		     { "isa", GEN_U32 },
		     { "vcpu_id", GEN_U32 } } },
	[USER] = { "kvm_userspace_exit", { { "reason", GEN_U32 } } },
	[SWITCH] = { "sched_switch",
		     { { "prev_comm", GEN_TEXT16 },
		       { "prev_tid", GEN_S32 },
		       { "prev_prio", GEN_S32 },
		       { "prev_state", GEN_S64 },
		       { "next_comm", GEN_TEXT16 },
		       { "next_tid", GEN_S32 },
		       { "next_prio", GEN_S32 } } },
	[WAKING] = { "sched_waking", WOKEN },
	[WAKEUP] = { "sched_wakeup", WOKEN },
	[IRQ_IN] = { "irq_handler_entry",
		     { { "irq", GEN_S32 }, { "name", GEN_STRING } } },
	[IRQ_OUT] = { "irq_handler_exit",
		      { { "irq", GEN_S32 }, { "ret", GEN_S32 } } },
	[DUMP] = { "lttng_statedump_process_state",
		   { { "tid", GEN_S32 },
		     { "pid", GEN_S32 },
		     { "ppid", GEN_S32 },
		     { "name", GEN_TEXT16 } } },
	[IOCTL] = { "syscall_entry_ioctl", { { "cmd", GEN_U32 } } },
};

static const char *const comms[VMS][THREADS] = {
	{ "swapper/0", "<script>alert(", "\"><img onerror", "worker" },
	{ "swapper/0", "a,\"b\"", "=1+1", "\xff\x1b[2Jdb" },
};

/* @runs: of its threads; @ready: bits of those that wait for it */
struct vm {
	struct gen_trace trace;
	unsigned int runs;
	unsigned int ready;
	bool halted;
	uint32_t cnt;
};

static struct gen_trace host;
static struct vm vms[VMS];
static uint64_t now = 77000000000; /* host ns */
static uint64_t rng_state = 88172645463325252;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

static void later(uint64_t ns)
{
	now += ns / 2 + 1 + rng(ns);
}

static uint64_t guest_ns(unsigned int i)
{
	uint64_t h = now - 70000000000 + i * 1000000000;

	return i ? h + h / 100000 : h - h / 50000;
}

#define EVENT(cpu, id, ...) \
	gen_event(&host, cpu, id, now, (struct gen_value[]){__VA_ARGS__})
#define GUEST_EVENT(i, id, ...)                      \
	gen_event(&vms[i].trace, 0, id, guest_ns(i), \
		  (struct gen_value[]){__VA_ARGS__})
#define N(x)                       \
	{                          \
		.u = (uint64_t)(x) \
	}
#define S(x)           \
	{              \
		.s = x \
	}

static int vcpu_tid(unsigned int i)
{
	return FIRST_TID + 100 * (int)i + 1;
}

static void dump(uint32_t cpu, int tid, int pid, const char *name)
{
	EVENT(cpu, DUMP, N(tid), N(pid), N(1), S(name));
}

static void host_switch(uint32_t cpu, int prev, const char *prev_comm,
			int64_t state, int next, const char *comm)
{
	EVENT(cpu, SWITCH, S(prev_comm), N(prev), N(0), N(state), S(comm),
	      N(next), N(0));
}

/* The guest's scheduler: thread @to of VM @i. */
static void guest_switch(unsigned int i, unsigned int to, int64_t state)
{
	struct vm *v = &vms[i];

	if (to == v->runs)
		return;
	GUEST_EVENT(i, SWITCH, S(comms[i][v->runs]),
		    N(v->runs ? 1000 + v->runs : 0), N(0), N(state),
		    S(comms[i][to]), N(to ? 1000 + to : 0), N(0));
	if (!state && v->runs)
		v->ready |= 1u << v->runs;
	v->ready &= ~(1u << to);
	v->runs = to;
	later(400);
}

static void guest_wake(unsigned int i, unsigned int thread)
{
	if (!thread || thread == vms[i].runs || vms[i].ready & 1u << thread)
		return;
	GUEST_EVENT(i, WAKING, S(comms[i][thread]), N(1000 + thread), N(20),
		    N(0));
	later(100);
	GUEST_EVENT(i, WAKEUP, S(comms[i][thread]), N(1000 + thread), N(20),
		    N(0));
	later(100);
	vms[i].ready |= 1u << thread;
}

static void enter(void)
{
	later(300);
	EVENT(0, ENTRY, N(0));
	later(500);
}

static void leave(uint32_t reason)
{
	later(500);
	EVENT(0, EXIT, N(reason), N(2), N(0));
	later(300);
}

/* Within the guest; is so afterwards. */
static void beacon(unsigned int i)
{
	struct vm *v = &vms[i];
	uint64_t uid = 4711 + i;

	GUEST_EVENT(i, GH_GUEST, N(v->cnt), N(uid));
	leave(0x81);
	EVENT(0, GH_HOST, N(v->cnt), N(uid));
	later(200);
	EVENT(0, HG_HOST, N(v->cnt + 1), N(uid));
	enter();
	GUEST_EVENT(i, HG_GUEST, N(v->cnt + 1), N(uid));
	v->cnt += 2;
	later(300);
}

static void interrupt(uint32_t cpu)
{
	EVENT(cpu, IRQ_IN, N(11), S("eth0"));
	later(2000);
	EVENT(cpu, IRQ_OUT, N(11), N(1));
	later(100);
}

/* What the guest does until it is left for good: the state it is taken off in.
 */
static int64_t guest_runs(unsigned int i)
{
	struct vm *v = &vms[i];
	unsigned int n = 2 + (unsigned int)rng(5), t;

	enter();
	if (v->halted)
		guest_wake(i, 1 + (unsigned int)rng(THREADS - 1));
	v->halted = false;
	while (n--) {
		if (rng(3) == 0)
			beacon(i);
		later(15000);
		guest_wake(i, 1 + (unsigned int)rng(THREADS - 1));
		for (t = THREADS - 1; t && !(v->ready & 1u << t); t--)
			;
		if (t)
			guest_switch(i, t, rng(2) ? 1 : 0);
		leave(rng(2) ? 0x400 : 0x60);
		if (rng(4) == 0)
			interrupt(0);
		if (rng(8) == 0) {
			EVENT(0, USER, N(2));
			later(3000);
			EVENT(0, IOCTL, N(0xae80));
		}
		enter();
	}
	if (rng(2)) {
		leave(0x60);
		return rng(2) ? 0 : 256;
	}
	guest_switch(i, 0, 1);
	v->ready = 0;
	leave(0x78);
	later(5000); /* polls */
	v->halted = true;
	return 1;
}

static void wake_vcpu(unsigned int i)
{
	EVENT(1, WAKING, S("CPU 0/KVM"), N(vcpu_tid(i)), N(20), N(0));
	later(300);
	EVENT(1, WAKEUP, S("CPU 0/KVM"), N(vcpu_tid(i)), N(20), N(0));
	later(4000);
}

static void turns(unsigned int rounds, uint64_t signals)
{
	int runs = 0; /* 0 the idle thread, 1 the hog, 2.. vCPUs */
	int64_t state = 0;
	bool asleep[2 + VMS] = { false };

	while (rounds--) {
		static const char *const names[] = { "swapper/0", "hog" };
		int next = 1 + (int)rng(1 + VMS);
		int tids[] = { 0, HOG };

		if (next >= 2 && asleep[next] && (!signals || rng(signals)))
			wake_vcpu((unsigned int)next - 2);
		if (next != runs) {
			host_switch(0,
				    runs < 2 ? tids[runs] : vcpu_tid(runs - 2u),
				    runs < 2 ? names[runs] : "CPU 0/KVM", state,
				    next < 2 ? HOG : vcpu_tid(next - 2u),
				    next < 2 ? "hog" : "CPU 0/KVM");
			if (runs >= 2)
				asleep[runs] = state == 1;
		}
		asleep[next] = false;
		runs = next;
		if (runs == 1) {
			later(30000);
			if (rng(3) == 0)
				interrupt(0);
			state = 0;
		} else {
			state = guest_runs((unsigned int)runs - 2);
		}
		if (rng(5) == 0)
			interrupt(1);
	}
}

static void open_traces(const char *out)
{
	static char paths[1 + VMS][4096];
	unsigned int i;

	snprintf(paths[VMS], sizeof(paths[VMS]), "%s/host", out);
	host = (struct gen_trace){ .path = paths[VMS],
				   .classes = classes,
				   .n_classes = DUMP + 2,
				   .packet = 8192,
				   .n_streams = 2 };
	gen_open(&host, "host", 1, EPOCH);
	for (i = 0; i < VMS; i++) {
		char name[8];

		snprintf(paths[i], sizeof(paths[i]), "%s/g%u", out, i);
		snprintf(name, sizeof(name), "vm%u", i);
		vms[i].trace = (struct gen_trace){ .path = paths[i],
						   .classes = classes,
						   .n_classes = DUMP + 2,
						   .packet = 8192,
						   .n_streams = 1 };
		gen_open(&vms[i].trace, name, 2 + i, EPOCH);
		vms[i].halted = true;
	}
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : 2000, i;

	if (argc < 2) {
		fprintf(stderr,
			"usage: contend OUT [ROUNDS [SEED [SIGNALS]]]\n");
		return 2;
	}
	if (argc > 3)
		rng_state += strtoull(argv[3], NULL, 0) * 0x9e3779b97f4a7c15;
	if (mkdir(argv[1], 0755) && errno != EEXIST) {
		fprintf(stderr, "contend: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	open_traces(argv[1]);
	dump(1, HOG, HOG, "hog");
	for (i = 0; i < VMS; i++) {
		dump(1, FIRST_TID + 100 * (int)i, FIRST_TID + 100 * (int)i,
		     "qemu-system-x86");
		dump(1, vcpu_tid(i), FIRST_TID + 100 * (int)i, "CPU 0/KVM");
	}
	host_switch(1, 0, "swapper/1", 0, TIMERS, "timers");
	turns(rounds, argc > 4 ? strtoull(argv[4], NULL, 0) : 10);
	gen_stop(&host, now);
	for (i = 0; i < VMS; i++) {
		gen_stop(&vms[i].trace, guest_ns(i));
		gen_close(&vms[i].trace);
	}
	gen_close(&host);
	return 0;
}
