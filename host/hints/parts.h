/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the hints share; for host/hints/ only, see hints.h.
 *
 *	threads.c	whose each thread of the host is
 *	queues.c	which of them run, and which wait for which CPU
 *	pools.c		CPUs among which virtual CPUs wander
 *	costs.c		who costs whom how much
 *	replay.c	what else would change without somebody
 *	demand.c	what all want, window by window
 *	resample.c	how sure that is
 *	find.c		hints of it
 *	pins.c		those to pin
 */
#ifndef VMSYNC_HINTS_PARTS_H
#define VMSYNC_HINTS_PARTS_H

#include "hints/hints.h"

/**
 * struct hints_thread - of the host
 * @party:	whose, ANALYSIS_NONE: not known
 * @vcpu:	number of the virtual CPU that it is, or ANALYSIS_NONE
 * @settled:	@party is what it will be
 * @cpu:	on which it runs, or for which it waits
 * @part_cpu:	on which it ran in this part, ANALYSIS_NONE: on none
 * @burst_from_ns: it wanted to run, or this part began
 * @burst_ns:	what it ran since then
 */
struct hints_thread {
	int32_t tid;
	uint32_t party;
	uint32_t vcpu;
	bool settled;
	enum { HINTS_ASLEEP, HINTS_WAITS, HINTS_RUNS } state;
	uint32_t cpu;
	uint32_t part_cpu;
	int64_t burst_from_ns;
	int64_t burst_ns;
};

/**
 * struct hints_cpu - of the host
 * @known:	it is known who runs: @thread, ANALYSIS_NONE: nobody
 * @since_ns:	who runs is accounted up to here
 * @waiting:	threads
 * @pool:	that it is in
 * @next_pool:	the same of the part that goes on: union-find
 */
struct hints_cpu {
	bool known;
	uint32_t thread;
	int64_t since_ns;
	VMSYNC_ARRAY(uint32_t) waiting;
	uint32_t pool;
	uint32_t next_pool;
	int64_t idle_ns;
	int64_t vcpu_ns;
	int64_t task_ns;
};

/**
 * struct hints_pool - CPUs among which virtual CPUs wander
 * @cpus:	none: it is part of another one
 * @vcpus:	that wait
 * @settled_ns:	costs are accounted up to here
 */
struct hints_pool {
	VMSYNC_ARRAY(uint32_t) cpus;
	uint32_t vcpus;
	int64_t settled_ns;
};

/**
 * struct hints_cost - what a party costs a VM
 * @ns:		[part]
 * @replay_direct: the same in replays, all together
 * @replay_gain: and what the VM waits less there without the party
 */
struct hints_cost {
	uint32_t vm;
	uint32_t by;
	int64_t ns[HINTS_PARTS];
	double replay_direct;
	double replay_gain;
};

/** struct hints_burst - work of a thread, that began at @from_ns */
struct hints_burst {
	int64_t from_ns;
	int64_t work_ns;
	uint32_t thread;
	uint32_t pool;
};

/**
 * struct hints_vcpu - a virtual CPU
 * @cpus:	[CPU] what it ran there
 * @last_cpu:	ANALYSIS_NONE: none yet
 * @moves:	changes of CPU
 * @for_vcpus_ns: [part] what it waited while another virtual CPU had its CPU
 */
struct hints_vcpu {
	VMSYNC_ARRAY(int64_t) cpus;
	uint32_t last_cpu;
	uint64_t moves;
	int64_t for_vcpus_ns[HINTS_PARTS];
};

/**
 * struct hints_state - see above
 * @part:	that goes on, @part_until_ns
 * @known_vcpus: virtual CPUs that the model knew when it was last asked
 * @count:	[party] scratch of costs.c: threads that want a CPU, and virtual CPUs
 *		that wait
 * @windows:	[@n_windows] of demand, ns
 */
struct hints_state {
	struct hints *h;
	bool failed;
	int64_t from_ns;
	int64_t until_ns;
	int part;
	int64_t part_until_ns;
	uint32_t known_vcpus;
	struct analysis_index tids;
	VMSYNC_ARRAY(struct hints_thread) threads;
	struct analysis_index party_index;
	VMSYNC_ARRAY(struct hints_party) parties;
	VMSYNC_ARRAY(struct hints_cpu) cpus;
	VMSYNC_ARRAY(struct hints_pool) pools;
	VMSYNC_ARRAY(struct hints_vcpu) vcpus;
	struct analysis_index cost_index;
	VMSYNC_ARRAY(struct hints_cost) costs;
	VMSYNC_ARRAY(struct hints_burst) bursts; /* of this part, that have ended */
	struct hints_counts {
		uint32_t *want;
		uint32_t *wait;
		uint32_t *touched;
		uint32_t n_touched;
		size_t size;
	} counts;
	int64_t window_ns;
	uint32_t n_windows;
	int64_t *windows;
	int64_t vcpu_ns;	/* of all virtual CPUs, and of it unknown */
	int64_t unknown_ns;
};

/** hints_slot() - element @n of an array that is filled up with zeros; or NULL */
#define hints_slot(s, array, n) ({                                             \
	while ((array)->count <= (n)) {                                        \
		__typeof__((array)->at) e_ = vmsync_array_add(array);          \
		if (!e_) {                                                     \
			(s)->failed = true;                                    \
			break;                                                 \
		}                                                              \
		memset(e_, 0, sizeof(*e_));                                    \
	}                                                                      \
	(array)->count > (n) ? &(array)->at[n] : NULL;                         \
})

/* threads.c */

/** hints_thread_of() - number of a thread of the host, ANALYSIS_NONE: no memory */
uint32_t hints_thread_of(struct hints_state *s, int32_t tid);

/** hints_thread_resolve() - whose it is, as far as is known by now */
void hints_thread_resolve(struct hints_state *s, struct hints_thread *t);

/** hints_party_find() - by kind and process, or ANALYSIS_NONE */
uint32_t hints_party_find(const struct hints_state *s, enum hints_party_kind kind,
			  int32_t pid);

/** hints_vcpu_of() - by its number; NULL: no memory */
struct hints_vcpu *hints_vcpu_of(struct hints_state *s, uint32_t vcpu);

/* queues.c */

/** hints_queues_event() - of the host, in the order of time */
void hints_queues_event(struct hints_state *s, const struct analysis_event *ev);

/** hints_queues_end() - all is accounted up to the end */
void hints_queues_end(struct hints_state *s);

/* pools.c */

/** hints_cpu_of() - a CPU, with a pool of its own if it is new; NULL: no memory */
struct hints_cpu *hints_cpu_of(struct hints_state *s, uint32_t cpu);

/** hints_pools_seen() - a virtual CPU's thread runs on @cpu, too */
void hints_pools_seen(struct hints_state *s, struct hints_thread *t, uint32_t cpu,
		      int64_t ns);

/** hints_pools_renew() - a part has ended: pools are by what was seen in it */
void hints_pools_renew(struct hints_state *s);

/* costs.c */

/** hints_costs_settle() - who wants what among CPU @cpu's pool may change at @ns */
void hints_costs_settle(struct hints_state *s, uint32_t cpu, int64_t ns);

/** hints_costs_of() - what @by costs @vm, NULL: nothing */
const struct hints_cost *hints_costs_of(const struct hints_state *s, uint32_t vm,
					uint32_t by);

/* replay.c */

/** hints_replay_begin() - a thread wants to run from now on */
void hints_replay_begin(struct hints_thread *t, int64_t ns);

/** hints_replay_end() - it has done what it wanted, as far as it ran */
void hints_replay_end(struct hints_state *s, uint32_t thread);

/** hints_replay_part() - a part of the recording has ended at @ns */
void hints_replay_part(struct hints_state *s, int64_t ns);

/* demand.c */

/** hints_demand_init() - 0 or -ENOMEM */
int hints_demand_init(struct hints_state *s, int64_t window_ns);

/** hints_demand_add() - somebody wanted a CPU for that time */
void hints_demand_add(struct hints_state *s, int64_t from_ns, int64_t until_ns);

/** hints_demand_stay() - what a virtual CPU did, for it and for what is unknown */
void hints_demand_stay(struct hints_state *s, const struct analysis_stay *stay);

/** hints_room_hint() - fill in @hint's figures, and the room of all */
void hints_room_hint(struct hints *h, struct hint *hint);

/* resample.c */

/** hints_resample_rate() - @hint's figures from its rates, of which it is the mean */
void hints_resample_rate(struct hint *hint, double least);

/**
 * hints_resample() - so many times, parts are drawn from those that there are
 * @value:	what a recording of these would say; @drawn[part]: how often each is in it
 */
void hints_resample(struct hint *hint, double least,
		    double (*value)(void *ctx, const uint32_t drawn[HINTS_PARTS]),
		    void *ctx);

/* pins.c */

/** hints_pins() - hints to pin, and what these make superfluous */
void hints_pins(struct hints *h);

/* find.c */

/** hints_add() - one more, NULL: no memory */
struct hint *hints_add(struct hints *h, enum hints_kind kind, uint32_t vm, uint32_t by);

/** hints_rates_add() - times of each part, to its rates */
void hints_rates_add(const struct hints_state *s, struct hint *x,
		     const int64_t ns[HINTS_PARTS]);

/**
 * hints_weigh() - its figures by its rates
 * Return: whether it is worth saying; if not it is gone.
 */
bool hints_weigh(struct hints *h, struct hint *x);

/** hints_cpu_add() - one more CPU that is meant */
void hints_cpu_add(struct hints *h, struct hint *x, uint32_t cpu);

/** hints_find() - all of them; 0 or -ENOMEM */
int hints_find(struct hints *h);

/** hints_vcpu_numbers() - call @take for each virtual CPU of a VM: KVM's number */
void hints_vcpu_numbers(const struct hints *h, uint32_t party,
			void (*take)(void *ctx, int32_t number), void *ctx);

#endif /* VMSYNC_HINTS_PARTS_H */
