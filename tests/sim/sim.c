// SPDX-License-Identifier: MIT
/*
 * sim - run scenarios against the sync library, where the truth is known.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "selftest.h"

#define SHOWN_FAILURES 3

struct options {
	uint64_t seed;
	int seeds;
	int events;
	const char *method;
	const char *program;
	bool json;
	bool verbose;
};

/* A scenario over all seeds: the worst of each figure. */
struct summary {
	struct sim_verdict worst;
	int failed;
};

static void usage(FILE *f)
{
	fputs("Usage: sim [OPTION]... SCENARIO...\n"
	      "Run simulated machines through the sync library.\n\n"
	      "  --seeds N      run each scenario with N seeds (default 3)\n"
	      "  --seed S       the first seed (default 1)\n"
	      "  --events N     event times a run, instead of the scenario's\n"
	      "  --method NAME  exact, pair, beacon, port, window or auto;\n"
	      "                 another than the scenario's own is held to "
	      "its\n"
	      "                 bound, not to limits in ns\n"
	      "  --json         one JSON object a scenario\n"
	      "  --verbose      the worst event and the library's notes\n"
	      "  --selftest     check the simulated clocks themselves\n"
	      "  --keys         list all keys of scenario files\n",
	      f);
}

static void print_worst(const char *what, const struct sim_worst *x)
{
	printf("  %s: guest %d cpu %u at %.9f s: error %+lld ns, "
	       "bound %lld ns\n",
	       what, x->guest, x->cpu, x->at_s, (long long)x->error_ns,
	       (long long)x->bound_ns);
}

static void print_notes(const struct sim_session *s, int guests)
{
	for (int i = 0; i < guests; i++) {
		const struct vmsync_guest_report *r =
			vmsync_guest_report_of(s->guests[i]);

		printf("  guest %d: suspect %d, disagreements %zu, "
		       "acausal %llu of %llu\n",
		       i, r->suspect, r->n_disagreements,
		       (unsigned long long)r->causal_violations,
		       (unsigned long long)r->causal_checked);
		for (size_t j = 0; j < r->n_notes; j++)
			printf("    %s\n", r->notes[j]);
	}
}

static void print_segment(const char *what, const struct vmsync_map *map,
			  size_t i)
{
	const struct vmsync_segment *s;

	if (!map || i >= map->count) {
		printf("    %s: none\n", what);
		return;
	}
	s = &map->segments[i];
	printf("    %s: guest %lld..%lld host %lld slope %llu >> %u "
	       "method %s bound %lld epoch %u\n",
	       what, (long long)s->guest_start.ns, (long long)s->guest_end.ns,
	       (long long)s->host_start.ns, (unsigned long long)s->slope,
	       s->shift, vmsync_method_name(s->method), (long long)s->bound_ns,
	       s->epoch);
}

static void print_difference(const char *what, const struct sim_session *a,
			     const struct sim_session *b, int guest)
{
	for (uint32_t cpu = 0; cpu < a->cpus; cpu++) {
		const struct vmsync_map *x = sim_session_map(a, guest, cpu);
		const struct vmsync_map *y = sim_session_map(b, guest, cpu);
		size_t i = sim_map_difference(x, y);

		if (i == SIZE_MAX)
			continue;
		printf("  %s: guest %d cpu %u, segment %zu (of %zu, %zu)\n",
		       what, guest, cpu, i, x ? x->count : 0, y ? y->count : 0);
		print_segment("is", x, i);
		print_segment("would be", y, i);
		return;
	}
}

static int run_seed(const struct sim_scenario *sc, const struct options *opt,
		    uint64_t seed, struct sim_verdict *v)
{
	const char *method = opt->method ? opt->method : sc->method;
	struct sim_session session = { 0 }, honest = { 0 }, other = { 0 };
	struct sim_recording rec, truth = { 0 };
	struct sim_world *w = malloc(sizeof(*w));
	int err;

	if (!w)
		abort();
	sim_world_build(w, sc, seed);
	sim_record_world(&rec, w, false);
	err = sim_session_run(&session, &rec, w, method, SIM_ORDER_WANTED);
	if (!err && sc->limit.order_same)
		err = sim_session_run(&other, &rec, w, method,
				      seed & 1 ? SIM_ORDER_HOST_FIRST :
						 SIM_ORDER_GUESTS_FIRST);
	if (!err && *sc->lie) {
		sim_record_world(&truth, w, true);
		err = sim_session_run(&honest, &truth, w, method,
				      SIM_ORDER_WANTED);
	}
	if (!err) {
		sim_judge(v, w, &rec, &session, *sc->lie ? &honest : NULL,
			  sc->limit.order_same ? &other : NULL, method);
		sim_judge_limits(v, sc, !strcmp(method, sc->method));
		if (opt->verbose) {
			print_worst("worst", &v->worst);
			if (v->broken)
				print_worst("above its bound",
					    &v->broken_worst);
			print_notes(&session, sc->guests);
			for (int i = 0; i < sc->guests; i++) {
				if (i && honest.sync)
					print_difference("with the lie",
							 &session, &honest, i);
				if (other.sync)
					print_difference("in this order",
							 &session, &other, i);
			}
		}
	}
	sim_session_free(&session);
	sim_session_free(&honest);
	sim_session_free(&other);
	sim_recording_free(&rec);
	sim_recording_free(&truth);
	sim_world_free(w);
	free(w);
	return err;
}

static void take_worst(struct sim_verdict *sum, const struct sim_verdict *v)
{
	sum->events += v->events;
	sum->broken += v->broken;
	sum->outside += v->outside;
	sum->outside_broken += v->outside_broken;
	sum->segments += v->segments;
	sum->records += v->records;
	sum->cpu_s += v->cpu_s;
	sum->p50_ns = fmax(sum->p50_ns, v->p50_ns);
	sum->p99_ns = fmax(sum->p99_ns, v->p99_ns);
	sum->max_ns = fmax(sum->max_ns, v->max_ns);
	sum->bound_p50_ns = fmax(sum->bound_p50_ns, v->bound_p50_ns);
	sum->bound_p99_ns = fmax(sum->bound_p99_ns, v->bound_p99_ns);
	sum->bound_max_ns = fmax(sum->bound_max_ns, v->bound_max_ns);
	sum->ratio = fmax(sum->ratio, v->ratio);
	sum->share = fmin(sum->share, v->share);
	sum->slacks = fmax(sum->slacks, v->slacks);
}

static void print_heading(void)
{
	printf("%-24s %5s %9s %9s %9s %9s %9s %6s %6s %7s %s\n", "scenario",
	       "seeds", "p50 ns", "p99 ns", "max ns", "bound50", "bound99",
	       "ratio", "cpu s", "beyond", "");
}

static void print_limits(const struct sim_limits *l)
{
	if (l->max_ns > 0)
		printf(" max<=%g", l->max_ns);
	if (l->p99_ns > 0)
		printf(" p99<=%g", l->p99_ns);
	if (l->ratio > 0)
		printf(" ratio<=%g", l->ratio);
	if (l->slacks > 0)
		printf(" slacks<=%g", l->slacks);
	if (l->share > 0)
		printf(" share>=%g", l->share);
	if (l->flagged)
		printf(" flagged");
	if (l->others_same)
		printf(" others-same");
	if (l->split)
		printf(" split");
	if (l->settled)
		printf(" settled");
	if (l->order_same)
		printf(" order-same");
	if (l->contained)
		printf(" contained");
	if (l->caught_ns > 0)
		printf(" caught=%g", l->caught_ns);
}

static void print_line(const struct sim_scenario *sc, const struct options *opt,
		       const struct summary *sum)
{
	const struct sim_verdict *v = &sum->worst;

	printf("%-24s %5d %9.0f %9.0f %9.0f %9.0f %9.0f %6.1f %6.2f %7llu %s",
	       sc->name, opt->seeds, v->p50_ns, v->p99_ns, v->max_ns,
	       v->bound_p50_ns, v->bound_p99_ns, v->ratio, v->cpu_s,
	       (unsigned long long)v->outside_broken,
	       sum->failed ? "FAIL" : "PASS");
	print_limits(&sc->limit);
	putchar('\n');
}

static void print_json(const struct sim_scenario *sc, const struct options *opt,
		       const struct summary *sum)
{
	const struct sim_verdict *v = &sum->worst;

	printf("{\"scenario\":\"%s\",\"method\":\"%s\",\"first_seed\":%llu,"
	       "\"seeds\":%d,\"failed\":%d,\"events\":%llu,\"p50_ns\":%.0f,"
	       "\"p99_ns\":%.0f,\"max_ns\":%.0f,\"bound_p50_ns\":%.0f,"
	       "\"bound_p99_ns\":%.0f,"
	       "\"bound_max_ns\":%.0f,\"ratio\":%.2f,\"above_bound\":%llu,"
	       "\"outside\":%llu,\"outside_above_bound\":%llu,"
	       "\"share\":%.6f,\"slacks\":%.3f,\"segments\":%zu,"
	       "\"records\":%zu,\"cpu_s\":%.3f,\"limits\":{\"max_ns\":%g,"
	       "\"p99_ns\":%g,\"ratio\":%g}}\n",
	       sc->name, opt->method ? opt->method : sc->method,
	       (unsigned long long)opt->seed, opt->seeds, sum->failed,
	       (unsigned long long)v->events, v->p50_ns, v->p99_ns, v->max_ns,
	       v->bound_p50_ns, v->bound_p99_ns, v->bound_max_ns, v->ratio,
	       (unsigned long long)v->broken, (unsigned long long)v->outside,
	       (unsigned long long)v->outside_broken, v->share, v->slacks,
	       v->segments, v->records, v->cpu_s, sc->limit.max_ns,
	       sc->limit.p99_ns, sc->limit.ratio);
}

static void print_failure(const struct options *opt, const char *path,
			  uint64_t seed, const char *why)
{
	FILE *f = opt->json ? stderr : stdout;

	fprintf(f, "  seed %llu: %s\n    repeat: %s --seed %llu --seeds 1 ",
		(unsigned long long)seed, why, opt->program,
		(unsigned long long)seed);
	if (opt->events)
		fprintf(f, "--events %d ", opt->events);
	if (opt->method)
		fprintf(f, "--method %s ", opt->method);
	fprintf(f, "--verbose %s\n", path);
}

/* Returns how many seeds failed, or -1 if it could not be run. */
static int run_scenario(const char *path, const struct options *opt)
{
	struct summary sum = { .worst = { .share = 1 } };
	struct sim_scenario sc;
	char error[512];

	if (sim_scenario_load(&sc, path, error, sizeof(error))) {
		fprintf(stderr, "sim: %s\n", error);
		return -1;
	}
	if (opt->events)
		sc.events = opt->events;
	for (int i = 0; i < opt->seeds; i++) {
		struct sim_verdict v = { 0 };
		int err = run_seed(&sc, opt, opt->seed + i, &v);

		if (err)
			snprintf(v.why, sizeof(v.why), "library: %s",
				 strerror(-err));
		if (*v.why) {
			sum.failed++;
			if (sum.failed <= SHOWN_FAILURES)
				print_failure(opt, path, opt->seed + i, v.why);
		}
		take_worst(&sum.worst, &v);
	}
	if (sum.failed > SHOWN_FAILURES && !opt->json)
		printf("  and %d seeds more\n", sum.failed - SHOWN_FAILURES);
	if (opt->json)
		print_json(&sc, opt, &sum);
	else
		print_line(&sc, opt, &sum);
	fflush(stdout);
	return sum.failed;
}

enum { SEEDS = 256, SEED, EVENTS, METHOD, JSON, VERBOSE, SELFTEST, KEYS, HELP };

static const struct option longopts[] = {
	{ "seeds", required_argument, NULL, SEEDS },
	{ "seed", required_argument, NULL, SEED },
	{ "events", required_argument, NULL, EVENTS },
	{ "method", required_argument, NULL, METHOD },
	{ "json", no_argument, NULL, JSON },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "selftest", no_argument, NULL, SELFTEST },
	{ "keys", no_argument, NULL, KEYS },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

int main(int argc, char **argv)
{
	struct options opt = { .seed = 1, .seeds = 3, .program = argv[0] };
	int failed = 0, c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case SEEDS:
			opt.seeds = atoi(optarg);
			break;
		case SEED:
			opt.seed = strtoull(optarg, NULL, 10);
			break;
		case EVENTS:
			opt.events = atoi(optarg);
			break;
		case METHOD:
			opt.method = optarg;
			break;
		case JSON:
			opt.json = true;
			break;
		case VERBOSE:
			opt.verbose = true;
			break;
		case SELFTEST:
			return sim_selftest() ? 1 : 0;
		case KEYS:
			sim_scenario_keys();
			return 0;
		case HELP:
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc || opt.seeds < 1 ||
	    (opt.method && strcmp(opt.method, "auto") &&
	     sim_method_number(opt.method) < 0)) {
		usage(stderr);
		return 2;
	}
	if (!opt.json)
		print_heading();
	for (; optind < argc; optind++) {
		int n = run_scenario(argv[optind], &opt);

		if (n < 0)
			return 2;
		failed += n;
	}
	return failed ? 1 : 0;
}
