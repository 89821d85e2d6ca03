// SPDX-License-Identifier: MIT
/*
 * boots OUT STORY [SEED]: a host's trace OUT/host, and those of guests whose
 * life is not one boot on one VM, OUT/g0, OUT/g1, ...
 *
 *	reset		a VM is reset: another kernel, its TSC begins at 0
 *	reboots		seven boots of a VM, so
 *	kexec		another kernel, the TSC goes on
 *	written		a reset that sets the TSC to something else
 *	lost		as reset, but what KVM wrote to the TSC was not recorded
 *	reload		one kernel, whose vmsync module is loaded again
 *	clones		two VMs are restored from one memory snapshot
 *	clones-later	and run one after the other
 *	clones-alike	at the same time on the guest's clock, too
 *	clones-sessions	each starts a session of its own, and its clock is the same
 *	sessions	one VM, one boot, two sessions at a time
 *	restore		a guest goes on in another VM, its trace goes on
 *	restore-same	in its own one, which had run on for a while
 *	wrong		two VMs; the host tells a wrong TSC offset of one
 *
 * Clocks are affine between knots. Each event of a guest that is neither KVM's
 * nor vmsync's has a field truth: what the host's clock read when it happened.
 * A line "gN events=..." is printed for each trace.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vmsync_events.h"
#include "writer.h"

#define HZ	   2500000000u
#define MS	   (HZ / 1000)
#define SHIFT	   24
#define VCPUS	   2
#define VMS	   2
#define HOST_CPUS  (VMS * VCPUS)
#define KERNELS	   8
#define LIVES	   8
#define TRACES	   8
#define START	   0x8123456789u
#define BEACON_GAP (4 * MS)
#define KNOT_GAP   (40.0 * MS)
#define SNAPSHOT   50000000000u /* the TSC in it */
#define GOES_ON	   UINT64_MAX   /* the TSC is what it was when the kernel stopped */
#define MULT	   ((uint32_t)((1000000000ull << SHIFT) / HZ))

static uint64_t rng_state;

static uint64_t rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t rng_exp(double mean)
{
	return 1 + (uint64_t)(-log(1.0 - (double)(rng() >> 11) * 0x1.0p-53) *
			      mean);
}

struct line {
	uint64_t since, cycle_last, xtime_nsec;
	int64_t base_ns;
	uint32_t mult, seq;
};

/* What a kernel is that is not booted. */
enum like {
	NEW,
	CLONE,		/* of kernel 0 as it was at first */
	COPY,		/* of kernel 0 as it is */
	RELOADED,	/* the same, but its module begins anew */
};

/**
 * struct kernel - who has a clock
 * @offset:	its TSC is the host's plus this
 * @stopped:	its TSC at the end of its last life
 * @traces:	bits: the traces that its sessions write
 */
struct kernel {
	struct line line, prev;
	uint64_t offset;
	uint64_t next_knot, next_beacon;
	uint64_t stopped;
	uint64_t vm_uid;
	uint32_t cnt;
	enum like like;
	unsigned int traces;
};

/**
 * struct life - kernel @kernel runs in VM @vm from @from to @until, host ms
 * @set:	KVM sets the TSC to @tsc before
 * @unseen:	and nobody records that
 */
struct life {
	int vm;
	int kernel;
	unsigned int from;
	unsigned int until;
	bool set;
	bool unseen;
	uint64_t tsc;
};

enum {
	GH_GUEST, GH_HOST, HG_HOST, HG_GUEST, KNOT, TSC, VM, ENTRY, EXIT,
	SWITCH, TIMER, SYSCALL,
};


static const struct gen_class classes[] = {
	[GH_GUEST] = { "vmsync_gh_guest", { GH_GUEST_FIELDS } },
	[GH_HOST] = { "vmsync_gh_host", { GH_HOST_FIELDS } },
	[HG_HOST] = { "vmsync_hg_host", { HG_HOST_FIELDS } },
	[HG_GUEST] = { "vmsync_hg_guest", { HG_GUEST_FIELDS } },
	[KNOT] = { "vmsync_knot", { KNOT_FIELDS } },
	[TSC] = { "vmsync_tsc", { TSC_FIELDS } },
	[VM] = { "vmsync_vm", { TOLD_VM_FIELDS } },
	[ENTRY] = { "kvm_x86_entry", { { "vcpu_id", GEN_U32 } } },
	[EXIT] = { "kvm_x86_exit",
		   { { "exit_reason", GEN_U32 }, { "vcpu_id", GEN_U32 } } },
	[SWITCH] = { "sched_switch",
		     { { "next_comm", GEN_TEXT16 }, { "next_tid", GEN_S32 } } },
	[TIMER] = { "timer_start", { { "truth", GEN_U64 } } },
	[SYSCALL] = { "syscall_entry_read",
		      { { "fd", GEN_U32 }, { "truth", GEN_U64 } } },
};

#define N_CLASSES (sizeof(classes) / sizeof(classes[0]))

static struct kernel host, kernels[KERNELS], snapshot;
static struct gen_trace host_trace, traces[TRACES];
static uint64_t offset_of[VMS], answered[VMS], now = START;
static int64_t wrong_offset[VMS];
static char paths[TRACES + 1][4096];

static int64_t line_eval(const struct line *l, uint64_t c)
{
	return l->base_ns + (int64_t)(((c - l->cycle_last) * l->mult +
				       l->xtime_nsec) >> SHIFT);
}

static uint64_t stamp(const struct kernel *k)
{
	return (uint64_t)line_eval(&k->line, now + k->offset);
}

static struct gen_value number(uint64_t u)
{
	return (struct gen_value){ .u = u };
}

/* On the host @cpu is one of its own, else a vCPU. */
static void emit(const struct kernel *k, uint32_t cpu, uint32_t id,
		 const struct gen_value *values)
{
	int i;

	if (k == &host)
		gen_event(&host_trace, cpu, id, stamp(k), values);
	for (i = 0; k != &host && i < TRACES; i++) {
		if (k->traces & 1u << i)
			gen_event(&traces[i], cpu, id, stamp(k), values);
	}
}

static struct gen_value *put_line(struct gen_value *v, const struct line *l)
{
	*v++ = number(1);
	*v++ = number(l->seq);
	*v++ = number(l->since);
	*v++ = number(l->cycle_last);
	*v++ = number((uint64_t)l->base_ns);
	*v++ = number(l->xtime_nsec);
	*v++ = number(l->mult);
	*v++ = number(SHIFT);
	return v;
}

static struct gen_value *put_vm(struct gen_value *v, int vm, uint32_t vcpu)
{
	*v++ = number(4711 + 1000 * (uint64_t)vm);
	*v++ = number(1 + (uint64_t)vm);
	*v++ = number(vcpu);
	return v;
}

static void knot(struct kernel *k, uint32_t cpu)
{
	struct gen_value v[40] = { 0 }, *p;
	uint64_t c = now + k->offset;
	uint64_t fixed = (c - k->line.cycle_last) * k->line.mult +
			 k->line.xtime_nsec;

	k->prev = k->line;
	k->line.base_ns += (int64_t)(fixed >> SHIFT);
	k->line.xtime_nsec = fixed & ((1u << SHIFT) - 1);
	k->line.cycle_last = k->line.since = c;
	k->line.mult += (uint32_t)(rng() % 201) - 100;
	k->line.seq++;
	p = put_line(v, &k->line);
	*p++ = number(c + 100);
	*p++ = number(2);
	*p++ = number(1);
	*p++ = number(k->prev.since);
	*p++ = number(k->prev.cycle_last);
	*p++ = number((uint64_t)k->prev.base_ns);
	*p++ = number(k->prev.xtime_nsec);
	*p++ = number(k->prev.mult);
	*p++ = number(SHIFT);
	now += 200;
	emit(k, cpu, KNOT, v);
	k->next_knot = now + rng_exp(KNOT_GAP);
}

static uint64_t told_offset(int vm)
{
	return offset_of[vm] + (uint64_t)wrong_offset[vm];
}

static void beacon_guest(struct kernel *k, uint32_t vcpu, uint64_t said[2])
{
	struct gen_value v[24] = { 0 }, *p = v;

	said[0] = now + k->offset - 60;
	said[1] = (uint64_t)line_eval(&k->line, said[0] + 15);
	*p++ = number(k->cnt);
	*p++ = number(k->vm_uid);
	*p++ = number(vcpu);
	*p++ = number(said[0]);
	*p++ = number(said[1]);
	*p++ = number(30);
	put_line(p, &k->line);
	emit(k, vcpu, GH_GUEST, v);
}

static void beacon_host(const struct kernel *k, int vm, uint32_t vcpu,
			const uint64_t said[2])
{
	struct gen_value v[32] = { 0 }, *p = v;

	*p++ = number(k->cnt);
	*p++ = number(k->vm_uid);
	p = put_vm(p, vm, vcpu);
	*p++ = number(said[0]);
	*p++ = number(said[1]);
	*p++ = number(answered[vm] && answered[vm] != k->vm_uid ? 2 : 0);
	*p++ = number(now - 60);
	*p++ = number((uint64_t)line_eval(&host.line, now - 45));
	*p++ = number(30);
	*p++ = number(told_offset(vm));
	*p++ = number(1ull << 32);
	*p++ = number(32);
	put_line(p, &host.line);
	answered[vm] = k->vm_uid;
	emit(&host, (uint32_t)vm * VCPUS + vcpu, GH_HOST, v);
}

static void beacon_back(const struct kernel *k, int vm, uint32_t vcpu,
			bool at_host)
{
	const struct kernel *who = at_host ? &host : k;
	struct gen_value v[8] = { 0 }, *p = v;

	*p++ = number(k->cnt + 1);
	*p++ = number(k->vm_uid);
	if (at_host)
		p = put_vm(p, vm, vcpu);
	else
		*p++ = number(vcpu);
	*p++ = number(now + who->offset - 20);
	*p++ = number((uint64_t)line_eval(&who->line, now + who->offset - 10));
	emit(who, at_host ? (uint32_t)vm * VCPUS + vcpu : vcpu,
	     at_host ? HG_HOST : HG_GUEST, v);
}

static void step(double mean)
{
	now += rng_exp(mean) + 20;
}

static void run_end(int vm, uint32_t vcpu, uint32_t id)
{
	struct gen_value v[2] = { number(id == EXIT ? 0x60 : vcpu),
				  number(vcpu) };

	emit(&host, (uint32_t)vm * VCPUS + vcpu, id, v);
}

static void guest_event(const struct kernel *k, uint32_t vcpu)
{
	struct gen_value v[2] = { number(rng() % 9), number(stamp(&host)) };

	if (rng() & 1)
		emit(k, vcpu, SYSCALL, v);
	else
		emit(k, vcpu, TIMER, v + 1);
}

/* A stay of a vCPU in the guest. */
static void stay(struct kernel *k, int vm)
{
	uint32_t vcpu = (uint32_t)(rng() % VCPUS);
	uint64_t said[2], n;

	run_end(vm, vcpu, ENTRY);
	step(700);
	for (n = 3 + rng() % 6; n; n--) {
		step(15000);
		guest_event(k, vcpu);
	}
	if (now >= k->next_knot)
		knot(k, vcpu);
	step(500);
	if (now >= k->next_beacon) {
		k->next_beacon = now + BEACON_GAP;
		beacon_guest(k, vcpu, said);
		step(600);
		run_end(vm, vcpu, EXIT);
		step(400);
		beacon_host(k, vm, vcpu, said);
		step(400);
		beacon_back(k, vm, vcpu, true);
		step(500);
		run_end(vm, vcpu, ENTRY);
		step(500);
		beacon_back(k, vm, vcpu, false);
		k->cnt += 2;
		step(700);
		guest_event(k, vcpu);
		step(500);
	}
	run_end(vm, vcpu, EXIT);
	step(30000);
	if (now >= host.next_knot)
		knot(&host, 0);
}

/* What the host says of a VM; @why: 1 at first sight, 2 of a write */
static void tell_tsc(int vm, uint64_t prev, uint32_t why)
{
	uint32_t vcpu;

	for (vcpu = 0; vcpu < VCPUS; vcpu++) {
		struct gen_value v[12] = { 0 }, *p = put_vm(v, vm, vcpu);

		*p++ = number(prev);
		*p++ = number(told_offset(vm));
		*p++ = number(1ull << 32);
		*p++ = number(32);
		*p++ = number(why);
		now += 50;
		emit(&host, (uint32_t)vm * VCPUS + vcpu, TSC, v);
	}
}

static void announce(int vm)
{
	uint32_t vcpu;

	for (vcpu = 0; vcpu < VCPUS; vcpu++) {
		int tid = 4720 + 1000 * vm + (int)vcpu;
		struct gen_value on[] = {
			{ .s = vcpu ? "CPU 1/KVM" : "CPU 0/KVM" },
			number((uint64_t)tid),
		};
		struct gen_value v[12] = { 0 }, *p = put_vm(v, vm, vcpu);

		*p++ = number((uint64_t)tid);
		*p++ = number(0);
		*p++ = number(1);
		now += 50;
		emit(&host, (uint32_t)vm * VCPUS + vcpu, SWITCH, on);
		now += 50;
		emit(&host, (uint32_t)vm * VCPUS + vcpu, VM, v);
	}
	tell_tsc(vm, told_offset(vm), 1);
}

static void kernel_boot(struct kernel *k, uint64_t offset, int64_t base_ns)
{
	k->offset = offset;
	k->line = (struct line){
		.cycle_last = now + offset, .since = now + offset,
		.base_ns = base_ns, .seq = 1,
		.mult = MULT + (uint32_t)(rng() % 300),
	};
	k->next_knot = now + rng_exp(KNOT_GAP);
	k->next_beacon = now + rng_exp(BEACON_GAP);
}

/* Not a boot: the memory of another kernel, or that one under a new name. */
static void kernel_copy(struct kernel *k)
{
	const struct kernel had = *k;

	*k = had.like == CLONE ? snapshot : kernels[0];
	k->traces = had.traces;
	k->vm_uid = had.vm_uid;
	if (had.like == RELOADED) {
		k->line.seq = 1;
		k->cnt = 0;
	}
}

static void life_begin(const struct life *l)
{
	struct kernel *k = &kernels[l->kernel];
	uint64_t prev = told_offset(l->vm);

	if (l->set)
		offset_of[l->vm] =
			(l->tsc == GOES_ON ? k->stopped : l->tsc) - now;
	if (l->set && !l->unseen)
		tell_tsc(l->vm, prev, 2);
	/* Where a kernel goes on, its clock does, too. */
	if (!k->line.seq && k->like)
		kernel_copy(k);
	else if (!k->line.seq)
		kernel_boot(k, offset_of[l->vm], 5000004711 + 999 * l->kernel);
	if (!snapshot.line.seq)
		snapshot = *k;
	k->offset = offset_of[l->vm];
	k->next_knot = now + rng_exp(KNOT_GAP);
	k->next_beacon = now + rng_exp(BEACON_GAP);
}

static bool is_on(const struct life *l)
{
	uint64_t ms = (now - START) / MS;

	return ms >= l->from && ms < l->until;
}

/* Stays of all who run, in turn, until the last one has ended. */
static void live(const struct life *lives, int n)
{
	bool begun[LIVES] = { false }, more = true;

	while (more) {
		bool idle = true;
		int i;

		more = false;
		for (i = 0; i < n; i++) {
			struct kernel *k = &kernels[lives[i].kernel];

			more |= (now - START) / MS < lives[i].until;
			if (!is_on(&lives[i]))
				continue;
			if (!begun[i])
				life_begin(&lives[i]);
			begun[i] = true;
			idle = false;
			if (rng() & 1)
				stay(k, lives[i].vm);
			k->stopped = now + k->offset;
		}
		if (idle)
			now += MS / 4;
		if (now >= host.next_knot)
			knot(&host, 0);
	}
	/* Whoever records a guest to its end stops the host later. */
	now += 5 * MS;
	knot(&host, 0);
}

/* ------------------------------------------------------------------- stories */

/**
 * struct story - see above
 * @lives:	[@n], in the order of their begin
 * @traces:	by kernel: which traces it writes
 * @seed:	by trace: of its uuid
 * @clock:	by trace: of its clock's uuid
 * @like:	what kernel 1 is
 * @wrong:	added to what the host tells of VM 1's offset
 */
struct story {
	const char *name;
	int n;
	struct life lives[LIVES];
	unsigned int traces[KERNELS];
	uint64_t seed[TRACES];
	uint64_t clock[TRACES];
	enum like like;
	int64_t wrong;
};

static const struct story stories[] = {
	{ .name = "reset", .n = 2,
	  .lives = { { 0, 0, 0, 350, true, false, 73606195081 },
		     { 0, 1, 352, 900, true, false, 0 } },
	  .traces = { 1, 2 }, .seed = { 1, 2 }, .clock = { 1, 2 } },
	{ .name = "reboots", .n = 7,
	  .lives = { { 0, 0, 0, 120, true, false, 73606195081 },
		     { 0, 1, 122, 220, true, false, 0 },
		     { 0, 2, 222, 320, true, false, 0 },
		     { 0, 3, 322, 420, true, false, 0 },
		     { 0, 4, 422, 520, true, false, 0 },
		     { 0, 5, 522, 620, true, false, 0 },
		     { 0, 6, 622, 720, true, false, 0 } },
	  /* Nobody recorded the third one. */
	  .traces = { 1, 2, 0, 4, 8, 16, 32 }, .seed = { 1, 2, 3, 4, 5, 6 },
	  .clock = { 1, 2, 3, 4, 5, 6 } },
	{ .name = "kexec", .n = 2,
	  .lives = { { 0, 0, 0, 350, true, false, 73606195081 },
		     { 0, 1, 360, 700, false, false, 0 } },
	  .traces = { 1, 2 }, .seed = { 1, 2 }, .clock = { 1, 2 } },
	{ .name = "written", .n = 3,
	  .lives = { { 0, 0, 0, 300, true, false, 73606195081 },
		     { 0, 1, 301, 500, true, false, 173606195081 },
		     { 0, 2, 501, 700, true, false, 73706195081 } },
	  .traces = { 1, 2, 4 }, .seed = { 1, 2, 3 }, .clock = { 1, 2, 3 } },
	{ .name = "lost", .n = 2,
	  .lives = { { 0, 0, 0, 350, true, false, 73606195081 },
		     { 0, 1, 352, 900, true, true, 0 } },
	  .traces = { 1, 2 }, .seed = { 1, 2 }, .clock = { 1, 2 } },
	{ .name = "reload", .n = 2,
	  .lives = { { 0, 0, 0, 350, true, false, 73606195081 },
		     { 0, 1, 351, 700, false, false, 0 } },
	  .traces = { 1, 1 }, .seed = { 1 }, .clock = { 1 },
	  .like = RELOADED },
	{ .name = "clones", .n = 2,
	  .lives = { { 0, 0, 0, 400, true, false, SNAPSHOT },
		     { 1, 1, 30, 400, true, false, SNAPSHOT + HZ } },
	  .traces = { 1, 2 }, .seed = { 1, 1 }, .clock = { 1, 1 },
	  .like = CLONE },
	{ .name = "clones-later", .n = 2,
	  .lives = { { 0, 0, 0, 200, true, false, SNAPSHOT },
		     { 1, 1, 230, 400, true, false, SNAPSHOT } },
	  .traces = { 1, 2 }, .seed = { 1, 1 }, .clock = { 1, 1 },
	  .like = CLONE },
	{ .name = "clones-alike", .n = 2,
	  .lives = { { 0, 0, 0, 400, true, false, SNAPSHOT },
		     { 1, 1, 0, 400, true, false, SNAPSHOT } },
	  .traces = { 1, 2 }, .seed = { 1, 1 }, .clock = { 1, 1 },
	  .like = CLONE },
	{ .name = "clones-sessions", .n = 2,
	  .lives = { { 0, 0, 0, 400, true, false, SNAPSHOT },
		     { 1, 1, 3, 400, true, false, SNAPSHOT } },
	  /* The first one has two. */
	  .traces = { 5, 2 }, .seed = { 1, 2, 3 }, .clock = { 1, 1, 1 },
	  .like = CLONE },
	{ .name = "sessions", .n = 1,
	  .lives = { { 0, 0, 0, 400, true, false, 73606195081 } },
	  .traces = { 3 }, .seed = { 1, 2 }, .clock = { 1, 1 } },
	{ .name = "restore", .n = 2,
	  .lives = { { 0, 0, 0, 300, true, false, 73606195081 },
		     { 1, 0, 400, 700, true, false, GOES_ON } },
	  .traces = { 1 }, .seed = { 1 }, .clock = { 1 } },
	{ .name = "restore-same", .n = 3,
	  .lives = { { 0, 0, 0, 300, true, false, 73606195081 },
		     { 0, 1, 300, 400, false, false, 0 },
		     { 0, 0, 450, 600, true, false, GOES_ON } },
	  /* What it ran on for is on no disk. */
	  .traces = { 1, 0 }, .seed = { 1 }, .clock = { 1 },
	  .like = COPY },
	{ .name = "wrong", .n = 2,
	  .lives = { { 0, 0, 0, 300, true, false, 73606195081 },
		     { 1, 1, 0, 300, true, false, 13606195081 } },
	  .traces = { 1, 2 }, .seed = { 1, 2 }, .clock = { 1, 2 },
	  .wrong = 250000 },
};

static void gen_trace_open(struct gen_trace *t, int i, const char *hostname,
			   uint32_t n_cpus, uint64_t seed, uint64_t clock,
			   int64_t offset)
{
	*t = (struct gen_trace){
		.path = paths[i], .classes = classes, .n_classes = N_CLASSES,
		.packet = 1 << 14, .n_streams = n_cpus, .clock_seed = clock,
	};
	gen_open(t, hostname, seed, offset);
}

static void print_events(const struct gen_trace *t, const char *name)
{
	unsigned long long n = 0;
	uint32_t i;

	for (i = 0; i < t->n_streams; i++)
		n += t->streams[i].events;
	printf("%s events=%llu\n", name, n);
}

/* All streams of a session are stopped at once: when the last who wrote it was. */
static void guest_stop(struct gen_trace *t, int i)
{
	int64_t last = 0, end;
	int k;

	for (k = 0; k < KERNELS; k++) {
		if (!(kernels[k].traces & 1u << i) || !kernels[k].line.seq)
			continue;
		end = line_eval(&kernels[k].line, kernels[k].stopped);
		last = end > last ? end : last;
	}
	gen_stop(t, (uint64_t)last);
}

static void tell(const struct story *s, const char *out, uint64_t seed)
{
	char name[16];
	int i;

	snprintf(paths[TRACES], sizeof(paths[0]), "%s/host", out);
	gen_trace_open(&host_trace, TRACES, "host", HOST_CPUS, 100 * seed, 0,
		       1600000000000000000);
	kernel_boot(&host, 0, 222123456789);
	for (i = 0; i < TRACES && s->seed[i]; i++) {
		snprintf(paths[i], sizeof(paths[0]), "%s/g%d", out, i);
		gen_trace_open(&traces[i], i, "web", VCPUS,
			       100 * seed + s->seed[i], 100 * seed + s->clock[i],
			       1600000188135802468);
	}
	for (i = 0; i < KERNELS; i++) {
		kernels[i].traces = s->traces[i];
		kernels[i].vm_uid = 12345 + (uint64_t)i;
	}
	kernels[1].like = s->like;
	if (s->like == CLONE || s->like == COPY)
		kernels[1].vm_uid = kernels[0].vm_uid;
	wrong_offset[1] = s->wrong;
	for (i = 0; i < VMS; i++) {
		offset_of[i] = 0 - (uint64_t)START;
		announce(i);
	}
	live(s->lives, s->n);
	for (i = 0; i < TRACES && s->seed[i]; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		print_events(&traces[i], name);
		guest_stop(&traces[i], i);
		gen_close(&traces[i]);
	}
	gen_stop(&host_trace, stamp(&host));
	gen_close(&host_trace);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	size_t i;

	if (argc < 3) {
		fprintf(stderr, "usage: boots OUT STORY [SEED]\n");
		return 2;
	}
	rng_state = seed;
	if (mkdir(argv[1], 0755) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		if (strcmp(stories[i].name, argv[2]))
			continue;
		tell(&stories[i], argv[1], seed);
		return 0;
	}
	fprintf(stderr, "boots: %s: no such story\n", argv[2]);
	return 2;
}
