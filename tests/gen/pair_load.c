// SPDX-License-Identifier: MIT
/* What both machines do besides: events of a busy one's kernel and programs. */
#include <string.h>

#include "pair.h"

/*
 * How often each filler comes, as on a busy machine; the first is
 * sched_switch, which the CPUs of vCPU threads leave out.
 */
static const uint8_t weights[HALTED - SWITCH] = {
	14, 7, 5, 3, 3, 4, 4, 4, 5, 5, 5, 5, 1, 1, 6, 6, 3, 1,
};

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

/*
 * A program's event, if there is a session of user space. Its thread may have been moved
 * since it chose a CPU's buffer; what would be behind such a one, by a clock that is
 * behind, is left out.
 */
static void order(struct kernel *k, uint32_t cpu)
{
	uint64_t at = stamp(k, now + ahead(k, cpu));
	struct gen_value v[3] = { [1] = { .s = "tea" } };

	if (opt.moved && k != &host && rng() % opt.moved == 0)
		cpu ^= 1;
	v[0] = number(k->ust.streams[cpu].events);
	v[2] = number(stamp(&host, now));
	if (at >= k->ust.streams[cpu].last)
		gen_event(&k->ust, cpu, 0, at, v);
	now += 300;
}

void filler(struct kernel *k, uint32_t cpu)
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
	if (k == &host && (cpu < GUEST_CPUS || cpu >= HOST_CPUS))
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
