/* SPDX-License-Identifier: MIT */
/* What the parts of the model share; for host/analysis/ only, see model.h. */
#ifndef VMSYNC_ANALYSIS_PARTS_H
#define VMSYNC_ANALYSIS_PARTS_H

#include <string.h>

#include "analysis/model.h"
#include "sync/base/array.h"

/* A trace may claim any number; Linux has at most 8192 CPUs. */
#define ANALYSIS_MAX_CPUS 8192

/**
 * struct analysis_turn - who had a host CPU for some time, while a virtual CPU
 * was asleep on it, as far as was told
 */
struct analysis_turn {
	struct analysis_who who;
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct analysis_halt - a halt that goes on
 * @slept:	the thread went to sleep, at @out_ns
 * @in_ns:	it got a CPU again, the last time
 * @alone:	nothing else wanted its CPU when it lost it
 */
struct analysis_halt {
	bool slept;
	bool alone;
	int64_t out_ns;
	int64_t in_ns;
};

/**
 * struct analysis_vcpu - a virtual CPU
 * @on:		host CPU that it runs on, ANALYSIS_NONE: on none
 * @off:	why it runs on none; ANALYSIS_UNKNOWN also where it may run
 * @place:	where its thread is
 * @left:	the guest was left at some event of the host, and the exit is
 * not told yet; with @place ANALYSIS_IN_GUEST
 * @early:	it was woken before it had gone to sleep, as far as was told
 * @open:	the stay that goes on
 * @sum_ns:	by state, of stays that have ended
 * @exit:	the exit that goes on, if @exiting
 * @queue:	host CPU whose run queue it waits on, or waited on last
 * @listed:	on the list of @queue's waiters
 * @charged_ns:	up to here the wait is charged
 * @turns:	who had the CPU since it went to sleep: should it turn out that
 * it did not sleep at all, they are charged
 * @overflow:	there were more than are kept
 * @thread:	of the guest, that it runs, ANALYSIS_NONE: not known
 * @idles:	which is the guest's idle thread
 * @wakes:	@waker has begun to wake it, since it had a CPU last
 * @halts_on:	it was left for a halt and has not been entered since: a thread that
 *		leaves KVM meanwhile, for a signal, comes back to the same halt
 * @halt:	the halt, if it is in one
 * @poll_ns:	for so long KVM polls, if @poll_known
 * @poll_next_ns: the same of the next halt
 * @wait_from_ns: it lost its CPU, or was woken
 * @wait_early_ns: so much earlier the kernel may say that this was
 * @wait_moved:	the kernel may have counted nothing of the wait
 */
struct analysis_vcpu {
	struct analysis_vcpu_id id;
	struct analysis_switches switches;
	uint32_t on;
	enum analysis_state off;
	enum analysis_left_in place;
	bool left;
	bool early;
	struct analysis_stay open;
	int64_t sum_ns[ANALYSIS_STATES];
	bool exiting;
	struct analysis_exit exit;
	uint32_t queue;
	bool listed;
	int64_t charged_ns;
	VMSYNC_ARRAY(struct analysis_turn) turns;
	bool overflow;
	uint32_t thread;
	bool idles;
	bool wakes;
	struct analysis_who waker;
	bool halts_on;
	struct analysis_halt halt;
	struct analysis_halts halts;
	int64_t poll_ns;
	int64_t poll_next_ns;
	bool poll_known;
	bool poll_next_known;
	int64_t wait_from_ns;
	int64_t wait_early_ns;
	bool wait_moved;
	struct analysis_slack slack;
};

/**
 * struct analysis_queue - what is known of the run queue of a CPU
 * @fence_ns:	its clock was read after that, see slack.c
 * @woken:	since the last switch or entry a thread was put on it, and the clock
 *		was read after @woken_ns when that was last so
 * @waiting:	at most so many threads are on it that do not run, but if @busy
 * @busy:	it has not been idle yet: more may be
 */
struct analysis_queue {
	int64_t fence_ns;
	int64_t woken_ns;
	bool woken;
	bool busy;
	uint32_t waiting;
};

/**
 * struct analysis_cpu - a CPU of the host
 * @thread:	that runs, number, ANALYSIS_NONE: not known
 * @irqs:	interrupt handlers that have begun and not ended
 * @lost_until_ns: its events may be missing up to here
 * @who:	who has it
 * @waiters:	virtual CPUs that wait for it, or sleep and were on it last
 */
struct analysis_cpu {
	uint32_t thread;
	uint32_t irqs;
	int64_t lost_until_ns;
	struct analysis_who who;
	struct analysis_queue queue;
	VMSYNC_ARRAY(uint32_t) waiters;
};

/**
 * struct analysis_waking - a thread of a guest was woken and does not run yet
 * @vcpu:	that it waits for, ANALYSIS_NONE: nobody waits
 * @moved:	it waited for another one before, for @ns
 * @before_ns:	of @vcpu, when it began to wait for that one
 */
struct analysis_waking {
	uint32_t vcpu;
	uint32_t waker;
	bool moved;
	int64_t from_ns;
	int64_t before_ns[ANALYSIS_STATES];
	int64_t ns[ANALYSIS_STATES];
};

/** struct analysis_task - a thread, and what the parts know of it */
struct analysis_task {
	struct analysis_thread is;
	uint32_t vcpu; /* of the host: whose thread it is, or NONE */
	struct analysis_waking *wake; /* of a guest, owned, NULL: never woken */
};

/** struct analysis_guest - @vcpu: by its own number of a CPU, or ANALYSIS_NONE */
struct analysis_guest {
	VMSYNC_ARRAY(uint32_t) vcpu;
};

struct analysis_model {
	bool wakeups;
	bool failed; /* out of memory, somewhere */
	int64_t begin_ns;
	int64_t lost_until_ns; /* of any CPU */
	struct analysis_index tids;
	VMSYNC_ARRAY(struct analysis_task) tasks;
	VMSYNC_ARRAY(struct analysis_vcpu) vcpus;
	VMSYNC_ARRAY(struct analysis_cpu) cpus;
	VMSYNC_ARRAY(struct analysis_guest) guests; /* by machine */
	struct analysis_sink sinks[ANALYSIS_MAX_SINKS];
	int n_sinks;
	bool tells_steps;
	bool tells_events; /* some sink wants them */
	struct analysis_anomalies anomalies;
};

/* model.c */

/** analysis_pair() - a key for analysis_index_put() */
static inline uint64_t analysis_pair(uint32_t a, uint32_t b)
{
	return (uint64_t)a << 32 | b;
}

/** analysis_task_new() - analysis_task_of() of one that may not be there */
uint32_t analysis_task_new(struct analysis_model *m, uint32_t machine,
			   int32_t tid);

/** analysis_task_find() - a thread's number, or NONE where it was never met */
static inline uint32_t analysis_task_find(const struct analysis_model *m,
					  uint32_t machine, int32_t tid)
{
	return analysis_index_find(&m->tids,
				   analysis_pair(machine, (uint32_t)tid));
}

/** analysis_task_of() - the same, made where it is new; or NONE */
static inline uint32_t analysis_task_of(struct analysis_model *m,
					uint32_t machine, int32_t tid)
{
	uint32_t n = analysis_task_find(m, machine, tid);

	/* A number without a task: memory was out. */
	return n < m->tasks.count ? n : analysis_task_new(m, machine, tid);
}

/** analysis_name_set() - the name that an event tells */
static inline void analysis_name_set(struct analysis_model *m, uint32_t task,
				     const struct analysis_event *ev)
{
	char *name;

	if (task == ANALYSIS_NONE || !ev->named)
		return;
	name = m->tasks.at[task].is.name;
	memcpy(name, ev->name, ANALYSIS_NAME);
	name[ANALYSIS_NAME - 1] = 0;
}

/** analysis_vcpu_on() - the virtual CPU that runs on a host CPU, or NULL */
static inline struct analysis_vcpu *analysis_vcpu_on(struct analysis_model *m,
						     uint32_t cpu)
{
	const struct analysis_cpu *c = &m->cpus.at[cpu];
	uint32_t v;

	if (c->thread == ANALYSIS_NONE)
		return NULL;
	v = m->tasks.at[c->thread].vcpu;
	/* A trace may tell that a thread runs on two CPUs: the last one counts.
	 */
	return v == ANALYSIS_NONE || m->vcpus.at[v].on != cpu ? NULL :
								&m->vcpus.at[v];
}

/* cpus.c */

/** analysis_cpu_new() - analysis_cpu_of() of one that may not be there */
struct analysis_cpu *analysis_cpu_new(struct analysis_model *m, uint32_t cpu);

/** analysis_cpu_of() - a host CPU, made where it is new; NULL if out of memory
 */
static inline struct analysis_cpu *analysis_cpu_of(struct analysis_model *m,
						   uint32_t cpu)
{
	return cpu < m->cpus.count ? &m->cpus.at[cpu] :
				     analysis_cpu_new(m, cpu);
}

/**
 * analysis_cpu_settle() - who has @cpu may have changed: charge who waits for
 * it
 */
void analysis_cpu_settle(struct analysis_model *m, uint32_t cpu, int64_t ns);

/*
 * analysis_cpus_KIND() - an event of the host of this kind; the last one is for
 * those that are rare
 */
void analysis_cpus_other(struct analysis_model *m,
			 const struct analysis_event *ev);
void analysis_cpus_switch(struct analysis_model *m,
			  const struct analysis_event *ev);
void analysis_cpus_waking(struct analysis_model *m,
			  const struct analysis_event *ev);
void analysis_cpus_wakeup(struct analysis_model *m,
			  const struct analysis_event *ev);
void analysis_cpus_irq_in(struct analysis_model *m,
			  const struct analysis_event *ev);
void analysis_cpus_irq_out(struct analysis_model *m,
			   const struct analysis_event *ev);
void analysis_cpus_entry(struct analysis_model *m,
			 const struct analysis_event *ev);
void analysis_cpus_exit(struct analysis_model *m,
			const struct analysis_event *ev);
void analysis_cpus_rare(struct analysis_model *m,
			const struct analysis_event *ev);

/* vcpus.c */

/** analysis_vcpu_settle() - what it does may have changed */
void analysis_vcpu_settle(struct analysis_model *m, struct analysis_vcpu *v,
			  int64_t ns);

/** analysis_vcpu_sums() - its time by state up to @ns, with the stay that goes
 * on */
void analysis_vcpu_sums(const struct analysis_vcpu *v, int64_t ns,
			int64_t sums[ANALYSIS_STATES]);

/** analysis_vcpu_put() - it gets host CPU @cpu */
void analysis_vcpu_put(struct analysis_model *m, struct analysis_vcpu *v,
		       uint32_t cpu, int64_t ns);

/** analysis_vcpu_take() - it loses its host CPU, in the state that a switch
 * tells */
void analysis_vcpu_take(struct analysis_model *m, struct analysis_vcpu *v,
			int64_t prev_state, int64_t ns);

/** analysis_vcpu_lose() - what it does is not known any more */
void analysis_vcpu_lose(struct analysis_model *m, struct analysis_vcpu *v,
			int64_t ns);

/** analysis_vcpu_leave() - the guest was left, and an exit is not told yet */
void analysis_vcpu_leave(struct analysis_model *m, struct analysis_vcpu *v,
			 int64_t ns);

/** analysis_vcpu_left() - the host runs on its CPU: the guest does not */
static inline void analysis_vcpu_left(struct analysis_model *m,
				      struct analysis_vcpu *v, int64_t ns)
{
	if (v->place == ANALYSIS_IN_GUEST && !v->left)
		analysis_vcpu_leave(m, v, ns);
}

/**
 * analysis_vcpus_about() - a thread is woken, moved or ends: a virtual CPU's, maybe
 */
void analysis_vcpus_about(struct analysis_model *m,
			  const struct analysis_event *ev);

/**
 * analysis_vcpus_entry() - ANALYSIS_EV_ENTRY
 * @v:		the virtual CPU that is known to be on the event's CPU, or NULL
 */
void analysis_vcpus_entry(struct analysis_model *m, struct analysis_vcpu *v,
			  const struct analysis_event *ev);

/** analysis_vcpus_exit() - ANALYSIS_EV_EXIT; @v as there */
void analysis_vcpus_exit(struct analysis_model *m, struct analysis_vcpu *v,
			 const struct analysis_event *ev);

/** analysis_vcpus_told_by() - what the thread of @v, that made the event, does */
void analysis_vcpus_told_by(struct analysis_model *m, struct analysis_vcpu *v,
			    const struct analysis_event *ev);

/** analysis_vcpu_end() - end what is open */
void analysis_vcpu_end(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns);

/* waits.c */

/** analysis_wait_begin() - it waits for @cpu, or sleeps and was on it */
void analysis_wait_begin(struct analysis_model *m, struct analysis_vcpu *v,
			 uint32_t cpu, int64_t ns);

/** analysis_wait_move() - the run queue is another one */
void analysis_wait_move(struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, int64_t ns);

/** analysis_wait_charge() - who has the CPU that it waits for changes at @ns */
void analysis_wait_charge(struct analysis_model *m, struct analysis_vcpu *v,
			  int64_t ns);

/** analysis_wait_slept() - it did sleep until @ns: nobody is charged for that
 */
void analysis_wait_slept(struct analysis_vcpu *v, int64_t ns);

/** analysis_wait_end() - it does not wait any more; what it waited is charged
 */
void analysis_wait_end(struct analysis_model *m, struct analysis_vcpu *v,
		       int64_t ns);

/* slack.c */

/** analysis_slack_switch() - ANALYSIS_EV_SWITCH */
void analysis_slack_switch(struct analysis_queue *q,
			   const struct analysis_event *ev);

/** analysis_slack_queued() - a thread is put on the run queue of @ev->target */
void analysis_slack_queued(struct analysis_model *m,
			   const struct analysis_event *ev);

/** analysis_slack_is_fence() - no event of this kind is within a pass */
static inline bool analysis_slack_is_fence(enum analysis_kind kind)
{
	static const uint32_t fences =
		1u << ANALYSIS_EV_SWITCH | 1u << ANALYSIS_EV_IRQ_IN |
		1u << ANALYSIS_EV_IRQ_OUT | 1u << ANALYSIS_EV_ENTRY |
		1u << ANALYSIS_EV_EXIT | 1u << ANALYSIS_EV_USER_EXIT |
		1u << ANALYSIS_EV_RUN | 1u << ANALYSIS_EV_HALTED;

	return 1u << kind & fences;
}

/** analysis_slack_alone() - no thread waits for @cpu */
bool analysis_slack_alone(const struct analysis_model *m, uint32_t cpu);

/** analysis_slack_out() - a switch: it loses @cpu */
void analysis_slack_out(struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, int64_t ns);

/** analysis_slack_woken() - it is woken by who runs on CPU @by */
void analysis_slack_woken(struct analysis_model *m, struct analysis_vcpu *v,
			  uint32_t by, int64_t ns);

/** analysis_slack_in() - it gets @cpu; @v->off says what it did until then */
void analysis_slack_in(struct analysis_model *m, struct analysis_vcpu *v,
		       uint32_t cpu, int64_t ns);

/* halts.c */

/** analysis_halts_begin() - a halt begins: an exit for it, or the end of another */
void analysis_halts_begin(struct analysis_vcpu *v);

/** analysis_halts_out() - its thread loses @cpu */
void analysis_halts_out(const struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, bool sleeps, int64_t ns);

/** analysis_halts_in() - it gets one again */
void analysis_halts_in(struct analysis_vcpu *v, int64_t ns);

/** analysis_halts_end() - ANALYSIS_EV_HALTED */
void analysis_halts_end(const struct analysis_model *m, struct analysis_vcpu *v,
			const struct analysis_event *ev);

/** analysis_halts_poll() - ANALYSIS_EV_POLL */
void analysis_halts_poll(struct analysis_vcpu *v,
			 const struct analysis_event *ev);

/* wakes.c */

/** analysis_wakes_switch() - ANALYSIS_EV_SWITCH of a guest */
void analysis_wakes_switch(struct analysis_model *m,
			   const struct analysis_event *ev);

/** analysis_wakes_waking() - a thread of a guest is woken, if it is not yet */
void analysis_wakes_waking(struct analysis_model *m,
			   const struct analysis_event *ev);

/** analysis_wakes_migrate() - ANALYSIS_EV_MIGRATE of a guest */
void analysis_wakes_migrate(struct analysis_model *m,
			    const struct analysis_event *ev);

/** analysis_wakes_lost() - ANALYSIS_EV_LOST of a guest */
void analysis_wakes_lost(struct analysis_model *m,
			 const struct analysis_event *ev);

#endif /* VMSYNC_ANALYSIS_PARTS_H */
