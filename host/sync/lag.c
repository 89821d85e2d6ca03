// SPDX-License-Identifier: MIT
#include "sync/lag.h"

#include "uapi/vmsync.h"

/* The guest's line where one is known, NULL else. */
static const struct vmsync_line *guest_line(const struct vmsync_facts *f)
{
	size_t n = f->guest_lines->spans.count;

	return n ? &f->guest_lines->spans.at[n - 1].line : NULL;
}

/* No TSC runs at less than 1 GHz, where the guest does not say how fast it is. */
static int64_t ns_of(const struct vmsync_line *line, uint64_t cycles)
{
	int128 ns = cycles;

	if (line && line->clocksource == VMSYNC_CLOCKSOURCE_TSC)
		ns = ((ns * line->mult) >> line->shift) + 1;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

/* The scaling in force at @host_ns, or the first one before it is known. */
static const struct vmsync_scaling *scaling_at(const struct vmsync_vcpu *v,
					       int64_t host_ns)
{
	size_t i = 1;

	if (!v->scalings.count)
		return NULL;
	while (i < v->scalings.count && v->scalings.at[i].stamp_ns <= host_ns)
		i++;
	return &v->scalings.at[i - 1].scaling;
}

/* Cycles by which @other is ahead of @own just after @host_ns. */
static uint64_t ahead_at(const struct vmsync_vcpu *own,
			 const struct vmsync_vcpu *other, int64_t host_ns)
{
	const struct vmsync_scaling *a = scaling_at(own, host_ns);
	const struct vmsync_scaling *b = scaling_at(other, host_ns);
	int64_t ahead;

	if (!a || !b || a->ratio != b->ratio || a->frac_bits != b->frac_bits)
		return 0;
	ahead = (int64_t)((uint64_t)b->offset - (uint64_t)a->offset);
	return ahead > 0 ? (uint64_t)ahead : 0;
}

/* The most of that, at each change of either. */
static uint64_t most_ahead(const struct vmsync_vcpu *own,
			   const struct vmsync_vcpu *other)
{
	const struct vmsync_vcpu *const both[] = { own, other };
	uint64_t most = 0;

	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < both[k]->scalings.count; i++) {
			int64_t at = both[k]->scalings.at[i].stamp_ns;
			uint64_t ahead = ahead_at(own, other, at);

			if (ahead > most)
				most = ahead;
		}
	}
	return most;
}

int64_t vmsync_lag_ns(const struct vmsync_facts *f, uint32_t cpu)
{
	const struct vmsync_line *line = guest_line(f);
	const struct vmsync_vcpu *own = vmsync_facts_vcpu(f, cpu);
	uint64_t most = 0;

	if (!own || (line && line->clocksource != VMSYNC_CLOCKSOURCE_TSC) ||
	    vmsync_facts_tscs_alike(f))
		return 0;
	for (uint32_t i = 0; i < f->n_cpus; i++) {
		const struct vmsync_vcpu *other = vmsync_facts_vcpu(f, i);
		uint64_t ahead;

		if (!other || i == cpu || !vmsync_facts_updates(f, i))
			continue;
		ahead = most_ahead(own, other);
		if (ahead > most)
			most = ahead;
	}
	return most ? ns_of(line, most) : 0;
}
