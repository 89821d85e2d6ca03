/* SPDX-License-Identifier: MIT */
/*
 * The model: what every virtual CPU of a host does at each instant, who is to
 * blame where it waits, what its exits cost, and how long the guest's threads
 * wait for it. Events come in, in the order of time, and stays, charges, exits
 * and wake-ups go out to sinks, each as soon as it has ended. Memory grows with
 * threads, CPUs and virtual CPUs, never with time.
 *
 *	cpus.c		who runs on each CPU of the host
 *	vcpus.c		what each virtual CPU does
 *	waits.c		who is charged for the time that it waits
 *	wakes.c		how long threads of guests wait from wake-up to run
 *	slack.c		how far the kernel's own sums may be from these
 *	halts.c		halts as KVM counts them
 *
 * What is not known is never guessed: see ANALYSIS_UNKNOWN and
 * ANALYSIS_BY_UNKNOWN.
 */
#ifndef VMSYNC_ANALYSIS_MODEL_H
#define VMSYNC_ANALYSIS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/event.h"
#include "analysis/index.h"
#include "analysis/state.h"
#include "ctf/take.h"

struct analysis_model;

/**
 * struct analysis_thread - of the host or of a guest
 * @machine:	ANALYSIS_HOST or a guest's number
 * @tid:	0 is the idle thread of each CPU
 * @pid:	of its process, 0: not known
 * @name:	the last one it had, "" if not known; anything behind its NUL
 */
struct analysis_thread {
	uint32_t machine;
	int32_t tid;
	int32_t pid;
	char name[ANALYSIS_NAME];
};

/**
 * struct analysis_vcpu_id - who a virtual CPU is
 * @tid:	its thread on the host
 * @pid:	process, the VM, 0: not known
 * @vcpu_id:	KVM's number, -1: not known
 * @machine:	number of the guest whose trace there is, 0: none
 * @cpu:	number that the guest's kernel gives it
 */
struct analysis_vcpu_id {
	int32_t tid;
	int32_t pid;
	int32_t vcpu_id;
	uint32_t machine;
	uint32_t cpu;
};

/** enum analysis_by - what kept a host CPU from a virtual CPU that waited */
enum analysis_by {
	ANALYSIS_BY_UNKNOWN,
	ANALYSIS_BY_NOBODY, /* idle: quota, a late wake-up, a migration */
	ANALYSIS_BY_IRQ,
	ANALYSIS_BY_TASK, /* @id is a thread's number */
	ANALYSIS_BY_VCPU, /* @id is a virtual CPU's number */
};

/**
 * struct analysis_who - who has a host CPU
 * @thread:	of the guest, if it is a virtual CPU; ANALYSIS_NONE: not known
 */
struct analysis_who {
	enum analysis_by by;
	uint32_t id;
	uint32_t thread;
};

/**
 * struct analysis_stay - a virtual CPU was in one state
 * @vcpu:	number of the virtual CPU
 * @place:	where its thread was, or had been when it lost its CPU
 * @thread:	of the guest, number, that it ran or would have run;
 *		ANALYSIS_NONE: not known
 * @cpu:	of the host; where it waits, whose run queue at first;
 *		ANALYSIS_NONE: none
 * @woken_by:	what ran on the CPU of the host that began to wake a sleeper
 */
struct analysis_stay {
	uint32_t vcpu;
	enum analysis_state state;
	enum analysis_left_in place;
	uint32_t thread;
	uint32_t cpu;
	struct analysis_who woken_by;
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct analysis_charge - a part of a wait, and who had the CPU meanwhile
 * @vcpu:	that waited, number
 * @state:	ANALYSIS_PREEMPTED or ANALYSIS_WAKING
 * @thread:	of the guest, that it would have run, number or ANALYSIS_NONE
 */
struct analysis_charge {
	uint32_t vcpu;
	enum analysis_state state;
	uint32_t thread;
	struct analysis_who who;
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct analysis_exit - the guest was left, and entered again
 * @told:	an exit was told, with @isa and @reason; else only that the host
 * ran
 * @ended:	it was entered again; else the recording ended, or has a gap
 * @thread:	of the guest, that was left
 * @ns:		by state, what the time went to
 */
struct analysis_exit {
	uint32_t vcpu;
	bool told;
	bool ended;
	enum analysis_isa isa;
	uint32_t reason;
	uint32_t thread;
	int64_t from_ns;
	int64_t until_ns;
	int64_t ns[ANALYSIS_STATES];
};

/**
 * struct analysis_wake - a thread of a guest was woken, and ran
 * @thread:	number
 * @waker:	who woke it, number, ANALYSIS_NONE: not known
 * @vcpu:	that it ran on
 * @ns:		by state of the virtual CPU that it waited for
 */
struct analysis_wake {
	uint32_t thread;
	uint32_t waker;
	uint32_t vcpu;
	int64_t from_ns;
	int64_t until_ns;
	int64_t ns[ANALYSIS_STATES];
};

/**
 * enum analysis_step_kind - what becomes of a thread of a guest
 * @ANALYSIS_STEP_IN:	it gets a CPU of the guest
 * @ANALYSIS_STEP_OUT:	it loses it
 * @ANALYSIS_STEP_WOKEN: it is to run, and waits for one
 * @ANALYSIS_STEP_MOVED: it waits for another one
 * @ANALYSIS_STEP_LOST:	events of @vcpu may be missing: of all threads of @machine
 *			but those that other CPUs run nothing is known
 */
enum analysis_step_kind {
	ANALYSIS_STEP_IN,
	ANALYSIS_STEP_OUT,
	ANALYSIS_STEP_WOKEN,
	ANALYSIS_STEP_MOVED,
	ANALYSIS_STEP_LOST,
};

/**
 * struct analysis_step - see there
 * @vcpu:	the CPU in question, ANALYSIS_NONE: not known whose thread it is
 * @sleeps:	of ANALYSIS_STEP_OUT: it does not want to run on
 * @waker, @waker_vcpu: of ANALYSIS_STEP_WOKEN: the guest's thread that ran where it
 *		was woken, and where that was; ANALYSIS_NONE: not known
 */
struct analysis_step {
	enum analysis_step_kind kind;
	uint32_t machine;
	uint32_t thread;
	uint32_t vcpu;
	bool sleeps;
	uint32_t waker;
	uint32_t waker_vcpu;
	int64_t ns;
};

/**
 * struct analysis_sink - who takes what the model finds; NULL: does not want it
 * Times are within the recording. Of one virtual CPU stays come in the order of
 * time and without gaps. @event has what the model is told, before it takes it:
 * all switches and wake-ups of all machines, in the order of time.
 */
struct analysis_sink {
	void (*stay)(void *ctx, const struct analysis_stay *s);
	void (*charge)(void *ctx, const struct analysis_charge *c);
	void (*exit)(void *ctx, const struct analysis_exit *x);
	void (*wake)(void *ctx, const struct analysis_wake *w);
	void *ctx;
	void (*step)(void *ctx, const struct analysis_step *s);
	void (*event)(void *ctx, const struct analysis_event *ev);
};

/**
 * struct analysis_anomalies - what a recording without faults does not have
 * @entries:	into a guest that had not been left, as far as was told
 * @exits:	from a guest that had not been entered
 * @strangers:	entries and exits that do not say whose they are
 */
struct analysis_anomalies {
	uint64_t entries;
	uint64_t exits;
	uint64_t strangers;
};

/**
 * analysis_model_new() - nothing has happened
 * @begin_ns:	the recording of the host begins
 * @wakeups:	it has wake-ups (sched_wakeup), not only sched_waking
 * Return: to be freed with analysis_model_free(); NULL if out of memory.
 */
struct analysis_model *analysis_model_new(int64_t begin_ns, bool wakeups);

/** analysis_model_free() - NULL is fine */
void analysis_model_free(struct analysis_model *m);

#define ANALYSIS_MAX_SINKS 6

/** analysis_model_sink() - one more sink, before the first event */
void analysis_model_sink(struct analysis_model *m,
			 const struct analysis_sink *sink);

/**
 * analysis_model_vcpu() - tell of a virtual CPU before it is met
 * Return: its number; ANALYSIS_NONE if out of memory.
 */
uint32_t analysis_model_vcpu(struct analysis_model *m,
			     const struct analysis_vcpu_id *id);

/** analysis_model_event() - the next event; not before the one before it */
void analysis_model_event(struct analysis_model *m,
			  const struct analysis_event *ev);

/** analysis_model_some() - the next @n events, by notes that hold them, but for @ns */
void analysis_model_some(struct analysis_model *m, const struct ctf_noted *some,
			 int n);

/**
 * analysis_model_end() - the recording ends: all that is open ends
 * Return: 0, or -ENOMEM if at some time memory was out: nothing is complete.
 */
int analysis_model_end(struct analysis_model *m, int64_t end_ns);

/** analysis_model_vcpus() - how many there are */
uint32_t analysis_model_vcpus(const struct analysis_model *m);

/** analysis_model_vcpu_id() - who one of them is */
struct analysis_vcpu_id analysis_model_vcpu_id(const struct analysis_model *m,
					       uint32_t vcpu);

/**
 * struct analysis_switches - sched_switch of a virtual CPU's thread, as the kernel
 * counts them (nvcsw and nivcsw of its task)
 */
struct analysis_switches {
	uint64_t in;
	uint64_t voluntary;
	uint64_t involuntary;
};

/** analysis_model_switches() - of the whole recording */
const struct analysis_switches *
analysis_model_switches(const struct analysis_model *m, uint32_t vcpu);

/**
 * struct analysis_slack - by how much the kernel's sums of a thread may be more, or
 * less, than the trace's, ns: slack.c says why
 * @ran_more_ns, @ran_less_ns: its time on CPUs
 * @delay_more_ns, @delay_less_ns: its time on run queues
 */
struct analysis_slack {
	int64_t ran_more_ns;
	int64_t ran_less_ns;
	int64_t delay_more_ns;
	int64_t delay_less_ns;
};

/** analysis_model_slack() - of the whole recording */
const struct analysis_slack *analysis_model_slack(const struct analysis_model *m,
						  uint32_t vcpu);

/**
 * struct analysis_halts - as KVM tells of them (kvm_vcpu_wakeup); halts.c says why
 * @count:	of which the end was told
 * @slept:	of these, in which the thread slept
 * @slept_ns:	what these took: KVM's halt_poll_fail_ns and halt_wait_ns
 * @failed_ns:	of it, that KVM polled in vain, at most: halt_poll_fail_ns
 * @failed_less_ns: by so much it may be less
 * @polled_ns:	what the others took, at most: halt_poll_success_ns
 * @polled_less_ns: by so much it may be less
 */
struct analysis_halts {
	uint64_t count;
	uint64_t slept;
	int64_t slept_ns;
	int64_t failed_ns;
	int64_t failed_less_ns;
	int64_t polled_ns;
	int64_t polled_less_ns;
};

/** analysis_model_halts() - of the whole recording */
const struct analysis_halts *analysis_model_halts(const struct analysis_model *m,
						  uint32_t vcpu);

/** analysis_model_thread() - a thread by its number */
const struct analysis_thread *
analysis_model_thread(const struct analysis_model *m, uint32_t thread);

/** analysis_model_wakeups() - what analysis_model_new() was told */
bool analysis_model_wakeups(const struct analysis_model *m);

/** analysis_model_threads() - how many there are, of all machines */
uint32_t analysis_model_threads(const struct analysis_model *m);

/** analysis_model_thread_of() - a thread's number; ANALYSIS_NONE: not met */
uint32_t analysis_model_thread_of(const struct analysis_model *m,
				  uint32_t machine, int32_t tid);

/** analysis_model_is_vcpu() - is a thread of the host that of a virtual CPU? */
bool analysis_model_is_vcpu(const struct analysis_model *m, uint32_t thread);

const struct analysis_anomalies *
analysis_model_anomalies(const struct analysis_model *m);

#endif /* VMSYNC_ANALYSIS_MODEL_H */
