// SPDX-License-Identifier: MIT
/*
 * A fair scheduler, as simple as one can be that has what matters here: queues of its
 * own for each CPU, turns by virtual time, sleepers that come back a little ahead, idle
 * CPUs that take what waits elsewhere, and balancing now and then. It is no copy of
 * any kernel's.
 */
#include <stddef.h>

#include "world.h"

#define LATENCY_NS  18000000ll
#define LEAST_NS    3000000ll	/* a turn */
#define AHEAD_NS    3000000ll	/* by which one has to be to take a CPU */
#define CREDIT_NS   9000000ll	/* at most, of who slept */
#define BALANCE_NS  20000000ll
#define ROTATE	    0.1		/* of balancings that bring nothing but a change */
#define AFFINE	    0.1		/* of wake-ups in a lazy world */
#define LEAST_WORK  2000

struct cpu {
	int runs;		/* task, -1: idle */
	int64_t since_ns;	/* it was last accounted */
	int64_t turn_ns;	/* its turn ends */
	int64_t least;		/* virtual time, never goes back */
	int64_t balance_ns;
};

struct sched {
	struct world *w;
	const struct sched_teller *t;
	struct sim_rng rng;
	int64_t now;
	struct cpu cpus[MAX_CPUS];
};

static bool may(const struct task *k, int cpu)
{
	return k->cpus >> cpu & 1;
}

/* --- demand */

static int64_t drawn(struct task *k, double mean)
{
	double ns = sim_rng_exp(&k->rng, mean);

	return ns < LEAST_WORK ? LEAST_WORK : (int64_t)ns;
}

/* Bursts do not begin in a phase without any. */
static int64_t in_phase(const struct task *k, int64_t ns)
{
	int64_t period = k->demand.on_ns + k->demand.off_ns;

	if (!k->demand.on_ns || ns % period < k->demand.on_ns)
		return ns;
	return ns / period * period + period;
}

static void burst_next(struct task *k, int64_t from_ns)
{
	k->next_ns = in_phase(k, from_ns + drawn(k, k->demand.pause_ns));
}

static void burst_take(struct task *k)
{
	if (!k->demand.burst_ns) {
		k->work_ns = INT64_MAX / 4;
		k->next_ns = INT64_MAX;
		return;
	}
	k->work_ns += drawn(k, k->demand.burst_ns);
	if (k->demand.open)
		burst_next(k, k->next_ns);
	else
		k->next_ns = INT64_MAX;
}

/* --- time goes on */

static void account(struct sched *s, int cpu)
{
	struct cpu *c = &s->cpus[cpu];
	struct task *k = c->runs < 0 ? NULL : &s->w->tasks[c->runs];
	int64_t ns = s->now - c->since_ns;

	if (k && ns) {
		if (s->t && s->t->ran)
			s->t->ran(s->t->ctx, c->runs, c->since_ns, s->now);
		k->work_ns -= ns;
		k->vruntime += ns;
		k->done_ns += ns;
		if (k->vruntime > c->least)
			c->least = k->vruntime;
		if (!k->reached && k->goal_ns && k->done_ns >= k->goal_ns) {
			k->reached = true;
			k->goal_wait_ns = k->waited_ns;
		}
	}
	c->since_ns = s->now;
}

static void pass(struct sched *s, int64_t until_ns)
{
	int64_t ns = until_ns - s->now;
	int i;

	s->now = until_ns;
	for (i = 0; i < s->w->n_cpus; i++)
		account(s, i);
	for (i = 0; i < s->w->n_tasks; i++) {
		if (s->w->tasks[i].state == WAITS)
			s->w->tasks[i].waited_ns += ns;
	}
}

/* --- queues */

static int queued(const struct sched *s, int cpu)
{
	int i, n = 0;

	for (i = 0; i < s->w->n_tasks; i++)
		n += s->w->tasks[i].state == WAITS && s->w->tasks[i].cpu == cpu;
	return n;
}

static int busy(const struct sched *s, int cpu)
{
	return queued(s, cpu) + (s->cpus[cpu].runs >= 0);
}

static int first(const struct sched *s, int cpu)
{
	int i, best = -1;

	for (i = 0; i < s->w->n_tasks; i++) {
		const struct task *k = &s->w->tasks[i];

		if (k->state == WAITS && k->cpu == cpu &&
		    (best < 0 || k->vruntime < s->w->tasks[best].vruntime))
			best = i;
	}
	return best;
}

/* It is to run on another queue: its virtual time is by that one's. */
static void requeue(struct sched *s, struct task *k, int cpu)
{
	k->vruntime += s->cpus[cpu].least - s->cpus[k->cpu].least;
	k->cpu = cpu;
}

/* Have @cpu take one that waits elsewhere, if that helps. Return: whether it does. */
static bool pull(struct sched *s, int cpu, bool rotate)
{
	int i, best = -1, most = 0, mine = busy(s, cpu);

	for (i = 0; i < s->w->n_tasks; i++) {
		const struct task *k = &s->w->tasks[i];
		int n;

		if (k->state != WAITS || k->cpu == cpu || !may(k, cpu))
			continue;
		n = busy(s, k->cpu);
		if (n > most && n >= mine + (rotate ? 1 : 2)) {
			most = n;
			best = i;
		}
	}
	if (best < 0)
		return false;
	if (s->t)
		s->t->move(s->t->ctx, s->now, best, cpu);
	requeue(s, &s->w->tasks[best], cpu);
	return true;
}

/* --- who runs */

static void turn_begin(struct sched *s, int cpu)
{
	int n = busy(s, cpu);
	int64_t ns = n ? LATENCY_NS / n : LATENCY_NS;

	s->cpus[cpu].turn_ns = s->now + (ns < LEAST_NS ? LEAST_NS : ns);
}

static void put(struct sched *s, int cpu, int next, bool sleeps)
{
	int prev = s->cpus[cpu].runs;

	if (prev >= 0)
		s->w->tasks[prev].state = sleeps ? ASLEEP : WAITS;
	if (next >= 0)
		s->w->tasks[next].state = RUNS;
	s->cpus[cpu].runs = next;
	turn_begin(s, cpu);
	if (s->t && prev != next)
		s->t->change(s->t->ctx, s->now, cpu, prev, sleeps, next);
}

/* Whoever ran there does not go on, or may not. */
static void choose(struct sched *s, int cpu, bool sleeps)
{
	struct cpu *c = &s->cpus[cpu];
	int next;

	if (c->runs >= 0)
		s->w->tasks[c->runs].state = sleeps ? ASLEEP : WAITS;
	next = first(s, cpu);
	if (next < 0 && !sim_rng_chance(&s->rng, s->w->lazy)) {
		int runs = c->runs;

		c->runs = -1;
		if (pull(s, cpu, false))
			next = first(s, cpu);
		c->runs = runs;
	}
	if (next == c->runs) {
		s->w->tasks[next].state = RUNS;
		turn_begin(s, cpu);
		return;
	}
	put(s, cpu, next, sleeps);
}

/* The CPU that one that wakes is put on. */
static int place(struct sched *s, const struct task *k)
{
	int i, best = -1;

	/* Where whoever wakes it runs, busy or not. */
	if (s->w->lazy > 0 && sim_rng_chance(&s->rng, AFFINE)) {
		i = (int)sim_rng_below(&s->rng, (uint64_t)s->w->n_cpus);
		if (may(k, i))
			return i;
	}
	if (may(k, k->cpu) && !busy(s, k->cpu))
		return k->cpu;
	if (may(k, k->cpu) && sim_rng_chance(&s->rng, s->w->lazy))
		return k->cpu;
	for (i = 0; i < s->w->n_cpus; i++) {
		if (may(k, i) && !busy(s, i))
			return i;
		if (may(k, i) && (best < 0 || busy(s, i) < busy(s, best)))
			best = i;
	}
	return may(k, k->cpu) ? k->cpu : best;
}

static void wake(struct sched *s, int task)
{
	struct task *k = &s->w->tasks[task];
	int cpu = place(s, k), was = k->cpu;
	struct cpu *c = &s->cpus[cpu];

	if (cpu != was)
		requeue(s, k, cpu);
	if (k->vruntime < c->least - CREDIT_NS)
		k->vruntime = c->least - CREDIT_NS;
	k->state = WAITS;
	if (s->t)
		s->t->wake(s->t->ctx, s->now, task, cpu, cpu != was);
	if (c->runs < 0)
		put(s, cpu, task, false);
	else if (s->w->tasks[c->runs].vruntime - k->vruntime > AHEAD_NS)
		choose(s, cpu, false);
}

static void burst(struct sched *s, int task)
{
	struct task *k = &s->w->tasks[task];

	burst_take(k);
	if (k->state == ASLEEP)
		wake(s, task);
}

static void cpu_event(struct sched *s, int cpu)
{
	struct cpu *c = &s->cpus[cpu];
	struct task *k = &s->w->tasks[c->runs];

	if (k->work_ns > 0) {
		choose(s, cpu, false);
		return;
	}
	if (!k->demand.open)
		burst_next(k, s->now);
	choose(s, cpu, true);
}

static void balance(struct sched *s, int cpu)
{
	struct cpu *c = &s->cpus[cpu];

	c->balance_ns += BALANCE_NS;
	if (sim_rng_chance(&s->rng, s->w->lazy))
		return;
	if (!pull(s, cpu, false) &&
	    !(sim_rng_chance(&s->rng, ROTATE) && pull(s, cpu, true)))
		return;
	if (c->runs < 0)
		put(s, cpu, first(s, cpu), false);
}

/* --- one thing after the other */

struct next {
	int64_t ns;
	int burst;
	int cpu;
	int balance;
};

static void sooner(struct next *n, int64_t ns, int burst, int cpu, int balance)
{
	if (ns < n->ns)
		*n = (struct next){ns, burst, cpu, balance};
}

static struct next next_of(const struct sched *s)
{
	struct next n = { INT64_MAX, -1, -1, -1 };
	int i;

	for (i = 0; i < s->w->n_tasks; i++) {
		if (!s->w->tasks[i].absent)
			sooner(&n, s->w->tasks[i].next_ns, i, -1, -1);
	}
	for (i = 0; i < s->w->n_cpus; i++) {
		const struct cpu *c = &s->cpus[i];

		sooner(&n, c->balance_ns, -1, -1, i);
		if (c->runs < 0)
			continue;
		sooner(&n, s->now + s->w->tasks[c->runs].work_ns, -1, i, -1);
		sooner(&n, c->turn_ns, -1, i, -1);
	}
	return n;
}

static bool is_done(const struct sched *s, bool to_goal)
{
	int i;

	if (s->now < s->w->length_ns)
		return false;
	for (i = 0; to_goal && i < s->w->n_tasks; i++) {
		const struct task *k = &s->w->tasks[i];

		if (!k->absent && k->goal_ns && !k->reached &&
		    s->now < 2 * s->w->length_ns)
			return false;
	}
	return true;
}

static void begin(struct sched *s)
{
	int i;

	sim_rng_init(&s->rng, s->w->seed, 7);
	for (i = 0; i < s->w->n_cpus; i++)
		s->cpus[i] =
			(struct cpu){ .runs = -1,
				      .balance_ns = BALANCE_NS + i * 1234567 };
	for (i = 0; i < s->w->n_tasks; i++) {
		struct task *k = &s->w->tasks[i];

		sim_rng_init(&k->rng, k->seed, 11);
		k->state = ASLEEP;
		k->work_ns = k->vruntime = k->done_ns = k->waited_ns = 0;
		k->goal_wait_ns = 0;
		k->reached = false;
		k->cpu = __builtin_ctzll(k->cpus);
		k->next_ns = 0;
		burst_next(k, 1000000 + i);
	}
}

void sched_run(struct world *w, const struct sched_teller *teller, bool to_goal)
{
	static struct sched s;

	s = (struct sched){ .w = w, .t = teller };
	begin(&s);
	while (!is_done(&s, to_goal)) {
		struct next n = next_of(&s);
		/* No two things at one time: their order would be anybody's guess. */
		int64_t ns = n.ns > s.now ? n.ns : s.now + 1;

		if (!to_goal && ns >= w->length_ns) {
			pass(&s, w->length_ns);
			break;
		}
		pass(&s, ns);
		if (n.burst >= 0)
			burst(&s, n.burst);
		else if (n.cpu >= 0)
			cpu_event(&s, n.cpu);
		else
			balance(&s, n.balance);
		if (s.t)
			s.t->step(s.t->ctx, s.now);
	}
}
