// SPDX-License-Identifier: MIT
/*
 * hosts SEED OUT [SECONDS [guests]]: a host and its virtual machines, drawn by SEED, in
 * OUT/host as LTTng would have recorded it, and the truth on standard output, as JSON:
 * how much less each virtual machine would wait if something were otherwise. It is found
 * by running the same again, with that changed and all that each task wants as it was:
 *
 *	separate	by removing a virtual machine; each pair that it concerns
 *	emulator	by having threads of QEMU run on free CPUs only
 *	task		the same of a process of the host
 *	pin		by giving each virtual CPU a CPU of its own, if there are enough
 *	spare		by giving each task a CPU of its own, which is what all want:
 *			CPUs that 99 of 100 windows leave over
 *
 * Gains are seconds of waiting an hour, for the same work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "world.h"

#define WINDOW_NS SECOND

struct base {
	int64_t waited_ns[MAX_TASKS];
	double per_hour;
};

/* What VM @vm waits less than before, s/h. */
static double gain_of(const struct world *w, const struct base *b, int vm)
{
	double ns = 0;
	int i;

	for (i = 0; i < w->n_tasks; i++) {
		const struct task *k = &w->tasks[i];

		if (k->kind == VCPU && (vm < 0 || k->vm == vm) && !k->absent)
			ns += (double)(b->waited_ns[i] -
				       (k->reached ? k->goal_wait_ns :
						     k->waited_ns));
	}
	return ns / 1e9 * b->per_hour;
}

static void separate(const struct world *w, const struct base *b)
{
	const char *sep = "";
	int by, vm, i;

	fputs(",\n \"separate\": [", stdout);
	for (by = 0; by < w->n_vms; by++) {
		static struct world other;

		other = *w;
		for (i = 0; i < w->n_tasks; i++)
			other.tasks[i].absent |= other.tasks[i].vm == by;
		sched_run(&other, NULL, true);
		for (vm = 0; vm < w->n_vms; vm++) {
			if (vm == by)
				continue;
			printf("%s\n  {\"vm\": %d, \"by\": %d, \"gain\": %.3f}", sep,
			       1000 + 100 * vm, 1000 + 100 * by,
			       gain_of(&other, b, vm));
			sep = ",";
		}
	}
	fputs("]", stdout);
}

/* Of each process whose threads of @kind there are: all of them on free CPUs. */
static void moved(const struct world *w, const struct base *b, enum task_kind kind,
		  const char *name)
{
	const char *sep = "";
	int i, k;

	printf(",\n \"%s\": [", name);
	for (i = 0; i < w->n_tasks; i++) {
		static struct world other;

		if (w->tasks[i].kind != kind || !w->free_cpus)
			continue;
		for (k = 0; k < i; k++) {
			if (w->tasks[k].kind == kind &&
			    w->tasks[k].pid == w->tasks[i].pid)
				break;
		}
		if (k < i)
			continue;
		other = *w;
		for (k = 0; k < w->n_tasks; k++) {
			if (w->tasks[k].kind == kind &&
			    w->tasks[k].pid == w->tasks[i].pid)
				other.tasks[k].cpus = w->free_cpus;
		}
		sched_run(&other, NULL, true);
		printf("%s\n  {\"pid\": %d, \"gain\": %.3f}", sep, w->tasks[i].pid,
		       gain_of(&other, b, -1));
		sep = ",";
	}
	fputs("]", stdout);
}

static void pinned(const struct world *w, const struct base *b)
{
	static struct world other;
	int i, n = 0, cpu = 0;
	bool wander = false;

	for (i = 0; i < w->n_tasks; i++) {
		n += w->tasks[i].kind == VCPU;
		wander |= w->tasks[i].kind == VCPU &&
			  (w->tasks[i].cpus & (w->tasks[i].cpus - 1));
	}
	if (!wander || n > w->n_cpus - __builtin_popcountll(w->free_cpus)) {
		fputs(",\n \"pin\": null", stdout);
		return;
	}
	other = *w;
	for (i = 0; i < w->n_tasks; i++) {
		if (w->tasks[i].kind != VCPU)
			continue;
		while (w->free_cpus >> cpu & 1)
			cpu++;
		other.tasks[i].cpus = 1ull << cpu++;
	}
	sched_run(&other, NULL, true);
	printf(",\n \"pin\": %.3f", gain_of(&other, b, -1));
}

struct windows {
	int64_t *ns;
	int n;
};

static void ran(void *ctx, int task, int64_t from_ns, int64_t until_ns)
{
	struct windows *w = ctx;

	(void)task;
	while (from_ns < until_ns) {
		int i = (int)(from_ns / WINDOW_NS);
		int64_t end = (i + 1) * WINDOW_NS;

		if (end > until_ns)
			end = until_ns;
		if (i < w->n)
			w->ns[i] += end - from_ns;
		from_ns = end;
	}
}

static void nothing(void *ctx, int64_t ns)
{
	(void)ctx;
	(void)ns;
}

static void change(void *ctx, int64_t ns, int cpu, int prev, bool sleeps, int next)
{
	(void)ctx;
	(void)ns;
	(void)cpu;
	(void)prev;
	(void)sleeps;
	(void)next;
}

static void wake(void *ctx, int64_t ns, int task, int cpu, bool moved_too)
{
	(void)ctx;
	(void)ns;
	(void)task;
	(void)cpu;
	(void)moved_too;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void spare(const struct world *w)
{
	static struct world other;
	struct windows windows = { NULL, (int)(w->length_ns / WINDOW_NS) };
	const struct sched_teller teller = { .wake = wake,
					     .change = change,
					     .ran = ran,
					     .step = nothing,
					     .ctx = &windows };
	int i;

	windows.ns = calloc((size_t)windows.n + 1, sizeof(*windows.ns));
	if (!windows.ns)
		exit(2);
	other = *w;
	other.n_cpus = w->n_tasks;
	for (i = 0; i < w->n_tasks; i++)
		other.tasks[i].cpus = 1ull << i;
	sched_run(&other, &teller, false);
	qsort(windows.ns, (size_t)windows.n, sizeof(*windows.ns), by_size);
	/* The nearest rank: 99 of 100 want no more. */
	i = (windows.n * 99 + 99) / 100 - 1;
	printf(",\n \"spare\": %.4f",
	       w->n_cpus - (double)windows.ns[i] / WINDOW_NS);
	free(windows.ns);
}

static void truth(struct world *w)
{
	static struct base b;
	int i;

	b.per_hour = 3600e9 / (double)w->length_ns;
	for (i = 0; i < w->n_tasks; i++) {
		b.waited_ns[i] = w->tasks[i].waited_ns;
		w->tasks[i].goal_ns = w->tasks[i].done_ns;
	}
	printf("{\"seed\": %llu, \"story\": \"%s\", \"cpus\": %d, \"aggressor\": %d",
	       (unsigned long long)w->seed, w->story, w->n_cpus,
	       w->aggressor < 0 ? 0 : 1000 + 100 * w->aggressor);
	separate(w, &b);
	moved(w, &b, EMULATOR, "emulator");
	moved(w, &b, HOST_TASK, "task");
	pinned(w, &b);
	spare(w);
	puts("}");
}

int main(int argc, char **argv)
{
	static struct world w;

	if (argc < 3) {
		fprintf(stderr, "usage: hosts SEED OUT [SECONDS [guests]]\n");
		return 2;
	}
	if (mkdir(argv[2], 0755) && errno != EEXIST) {
		fprintf(stderr, "hosts: %s: %s\n", argv[2], strerror(errno));
		return 2;
	}
	world_draw(&w, strtoull(argv[1], NULL, 0),
		   (argc > 3 ? strtoll(argv[3], NULL, 0) : 120) * SECOND);
	traces_write(&w, argv[2], argc > 4);
	truth(&w);
	return 0;
}
