// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a thread waited, from what the scheduler counts of it: random lives of one,
 * that waits, is moved to other CPUs while it does, and runs, sometimes unseen.
 */
#include "check.h"
#include "kernel.h"
#include "../../kmod/wait.h"

#define RUNS 20000
#define CPUS 4
#define APART_NS 2000	/* the CPUs' clocks, at most */

struct thread {
	u64 at_ns;		/* the true time */
	u64 delay_ns;
	u64 queued_ns;
	unsigned long runs;
	u64 off_ns[CPUS];	/* what each CPU's clock adds */
	unsigned int cpu;
};

static u64 clock_ns(const struct thread *t)
{
	return t->at_ns + t->off_ns[t->cpu];
}

/* As the scheduler does it: what was waited is counted where it was. */
static void dequeue(struct thread *t)
{
	t->delay_ns += clock_ns(t) - t->queued_ns;
}

static void enqueue(struct thread *t)
{
	t->cpu = (unsigned int)check_range(0, CPUS - 1);
	t->queued_ns = clock_ns(t);
}

/* Returns how long it waited; @part: on the last CPU; @moves: how often it was moved. */
static u64 waits(struct thread *t, u64 *part, unsigned int *moves)
{
	u64 begin_ns = t->at_ns, last_ns = t->at_ns;

	*moves = check_range(0, 2) ? 0 : (unsigned int)check_range(1, 5);
	enqueue(t);
	for (unsigned int i = 0; i < *moves; i++) {
		t->at_ns += check_range(1, 3000000);
		dequeue(t);
		enqueue(t);
		last_ns = t->at_ns;
	}
	t->at_ns += check_range(1, 3000000);
	*part = t->at_ns - last_ns;
	return t->at_ns - begin_ns;
}

static void runs(struct thread *t)
{
	dequeue(t);
	t->runs++;
	t->at_ns += check_range(1, 1000000);
}

static void test_life(void)
{
	struct thread t = { .at_ns = 1000000000 };
	struct host_wait w = { 0 };
	bool seen = false;

	for (int i = 0; i < CPUS; i++)
		t.off_ns[i] = check_range(0, APART_NS);
	for (int i = 0; i < RUNS; i++) {
		unsigned int moves;
		u64 part, truth = waits(&t, &part, &moves), ns;
		struct host_queued now = {
			.delay_ns = t.delay_ns,
			.since_ns = t.queued_ns,
			.now_ns = clock_ns(&t),
			.runs = t.runs,
			.tid = 7,
		};

		/* In user space nobody looks. */
		if (!check_range(0, 3)) {
			seen = false;
			runs(&t);
			continue;
		}
		ns = host_wait_end(&w, &now);
		if (seen || !moves)
			CHECK_EQ(ns, truth);
		else
			CHECK(ns == part);
		seen = true;
		runs(&t);
	}
}

/* Another thread of the same virtual CPU, and one whose clock went back. */
static void test_others(void)
{
	struct host_wait w = { .delay_ns = 1000, .runs = 4, .tid = 7 };
	struct host_queued q = { .delay_ns = 50000, .since_ns = 100, .now_ns = 300,
				 .runs = 5, .tid = 8 };

	CHECK_EQ(host_wait_end(&w, &q), 200);
	CHECK_EQ(w.tid, 8);
	q = (struct host_queued){ .delay_ns = 50200, .since_ns = 500,
				  .now_ns = 300, .runs = 6, .tid = 8 };
	CHECK_EQ(host_wait_end(&w, &q), 0);
	q = (struct host_queued){ .delay_ns = 60200, .runs = 7, .tid = 8 };
	CHECK_EQ(host_wait_end(&w, &q), 10000);
	q = (struct host_queued){ .delay_ns = 10, .since_ns = 1, .now_ns = 5,
				  .runs = 8, .tid = 8 };
	CHECK_EQ(host_wait_end(&w, &q), 4);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_life();
	test_others();
	return check_done();
}
