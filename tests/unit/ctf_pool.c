// SPDX-License-Identifier: MIT
/*
 * A thread of a pool does what is pending on a processor of its own, and nothing on the
 * owner's.
 */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "check.h"
#include "ctf/pool.h"

#define TASKS	2000

static pthread_t owner;
static unsigned int helped;	/* tasks that the owner did not do */

static bool do_nothing(struct task *t)
{
	(void)t;
	helped += !pthread_equal(pthread_self(), owner);
	return true;
}

/* Threads that begin then are there, too. */
static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set));
}

/* The first two processors that there are: how many. */
static int find_cpus(int cpu[2])
{
	cpu_set_t set;
	int i, n = 0;

	CHECK(!sched_getaffinity(0, sizeof(set), &set));
	for (i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cpu[n++] = i;
	return n;
}

static void wait_idle(struct ctf_pool *p)
{
	while (!pool_idle(p))
		usleep(100);
}

static void share(void)
{
	struct ctf_pool *p = ctf_pool_new(3);
	struct task t[2] = { { .run = do_nothing }, { .run = do_nothing } };
	int i;

	helped = 0;
	wait_idle(p);
	for (i = 0; i < TASKS; i++) {
		pool_push(p, &t[0]);
		pool_push(p, &t[1]);
		/* For a thread that is woken the time to run. */
		sched_yield();
		pool_wait(p, &t[0]);
		pool_wait(p, &t[1]);
	}
	CHECK_EQ(helped, 0);
	ctf_pool_free(p);
}

/* The owner, on another processor, does nothing but to see that it is done. */
static void help(const int cpu[2])
{
	struct ctf_pool *p;
	struct task t = { .run = do_nothing };
	int i;

	move_to(cpu[1]);
	p = ctf_pool_new(2);
	move_to(cpu[0]);
	helped = 0;
	for (i = 0; i < 10; i++) {
		pool_push(p, &t);
		while (atomic_load(&t.state) != TASK_DONE)
			sched_yield();
		pool_wait(p, &t);
	}
	CHECK_EQ(helped, 10);
	ctf_pool_free(p);
}

int main(int argc, char **argv)
{
	int cpu[2];

	check_init(argc, argv);
	owner = pthread_self();
	if (find_cpus(cpu) == 2)
		help(cpu);
	move_to(cpu[0]);
	share();
	return check_done();
}
