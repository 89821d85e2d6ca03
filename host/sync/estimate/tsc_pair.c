// SPDX-License-Identifier: MIT
/*
 * The pair method: readings of (TSC, clock) on both sides, the TSC offset and
 * ratio of the virtual CPU, and no knots.
 *
 * The guest's reading is brought to the host's TSC, and the host's nearest
 * reading from there to the same moment: it is less than some us away, so that
 * the host clock's rate need not be known well. What remains is the width of
 * the two brackets.
 */
#include <math.h>
#include <stdlib.h>

#include "sync/base/drift.h"
#include "sync/estimate/per_vcpu.h"
#include "sync/estimator.h"

/* Host TSC cycles over which its clock's rate is measured at least. */
#define RATE_SPAN ((int64_t)1 << 27)

/*
 * Readings that are farther apart are not used, unless all are: then a few times
 * the least. The rate between them may be off by what NTP may slew.
 */
#define MAX_APART_NS 2000.0
#define MAX_APARTS   4
#define MAX_SLEW     VMSYNC_DRIFT

/* Rounding of both readings and of both TSCs, and small waves, ns. */
#define WAVE_NS 3.0

/* A bracket so wide was interrupted. */
#define MAX_BRACKET_NS 20000.0

/**
 * struct state - one clock's
 * @from, @rate: a reading of the host, and ns per cycle measured from it
 * @least_apart_ns: of a guest's and a host's reading, so far
 * @coarse:	of the last exchange
 */
struct state {
	struct vmsync_segmentation seg;
	bool has_from;
	struct vmsync_pair from;
	double rate;
	double least_apart_ns;
	bool coarse;
};

static void init(void *state, const struct vmsync_sync_options *opt)
{
	struct state *s = state;

	(void)opt;
	s->least_apart_ns = INFINITY;
	vmsync_segmentation_init(&s->seg, VMSYNC_METHOD_PAIR);
}

/* The rate from readings far apart; the last span counts. */
static void learn_rate(struct state *s, const struct vmsync_pair *host)
{
	int64_t cycles = (int64_t)(host->tsc - s->from.tsc);
	double ns = (double)(host->mono_ns - s->from.mono_ns);

	if (!s->has_from) {
		s->from = *host;
		s->has_from = true;
	} else if (cycles >= RATE_SPAN) {
		s->rate = ns > 0 ? ns / (double)cycles : 0;
		s->from = *host;
	}
}

/*
 * A fix from a guest's reading and a host's. A clock was read somewhere in its
 * bracket, so it read as much in the middle, give or take half of it.
 */
static bool fix_of(struct state *s, const struct vmsync_beacon *b,
		   const struct vmsync_pair *guest,
		   const struct vmsync_pair *host, struct vmsync_fix *fix)
{
	const struct vmsync_scaling *scaling = &b->scaling;
	double ratio = (double)scaling->ratio /
		       ldexp(1, (int)scaling->frac_bits);
	double bracket_g = (double)guest->bracket / ratio * s->rate;
	double bracket_h = (double)host->bracket * s->rate;
	double apart, play = (bracket_g + bracket_h) / 2 + WAVE_NS +
			     (b->coarse ? VMSYNC_COARSE_NS : 0);
	uint64_t tsc;

	if (!vmsync_scaling_host(scaling, guest->tsc, host->tsc, &tsc))
		return false;
	apart = (double)(int64_t)(tsc - host->tsc) * s->rate +
		(bracket_g - bracket_h) / 2;
	play += fabs(apart) * MAX_SLEW;
	s->least_apart_ns = fmin(s->least_apart_ns, fabs(apart));
	if (!(fabs(apart) <=
	      fmax(MAX_APART_NS, MAX_APARTS * s->least_apart_ns)) ||
	    play > MAX_BRACKET_NS)
		return false;
	*fix = (struct vmsync_fix){
		.has_upper = true,
		.has_lower = true,
		.upper = { guest->mono_ns, host->mono_ns, apart + play },
		.lower = { guest->mono_ns, host->mono_ns, apart - play },
		.play_ns = play,
	};
	return true;
}

static int use(struct state *s, const struct vmsync_beacon *b,
	       const struct vmsync_pair *guest, const struct vmsync_pair *host)
{
	struct vmsync_fix fix;
	int err = 0;

	if (!guest->valid || !host->valid || !s->rate ||
	    !fix_of(s, b, guest, host, &fix))
		return 0;
	if (s->coarse != b->coarse)
		err = vmsync_segmentation_break(&s->seg);
	s->coarse = b->coarse;
	s->seg.wave_ns = WAVE_NS;
	vmsync_segmentation_see(&s->seg, &fix);
	/* Line and truth both keep to the bracket, on either side of it. */
	s->seg.base_ns = WAVE_NS + 2 * fix.play_ns;
	return err ? err : vmsync_segmentation_add(&s->seg, &fix);
}

static int beacon(void *state, const struct vmsync_beacon *b)
{
	struct state *s = state;
	int err = 0;

	if (!b->scaling.ratio || b->scaling.frac_bits > 63)
		return 0;
	vmsync_segmentation_set(&s->seg, b->set_ns);
	vmsync_segmentation_bent(&s->seg, b->bends, b->tilt);
	if (b->gh && b->gh_host.valid)
		learn_rate(s, &b->gh_host);
	/* The answer's readings have no bracket: they may be any time apart. */
	if (b->gh)
		err = use(s, b, &b->gh_guest, &b->gh_host);
	return err;
}

static const struct vmsync_follow follow = {
	.size = sizeof(struct state),
	.init = init,
	.beacon = beacon,
};

static void *create(const struct vmsync_sync_options *opt)
{
	return vmsync_per_vcpu_new(&follow, opt);
}

const struct vmsync_estimator vmsync_tsc_pair_estimator = {
	.method = VMSYNC_METHOD_PAIR,
	.create = create,
	.destroy = vmsync_per_vcpu_free,
	.beacon = vmsync_per_vcpu_beacon,
	.map = vmsync_per_vcpu_map,
	.settled = vmsync_per_vcpu_final_until,
	.forget = vmsync_per_vcpu_forget,
};
