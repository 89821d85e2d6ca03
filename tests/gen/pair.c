// SPDX-License-Identifier: MIT
/*
 * pair OUT [OPTION=VALUE]...: a host's trace and its guest's, OUT/host and
 * OUT/guest, as LTTng would have recorded them with vmsync loaded.
 *
 *	events=N	host events, about (100000); the guest has half as many
 *	beacons=HZ	beacons a second (10)
 *	gap=NS		mean time between two events of a CPU (1500)
 *	edge=N		one event in N is as late after the one before it as a
 *			short header can tell, or a ns later (none)
 *	knots=HZ	knots a second, on each side (1)
 *	seed=N		(1)
 *	large=1		large event headers
 *	packet=BYTES	size of the packets, a multiple of 4096 (1 MiB)
 *	timer=NS	and each ends so often, as a live timer has it (never)
 *	uid=N		the guest's vm_uid (from the seed)
 *	old=1		as the old vmsync addons recorded: beacons with cnt and
 *			vm_uid only, no other vmsync event
 *	net=1		no beacons: packets that both sides send and receive
 *	pause=N		half-way the host's recording is stopped while the guest
 *			records N events
 *	move=N		the vCPUs' threads go from one of two CPUs to the other, each
 *			in one of N rounds (never); sched_switch tells
 *	halts=N		one stay in the guest in N ends in a halt (none), in which the
 *			thread sleeps every other time; KVM tells of the halt's end
 *	offset=CYCLES	TSC offset that the host reports is wrong by so much (0)
 *	apart=CYCLES	the TSC of the guest's second vCPU is so much ahead of the
 *			first one's (0)
 *	idle=N		one thread in N of those that come and go is an idle one (none)
 *	plain=1		the vCPUs' threads are all called qemu-system-x86
 *	clock=HZ	the guest stamps with its host's clock, as vmsync-clock.ko has it
 *			that reads it so often (never)
 *	ahead=NS	what it reads is so much ahead of the host's CLOCK_MONOTONIC, as
 *			the time of day is, and in whole ns; it stays 2^60 ns behind (0)
 *	slew=PPM	half-way the host's clock gets so much faster (0)
 *	jump=CYCLES	half-way KVM writes the guest's TSC, so much ahead (0)
 *	ust=NS		a second session on both sides, of user space, OUT/host-ust and
 *			OUT/guest-ust, whose clock's offset is more by NS (none)
 *	blocks=N	in one stay in the guest of N it has a request to a block
 *			device (never): sessions OUT/host-blocks and
 *			OUT/guest-blocks, and the truth in OUT/requests
 *	early=NS	the guest's first packets are begun so long before their first
 *			event (0)
 *	truth=1		events besides KVM's and vmsync's have one field more, truth:
 *			what the host's clock read when they happened
 *
 * Both clocks are affine functions of one counter between knots, as the
 * kernel's are, so the truth is known: every guest event is also evaluated on
 * the host's clock, and the sum over all guest events of
 * (host time - guest time) is printed, to compare with what a tool makes of it.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blocks.h"
#include "follow.h"
#include "writer.h"

#define HOST_CPUS   4
#define GUEST_CPUS  2
#define TSC_KHZ	    2500000
#define SHIFT	    24
#define GUEST_TSC_0 0x7000000000u /* the guest's TSC is this much behind */
#define VM_PID	    4711
#define FIRST_TID   4720

static uint64_t rng_state[2];

static uint64_t rng(void)
{
	uint64_t a = rng_state[0], b = rng_state[1];

	rng_state[0] = b;
	a ^= a << 23;
	rng_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return rng_state[1] + b;
}

/* Exponential, mean @mean, at least 1. */
static uint64_t rng_exp(double mean)
{
	double u = (double)(rng() >> 11) * 0x1.0p-53;

	return 1 + (uint64_t)(-log(1.0 - u) * mean);
}

/* CLOCK_MONOTONIC over a counter, as in Documentation/protocol.rst. */
struct line {
	uint64_t since, cycle_last, xtime_nsec;
	int64_t base_ns;
	uint32_t mult, seq;
};

static uint64_t line_fixed(const struct line *l, uint64_t c)
{
	return (c - l->cycle_last) * l->mult + l->xtime_nsec;
}

static int64_t line_eval(const struct line *l, uint64_t c)
{
	return l->base_ns + (int64_t)(line_fixed(l, c) >> SHIFT);
}

struct kernel {
	struct gen_trace trace;
	struct gen_trace ust;
	struct gen_trace blocks;
	struct line line, prev;
	uint64_t tsc_offset; /* its TSC is the host's minus this */
	uint64_t next_knot;  /* host TSC */
};

enum {
	GH_GUEST, GH_HOST, HG_HOST, HG_GUEST, KNOT, TSC, VM, ENTRY, EXIT,
	SWITCH,
};

#define LINE_FIELDS                                                            \
	{ "clocksource", GEN_U32 }, { "seq", GEN_U32 },                        \
	{ "since_tsc", GEN_U64 }, { "cycle_last", GEN_U64 },                   \
	{ "base_ns", GEN_S64 }, { "xtime_nsec", GEN_U64 },                     \
	{ "mult", GEN_U32 }, { "shift", GEN_U32 }
#define PV_FIELDS                                                              \
	{ "pv_version", GEN_U32 }, { "pv_tsc_timestamp", GEN_U64 },            \
	{ "pv_system_time", GEN_U64 }, { "pv_mul", GEN_U32 },                  \
	{ "pv_shift", GEN_S32 }, { "pv_flags", GEN_U32 }
#define VM_FIELDS                                                              \
	{ "vm_pid", GEN_S32 }, { "vm_serial", GEN_U32 }, { "vcpu_id", GEN_U32 }
#define BEACON_FIELDS { "cnt", GEN_U32 }, { "vm_uid", GEN_U64 }

static struct gen_class classes[] = {
	[GH_GUEST] = { "vmsync_gh_guest",
		       { BEACON_FIELDS, { "vcpu", GEN_U32 }, { "tsc", GEN_U64 },
			 { "mono", GEN_U64 }, { "bracket", GEN_U64 },
			 LINE_FIELDS, PV_FIELDS } },
	[GH_HOST] = { "vmsync_gh_host",
		      { BEACON_FIELDS, VM_FIELDS, { "guest_tsc", GEN_U64 },
			{ "guest_mono", GEN_U64 }, { "suspect", GEN_U32 },
			{ "tsc", GEN_U64 }, { "mono", GEN_U64 },
			{ "bracket", GEN_U64 }, { "tsc_offset", GEN_S64 },
			{ "tsc_ratio", GEN_U64 }, { "ratio_frac_bits", GEN_U32 },
			LINE_FIELDS } },
	[HG_HOST] = { "vmsync_hg_host",
		      { BEACON_FIELDS, VM_FIELDS, { "tsc", GEN_U64 },
			{ "mono", GEN_U64 } } },
	[HG_GUEST] = { "vmsync_hg_guest",
		       { BEACON_FIELDS, { "vcpu", GEN_U32 }, { "tsc", GEN_U64 },
			 { "mono", GEN_U64 } } },
	[KNOT] = { "vmsync_knot",
		   { LINE_FIELDS, { "confirm_tsc", GEN_U64 }, { "why", GEN_U32 },
		     { "prev_clocksource", GEN_U32 },
		     { "prev_since_tsc", GEN_U64 },
		     { "prev_cycle_last", GEN_U64 }, { "prev_base_ns", GEN_S64 },
		     { "prev_xtime_nsec", GEN_U64 }, { "prev_mult", GEN_U32 },
		     { "prev_shift", GEN_U32 }, PV_FIELDS } },
	[TSC] = { "vmsync_tsc",
		  { VM_FIELDS, { "prev_tsc_offset", GEN_S64 },
		    { "next_tsc_offset", GEN_S64 }, { "tsc_ratio", GEN_U64 },
		    { "ratio_frac_bits", GEN_U32 }, { "why", GEN_U32 } } },
	[VM] = { "vmsync_vm",
		 { VM_FIELDS, { "tid", GEN_S32 }, { "vm_uid", GEN_U64 },
		   { "why", GEN_U32 } } },
	[ENTRY] = { "kvm_x86_entry",
		    { { "vcpu_id", GEN_U32 }, { "guest_rip", GEN_X64 } } },
	[EXIT] = { "kvm_x86_exit",
		   { { "exit_reason", GEN_U32 }, { "guest_rip", GEN_X64 },
		     { "isa", GEN_U32 }, { "info1", GEN_U64 },
		     { "info2", GEN_U64 }, { "vcpu_id", GEN_U32 } } },
	[SWITCH] = { "sched_switch",
		     { { "prev_comm", GEN_TEXT16 }, { "prev_tid", GEN_S32 },
		       { "prev_prio", GEN_S32 }, { "prev_state", GEN_S64 },
		       { "next_comm", GEN_TEXT16 }, { "next_tid", GEN_S32 },
		       { "next_prio", GEN_S32 } } },
	{ "sched_waking", { { "comm", GEN_TEXT16 }, { "tid", GEN_S32 },
			    { "prio", GEN_S32 }, { "target_cpu", GEN_S32 } } },
	{ "sched_wakeup", { { "comm", GEN_TEXT16 }, { "tid", GEN_S32 },
			    { "prio", GEN_S32 }, { "target_cpu", GEN_S32 } } },
	{ "irq_handler_entry", { { "irq", GEN_S32 }, { "name", GEN_STRING } } },
	{ "irq_handler_exit", { { "irq", GEN_S32 }, { "ret", GEN_S32 } } },
	{ "irq_softirq_raise", { { "vec", GEN_U32 } } },
	{ "irq_softirq_entry", { { "vec", GEN_U32 } } },
	{ "irq_softirq_exit", { { "vec", GEN_U32 } } },
	{ "timer_hrtimer_expire_entry", { { "hrtimer", GEN_X64 },
					  { "now", GEN_S64 },
					  { "function", GEN_X64 } } },
	{ "timer_hrtimer_expire_exit", { { "hrtimer", GEN_X64 } } },
	{ "syscall_entry_read", { { "fd", GEN_U32 }, { "count", GEN_U64 } } },
	{ "syscall_exit_read", { { "ret", GEN_S64 }, { "buf", GEN_X64 } } },
	{ "syscall_entry_openat", { { "dfd", GEN_S32 },
				    { "filename", GEN_STRING },
				    { "flags", GEN_S32 }, { "mode", GEN_U16 } } },
	{ "syscall_exit_openat", { { "ret", GEN_S64 } } },
	{ "syscall_entry_futex", { { "uaddr", GEN_X64 }, { "op", GEN_S32 },
				   { "val", GEN_U32 }, { "utime", GEN_X64 },
				   { "uaddr2", GEN_X64 }, { "val3", GEN_U32 } } },
	{ "syscall_exit_futex", { { "ret", GEN_S64 }, { "uaddr", GEN_X64 },
				  { "uaddr2", GEN_X64 } } },
	{ "x86_exceptions_page_fault_user", { { "address", GEN_X64 },
					      { "ip", GEN_X64 },
					      { "error_code", GEN_X64 } } },
	{ "net_if_receive_skb", { { "skbaddr", GEN_X64 }, { "len", GEN_U32 },
				  { "name", GEN_STRING },
				  { "network_header", GEN_BYTES } } },
	/* Only with halts=. */
	{ "kvm_vcpu_wakeup", { { "ns", GEN_U64 }, { "waited", GEN_U32 },
			       { "valid", GEN_U32 } } },
	/* Only with clock=. */
	{ "vmsync_clock_line",
	  { LINE_FIELDS, { "confirm_tsc", GEN_U64 }, { "why", GEN_U32 },
	    { "prev_clocksource", GEN_U32 }, { "prev_since_tsc", GEN_U64 },
	    { "prev_cycle_last", GEN_U64 }, { "prev_base_ns", GEN_S64 },
	    { "prev_xtime_nsec", GEN_U64 }, { "prev_mult", GEN_U32 },
	    { "prev_shift", GEN_U32 }, { "error_ns", GEN_U64 },
	    { "behind_ns", GEN_S64 }, { "steps", GEN_U32 } } },
};

/* What a program tells of itself, with the truth. */
static const struct gen_class ust_classes[] = {
	{ "shop:order", { { "number", GEN_U32 }, { "item", GEN_STRING },
			  { "truth", GEN_S64 } } },
};

#define N_CLASSES (sizeof(classes) / sizeof(classes[0]))
#define HALTED	  (N_CLASSES - 2)
#define FOLLOWED  (N_CLASSES - 1)

/*
 * How often each filler comes, as on a busy machine; the first is
 * sched_switch, which the CPUs of vCPU threads leave out.
 */
static const uint8_t weights[HALTED - SWITCH] = {
	14, 7, 5, 3, 3, 4, 4, 4, 5, 5, 5, 5, 1, 1, 6, 6, 3, 1,
};

static struct {
	uint64_t events, beacon_cycles, knot_cycles, seed, vm_uid;
	uint64_t edge, packet, move, halts, apart, pause, ust, idle, timer, blocks;
	uint64_t clock_cycles, ahead_ns, jump, early_ns;
	int64_t wrong_offset, slew_ppm;
	double gap_cycles;
	bool large, old, net, truth, plain;
} opt;

static struct kernel host, guest;
static uint64_t now;	  /* host TSC */
static uint64_t beacon;	  /* host TSC of the next one */
static uint64_t next_read; /* host TSC of the guest's next look at its clock */
static uint32_t cnt;
static uint32_t cpu_of[GUEST_CPUS] = { 0, 1 }; /* the host's, by vCPU */
static uint32_t running[HOST_CPUS];	       /* vCPU + 1, 0: none so far */
static int64_t truth_sum; /* over guest events: host stamp - guest stamp */

static uint64_t stamp(const struct kernel *k, uint64_t host_tsc)
{
	if (k == &guest && opt.clock_cycles)
		return follow_ns(host_tsc - k->tsc_offset);
	return (uint64_t)line_eval(&k->line, host_tsc - k->tsc_offset);
}

static uint64_t ahead(const struct kernel *k, uint32_t cpu)
{
	return k == &guest && cpu ? opt.apart : 0;
}

static uint64_t recorded(const struct kernel *k)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < k->trace.n_streams; i++)
		n += k->trace.streams[i].events;
	return n;
}

/* Whether the host's recording is stopped at this moment. */
static bool paused(void)
{
	static uint64_t since; /* guest events, 0: it was not yet */

	if (!opt.pause || recorded(&host) < opt.events / 2)
		return false;
	if (!since) {
		since = recorded(&guest);
		gen_flush(&host.trace, stamp(&host, now));
	}
	return recorded(&guest) < since + opt.pause;
}

static void emit(struct kernel *k, uint32_t cpu, uint32_t id,
		 const struct gen_value *values)
{
	uint64_t at = stamp(k, now + ahead(k, cpu));

	if (k == &host && paused())
		return;
	gen_event(&k->trace, cpu, id, at, values);
	if (k == &guest)
		truth_sum += (int64_t)(stamp(&host, now) - at);
}

static struct gen_value number(uint64_t u)
{
	return (struct gen_value){ .u = u };
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

static struct gen_value *put_vm(struct gen_value *v, uint32_t vcpu)
{
	*v++ = number(VM_PID);
	*v++ = number(1);
	*v++ = number(vcpu);
	return v;
}

static uint64_t reported_offset(uint32_t vcpu)
{
	return (uint64_t)opt.wrong_offset - guest.tsc_offset +
	       ahead(&guest, vcpu);
}

/* The slope changes a little, or by so much; time goes on without a step. */
static void knot(struct kernel *k, int64_t ppm)
{
	struct gen_value v[40] = { 0 }, *p = v;
	uint64_t c = now - k->tsc_offset;
	uint64_t fixed = line_fixed(&k->line, c);

	k->prev = k->line;
	k->line.base_ns += (int64_t)(fixed >> SHIFT);
	k->line.xtime_nsec = fixed & ((1u << SHIFT) - 1);
	k->line.cycle_last = c;
	k->line.since = c;
	k->line.mult += (uint32_t)((int64_t)k->line.mult * ppm / 1000000);
	k->line.mult += (uint32_t)(rng() % 41) - 20;
	k->line.seq++;
	p = put_line(p, &k->line);
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
	if (!opt.old)
		emit(k, 0, KNOT, v);
	k->next_knot = now + rng_exp((double)opt.knot_cycles);
}

/* What the host tells the guest now. */
static struct follow_reading host_read(void)
{
	uint64_t fixed = line_fixed(&host.line, now);

	return (struct follow_reading){
		now - guest.tsc_offset,
		(uint64_t)host.line.base_ns + (fixed >> SHIFT) + opt.ahead_ns,
		opt.ahead_ns ? 1u << 31 :
			       (uint32_t)(fixed << (32 - SHIFT)),
	};
}

/* As guest/clock.c does it: the first line over 100 ms. */
static void follow_start(void)
{
	struct follow_reading a = host_read(), b;

	now += TSC_KHZ * 100;
	b = host_read();
	if (!follow_begin(&a, &b, opt.ahead_ns ? 1ll << 60 : 0, opt.clock_cycles))
		exit(2);
	next_read = now + opt.clock_cycles;
}

static struct gen_value *put_clock_line(struct gen_value *v,
					const struct vmsync_clock_line *l)
{
	*v++ = number(l->start_tsc);
	*v++ = number(l->start_tsc);
	*v++ = number(l->base_ns);
	*v++ = number(l->frac);
	*v++ = number(l->mult);
	*v++ = number(l->shift);
	return v;
}

/* A new line begins 100 us later. */
static void follow(void)
{
	static uint32_t seq = 1, steps;
	struct follow_reading r = host_read();
	uint64_t error_ns = follow_error_ns();
	int64_t behind_ns = follow_behind_ns();
	struct gen_value v[40] = { 0 }, *p = v;

	next_read = now + opt.clock_cycles;
	if (!follow_read(&r, r.tsc + TSC_KHZ / 10))
		return;
	seq++;
	steps += follow_behind_ns() != behind_ns;
	*p++ = number(1);
	*p++ = number(seq);
	p = put_clock_line(p, &follow_lines()->now);
	*p++ = number(follow_lines()->now.start_tsc);
	*p++ = number(2);
	*p++ = number(1);
	p = put_clock_line(p, &follow_lines()->before);
	*p++ = number(error_ns);
	*p++ = number((uint64_t)follow_behind_ns());
	*p++ = number(steps);
	now += 200;
	emit(&guest, 0, FOLLOWED, v);
}

static unsigned int pick_fill(uint8_t *pick)
{
	unsigned int n = 0;
	size_t i, j;

	for (i = 0; i < sizeof(weights); i++) {
		for (j = 0; j < weights[i]; j++)
			pick[n++] = (uint8_t)(SWITCH + i);
	}
	return n;
}

static uint64_t filler_number(const struct gen_field *f, uint64_t r)
{
	if (f->type == GEN_BYTES)
		return 20 + r % 45;
	if (strstr(f->name, "tid") && opt.idle && r / 300 % opt.idle == 0)
		return 0;
	/* No vCPU's thread, and no more threads than a machine has. */
	if (strstr(f->name, "tid"))
		return 5000 + r % 300;
	return r;
}

/* Puts the truth behind the last of the fields that @v has values of. */
static void add_truth(uint32_t id, struct gen_value *v)
{
	size_t n = 0;

	while (classes[id].fields[n].type)
		n++;
	if (opt.truth)
		v[n - 1] = number(stamp(&host, now));
}

/* On to the last time that a short header on @cpu can tell, or the next. */
static void to_edge(struct kernel *k, uint32_t cpu)
{
	uint64_t end = k->trace.streams[cpu].last + gen_gap_max(&k->trace) +
		       (rng() & 1);
	uint64_t at;

	/* Two cycles are less than a ns: none is passed over. */
	while ((at = stamp(k, now + ahead(k, cpu))) < end)
		now += 2 * (end - at);
}

/* A program's event, if there is a session of user space. */
static void order(struct kernel *k, uint32_t cpu)
{
	uint64_t at = stamp(k, now + ahead(k, cpu));
	struct gen_value v[] = {
		number(k->ust.streams[cpu].events), { .s = "tea" },
		number(stamp(&host, now)),
	};

	gen_event(&k->ust, cpu, 0, at, v);
	now += 300;
}

static void filler(struct kernel *k, uint32_t cpu)
{
	static const char *const names[] = {
		"swapper/0", "CPU 0/KVM", "nginx", "virtio0-input.0",
		"/var/lib/libvirt/images/vm0.qcow2", "/etc/hosts", "eth0",
	};
	static uint8_t pick[256];
	static unsigned int n_pick;
	struct gen_value v[9];
	uint32_t id;
	size_t i;

	if (!n_pick)
		n_pick = pick_fill(pick);
	if (k == &host && cpu < GUEST_CPUS)
		id = pick[weights[0] + rng() % (n_pick - weights[0])];
	else
		id = pick[rng() % n_pick];
	for (i = 0; classes[id].fields[i].type; i++) {
		uint64_t r = rng();

		v[i].u = filler_number(&classes[id].fields[i], r);
		v[i].s = names[(r >> 32) % 7];
		if (classes[id].fields[i].type == GEN_BYTES)
			v[i].s = "a header of some network packet, as long as "
				 "the longest that is recorded";
	}
	if (opt.edge && rng() % opt.edge == 0)
		to_edge(k, cpu);
	if (opt.ust && rng() % 8 == 0)
		order(k, cpu);
	add_truth(id, v);
	emit(k, cpu, id, v);
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

static void entry(uint32_t vcpu)
{
	struct gen_value v[] = { number(vcpu), number(rng() | 1ull << 63) };

	emit(&host, cpu_of[vcpu], ENTRY, v);
}

static void leave(uint32_t vcpu, uint32_t reason)
{
	struct gen_value v[] = { number(reason), number(rng() | 1ull << 63),
				 number(2), number(0), number(0),
				 number(vcpu) };

	emit(&host, cpu_of[vcpu], EXIT, v);
}

static void beacon_guest(uint32_t vcpu, uint64_t *guest_tsc, uint64_t *mono)
{
	struct gen_value v[24] = { 0 }, *p = v;

	*guest_tsc = now - guest.tsc_offset + ahead(&guest, vcpu) - 60;
	*mono = (uint64_t)line_eval(&guest.line, *guest_tsc + 15);
	*p++ = number(cnt);
	*p++ = number(opt.vm_uid);
	*p++ = number(vcpu);
	*p++ = number(*guest_tsc);
	*p++ = number(*mono);
	*p++ = number(30);
	put_line(p, &guest.line);
	emit(&guest, vcpu, GH_GUEST, v);
}

static void beacon_host(uint32_t vcpu, uint64_t guest_tsc, uint64_t mono)
{
	struct gen_value v[32] = { 0 }, *p = v;

	*p++ = number(cnt);
	*p++ = number(opt.vm_uid);
	p = put_vm(p, vcpu);
	*p++ = number(guest_tsc);
	*p++ = number(mono);
	*p++ = number(0);
	*p++ = number(now - 60);
	*p++ = number(stamp(&host, now - 45));
	*p++ = number(30);
	*p++ = number(reported_offset(vcpu));
	*p++ = number(1ull << 32);
	*p++ = number(32);
	put_line(p, &host.line);
	emit(&host, cpu_of[vcpu], GH_HOST, v);
}

static void beacon_back(struct kernel *k, uint32_t vcpu)
{
	struct gen_value v[8] = { 0 }, *p = v;

	*p++ = number(cnt + 1);
	*p++ = number(opt.vm_uid);
	if (k == &host)
		p = put_vm(p, vcpu);
	else
		*p++ = number(vcpu);
	*p++ = number(now - k->tsc_offset + ahead(k, vcpu) - 20);
	*p++ = number(stamp(k, now + ahead(k, vcpu) - 10));
	emit(k, k == &host ? cpu_of[vcpu] : vcpu,
	     k == &host ? HG_HOST : HG_GUEST, v);
}

static const char *thread_name(uint32_t vcpu)
{
	if (opt.plain)
		return "qemu-system-x86";
	return vcpu ? "CPU 1/KVM" : "CPU 0/KVM";
}

static void step(double mean)
{
	now += rng_exp(mean) + 20;
}

/* Another CPU, now and then, for a vCPU's thread that has been out. */
static void move(uint32_t vcpu)
{
	if (!opt.move)
		return;
	if (rng() % opt.move == 0)
		cpu_of[vcpu] = (cpu_of[vcpu] + 1) % GUEST_CPUS;
	if (running[cpu_of[vcpu]] == vcpu + 1)
		return;
	step(300);
	switch_to(&host, cpu_of[vcpu], thread_name(vcpu),
		  FIRST_TID + (int)vcpu);
	running[cpu_of[vcpu]] = vcpu + 1;
	step(300);
}

/* The guest halts: KVM polls, or its thread sleeps until it is woken. */
static void halt(uint32_t vcpu)
{
	static bool sleeps;
	uint64_t from = stamp(&host, now);
	struct gen_value v[] = { number(0), number(sleeps), number(1) };
	struct gen_value out[] = {
		{ .s = thread_name(vcpu) }, number(FIRST_TID + vcpu),
		number(20), number(1), { .s = "swapper/0" }, number(0),
		number(20),
	};

	step(3000);
	if (sleeps) {
		emit(&host, cpu_of[vcpu], SWITCH, out);
		step(20000);
		switch_to(&host, cpu_of[vcpu], thread_name(vcpu),
			  FIRST_TID + (int)vcpu);
		step(500);
	}
	v[0] = number(stamp(&host, now) - from);
	step(300);
	emit(&host, cpu_of[vcpu], HALTED, v);
	sleeps = !sleeps;
}

/* ------------------------------------------------------------ block devices */

static uint64_t host_ns(void)
{
	return stamp(&host, now);
}

static uint64_t guest_ns(uint32_t vcpu)
{
	return stamp(&guest, now + ahead(&guest, vcpu));
}

static struct blocks blocks = {
	.host = &host.blocks, .guest = &guest.blocks, .host_ns = host_ns,
	.guest_ns = guest_ns, .step = step, .rng = rng, .pid = VM_PID,
};

static void blocks_open(const char *out)
{
	char path[4096];

	if (!opt.blocks)
		return;
	snprintf(path, sizeof(path), "%s/requests", out);
	blocks.truth = fopen(path, "w");
	if (!blocks.truth) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	blocks_names(&blocks);
}

/* One stay of @vcpu in the guest and what the host does after it. */
static void round_of(uint32_t vcpu, bool back_from_beacon)
{
	uint64_t guest_tsc = 0, mono = 0;
	unsigned int i, n;
	bool asks = false;

	if (back_from_beacon)
		beacon_back(&host, vcpu);
	else
		move(vcpu);
	step(500);
	entry(vcpu);
	step(700);
	if (back_from_beacon) {
		beacon_back(&guest, vcpu);
		cnt += 2;
	}
	blocks_end(&blocks, vcpu);
	n = 3 + (unsigned int)(rng() % 6);
	for (i = 0; i < n; i++) {
		step(opt.gap_cycles);
		filler(&guest, vcpu);
	}
	if (now >= guest.next_knot && !vcpu)
		knot(&guest, 0);
	if (opt.clock_cycles && now >= next_read && !vcpu)
		follow();
	step(700);
	if (now >= beacon && !back_from_beacon) {
		beacon_guest(vcpu, &guest_tsc, &mono);
		step(600);
		leave(vcpu, 0x81);
		step(400);
		beacon_host(vcpu, guest_tsc, mono);
		beacon = now + opt.beacon_cycles;
		step(400);
		round_of(vcpu, true);
		return;
	}
	if (opt.blocks && rng() % opt.blocks == 0)
		asks = blocks_begin(&blocks, vcpu);
	if (opt.halts && rng() % opt.halts == 0) {
		leave(vcpu, 0x78);
		step(300);
		halt(vcpu);
	} else {
		leave(vcpu, asks ? 0x400 : 0x60);
	}
	if (asks)
		blocks_host(&blocks, vcpu);
	n = (unsigned int)(rng() % 3);
	for (i = 0; i < n; i++) {
		step(opt.gap_cycles);
		filler(&host, cpu_of[vcpu]);
	}
	if (now >= host.next_knot)
		knot(&host, 0);
	for (i = 0; i < 8; i++) {
		step(opt.gap_cycles / 4);
		filler(&host, 2 + (uint32_t)(rng() & 1));
	}
}

static void tell_offset(uint32_t vcpu, uint64_t had, uint32_t why)
{
	struct gen_value v[12] = { 0 }, *p = put_vm(v, vcpu);

	*p++ = number(had);
	*p++ = number(reported_offset(vcpu));
	*p++ = number(1ull << 32);
	*p++ = number(32);
	*p++ = number(why);
	now += 50;
	emit(&host, cpu_of[vcpu], TSC, v);
}

static void announce(uint32_t vcpu)
{
	struct gen_value v[12] = { 0 }, *p = put_vm(v, vcpu);

	switch_to(&host, vcpu, thread_name(vcpu), FIRST_TID + (int)vcpu);
	running[vcpu] = vcpu + 1;
	*p++ = number((uint64_t)FIRST_TID + vcpu);
	*p++ = number(opt.vm_uid);
	*p++ = number(1);
	now += 50;
	if (opt.old)
		return;
	emit(&host, vcpu, VM, v);
	tell_offset(vcpu, reported_offset(vcpu), 1);
}

/* Once. No virtual CPU is in the guest. */
static void half_way(void)
{
	static bool done;
	uint64_t had[GUEST_CPUS];
	uint32_t i;

	if (done)
		return;
	done = true;
	if (opt.slew_ppm)
		knot(&host, opt.slew_ppm);
	for (i = 0; i < GUEST_CPUS; i++)
		had[i] = reported_offset(i);
	guest.tsc_offset -= opt.jump;
	for (i = 0; opt.jump && i < GUEST_CPUS; i++)
		tell_offset(i, had[i], 2);
}

static void kernel_init(struct kernel *k, const char *path, uint32_t n_cpus,
			uint64_t tsc_offset, int64_t base_ns, int ppm)
{
	k->trace = (struct gen_trace){
		.path = path,
		.classes = classes,
		.n_classes = opt.clock_cycles ? N_CLASSES :
			     opt.halts	      ? FOLLOWED :
						HALTED,
		.clock = opt.clock_cycles && k == &guest ? VMSYNC_CLOCK_NAME :
							   NULL,
		.large = opt.large,
		.packet = opt.packet,
		.timer = opt.timer,
		.early_ns = k == &guest ? opt.early_ns : 0,
		.n_streams = n_cpus,
	};
	k->tsc_offset = tsc_offset;
	k->line.cycle_last = k->line.since = now - tsc_offset;
	k->line.base_ns = base_ns;
	k->line.mult = (uint32_t)((1000000ull << SHIFT) / TSC_KHZ);
	k->line.mult += (uint32_t)((int64_t)k->line.mult * ppm / 1000000);
	k->line.seq = 1;
	k->next_knot = now + rng_exp((double)opt.knot_cycles);
}

/* A second session, in a folder beside the first one's. */
static void session_open(const struct kernel *k, struct gen_trace *t,
			 const char *name, const char *hostname, uint64_t seed,
			 int64_t offset)
{
	static char paths[4][4096];
	static size_t n;
	char *path = paths[n++];

	snprintf(path, sizeof(paths[0]), "%s-%s", k->trace.path, name);
	t->path = path;
	t->packet = opt.packet;
	t->clock_seed = seed;
	t->clock = k->trace.clock;
	t->n_streams = k->trace.n_streams;
	gen_open(t, hostname, seed + n * 1000000, offset);
}

static void sessions_open(struct kernel *k, const char *hostname, uint64_t seed,
			  int64_t offset)
{
	gen_open(&k->trace, hostname, seed, offset);
	k->ust = (struct gen_trace){ .classes = ust_classes, .n_classes = 1,
				     .user_space = true };
	k->blocks = (struct gen_trace){ .classes = blocks_classes,
					.n_classes = blocks_n_classes };
	if (opt.ust)
		session_open(k, &k->ust, "ust", hostname, seed,
			     offset + (int64_t)opt.ust);
	if (opt.blocks)
		session_open(k, &k->blocks, "blocks", hostname, seed, offset);
}

static void session_close(struct kernel *k, struct gen_trace *t)
{
	gen_stop(t, stamp(k, now));
	gen_close(t);
}

static void sessions_close(struct kernel *k)
{
	session_close(k, &k->trace);
	if (opt.ust)
		session_close(k, &k->ust);
	if (opt.blocks)
		session_close(k, &k->blocks);
}

static void option(const char *arg)
{
	const char *value = strchr(arg, '=');
	uint64_t n;
	char *end;

	errno = 0;
	n = value ? (uint64_t)strtoll(value + 1, &end, 0) : 0;
	if (!value || errno || *end || end == value + 1) {
		fprintf(stderr, "pair: %s: not OPTION=NUMBER\n", arg);
		exit(2);
	}
	if (!strncmp(arg, "events=", 7))
		opt.events = n;
	else if (!strncmp(arg, "beacons=", 8) && n)
		opt.beacon_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "knots=", 6) && n)
		opt.knot_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "gap=", 4))
		opt.gap_cycles = (double)n * TSC_KHZ / 1e6;
	else if (!strncmp(arg, "seed=", 5))
		opt.seed = n;
	else if (!strncmp(arg, "edge=", 5))
		opt.edge = n;
	else if (!strncmp(arg, "large=", 6))
		opt.large = n;
	else if (!strncmp(arg, "packet=", 7) && n && n % 4096 == 0)
		opt.packet = n;
	else if (!strncmp(arg, "timer=", 6))
		opt.timer = n;
	else if (!strncmp(arg, "early=", 6))
		opt.early_ns = n;
	else if (!strncmp(arg, "pause=", 6))
		opt.pause = n;
	else if (!strncmp(arg, "move=", 5))
		opt.move = n;
	else if (!strncmp(arg, "halts=", 6))
		opt.halts = n;
	else if (!strncmp(arg, "idle=", 5))
		opt.idle = n;
	else if (!strncmp(arg, "old=", 4))
		opt.old = n;
	else if (!strncmp(arg, "net=", 4))
		opt.old = opt.net = n;
	else if (!strncmp(arg, "clock=", 6) && n)
		opt.clock_cycles = TSC_KHZ * 1000ull / n;
	else if (!strncmp(arg, "ahead=", 6))
		opt.ahead_ns = n;
	else if (!strncmp(arg, "slew=", 5))
		opt.slew_ppm = (int64_t)n;
	else if (!strncmp(arg, "jump=", 5))
		opt.jump = n;
	else if (!strncmp(arg, "apart=", 6))
		opt.apart = n;
	else if (!strncmp(arg, "plain=", 6))
		opt.plain = n;
	else if (!strncmp(arg, "ust=", 4))
		opt.ust = n;
	else if (!strncmp(arg, "blocks=", 7))
		opt.blocks = n;
	else if (!strncmp(arg, "truth=", 6))
		opt.truth = n;
	else if (!strncmp(arg, "uid=", 4))
		opt.vm_uid = n;
	else if (!strncmp(arg, "offset=", 7))
		opt.wrong_offset = (int64_t)n;
	else {
		fprintf(stderr, "pair: %s: no such option\n", arg);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	char host_path[4096], guest_path[4096];
	uint64_t n = 0;
	uint32_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: pair OUT [OPTION=NUMBER]...\n");
		return 2;
	}
	opt.events = 100000;
	opt.beacon_cycles = TSC_KHZ * 100ull;
	opt.knot_cycles = TSC_KHZ * 1000ull;
	opt.gap_cycles = 1500.0 * TSC_KHZ / 1e6;
	opt.seed = 1;
	opt.packet = 1 << 20;
	for (i = 2; i < (uint32_t)argc; i++)
		option(argv[i]);
	rng_state[0] = opt.seed * 0x9e3779b97f4a7c15u + 1;
	rng_state[1] = opt.seed ^ 0xd1b54a32d192ed03u;
	for (i = 0; i < 20; i++)
		rng();
	if (!opt.vm_uid)
		opt.vm_uid = (rng() >> 1) | 1;

	for (i = GH_GUEST; opt.old && i <= HG_GUEST; i++)
		classes[i].fields[2] = (struct gen_field){ NULL, GEN_END };
	for (i = GH_GUEST; opt.net && i <= HG_GUEST; i++)
		classes[i].name = i == GH_GUEST || i == HG_HOST ?
					  "packet_sent" :
					  "packet_received";
	for (i = SWITCH; opt.truth && i < FOLLOWED; i++) {
		struct gen_field *f = classes[i].fields;

		while (f->type)
			f++;
		*f = (struct gen_field){ "truth", GEN_S64 };
	}
	if (mkdir(argv[1], 0755) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	snprintf(host_path, sizeof(host_path), "%s/host", argv[1]);
	snprintf(guest_path, sizeof(guest_path), "%s/guest", argv[1]);
	now = 0x8123456789u;
	kernel_init(&host, host_path, HOST_CPUS, 0, 222123456789, 7);
	kernel_init(&guest, guest_path, GUEST_CPUS, GUEST_TSC_0, 33987654321,
		    -11);
	if (opt.clock_cycles)
		follow_start();
	sessions_open(&host, "host", opt.seed * 2 + 1, 1600000000000000000);
	sessions_open(&guest, "guest", opt.seed * 2 + 2, 1600000188135802468);

	for (i = 0; i < GUEST_CPUS; i++)
		announce(i);
	blocks_open(argv[1]);
	while (n < opt.events) {
		if (n >= opt.events / 2)
			half_way();
		round_of((uint32_t)(rng() & 1), false);
		n = 0;
		for (i = 0; i < HOST_CPUS; i++)
			n += host.trace.streams[i].events;
	}
	n = 0;
	for (i = 0; i < GUEST_CPUS; i++)
		n += guest.trace.streams[i].events;
	printf("guest_events=%llu offset_sum_ns=%lld\n", (unsigned long long)n,
	       (long long)truth_sum);
	sessions_close(&host);
	sessions_close(&guest);
	return blocks.truth && fclose(blocks.truth) ? 2 : 0;
}
