// SPDX-License-Identifier: MIT
/*
 * Who costs whom how much, in recordings of a few events; and any events in any order,
 * which may tell nonsense and do no harm.
 */
#include <stdarg.h>
#include <string.h>

#include "analysis_any.h"
#include "hints/parts.h"

#define LENGTH 20000

static struct hints h;
static struct hints_options options = { .least = 1, .window_ns = 1000 };

static void begin(void)
{
	h = (struct hints){ .options = &options,
			    .state = calloc(1, sizeof(*h.state)) };
	h.analysis.model = analysis_model_new(0, true);
	h.state->h = &h;
	h.state->until_ns = LENGTH;
	CHECK(!hints_demand_init(h.state, options.window_ns));
}

static void end(void)
{
	hints_free(&h);
}

static void tell(struct analysis_event ev)
{
	hints_queues_event(h.state, &ev);
	analysis_model_event(h.analysis.model, &ev);
}

static void vcpu(int32_t tid, int32_t pid)
{
	const struct analysis_vcpu_id id = { .tid = tid, .pid = pid };

	CHECK(analysis_model_vcpu(h.analysis.model, &id) != ANALYSIS_NONE);
}

static void switches(int64_t ns, uint32_t cpu, int32_t prev, int64_t state, int32_t next)
{
	tell((struct analysis_event){ .ns = ns,
				      .kind = ANALYSIS_EV_SWITCH,
				      .cpu = cpu,
				      .current = prev,
				      .prev_state = state,
				      .tid = next });
}

static void about(int64_t ns, enum analysis_kind kind, int32_t tid, uint32_t cpu)
{
	tell((struct analysis_event){ .ns = ns,
				      .kind = (uint8_t)kind,
				      .current = ANALYSIS_NOT_SAID,
				      .tid = tid,
				      .target = cpu });
}

/* What VM @vm loses to the party of that kind and process, in all. */
static int64_t cost(int32_t vm, enum hints_party_kind kind, int32_t pid)
{
	const struct hints_cost *c =
		hints_costs_of(h.state, hints_party_find(h.state, HINTS_VM, vm),
			       hints_party_find(h.state, kind, pid));
	int64_t sum = 0;
	int i;

	for (i = 0; c && i < HINTS_PARTS; i++)
		sum += c->ns[i];
	return sum;
}

/* Two on one CPU: each waits while the other has it, over the border of a part too. */
static void turns(void)
{
	begin();
	vcpu(101, 100);
	vcpu(201, 200);
	switches(100, 0, 0, 0, 101);
	about(300, ANALYSIS_EV_WAKEUP, 201, 0);
	switches(500, 0, 101, 0, 201);
	switches(1700, 0, 201, 256, 101);
	switches(1900, 0, 101, 1, 201);
	hints_queues_end(h.state);
	CHECK(cost(100, HINTS_VM, 200) == 1200);
	CHECK(cost(200, HINTS_VM, 100) == 400);
	CHECK(h.state->costs.at[0].ns[0] + h.state->costs.at[1].ns[0] == 200 + 500);
	end();
}

/* Nobody is charged while the CPU is idle, or when nobody is known to wait. */
static void nobody(void)
{
	begin();
	vcpu(101, 100);
	switches(100, 0, 0, 0, 77);
	switches(200, 0, 77, 1, 0);
	about(300, ANALYSIS_EV_WAKEUP, 101, 0);
	switches(700, 0, 0, 0, 101);
	switches(800, 0, 101, 1, 77);
	hints_queues_end(h.state);
	CHECK(!h.state->costs.count);
	end();
}

/* One that waits goes to another queue: who has that CPU is charged from then on. */
static void moved(void)
{
	begin();
	vcpu(101, 100);
	vcpu(201, 200);
	switches(0, 1, 0, 0, 77);
	switches(0, 0, 0, 0, 201);
	about(1000, ANALYSIS_EV_WAKEUP, 101, 0);
	about(2200, ANALYSIS_EV_MIGRATE, 101, 1);
	switches(5500, 1, 77, 1, 101);
	hints_queues_end(h.state);
	CHECK(cost(100, HINTS_VM, 200) == 1200);
	CHECK(cost(100, HINTS_PROCESS, 77) == 3300);
	end();
}

/* Who is a virtual CPU may be known by its first exit only, while it runs on. */
static void known_late(void)
{
	struct analysis_event ev = { .cpu = 0, .current = 301, .pid = 300 };

	begin();
	vcpu(101, 100);
	switches(0, 0, 0, 0, 301);
	about(100, ANALYSIS_EV_WAKEUP, 101, 0);
	ev.ns = 200;
	ev.kind = ANALYSIS_EV_ENTRY;
	tell(ev);
	ev.ns = 300;
	ev.kind = ANALYSIS_EV_EXIT;
	tell(ev);
	switches(1300, 0, 301, 0, 101);
	hints_queues_end(h.state);
	CHECK(cost(100, HINTS_VM, 300) == 1000);
	CHECK(cost(300, HINTS_VM, 100) == LENGTH - 1300);
	CHECK(cost(100, HINTS_PROCESS, 301) == 200);
	/* What it ran as somebody else was demand of the host's. */
	CHECK(h.state->cpus.at[0].task_ns == 300);
	end();
}

/* Another thread of a VM's process, and what works for its network, is QEMU. */
static void qemu(void)
{
	begin();
	vcpu(101, 100);
	tell((struct analysis_event){ .kind = ANALYSIS_EV_THREAD,
				      .current = ANALYSIS_NOT_SAID,
				      .tid = 150,
				      .pid = 100 });
	tell((struct analysis_event){ .kind = ANALYSIS_EV_THREAD,
				      .current = ANALYSIS_NOT_SAID,
				      .tid = 151,
				      .pid = 151,
				      .named = 1,
				      .name = "vhost-100" });
	switches(0, 0, 0, 0, 101);
	switches(100, 0, 101, 0, 150);
	switches(300, 0, 150, 1, 151);
	switches(700, 0, 151, 1, 101);
	hints_queues_end(h.state);
	CHECK(cost(100, HINTS_QEMU, 100) == 600);
	end();
}

/* Where events are missing nobody is known to wait. */
static void lost(void)
{
	begin();
	vcpu(101, 100);
	switches(0, 0, 0, 0, 77);
	about(100, ANALYSIS_EV_WAKEUP, 101, 0);
	tell((struct analysis_event){ .ns = 600,
				      .kind = ANALYSIS_EV_LOST,
				      .current = ANALYSIS_NOT_SAID,
				      .until_ns = 900 });
	switches(1500, 0, 77, 0, 101);
	hints_queues_end(h.state);
	CHECK(cost(100, HINTS_PROCESS, 77) == 500);
	end();
}

/*
 * Two CPUs among which all wander, three that want one: whoever goes, nobody waits any
 * more, so each of the other two is charged with all of the wait. With a fourth one two
 * wait, and one of them would still.
 */
static void pool(void)
{
	begin();
	vcpu(101, 100);
	vcpu(201, 200);
	vcpu(301, 300);
	vcpu(401, 400);
	switches(0, 0, 0, 0, 201);
	switches(100, 0, 201, 1, 0);
	switches(200, 1, 0, 0, 201);
	switches(300, 0, 0, 0, 301);
	about(400, ANALYSIS_EV_WAKEUP, 101, 0);
	about(600, ANALYSIS_EV_WAKEUP, 401, 1);
	switches(800, 0, 301, 1, 101);
	switches(800, 1, 201, 1, 401);
	hints_queues_end(h.state);
	CHECK(h.state->pools.at[0].cpus.count == 1);
	CHECK(cost(100, HINTS_VM, 200) == 200 + 200 / 2);
	CHECK(cost(100, HINTS_VM, 300) == 200 + 200 / 2);
	CHECK(cost(100, HINTS_VM, 400) == 200 / 2);
	CHECK(cost(400, HINTS_VM, 100) == 200 / 2);
	end();
}

/* Nobody costs a VM more than all its virtual CPUs could wait. */
static void any(uint64_t seed)
{
	int64_t ns = 0;
	size_t i;

	check_reseed(seed);
	begin();
	for (i = 1; i <= MAX_VCPUS; i++)
		vcpu((int32_t)i, check_range(0, 1) ? 100 : (int32_t)check_range(0, 3));
	while (ns < LENGTH + 100) {
		tell(any_event(ns));
		ns += (int64_t)check_range(0, 200);
	}
	hints_queues_end(h.state);
	CHECK(!h.state->failed);
	for (i = 0; i < h.state->costs.count; i++) {
		const struct hints_cost *c = &h.state->costs.at[i];
		int k;

		CHECK(c->vm != c->by);
		for (k = 0; k < HINTS_PARTS; k++)
			CHECK(c->ns[k] >= 0 &&
			      c->ns[k] <= THREADS * LENGTH / HINTS_PARTS);
	}
	CHECK(!hints_find(&h));
	end();
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000, i;

	check_init(argc, argv);
	turns();
	nobody();
	moved();
	known_late();
	qemu();
	lost();
	pool();
	for (i = check_seed, n += i; i < n; i++)
		any(i);
	return check_done();
}
