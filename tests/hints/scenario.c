// SPDX-License-Identifier: MIT
/*
 * Scenarios: how many CPUs, which virtual machines on which of them, and who is too
 * much for whom. Of ten, one has nobody who is; what else there is depends on the
 * number, so that any 20 in a row have all of it.
 */
#include <stdio.h>

#include "world.h"

#define MS 1e6

static double between(struct sim_rng *r, double lo, double hi)
{
	return sim_rng_between(r, lo, hi);
}

static int any(struct sim_rng *r, int lo, int hi)
{
	return lo + (int)sim_rng_below(r, (uint64_t)(hi - lo + 1));
}

/* It wants the share @u of a CPU, in bursts of @work_ns. */
static struct demand wants(struct sim_rng *r, double u, double work_ns)
{
	struct demand d = { .burst_ns = work_ns,
			    .open = sim_rng_chance(r, 0.5) };

	d.pause_ns = d.open ? work_ns / u : work_ns * (1 - u) / u;
	return d;
}

static struct task *add(struct world *w, enum task_kind kind, int vm, uint64_t cpus,
			struct demand demand)
{
	static const char *const names[MAX_VMS] = {
		"CPU 0/KVM",  "CPU 1/KVM",  "CPU 2/KVM",  "CPU 3/KVM",
		"CPU 4/KVM",  "CPU 5/KVM",  "CPU 6/KVM",  "CPU 7/KVM",
		"CPU 8/KVM",  "CPU 9/KVM",  "CPU 10/KVM", "CPU 11/KVM",
		"CPU 12/KVM", "CPU 13/KVM", "CPU 14/KVM", "CPU 15/KVM"};
	struct task *k = &w->tasks[w->n_tasks];
	int i;

	*k = (struct task){ .kind = kind,
			    .vm = vm,
			    .pid = 1000 + 100 * vm,
			    .cpus = cpus,
			    .demand = demand,
			    .seed = w->seed * 1000 + (uint64_t)w->n_tasks };
	for (i = 0; i < w->n_tasks; i++)
		k->number += w->tasks[i].kind == kind && w->tasks[i].vm == vm;
	k->tid = k->pid + 1 + k->number;
	k->name = names[k->number];
	if (kind == EMULATOR) {
		k->tid = k->pid + 50 + k->number;
		k->name = "IO iothread1";
	} else if (kind == HOST_TASK) {
		k->pid = 500 + w->n_tasks;
		k->tid = k->pid;
		k->name = "backup";
	}
	w->n_tasks++;
	return k;
}

static uint64_t all(const struct world *w)
{
	return (1ull << w->n_cpus) - 1;
}

/* Wherever there are VMs, QEMU does a little, and so does the host. */
static void noise(struct world *w, struct sim_rng *r)
{
	int i;

	for (i = 0; i < w->n_vms; i++)
		add(w, EMULATOR, i, all(w), wants(r, between(r, 0.0005, 0.004), 0.1 * MS));
	add(w, HOST_TASK, -1, all(w), wants(r, between(r, 0.001, 0.01), 0.3 * MS))->name =
		"journal";
}

static struct demand much(struct sim_rng *r)
{
	struct demand d = { 0 };

	if (sim_rng_chance(r, 0.3))
		d.pause_ns = MS;
	else
		d = wants(r, between(r, 0.5, 0.95), between(r, 5 * MS, 100 * MS));
	if (d.burst_ns && sim_rng_chance(r, 0.3)) {
		d.on_ns = (int64_t)between(r, 2e9, 10e9);
		d.off_ns = (int64_t)between(r, 1e9, 8e9);
	}
	return d;
}

/* Each CPU has a VM of its own; one more is on some of them too, and wants much. */
static void beside(struct world *w, struct sim_rng *r)
{
	int i, n;

	w->n_cpus = any(r, 2, 8);
	for (i = 0; i < w->n_cpus; i++)
		add(w, VCPU, w->n_vms++, 1ull << i,
		    wants(r, between(r, 0.08, 0.45), between(r, 2 * MS, 40 * MS)));
	for (i = any(r, 0, 3); i > 0; i--)
		add(w, VCPU, w->n_vms++, 1ull << any(r, 0, w->n_cpus - 1),
		    wants(r, between(r, 0.01, 0.05), between(r, MS, 5 * MS)));
	w->aggressor = w->n_vms++;
	n = any(r, 1, w->n_cpus < 4 ? w->n_cpus : 4);
	for (i = 0; i < n; i++)
		add(w, VCPU, w->aggressor, 1ull << i, much(r));
}

/* All may run everywhere, and one VM has so many virtual CPUs that it is too much. */
static void together(struct world *w, struct sim_rng *r)
{
	double left;
	int i, n;

	w->n_cpus = any(r, 2, 6);
	left = w->n_cpus * between(r, 0.4, 0.7);
	while (left > 0.2 && w->n_vms < 12) {
		double u = between(r, 0.15, 0.6);

		add(w, VCPU, w->n_vms++, all(w),
		    wants(r, u, between(r, 2 * MS, 40 * MS)));
		left -= u;
	}
	w->aggressor = w->n_vms++;
	n = any(r, (w->n_cpus + 1) / 2, w->n_cpus);
	for (i = 0; i < n; i++)
		add(w, VCPU, w->aggressor, all(w), much(r));
}

/* Nobody shares a CPU with anybody, and they need nearly all. */
static void apart(struct world *w, struct sim_rng *r)
{
	int i;

	w->n_cpus = any(r, 2, 8);
	for (i = 0; i < w->n_cpus; i++)
		add(w, VCPU, w->n_vms++, 1ull << i,
		    wants(r, between(r, 0.85, 0.97), between(r, 20 * MS, 100 * MS)));
}

/* Few that need little. */
static void quiet(struct world *w, struct sim_rng *r)
{
	bool pin = sim_rng_chance(r, 0.5);
	int i;

	w->n_cpus = any(r, 4, 8);
	for (i = 0; i < w->n_cpus - any(r, 0, 2); i++)
		add(w, VCPU, w->n_vms++, pin ? 1ull << i : all(w),
		    wants(r, between(r, 0.05, 0.35), between(r, 2 * MS, 20 * MS)));
}

/* The first CPU has no virtual CPU; what could be there is on the others. */
static void with_host(struct world *w, struct sim_rng *r, enum task_kind kind)
{
	uint64_t cpus;
	double least = 0.15;
	int i, n;

	w->n_cpus = any(r, 3, 8);
	w->free_cpus = 1;
	for (i = 1; i < w->n_cpus; i++)
		add(w, VCPU, w->n_vms++, 1ull << i,
		    wants(r, between(r, 0.25, 0.7), between(r, 2 * MS, 40 * MS)));
	/* Somewhere, or wherever there is a virtual CPU. */
	cpus = 1ull << any(r, 1, w->n_cpus - 1);
	if (sim_rng_chance(r, 0.3)) {
		cpus = all(w) & ~1ull;
		least = 0.6;
	}
	n = kind == EMULATOR ? any(r, 1, 2) : 1;
	for (i = 0; i < n; i++)
		add(w, kind, kind == EMULATOR ? w->n_vms - 1 : -1, cpus,
		    wants(r, between(r, least, 0.8) / n, between(r, MS, 20 * MS)));
}

/* As many virtual CPUs as CPUs, and a scheduler that does not always see that. */
static void wander(struct world *w, struct sim_rng *r)
{
	int i, vm = 0;

	w->n_cpus = any(r, 2, 8);
	w->lazy = between(r, 0.5, 0.95);
	w->n_vms = any(r, 1, (w->n_cpus + 1) / 2);
	for (i = 0; i < w->n_cpus; i++) {
		add(w, VCPU, vm, all(w),
		    wants(r, between(r, 0.3, 0.75), between(r, 5 * MS, 40 * MS)));
		vm = (vm + 1) % w->n_vms;
	}
}

void world_draw(struct world *w, uint64_t seed, int64_t length_ns)
{
	static const char *const stories[20] = {
		"apart",  "beside",   "together", "beside",   "together",
		"beside", "together", "beside",	  "together", "beside",
		"apart",  "quiet",    "quiet",	  "emulator", "emulator",
		"emulator", "task",   "task",	  "wander",   "wander"};
	struct sim_rng r;

	*w = (struct world){ .seed = seed,
			     .story = stories[seed % 20],
			     .aggressor = -1,
			     .length_ns = length_ns };
	sim_rng_init(&r, seed, 3);
	switch (w->story[0]) {
	case 'a':
		apart(w, &r);
		break;
	case 'b':
		beside(w, &r);
		break;
	case 'q':
		quiet(w, &r);
		break;
	case 'e':
		with_host(w, &r, EMULATOR);
		break;
	case 'w':
		wander(w, &r);
		break;
	default:
		if (w->story[1] == 'o')
			together(w, &r);
		else
			with_host(w, &r, HOST_TASK);
	}
	noise(w, &r);
}
