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

/*
 * What the events of a CPU have told so far is one word, which an event changes without a
 * branch on what it is: the thread that runs, in the low half, and these.
 */
#define ANALYSIS_TOLD_NOBODY  (1ull << 32) /* the model does not know who that is */
#define ANALYSIS_TOLD_ENTERED (1ull << 33) /* by the last event */

/**
 * struct analysis_brief - what an event changes of what was told
 * @leaves:	bits that it leaves as they are, the others are cleared
 * @tells:	bits that it sets then
 * @kind:	what happened
 * @woken:	of ANALYSIS_EV_WAKING: whom, else any
 */
struct analysis_brief {
	uint64_t leaves;
	uint64_t tells;
	enum analysis_kind kind;
	int32_t woken;
};

/**
 * analysis_brief_of() - an event
 * @says:	it says who runs on the CPU after it: @runs
 */
static inline struct analysis_brief analysis_brief_of(enum analysis_kind kind,
						      bool says, int32_t runs,
						      int32_t woken)
{
	return (struct analysis_brief){
		.leaves = says ? 0 : ANALYSIS_TOLD_NOBODY | UINT32_MAX,
		.tells = (kind == ANALYSIS_EV_ENTRY ? ANALYSIS_TOLD_ENTERED : 0) |
			 (says ? (uint32_t)runs : 0),
		.kind = kind,
		.woken = woken,
	};
}

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
	uint64_t told;
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
					     uint64_t *told,
					     const struct analysis_brief *b)
{
	uint64_t before = *told, after = (before & b->leaves) | b->tells;

	*told = after;
	return (!(q->quiet >> b->kind & 1)) |
	       (((before ^ after) | before >> 32) != 0) |
	       ((b->kind == ANALYSIS_EV_WAKING) &
		analysis_quiet_wakes(q, b->woken));
}

/** analysis_quiet_keeps() - the next event of the CPU: may it change anything? */
bool analysis_quiet_keeps(struct analysis_quiet *q,
			  const struct analysis_brief *b, int64_t ns);

#endif /* VMSYNC_ANALYSIS_QUIET_H */
