// SPDX-License-Identifier: MIT
/*
 * The beacon method: four time stamps of each exchange, and nothing else.
 *
 * Let D be the least that the two ways of an exchange take together. A line
 * halfway between the earliest and the latest that D allows lies under every
 * (gh_guest, gh_host - D/2) and over every (hg_guest, hg_host + D/2): with D
 * taken off, the hulls are as near as the jitter of the quick exchanges,
 * and slow ones do no harm. How that line lies to the truth:
 * Documentation/accuracy.rst.
 */
#include <math.h>
#include <stdlib.h>

#include "sync/estimate/min_delay.h"
#include "sync/estimate/per_vcpu.h"
#include "sync/estimator.h"

/* Beacons that D is learned from before the first line is drawn. */
#define WARM_UP (8 * VMSYNC_MIN_DELAY_BLOCK)

/*
 * Lines are not straight: dithering and small slews make waves, ns; the
 * hulls are as much farther apart, and by a share of an exchange's usual excess.
 */
#define WAVE_NS	   5.0
#define WAVE_SHARE 0.08

/*
 * A line that was followed while exchanges seemed to take longer: what it may be
 * wrong by is so many times what it would be now. A larger value lets lines go on
 * that are looser than is said of them.
 */
#define LOOSER 2

/* An exchange with so many times the usual excess says nothing new. */
#define SLOW 2
#define MAX_SLOW 32

/**
 * struct state - one clock's
 * @delay:	learns D
 * @early:	the first beacons, while D is not known well
 * @slow:	beacons left out in a row
 */
struct state {
	struct vmsync_segmentation seg;
	struct vmsync_min_delay delay;
	struct vmsync_beacon early[WARM_UP];
	size_t n_early;
	bool warm;
	unsigned int slow;
};

static void init(void *state, const struct vmsync_sync_options *opt)
{
	struct state *s = state;

	vmsync_min_delay_init(&s->delay, opt->machines);
	vmsync_segmentation_init(&s->seg, opt->wide ? VMSYNC_METHOD_PORT :
						      VMSYNC_METHOD_BEACON);
	if (opt->machines)
		vmsync_segmentation_machines(&s->seg);
}

static double wave(const struct state *s)
{
	return fmax(WAVE_NS,
		    WAVE_SHARE * vmsync_min_delay_excess_ns(&s->delay));
}

static double delay_of(const struct state *s, const struct vmsync_beacon *b)
{
	return vmsync_beacon_delay(b, s->delay.crossing);
}

static bool too_slow(struct state *s, const struct vmsync_beacon *b)
{
	double delay = b->gh && b->hg ? delay_of(s, b) : 0;
	double limit =
		vmsync_min_delay_ns(&s->delay) +
		SLOW * fmax(WAVE_NS, vmsync_min_delay_excess_ns(&s->delay));

	/* Messages far apart: the clocks have drifted apart by more meanwhile. */
	if (s->seg.mean)
		delay = fmax(delay, 0);
	if (delay >= 0 && delay <= limit)
		s->slow = 0;
	else if (++s->slow <= MAX_SLOW)
		return true;
	return delay < 0;
}

/* As it is, without what is known of the delays. */
static void see(struct state *s, const struct vmsync_fix *fix)
{
	struct vmsync_fix sure = *fix;

	sure.upper.rest_ns = sure.lower.rest_ns = 0;
	vmsync_segmentation_see(&s->seg, &sure);
}

/*
 * One way may have taken all of D and the other nothing; and a small breakpoint may
 * hide in what a usual exchange leaves open.
 */
static int set_base(struct state *s, double half)
{
	double base_ns =
		half + wave(s) + vmsync_min_delay_excess_ns(&s->delay) / 2;
	int err = 0;

	if (s->seg.base_ns > LOOSER * base_ns)
		err = vmsync_segmentation_break(&s->seg);
	s->seg.wave_ns = wave(s);
	s->seg.base_ns = base_ns;
	return err;
}

static int use(struct state *s, const struct vmsync_beacon *b)
{
	double half = vmsync_min_delay_ns(&s->delay) / 2;
	struct vmsync_fix fix = {
		.has_upper = b->gh,
		.has_lower = b->hg,
		.upper = { b->gh_guest_ns, b->gh_host_ns, wave(s) - half },
		.lower = { b->hg_guest_ns, b->hg_host_ns, half - wave(s) },
	};
	int err;

	vmsync_segmentation_set(&s->seg, b->set_ns);
	vmsync_segmentation_bent(&s->seg, b->bends, b->tilt);
	/*
	 * Messages that are far apart may seem to take less than no time, if the
	 * clocks drift; of what is left over of them nobody knows how slow it was.
	 */
	if (s->seg.mean || !b->gh || !b->hg || delay_of(s, b) >= 0)
		see(s, &fix);
	if (s->seg.mean && !(b->gh && b->hg))
		return 0;
	if (too_slow(s, b))
		return 0;
	if (b->gh && b->hg)
		fix.play_ns = fmax(0, delay_of(s, b) / 2 - half);
	err = set_base(s, half);
	return err ? err : vmsync_segmentation_add(&s->seg, &fix);
}

static int warm_up(struct state *s)
{
	int err = 0;

	s->warm = true;
	vmsync_min_delay_flush(&s->delay);
	for (size_t i = 0; !err && i < s->n_early; i++)
		err = use(s, &s->early[i]);
	return err;
}

static int beacon(void *state, const struct vmsync_beacon *b)
{
	struct state *s = state;

	vmsync_min_delay_learn(&s->delay, b);
	if (s->warm)
		return use(s, b);
	s->early[s->n_early++] = *b;
	return s->n_early == WARM_UP ? warm_up(s) : 0;
}

static int end(void *state)
{
	struct state *s = state;

	return s->warm ? 0 : warm_up(s);
}

static const struct vmsync_follow follow = {
	.size = sizeof(struct state),
	.init = init,
	.beacon = beacon,
	.end = end,
};

static void *create(const struct vmsync_sync_options *opt)
{
	return vmsync_per_vcpu_new(&follow, opt);
}

const struct vmsync_estimator vmsync_beacon_estimator = {
	.method = VMSYNC_METHOD_BEACON,
	.create = create,
	.destroy = vmsync_per_vcpu_free,
	.beacon = vmsync_per_vcpu_beacon,
	.map = vmsync_per_vcpu_map,
	.settled = vmsync_per_vcpu_final_until,
	.forget = vmsync_per_vcpu_forget,
	.odd = vmsync_per_vcpu_odd,
};
