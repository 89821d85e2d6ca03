// SPDX-License-Identifier: MIT
/*
 * Halts as KVM counts them. At the end of each it says how long it took by the
 * clock from which it makes its counters, and whether the thread slept:
 *
 *	slept:		halt_poll_fail_ns + halt_wait_ns, to the ns
 *	not:		halt_poll_success_ns, but for what follows
 *
 * Where polling ended is not told. Behind it lies all of the time without a
 * CPU, and before it, if nothing else wanted the CPU, all of the time for which
 * KVM was to poll; what is between may be either. In vain it may poll and then,
 * about to sleep, find that it need not: that counts as polled up to where it
 * gave up.
 */
#include "analysis/parts.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void analysis_halts_begin(struct analysis_vcpu *v)
{
	v->halt = (struct analysis_halt){ .alone = true };
}

/* The thread goes to sleep, or is preempted, before KVM has said that it goes
 * on. */
void analysis_halts_out(const struct analysis_model *m, struct analysis_vcpu *v,
			uint32_t cpu, bool sleeps, int64_t ns)
{
	v->halt.alone &= analysis_slack_alone(m, cpu);
	if (!sleeps || v->halt.slept)
		return;
	v->halt.slept = true;
	v->halt.out_ns = ns;
}

void analysis_halts_in(struct analysis_vcpu *v, int64_t ns)
{
	v->halt.in_ns = ns;
}

/* How long KVM polled at least, if it was to poll for @v->poll_ns and ended so.
 */
static int64_t polled_least(const struct analysis_vcpu *v, int64_t most)
{
	return v->poll_known && v->halt.alone ? least(v->poll_ns, most) : 0;
}

static void slept(struct analysis_vcpu *v, int64_t ns)
{
	int64_t away = v->halt.slept ? v->halt.in_ns - v->halt.out_ns : 0;
	int64_t most = ns > away ? ns - away : 0;

	if (v->poll_known && !v->poll_ns)
		most = 0;
	v->halts.slept++;
	v->halts.slept_ns += ns;
	v->halts.failed_ns += most;
	v->halts.failed_less_ns += most - polled_least(v, most);
}

static void polled(const struct analysis_model *m, struct analysis_vcpu *v,
		   int64_t ns)
{
	if (v->poll_known && !v->poll_ns)
		return;
	v->halts.polled_ns += ns;
	if (!v->poll_known || !analysis_slack_alone(m, v->on))
		v->halts.polled_less_ns += ns;
	else if (ns > v->poll_ns)
		v->halts.polled_less_ns += ns - v->poll_ns;
}

void analysis_halts_end(const struct analysis_model *m, struct analysis_vcpu *v,
			const struct analysis_event *ev)
{
	/* Of what was before the recording nothing else is known. */
	if (ev->halt_ns < 0 || ev->halt_ns > ev->ns - m->begin_ns)
		return;
	v->halts.count++;
	if (ev->reason)
		slept(v, ev->halt_ns);
	else
		polled(m, v, ev->halt_ns);
	if (v->poll_next_known)
		v->poll_ns = v->poll_next_ns;
	v->poll_known = v->poll_next_known;
	analysis_halts_begin(v);
}

/* Told at the end of a halt, before the halt itself: that one had the old time.
 */
void analysis_halts_poll(struct analysis_vcpu *v,
			 const struct analysis_event *ev)
{
	v->poll_ns = ev->old_poll_ns;
	v->poll_known = true;
	v->poll_next_ns = ev->reason;
	v->poll_next_known = true;
}
