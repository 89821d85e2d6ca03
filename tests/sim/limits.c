// SPDX-License-Identifier: MIT
/*
 * A verdict against the limits that its scenario states.
 */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void
complain(struct sim_verdict *v, const char *fmt, ...)
{
	size_t used = strlen(v->why);
	va_list ap;

	if (used)
		used += snprintf(v->why + used, sizeof(v->why) - used, "; ");
	if (used >= sizeof(v->why))
		return;
	va_start(ap, fmt);
	vsnprintf(v->why + used, sizeof(v->why) - used, fmt, ap);
	va_end(ap);
}

static void limits_in_ns(struct sim_verdict *v, const struct sim_limits *l)
{
	if (l->max_ns > 0 && v->max_ns > l->max_ns)
		complain(v, "max %.0f > %.0f ns", v->max_ns, l->max_ns);
	if (l->p99_ns > 0 && v->p99_ns > l->p99_ns)
		complain(v, "p99 %.0f > %.0f ns", v->p99_ns, l->p99_ns);
	if (l->bound_p50_ns > 0 && v->bound_p50_ns > l->bound_p50_ns)
		complain(v, "bound, p50 %.0f > %.0f ns", v->bound_p50_ns,
			 l->bound_p50_ns);
	if (l->bound_max_ns > 0 && v->bound_max_ns > l->bound_max_ns)
		complain(v, "bound, max %.0f > %.0f ns", v->bound_max_ns,
			 l->bound_max_ns);
	if (l->ratio > 0 && v->ratio > l->ratio)
		complain(v, "bound over error at p99 %.1f > %.1f", v->ratio,
			 l->ratio);
	if (l->slacks > 0 && v->slacks > l->slacks)
		complain(v, "error %.2f > %.2f slacks", v->slacks, l->slacks);
	if (l->share > 0 && v->share < l->share)
		complain(v, "method covers %.4f < %.4f", v->share, l->share);
}

void sim_judge_limits(struct sim_verdict *v, const struct sim_scenario *sc,
		      bool own)
{
	const struct sim_limits *l = &sc->limit;

	v->why[0] = 0;
	if (own)
		limits_in_ns(v, l);
	if (v->unmapped)
		complain(v, "%d virtual CPUs without a map", v->unmapped);
	if (l->bound && v->broken)
		complain(v, "%llu of %llu above their bound",
			 (unsigned long long)v->broken,
			 (unsigned long long)v->events);
	if (l->bound && v->outside_broken)
		complain(v, "%llu of %llu above it beyond the recording",
			 (unsigned long long)v->outside_broken,
			 (unsigned long long)v->outside);
	if (l->clean && v->accused)
		complain(v, "%d honest accused", v->accused);
	if (l->flagged && !v->flagged)
		complain(v, "the liar is not flagged");
	if (l->others_same && !v->others_same)
		complain(v, "the lie moved another guest's map");
	if (v->uncontained)
		complain(v, "%llu guest events outside of entry and exit",
			 (unsigned long long)v->uncontained);
	if (v->uncaught)
		complain(v, "a map wrong by %.0f ns is not contradicted",
			 l->caught_ns);
	if (l->order_same && !v->order_same)
		complain(v, "the order of pushing moved a map");
	if (l->settled && v->unsettled)
		complain(v, "%llu settled times were changed",
			 (unsigned long long)v->unsettled);
	if (l->split && v->unsplit)
		complain(v, "%d steps without a split", v->unsplit);
}
