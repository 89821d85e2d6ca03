// SPDX-License-Identifier: MIT
/*
 * pair OUT [OPTION=VALUE]...: a host's trace and its guest's, OUT/host and
 * OUT/guest, as LTTng would have recorded them with vmsync loaded.
 *
 *	events=N	host events, about (100000); the guest has half as many
 *	guests=N	1, or 2: the other one is OUT/guest2, on CPUs of its own (1)
 *	vcpus=1		and one virtual CPU each (2)
 *	busy=N		guests have N times as many events (1)
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
 *	moved=N		one of N events of the guest's user space is filed under its
 *			other vCPU than the one it happened on (none)
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pair.h"

#define GUEST_TSC_0 0x7000000000u /* the guest's TSC is this much behind */

static uint64_t host_ns(void)
{
	return stamp(&host, now);
}

static uint64_t guest_ns(uint32_t vcpu)
{
	return stamp(guest, now + ahead(guest, vcpu));
}

static struct blocks blocks = {
	.host = &host.blocks, .guest = &guests[0].blocks, .host_ns = host_ns,
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
		beacon_back(guest, vcpu);
		guest->cnt += 2;
	}
	blocks_end(&blocks, vcpu);
	n = (3 + (unsigned int)(rng() % 6)) * (unsigned int)opt.busy;
	for (i = 0; i < n; i++) {
		step(opt.gap_cycles);
		filler(guest, vcpu);
	}
	if (now >= guest->next_knot && !vcpu)
		knot(guest, 0);
	if (!vcpu)
		follow();
	step(700);
	if (now >= guest->beacon && !back_from_beacon) {
		beacon_guest(vcpu, &guest_tsc, &mono);
		step(600);
		leave(vcpu, 0x81);
		step(400);
		beacon_host(vcpu, guest_tsc, mono);
		guest->beacon = now + opt.beacon_cycles;
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
		filler(&host, guest->cpu_of[vcpu]);
	}
	if (now >= host.next_knot)
		knot(&host, 0);
	if (opt.vcpus < GUEST_CPUS)
		filler(&host, 1);
	for (i = 0; i < 8; i++) {
		step(opt.gap_cycles / 4);
		filler(&host, 2 + (uint32_t)(rng() & 1));
	}
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
	guest->tsc_offset -= opt.jump;
	for (i = 0; opt.jump && i < GUEST_CPUS; i++)
		tell_offset(i, had[i], 2);
}

static void guest_init(const char *out, uint32_t number)
{
	static char path[GUESTS_MAX][4096];
	uint32_t i;

	guest = &guests[number];
	snprintf(path[number], sizeof(path[0]), "%s/guest%s", out, number ? "2" : "");
	for (i = 0; i < GUEST_CPUS; i++)
		guest->cpu_of[i] = i + HOST_CPUS * number;
	kernel_init(guest, path[number], (uint32_t)opt.vcpus, GUEST_TSC_0 - number * 1000000000ull,
		    33987654321, -11);
}

static void guest_begin(uint32_t number)
{
	uint32_t i;

	guest = &guests[number];
	sessions_open(guest, number ? "guest2" : "guest",
		      opt.seed * 2 + 2 + 1000 * number, 1600000188135802468);
	for (i = 0; i < opt.vcpus; i++) {
		vcpu_begin(i);
		tell_vcpu(i);
	}
}

int main(int argc, char **argv)
{
	char host_path[4096];
	uint64_t n = 0;
	uint32_t i;

	options_read(argc, argv);
	rng_begin();
	if (!opt.vm_uid)
		opt.vm_uid = (rng() >> 1) | 1;

	classes_adapt();
	if (mkdir(argv[1], 0755) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	snprintf(host_path, sizeof(host_path), "%s/host", argv[1]);
	now = 0x8123456789u;
	kernel_init(&host, host_path,
		    HOST_CPUS + GUEST_CPUS * (uint32_t)(opt.guests - 1), 0, 222123456789, 7);
	for (i = 0; i < opt.guests; i++)
		guest_init(argv[1], i);
	guest = guests;
	if (opt.clock_cycles)
		follow_start();
	sessions_open(&host, "host", opt.seed * 2 + 1, 1600000000000000000);
	for (i = 0; i < opt.guests; i++)
		guest_begin(i);
	guest = guests;
	blocks_open(argv[1]);
	while (n < opt.events) {
		if (n >= opt.events / 2)
			half_way();
		if (opt.guests > 1)
			guest = &guests[rng() & 1];
		round_of((uint32_t)(rng() % opt.vcpus), false);
		n = recorded(&host);
	}
	for (n = 0, i = 0; i < opt.guests; i++)
		n += recorded(&guests[i]);
	printf("guest_events=%llu offset_sum_ns=%lld\n", (unsigned long long)n,
	       (long long)truth_sum);
	sessions_close(&host);
	for (i = 0; i < opt.guests; i++)
		sessions_close(&guests[i]);
	return blocks.truth && fclose(blocks.truth) ? 2 : 0;
}
