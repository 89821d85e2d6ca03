// SPDX-License-Identifier: MIT
#include "shape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE_PURPOSE 900
#define RESET_PURPOSE 901

static const char *one_of(struct sim_rng *rng, const char *const *names, int n)
{
	return names[sim_rng_below(rng, (uint64_t)n)];
}

static void op_add(struct sim_ops *ops, double at, double value, double extra)
{
	ops->op[ops->count++] = (struct sim_op){at, value, extra};
}

static void clocks(struct sim_rng *rng, struct sim_clock_keys *k)
{
	static const char *const steers[] = {"none", "const", "chrony", "slew",
					     "pll"};

	strcpy(k->steer, one_of(rng, steers, 5));
	k->ppm = sim_rng_between(rng, 1, 500);
	k->interval_s = sim_rng_between(rng, 0.4, 2);
	k->stall = k->stall_after = sim_rng_chance(rng, 0.2) ? 0.1 : 0;
	k->stall_ns = 200000;
}

/*
 * What KVM and the monitor do to the VM, one thing after the other, in any
 * order: a third of the time each.
 */
static void events(struct sim_rng *rng, struct sim_scenario *sc)
{
	bool kvmclock = !strcmp(sc->clock, "kvmclock");
	uint64_t order = sim_rng_below(rng, 3);

	for (uint64_t i = 0; i < 3; i++) {
		double third = sc->seconds / 3;
		double at = (double)i * third +
			    third * sim_rng_between(rng, 0.1, 0.4);

		if (!sim_rng_chance(rng, 0.1))
			continue;
		switch ((order + i) % 3) {
		case 0:
			op_add(&sc->stop, at,
			       third * sim_rng_between(rng, 0.05, 0.5), 0);
			break;
		case 1:
			op_add(&sc->tsc_write, at,
			       sim_rng_between(rng, 1e5, 1e9), -1);
			break;
		default:
			if (kvmclock)
				op_add(&sc->rebase, at,
				       sim_rng_between(rng, -2000, 60000), 0);
		}
	}
	/* The others would bring it back by thousands of ppm. */
	if (sc->stop.count || sc->tsc_write.count)
		strcpy(sc->guest.steer,
		       sim_rng_chance(rng, 0.5) ? "const" : "slew");
}

static void world(struct sim_rng *rng, struct sim_scenario *sc)
{
	static const char *const clock[] = {"tsc", "kvmclock"};

	sim_scenario_presets(sc);
	sc->seconds = sim_rng_between(rng, 0.6, 3);
	sc->guests = 1 + (int)sim_rng_below(rng, 3);
	sc->vcpus = 1 + (int)sim_rng_below(rng, 3);
	sc->khz = (uint64_t)sim_rng_between(rng, 1.5e6, 4e6);
	clocks(rng, &sc->host);
	clocks(rng, &sc->guest);
	strcpy(sc->clock, one_of(rng, clock, 2));
	if (sim_rng_chance(rng, 0.2)) {
		sc->ratio_lo = 0.6;
		sc->ratio_hi = 1.6;
		sc->frac_bits = sim_rng_chance(rng, 0.5) ? 32 : 48;
	}
	if (sim_rng_chance(rng, 0.2))
		sc->spread = sim_rng_between(rng, 1, 1e5);
	/* KVM has one anchor for all virtual CPUs only if their TSCs are one. */
	sc->master = !(sc->spread > 0);
	sc->swap = sim_rng_chance(rng, 0.2);
	sc->beacon_hz = sim_rng_between(rng, 20, 100);
	sc->exits_hz = sim_rng_between(rng, 100, 600);
	events(rng, sc);
}

static void plan(struct sim_rng *rng, struct shape *s)
{
	struct record_plan *p = &s->plan;
	uint64_t kind;

	p->large = sim_rng_chance(rng, 0.3);
	p->packet = sim_rng_chance(rng, 0.5) ? 4096 : 8192;
	p->beacons = p->knots = p->module = true;
	p->dump = sim_rng_chance(rng, 0.7);
	p->names = sim_rng_chance(rng, 0.2);
	p->clones = sim_rng_chance(rng, 0.1);
	kind = sim_rng_below(rng, 10);
	switch (getenv("PROPERTY_BARE") ? 2 : kind) {
	case 0: /* the old addons */
		strcpy(s->sc.fields, "stamps");
		p->knots = p->module = false;
		break;
	case 1:
		strcpy(s->sc.fields, "pairs");
		p->knots = false;
		break;
	case 2: /* no vmsync anywhere */
		p->beacons = p->knots = p->module = false;
		break;
	}
	/* From stamps alone nobody can know that TSCs differ. */
	if ((strcmp(s->sc.fields, "full") || !p->beacons) &&
	    !strcmp(s->sc.clock, "tsc"))
		s->sc.spread = 0;
}

static void step(struct shape_cut *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->step[c->n++], SHAPE_TEXT, format, ap);
	va_end(ap);
}

/* How one machine was recorded. Return: whether some of it is missing. */
static bool cut(struct sim_rng *rng, struct shape_cut *c)
{
	int a = (int)sim_rng_below(rng, 40), b = 60 + (int)sim_rng_below(rng, 40);
	int k = 2 + (int)sim_rng_below(rng, 5);

	c->links = sim_rng_chance(rng, 0.1);
	c->linked = sim_rng_chance(rng, 0.1);
	switch (sim_rng_below(rng, 14)) {
	case 0:
	case 1:
		step(c, "chunks=t,%d", k);
		return false;
	case 2: /* begins later, ends earlier */
		step(c, "keep=%d%%..%d%%", a, b);
		step(c, "whole=t");
		return true;
	case 3: /* snapshots with a gap */
		step(c, "part=s1,0%%..%d%%", a + 5);
		step(c, "part=s2,%d%%..100%%", b);
		return true;
	case 4: /* snapshots that overlap */
		step(c, "part=s1,0%%..%d%%", b);
		step(c, "part=s2,%d%%..100%%", a);
		return false;
	case 5: /* a ring of the first CPU that reaches back less far */
		step(c, "only=0");
		step(c, "keep=%d%%..100%%", a);
		step(c, "only=all");
		step(c, "whole=t");
		return true;
	case 6: /* the first CPU's stream ends early */
		step(c, "only=0");
		step(c, "keep=0%%..%d%%", b);
		step(c, "only=all");
		step(c, "whole=t");
		return true;
	case 7: /* a loss that the tracer tells of */
		step(c, "discard=%d..%d", k, k + 1);
		step(c, "whole=t");
		return true;
	case 8: /* a packet that is not there */
		step(c, "miss=%d", k);
		step(c, "chunks=t,%d", k);
		return true;
	case 9:
		step(c, "files=t,%d", k);
		return false;
	case 10:
		step(c, "discard=%d", k);
		step(c, "files=t,%d,%d", k, k + 1);
		return true;
	default:
		return false;
	}
}

/*
 * The first VM is reset, once or twice: one guest more each time. From a stream
 * of its own, so that the other shapes' cases stay what they are.
 */
static void resets(struct shape *s)
{
	struct sim_scenario *sc = &s->sc;
	struct sim_rng rng;
	int n;

	sim_rng_init(&rng, s->seed, RESET_PURPOSE);
	if (shape_steps(s) || !sim_rng_chance(&rng, 0.15))
		return;
	n = 1 + (int)sim_rng_below(&rng, 2);
	for (int i = 0; i < n; i++) {
		double life = sc->seconds / (n + 1);

		op_add(&sc->reset, life * (i + sim_rng_between(&rng, 0.8, 1.2)),
		       life * sim_rng_between(&rng, 0.02, 0.4), 0);
	}
	sc->guests += n;
	s->plan.clones = false;
}

void shape_make(struct shape *s, uint64_t seed)
{
	struct sim_rng rng;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	sim_rng_init(&rng, seed, SHAPE_PURPOSE);
	world(&rng, &s->sc);
	plan(&rng, s);
	resets(s);
	for (int i = 0; i <= s->sc.guests; i++)
		s->gaps |= cut(&rng, &s->cut[i]);
	s->first = (int)sim_rng_below(&rng, (uint64_t)s->sc.guests + 1);
}

bool shape_steps(const struct shape *s)
{
	return s->sc.stop.count || s->sc.tsc_write.count || s->sc.rebase.count;
}

const char *shape_held(const struct shape *s)
{
	if (s->plan.clones && !strcmp(s->sc.fields, "stamps"))
		return "clones with the old addons, on one host";
	if (s->plan.clones && !s->plan.beacons)
		return "clones without beacons, which nothing tells apart";
	if (!s->sc.master && !strcmp(s->sc.clock, "kvmclock") &&
	    s->sc.vcpus > 1 && s->plan.beacons &&
	    !strcmp(s->sc.fields, "stamps"))
		return "no master clock, and stamps that tell of no pages";
	/* Pages tell of it: the guest shows them, or the host tells of them all. */
	if (s->sc.rebase.count &&
	    (!s->plan.beacons || !strcmp(s->sc.fields, "stamps") ||
	     (!strcmp(s->sc.fields, "pairs") && s->gaps)))
		return "kvm-clock is set by what pair and beacon take for a bend";
	if (s->sc.tsc_write.count && !strcmp(s->sc.clock, "kvmclock") &&
	    (!s->plan.beacons || !strcmp(s->sc.fields, "stamps")))
		return "on kvm-clock, a TSC is written where pages tell little of it";
	if (s->sc.stop.count && !strcmp(s->sc.clock, "kvmclock") &&
	    !s->plan.beacons)
		return "on kvm-clock, the VM is stopped where pages tell little of it";
	if (!s->plan.beacons && !s->sc.master && s->sc.vcpus > 1 &&
	    !strcmp(s->sc.clock, "kvmclock"))
		return "no master clock, and nothing that tells of virtual CPUs' pages";
	return NULL;
}

void shape_print(const struct shape *s)
{
	printf("seed %llu: %.2f s, %d guests of %d vCPUs on %s, %s/%s, beacons "
	       "%s%s%s%s%s%s%s%s%s%s\n",
	       (unsigned long long)s->seed, s->sc.seconds, s->sc.guests,
	       s->sc.vcpus, s->sc.clock, s->sc.host.steer, s->sc.guest.steer,
	       s->plan.beacons ? s->sc.fields : "none",
	       s->plan.knots ? "" : ", no knots",
	       s->plan.dump ? "" : ", no state dump",
	       s->plan.clones ? ", clones" : "",
	       s->plan.names ? ", one name" : "",
	       s->sc.rebase.count ? ", rebase" : "",
	       s->sc.stop.count ? ", stop" : "",
	       s->sc.tsc_write.count ? ", tsc write" : "",
	       s->sc.reset.count ? ", reset" : "",
	       s->sc.spread > 0 ? ", spread" : "");
	for (int i = 0; i <= s->sc.guests; i++) {
		printf("  %s%d:", i ? "g" : "host", i - 1);
		for (int k = 0; k < s->cut[i].n; k++)
			printf(" %s", s->cut[i].step[k]);
		printf("%s%s", s->cut[i].links ? " links" : "",
		       s->cut[i].linked ? " linked" : "");
	}
	putchar('\n');
}
