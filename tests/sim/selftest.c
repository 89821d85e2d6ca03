// SPDX-License-Identifier: MIT
#include "selftest.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_check.h"
#include "kernel.h"
#include "vm.h"

#define HZ_TSC 2496000000ull

static int failures;

__attribute__((format(printf, 3, 4))) static void
expect(bool ok, const char *what, const char *fmt, ...)
{
	va_list ap;

	printf("%s  %s: ", ok ? "PASS" : "FAIL", what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	failures += !ok;
}

static uint64_t same(const void *ctx, uint64_t h)
{
	(void)ctx;
	return h;
}

static void kernel_init(struct sim_kernel *k, enum sim_steer_kind kind,
			double ppm, uint64_t seed)
{
	memset(k, 0, sizeof(*k));
	k->plan = (struct sim_kernel_plan){
		.jitter_ns = 2000, .callback_ns = 100, .switch_ns = 30};
	k->reader = (struct sim_reader){same, same, same, NULL};
	k->cycles_per_ns = HZ_TSC / 1e9;
	sim_rng_init(&k->rng, seed, 1);
	sim_rng_init(&k->steer.rng, seed, 2);
	k->steer.kind = kind;
	k->steer.ppm = ppm;
}

static uint64_t at_s(double s)
{
	return 1000 * HZ_TSC + (uint64_t)(s * HZ_TSC);
}

static void run(struct sim_kernel *k, struct sim_oscillator *osc, double s)
{
	struct sim_clocksource cs;
	struct sim_rng rng;

	sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_TSC, HZ_TSC);
	sim_rng_init(&rng, 7, 3);
	sim_oscillator_init(osc, &rng, at_s(0), s + 1, k->cycles_per_ns, 20);
	k->steer.osc = osc;
	sim_kernel_start(k, &cs, at_s(0), 5000000000ll);
	sim_kernel_run(k, at_s(0), at_s(s));
}

static void done(struct sim_kernel *k, struct sim_oscillator *osc)
{
	sim_kernel_free(k);
	sim_oscillator_free(osc);
}

static void check_registration(void)
{
	struct sim_clocksource tsc, kvm, hpet;

	sim_clocksource_init(&tsc, VMSYNC_CLOCKSOURCE_TSC, 2500000000ull);
	expect(tsc.mult == 6710886 && tsc.shift == 24, "tsc of 2.5 GHz",
	       "mult %u shift %u", tsc.mult, tsc.shift);
	sim_clocksource_init(&kvm, VMSYNC_CLOCKSOURCE_KVMCLOCK, NS_PER_S);
	expect(kvm.mult == 8388608 && kvm.shift == 23, "kvm-clock",
	       "mult %u shift %u", kvm.mult, kvm.shift);
	sim_clocksource_init(&hpet, VMSYNC_CLOCKSOURCE_OTHER, 14318180);
	expect(fabs(hpet.mult * exp2(-(double)hpet.shift) * 14318180e-9 - 1) <
		       1e-4,
	       "hpet", "mult %u shift %u", hpet.mult, hpet.shift);
}

static void check_page(void)
{
	struct sim_vm vm = {
		.host_khz = 2500000, .vcpu_count = 2, .master = true};
	struct vmsync_scaling one = { .ratio = 1ull << 48, .frac_bits = 48 };
	const struct vmsync_pvclock *p;
	int64_t worst = 0;

	sim_rng_init(&vm.rng, 1, 1);
	sim_clocksource_init(&vm.host_cs, VMSYNC_CLOCKSOURCE_TSC, 2500000000u);
	sim_vm_start(&vm, 1000000, &one, 100);
	p = sim_vcpu_page(&vm.vcpus[0], 2000000);
	expect(p->mul == 3435973836u && p->shift == -1, "page at 2.5 GHz",
	       "mul %u shift %d", p->mul, p->shift);
	sim_vm_rebase(&vm, 100 * 2500000000ull, 3500);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t h = 200 * 2500000000ull + i * 7777777;
		int64_t d =
			sim_vm_kvmclock(&vm, 1, h) - sim_vm_kvmclock(&vm, 0, h);

		worst = llabs(d) > worst ? llabs(d) : worst;
	}
	expect(worst <= 1, "two vCPUs' pages agree", "worst %lld ns",
	       (long long)worst);
	sim_vm_free(&vm);
}

/* Counter read, callback, switch, event; and the next no sooner than that. */
static bool in_turn(const struct sim_kernel *k, size_t i)
{
	const struct sim_change *ch = &k->changes[i];

	return ch->tick < ch->since && ch->since < ch->at &&
	       ch->at < ch->confirm && ch->line.since_tsc == ch->since &&
	       ch->confirm_tsc >= ch->since && (!i || ch[-1].at <= ch->tick) &&
	       (!i || ch[-1].confirm_tsc <= ch->since);
}

/* A change of the line is no step: both lines agree at the reading. */
static void check_continuity(enum sim_steer_kind kind, const char *what)
{
	struct sim_oscillator osc;
	struct sim_kernel k;
	int64_t worst = 0;
	size_t turned = 0;

	kernel_init(&k, kind, 500, 11);
	k.steer.interval_s = 2;
	k.steer.noise_ns = 20000;
	run(&k, &osc, 60);
	for (size_t i = 1; i < k.count; i++) {
		uint64_t c = k.changes[i].tick;
		int64_t d = sim_line_eval(&k.changes[i].line, c) -
			    sim_line_eval(&k.changes[i - 1].line, c);

		worst = llabs(d) > worst ? llabs(d) : worst;
		turned += in_turn(&k, i);
	}
	expect(worst <= 1 && k.count > 100 && turned == k.count - 1, what,
	       "%zu changes, %zu in turn, worst step %lld ns", k.count - 1,
	       turned, (long long)worst);
	done(&k, &osc);
}

/*
 * The model keeps changes of the line only. A kernel that publishes its anchor
 * at every tick must read the same, to the ns.
 */
static void check_ticks(void)
{
	struct sim_timekeeper tk;
	struct sim_clocksource cs;
	struct vmsync_line kept, each;
	struct sim_rng rng;
	uint64_t c = 77777, differ = 0, n = 0;

	sim_rng_init(&rng, 5, 5);
	sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_TSC, HZ_TSC);
	sim_tk_init(&tk, &cs, c, 123456789);
	sim_tk_line(&tk, &kept);
	for (int i = 0; i < 100000; i++) {
		c += sim_rng_below(&rng, HZ_TSC / 50);
		if (i % 1000 == 0)
			sim_tk_set_freq(&tk,
					(int64_t)sim_rng_below(&rng, 1001) *
							SIM_PPM_SCALE -
						500 * SIM_PPM_SCALE);
		if (sim_tk_advance(&tk, c, i % 1000 == 0))
			sim_tk_line(&tk, &kept);
		sim_tk_line(&tk, &each);
		for (int j = 0; j < 10; j++, n++) {
			uint64_t at = c + sim_rng_below(&rng, HZ_TSC / 250);

			differ += sim_line_eval(&kept, at) !=
				  sim_line_eval(&each, at);
		}
	}
	expect(differ == 0, "the kept line is the kernel's",
	       "%llu of %llu readings differ", (unsigned long long)differ,
	       (unsigned long long)n);
}

static void check_frequency(double ppm)
{
	struct sim_oscillator osc;
	struct sim_kernel k;
	uint64_t a = at_s(1), b = at_s(201);
	struct sim_clocksource cs;
	double got, nominal;

	/* adjtimex() is relative to what mult was rounded to. */
	sim_clocksource_init(&cs, VMSYNC_CLOCKSOURCE_TSC, HZ_TSC);
	nominal = (b - a) * ldexp(cs.mult, -(int)cs.shift);
	kernel_init(&k, SIM_STEER_CONST, ppm, 3);
	run(&k, &osc, 202);
	got = sim_kernel_mono(&k, b, b, &(size_t){0}) -
	      sim_kernel_mono(&k, a, a, &(size_t){0});
	got = (got / nominal - 1) * 1e6;
	expect(fabs(got - ppm) < 1e-4, "long-run frequency",
	       "asked %+.3f ppm, got %+.6f", ppm, got);
	done(&k, &osc);
}

/* The kernels of the laboratory showed 1 and 36 knots in 20 s. */
static void check_knots(bool steps)
{
	struct sim_oscillator osc;
	struct sim_kernel k;

	kernel_init(&k, steps ? SIM_STEER_SLEW : SIM_STEER_NONE, 100, 9);
	k.plan.idle = 1;
	k.plan.idle_ticks = 25;
	k.steer.interval_s = 2;
	run(&k, &osc, 20);
	if (steps)
		expect(k.count >= 15 && k.count <= 160, "knots, ten steps",
		       "%zu in 20 s", k.count - 1);
	else
		expect(k.count <= 3, "knots, quiet", "%zu in 20 s",
		       k.count - 1);
	done(&k, &osc);
}

/* A disciplined clock follows real time, whatever its quartz does. */
static void check_discipline(void)
{
	struct sim_oscillator osc;
	struct sim_kernel k;
	double worst = 0;

	kernel_init(&k, SIM_STEER_CHRONY, 0, 21);
	k.steer.interval_s = 4;
	k.steer.noise_ns = 5000;
	run(&k, &osc, 600);
	for (int s = 120; s < 600; s++) {
		double e = sim_kernel_mono(&k, at_s(s), at_s(s), &(size_t){0}) -
			   sim_oscillator_ns(&osc, at_s(s)) -
			   k.steer.start_error_ns;

		worst = fmax(worst, fabs(e));
	}
	expect(worst < 50000, "disciplined clock", "worst %.1f us after 120 s",
	       worst / 1000);
	done(&k, &osc);
}

static void check_evidence(const char *clock, double ratio, int frac_bits)
{
	struct sim_evidence_result r;
	struct sim_scenario sc;

	sim_scenario_presets(&sc);
	sc.seconds = 20;
	sc.beacon_hz = 100;
	sc.ratio_lo = sc.ratio_hi = ratio;
	sc.frac_bits = frac_bits;
	sc.spread = 1000000;
	strcpy(sc.clock, clock);
	strcpy(sc.host.steer, "slew");
	strcpy(sc.guest.steer, "chrony");
	sc.host.ppm = 500;
	sc.rebase.op[0] = (struct sim_op){7, -3500, -1};
	sc.rebase.count = 1;
	sim_evidence_check(&r, &sc, 77);
	expect(r.pairs > 3000 && !r.misfits, "pairs lie on their lines",
	       "%s, ratio %g: %llu of %llu do not", clock, ratio,
	       (unsigned long long)r.misfits, (unsigned long long)r.pairs);
	expect(r.beacons > 1500 && !r.acausal && r.in_order,
	       "beacons are in order", "%s, ratio %g: %llu of %llu are not",
	       clock, ratio, (unsigned long long)r.acausal,
	       (unsigned long long)r.beacons);
}

int sim_selftest(void)
{
	failures = 0;
	check_registration();
	check_page();
	check_ticks();
	check_continuity(SIM_STEER_CHRONY, "continuous under chrony");
	check_continuity(SIM_STEER_SLEW, "continuous under slews");
	check_continuity(SIM_STEER_PLL, "continuous under the PLL");
	check_continuity(SIM_STEER_ADJTIME, "continuous under adjtime");
	check_frequency(0);
	check_frequency(0.001);
	check_frequency(17.3);
	check_frequency(500);
	check_frequency(-500);
	check_knots(false);
	check_knots(true);
	check_discipline();
	check_evidence("tsc", 1, 48);
	check_evidence("tsc", 0.31, 32);
	check_evidence("kvmclock", 2.9, 48);
	return failures;
}
