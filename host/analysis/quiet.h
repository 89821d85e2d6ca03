/* SPDX-License-Identifier: MIT */
/*
 * Most events of a host tell the analysis nothing new: that the kernel runs on a
 * CPU, in a thread that is known to run there. They are left out before the
 * traces are merged, by who decodes them.
 *
 * An event is left out if it changes nothing in the model: it means no more than
 * that the kernel runs, the event before it on its CPU was no entry into a guest,
 * and its thread, if it says one, is the one that the events before it told of.
 * Nor does it say who begins to wake the thread of a virtual CPU.
 * All events of the CPU have to come by here: where they are in several streams
 * that are decoded at once, nothing can be left out.
 */
#ifndef VMSYNC_ANALYSIS_QUIET_H
#define VMSYNC_ANALYSIS_QUIET_H

#include <stdbool.h>

#include "analysis/event.h"
#include "sync/base/array.h"

#define ANALYSIS_QUIET_TIDS 4096

/** struct analysis_hole - a stretch of time in which events may be missing */
struct analysis_hole {
	int64_t from_ns;
	int64_t until_ns;
};

/**
 * struct analysis_told - what the events of a CPU have told so far
 * @known:	the thread that runs is known to the model: @current
 * @entered:	the last event was an entry
 */
struct analysis_told {
	bool known;
	bool entered;
	int32_t current;
};

/**
 * struct analysis_quiet - which events of a CPU may be left out
 * @quiet:	bit by enum analysis_kind: those that may be left out
 * @told:	by the events so far
 * @lost_until_ns: the model passes over what is before
 * @holes:	those to come, from @next on
 * @next_ns:	when the next one begins
 * @vcpus:	threads of virtual CPUs, and maybe others, by the last bits of tid
 */
struct analysis_quiet {
	uint32_t quiet;
	struct analysis_told told;
	int64_t lost_until_ns;
	VMSYNC_ARRAY(struct analysis_hole) holes;
	size_t next;
	int64_t next_ns;
	uint64_t vcpus[ANALYSIS_QUIET_TIDS / 64];
};

/**
 * analysis_quiet_new() - for a CPU of the host
 * @wakeups:	the host's recording has sched_wakeup: sched_waking tells who woke,
 *		and nothing else
 * Return: to be freed with analysis_quiet_free(); NULL if out of memory.
 */
struct analysis_quiet *analysis_quiet_new(bool wakeups);

/** analysis_quiet_free() - NULL is fine */
void analysis_quiet_free(struct analysis_quiet *q);

/**
 * analysis_quiet_lost() - events of the CPU may be missing, see ANALYSIS_EV_LOST
 * All of them before the first event, in the order of @from_ns. Return: 0 or
 * -ENOMEM.
 */
int analysis_quiet_lost(struct analysis_quiet *q, int64_t from_ns,
			int64_t until_ns);

/** analysis_quiet_vcpu() - a thread of the host is that of a virtual CPU */
void analysis_quiet_vcpu(struct analysis_quiet *q, int32_t tid);

/** analysis_quiet_wakes() - may @tid be one? */
static inline bool analysis_quiet_wakes(const struct analysis_quiet *q,
					int32_t tid)
{
	uint32_t bit = (uint32_t)tid % ANALYSIS_QUIET_TIDS;

	return q->vcpus[bit / 64] >> bit % 64 & 1;
}

/** analysis_quiet_calm() - is no hole near events from @from_ns to @to_ns? */
static inline bool analysis_quiet_calm(const struct analysis_quiet *q,
				       int64_t from_ns, int64_t to_ns)
{
	return from_ns >= q->lost_until_ns && to_ns < q->next_ns;
}

/**
 * analysis_quiet_keeps_calm() - analysis_quiet_keeps() where that is so
 * @told:	@q->told, or a copy of it while many events are asked about
 *
 * Without a branch on what it is, which is as good as random.
 */
static inline bool analysis_quiet_keeps_calm(const struct analysis_quiet *q,
					     struct analysis_told *told,
					     enum analysis_kind kind,
					     int32_t runs, int32_t woken)
{
	bool said = (runs != ANALYSIS_NOT_SAID) | (kind == ANALYSIS_EV_SWITCH);
	bool keeps = !(q->quiet >> kind & 1) | !told->known | told->entered |
		     (said & (runs != told->current)) |
		     ((kind == ANALYSIS_EV_WAKING) &
		      analysis_quiet_wakes(q, woken));

	told->entered = kind == ANALYSIS_EV_ENTRY;
	told->known |= said;
	told->current = said ? runs : told->current;
	return keeps;
}

/**
 * analysis_quiet_keeps() - the next event of the CPU: may it change anything?
 * @kind:	what happened
 * @runs:	who runs on the CPU after it, or ANALYSIS_NOT_SAID
 * @woken:	of ANALYSIS_EV_WAKING: whom
 */
bool analysis_quiet_keeps(struct analysis_quiet *q, enum analysis_kind kind,
			  int32_t runs, int32_t woken, int64_t ns);

#endif /* VMSYNC_ANALYSIS_QUIET_H */
