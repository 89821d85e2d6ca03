/* SPDX-License-Identifier: MIT */
/*
 * A host with virtual machines on it, as far as its scheduler sees them: tasks that
 * want a CPU for bursts. What each wants is drawn from a stream of random numbers of
 * its own, so that it wants the same whoever else is there: a world can be run again
 * without some of it, and only what was lost by waiting differs.
 */
#ifndef TESTS_HINTS_WORLD_H
#define TESTS_HINTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

#define MAX_CPUS  64
#define MAX_TASKS 64
#define MAX_VMS	  16

#define SECOND 1000000000ll

enum task_kind { VCPU, EMULATOR, HOST_TASK };

/**
 * struct demand - what a task wants
 * @burst_ns:	mean work of a burst, 0: it always wants more
 * @pause_ns:	mean, from one to the next
 * @open:	from begin to begin, however long the first takes; else from its end
 * @on_ns, @off_ns: bursts come for so long, then none; @on_ns 0: always
 */
struct demand {
	double burst_ns;
	double pause_ns;
	bool open;
	int64_t on_ns;
	int64_t off_ns;
};

/**
 * struct task - a thread of the host
 * @vm:		whose, -1: of no VM
 * @number:	of a virtual CPU
 * @cpus:	that it may run on, bits
 * @seed:	of its demand
 * @goal_ns:	work; @goal_wait_ns is how long it had waited when it had done so much
 */
struct task {
	enum task_kind kind;
	int vm;
	int number;
	int tid;
	int pid;
	const char *name;
	uint64_t cpus;
	struct demand demand;
	uint64_t seed;
	bool absent;
	int64_t goal_ns;

	struct sim_rng rng;
	enum { ASLEEP, WAITS, RUNS } state;
	int cpu;
	int64_t next_ns;	/* burst, INT64_MAX: when this one has ended */
	int64_t work_ns;	/* left */
	int64_t vruntime;
	int64_t done_ns;
	int64_t waited_ns;
	int64_t goal_wait_ns;
	bool reached;
};

/**
 * struct world - see above
 * @lazy:	how often the scheduler overlooks an idle CPU, 0 .. 1
 * @length_ns:	of the recording
 * @free_cpus:	on which no virtual CPU may run
 */
struct world {
	uint64_t seed;
	const char *story;
	int aggressor;		/* VM, -1: none */
	int n_cpus;
	int n_vms;
	int n_tasks;
	double lazy;
	int64_t length_ns;
	uint64_t free_cpus;
	struct task tasks[MAX_TASKS];
};

/** world_draw() - scenario number @seed */
void world_draw(struct world *w, uint64_t seed, int64_t length_ns);

/**
 * struct sched_teller - who is told what the scheduler does; NULL: nobody is
 * Every call of @step has a later time; what is told before belongs to it.
 */
struct sched_teller {
	void (*wake)(void *ctx, int64_t ns, int task, int cpu, bool moved);
	void (*move)(void *ctx, int64_t ns, int task, int cpu);
	void (*change)(void *ctx, int64_t ns, int cpu, int prev, bool sleeps,
		       int next);
	void (*ran)(void *ctx, int task, int64_t from_ns, int64_t until_ns);
	void (*step)(void *ctx, int64_t ns);
	void *ctx;
};

/**
 * sched_run() - until the end of the recording
 * @to_goal:	and on until each task has done its goal, for as long again at most
 */
void sched_run(struct world *w, const struct sched_teller *teller, bool to_goal);

/** traces_write() - run it, and write what its host's kernel, and its guests', tell */
void traces_write(struct world *w, const char *out, bool guests);

#endif /* TESTS_HINTS_WORLD_H */
