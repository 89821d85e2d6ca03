/* SPDX-License-Identifier: MIT */
/*
 * One machine: a host, its guests, and what their clocks truly show.
 */
#ifndef VMSYNC_SIM_WORLD_H
#define VMSYNC_SIM_WORLD_H

#include "kernel.h"
#include "scenario.h"
#include "vm.h"

#define SIM_MAX_GUESTS 8

/**
 * struct sim_guest - a guest's kernel in its VM
 * @first:	the guest whose VM it is: another one if that was reset
 * @born, @died: host TSC between which the VM is this kernel's
 * @from, @until: host TSC between which the guest records
 */
struct sim_guest {
	struct sim_vm vm;
	struct sim_kernel kernel;
	uint64_t vm_uid;
	int index;
	int first;
	uint64_t born;
	uint64_t died;
	uint64_t from;
	uint64_t until;
	bool kvmclock;
	bool host_clock; /* it stamps with its host's, see hostclock.h */
};

/**
 * struct sim_world - all of a run's truth
 * @start, @end: host TSC at which the recording starts and ends; the kernels
 *		 run from a little before to a little after it
 */
struct sim_world {
	const struct sim_scenario *sc;
	uint64_t seed;
	double cycles_per_ns;
	uint64_t start;
	uint64_t end;
	struct sim_oscillator osc;
	struct sim_kernel host;
	struct sim_guest guests[SIM_MAX_GUESTS];
	int guest_count;
};

/** enum sim_purpose - separates the random streams of one seed */
enum sim_purpose {
	SIM_RNG_WORLD,
	SIM_RNG_HOST,
	SIM_RNG_HOST_STEER,
	SIM_RNG_GUEST = 100, /* + guest, and so on */
	SIM_RNG_GUEST_STEER = 200,
	SIM_RNG_VM = 300,
	SIM_RNG_BEACONS = 400,
	SIM_RNG_RUNS = 500,
	SIM_RNG_LIES = 600,
	SIM_RNG_EVENTS = 700,
	SIM_RNG_KNOTS = 800,
};

/**
 * sim_world_build - run all clocks of @sc with @seed
 * @world: free it with sim_world_free(); does not move, pointers into it exist
 */
void sim_world_build(struct sim_world *world, const struct sim_scenario *sc,
		     uint64_t seed);
void sim_world_free(struct sim_world *world);

/**
 * sim_world_elsewhere - the same world, seen from the host that guests are away on
 * @other:	has that host, with a clock of its own; free it with
 *		sim_world_elsewhere_free(), before @world
 * @world:	what the two have in common stays its own
 */
void sim_world_elsewhere(struct sim_world *other, const struct sim_world *world);
void sim_world_elsewhere_free(struct sim_world *other);

/** sim_world_at - host TSC @s seconds after the start */
uint64_t sim_world_at(const struct sim_world *world, double s);

/** sim_world_cycles - @ns in host cycles */
uint64_t sim_world_cycles(const struct sim_world *world, double ns);

/** sim_host_mono - the host's clock at host TSC @h */
int64_t sim_host_mono(const struct sim_world *world, uint64_t h, size_t *hint);

/** sim_guest_mono - the guest's clock read on @cpu at host TSC @h */
int64_t sim_guest_mono(const struct sim_guest *g, uint32_t cpu, uint64_t h,
		       size_t *hint);

#endif /* VMSYNC_SIM_WORLD_H */
