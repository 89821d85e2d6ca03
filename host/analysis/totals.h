/* SPDX-License-Identifier: MIT */
/*
 * What is summed up of all that the model finds, for the tables. A sink of the
 * model; of what is partly outside the time that was asked for, the part within
 * counts. Sums are exact to the ns.
 */
#ifndef VMSYNC_ANALYSIS_TOTALS_H
#define VMSYNC_ANALYSIS_TOTALS_H

#include "analysis/hist.h"
#include "analysis/model.h"
#include "sync/base/array.h"

/**
 * struct analysis_vcpu_totals - of one virtual CPU
 * @ns:		by state
 * @count:	how often it came into each state
 * @preempted_in_ns: of the time that it was preempted, by what it lost
 * @waits:	each time that it waited for a CPU, and got one
 * @last:	the state that it was in last, plus 1
 * @waiting_ns:	it waits, so long by now
 */
struct analysis_vcpu_totals {
	int64_t ns[ANALYSIS_STATES];
	uint64_t count[ANALYSIS_STATES];
	int64_t preempted_in_ns[ANALYSIS_PLACES];
	struct analysis_hist waits;
	int last;
	int64_t waiting_ns;
};

/**
 * struct analysis_culprit - who had the CPU while a virtual CPU waited for it
 * @turns:	each time that it had it
 */
struct analysis_culprit {
	uint32_t vcpu;
	struct analysis_who who;
	struct analysis_hist turns;
};

/**
 * struct analysis_exit_totals - exits of one virtual CPU for one reason
 * @count:	that were told
 * @ns:		what their time went to, by state
 * @whole:	of those that ended: from the guest to the guest
 * @handling:	of these what KVM worked itself
 */
struct analysis_exit_totals {
	uint32_t vcpu;
	enum analysis_isa isa;
	uint32_t reason;
	uint64_t count;
	int64_t ns[ANALYSIS_STATES];
	struct analysis_hist whole;
	struct analysis_hist handling;
};

/**
 * struct analysis_thread_totals - of a thread of a guest
 * @ns:		by state of the virtual CPU that it had
 * @exits:	that were told while it had one
 * @wakes:	from each wake-up until it ran
 * @wake_ns:	what these went to, by state of the virtual CPU it waited for
 */
struct analysis_thread_totals {
	int64_t ns[ANALYSIS_STATES];
	uint64_t exits;
	struct analysis_hist wakes;
	int64_t wake_ns[ANALYSIS_STATES];
};

#define ANALYSIS_WORST 10

/**
 * struct analysis_totals - all of it
 * @from_ns, @until_ns: the time that was asked for
 * @vcpus:	by number
 * @threads:	by number; those of the host are empty
 * @worst:	[@n_worst] the longest wake-ups, the longest first
 * @failed:	memory was out, some are missing
 */
struct analysis_totals {
	int64_t from_ns;
	int64_t until_ns;
	VMSYNC_ARRAY(struct analysis_vcpu_totals) vcpus;
	struct analysis_index who_index;
	struct analysis_index culprit_index;
	VMSYNC_ARRAY(struct analysis_culprit) culprits;
	struct analysis_index exit_index;
	VMSYNC_ARRAY(struct analysis_exit_totals) exits;
	VMSYNC_ARRAY(struct analysis_thread_totals) threads;
	struct analysis_wake worst[ANALYSIS_WORST];
	int n_worst;
	bool failed;
};

/** analysis_totals_init() - nothing so far, of the time from @from_ns on */
void analysis_totals_init(struct analysis_totals *t, int64_t from_ns,
			  int64_t until_ns);

/** analysis_totals_free() - free what it owns */
void analysis_totals_free(struct analysis_totals *t);

/** analysis_totals_sink() - for analysis_model_sink() */
struct analysis_sink analysis_totals_sink(struct analysis_totals *t);

/**
 * struct analysis_figures - what a virtual CPU wanted and what it got, ns
 * @got:	it ran guest code, other than the idle thread
 * @steal:	it could run, and had no host CPU: what KVM tells the guest as
 * steal
 * @denied:	@steal, and what it was blocked on the host
 * @overhead:	hypervisor, user space, and interrupts of the host
 * @wanted:	@got + @denied + @overhead
 * @rest:	halted, polling, idle, stopped, or not known
 */
struct analysis_figures {
	int64_t got;
	int64_t steal;
	int64_t denied;
	int64_t overhead;
	int64_t wanted;
	int64_t rest;
};

/** analysis_figures_of() - of times by state; all add up to @wanted + @rest */
struct analysis_figures analysis_figures_of(const int64_t ns[ANALYSIS_STATES]);

#endif /* VMSYNC_ANALYSIS_TOTALS_H */
