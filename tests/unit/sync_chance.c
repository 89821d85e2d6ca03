// SPDX-License-Identifier: MIT
/*
 * What the window method leaves out at an end of its evidence: limits that may be by
 * chance, if anything tells that the clock may have been set there, and none else. One
 * virtual CPU runs every other millisecond, with an event in each run, so that twenty
 * limits may be by chance.
 */
#include "check.h"
#include "sync/window/chance.h"

#define RUNS	400
#define RUN_NS	1000000
#define LAST_NS (3 * RUN_NS)
#define LENGTH	(2 * (int64_t)RUN_NS * RUNS + 10 * LAST_NS)
#define BEGIN	1000000000ll

/**
 * struct story - what is about the end of a recording
 * @back:	it is the last one, not the first
 * @silent:	so many runs shortly before the end have no event
 * @lost_ns:	the last run stands for all that may have been there, and has two
 *		events that are so far apart; 0: it is as any other
 * @beyond:	events behind the last run
 */
struct story {
	bool back;
	int silent;
	int64_t lost_ns;
	int beyond;
};

struct world {
	struct vmsync_vm *vm;
	vmsync_guest_events events;
	struct vmsync_trails trails;
};

/* Stories are told towards the last end; at the first one time runs the other way. */
static int64_t when(const struct story *s, int64_t ns)
{
	return BEGIN + (s->back ? ns : LENGTH - ns);
}

static int64_t begin_of(int i)
{
	return 2 * (int64_t)RUN_NS * i;
}

static int64_t end_of(const struct story *s, int i)
{
	return begin_of(i) + (i == RUNS - 1 && s->lost_ns ? LAST_NS : RUN_NS);
}

static void add_run(const struct story *s, struct vmsync_vcpu *v, int i)
{
	int64_t ns[] = { when(s, begin_of(i)), when(s, end_of(s, i)) };

	CHECK(!vmsync_vcpu_entry(v, ns[!s->back]));
	CHECK(!vmsync_vcpu_exit(v, ns[s->back]));
}

/* Guest and host have one clock. @i: of the run that it is in; -1: of none */
static void add_event(const struct story *s, struct world *w, int64_t ns, int i)
{
	struct vmsync_guest_event *e = vmsync_array_add(&w->events);
	struct vmsync_between *b;
	int64_t ends[2];

	CHECK(e);
	*e = (struct vmsync_guest_event){when(s, ns), 0};
	if (i < 0)
		return;
	ends[!s->back] = when(s, begin_of(i));
	ends[s->back] = when(s, end_of(s, i));
	b = vmsync_array_add(&w->trails.all.at[0].limits);
	CHECK(b);
	*b = (struct vmsync_between){e->ns, ends[0] - e->ns, ends[1] - e->ns};
}

static void add_events(const struct story *s, struct world *w, int i)
{
	int64_t ns = begin_of(i) + RUN_NS / 2;

	/* Not at the very end: there, nothing would lie behind the silence. */
	if (i < RUNS - 5 && i >= RUNS - 5 - s->silent)
		return;
	if (i < RUNS - 1 || !s->lost_ns) {
		add_event(s, w, ns, i);
		return;
	}
	add_event(s, w, ns + (s->back ? 0 : s->lost_ns), i);
	add_event(s, w, ns + (s->back ? s->lost_ns : 0), i);
}

static void add_beyond(const struct story *s, struct world *w)
{
	for (int i = 0; i < s->beyond; i++)
		add_event(s, w, end_of(s, RUNS - 1) + LAST_NS +
				(s->back ? i : -i), -1);
}

static void make(const struct story *s, struct world *w)
{
	struct vmsync_trail *trail;
	struct vmsync_vcpu *v;

	*w = (struct world){ .vm = calloc(1, sizeof(*w->vm)) };
	v = vmsync_vm_vcpu(w->vm, 0);
	trail = vmsync_array_add(&w->trails.all);
	CHECK(v && trail);
	*trail = (struct vmsync_trail){0};
	for (int k = 0; k < RUNS; k++)
		add_run(s, v, s->back ? k : RUNS - 1 - k);
	if (s->lost_ns) {
		size_t *lost = vmsync_array_add(&v->lost);

		CHECK(lost);
		*lost = s->back ? RUNS - 1 : 0;
	}
	if (!s->back)
		add_beyond(s, w);
	for (int k = 0; k < RUNS; k++)
		add_events(s, w, s->back ? k : RUNS - 1 - k);
	if (s->back)
		add_beyond(s, w);
}

/* Are limits left out at the story's end, and none at the other one? */
static bool drops(struct story s, bool back)
{
	const vmsync_limits *l;
	struct world w;
	int64_t first, last;
	bool dropped;

	s.back = back;
	make(&s, &w);
	l = &w.trails.all.at[0].limits;
	first = l->at[0].guest_ns;
	last = l->at[l->count - 1].guest_ns;
	vmsync_chance_drop(&w.events, w.vm, &w.trails);
	dropped = back ? l->at[l->count - 1].guest_ns != last :
			 l->at[0].guest_ns != first;
	CHECK(back ? l->at[0].guest_ns == first :
		     l->at[l->count - 1].guest_ns == last);
	vmsync_trails_free(&w.trails);
	vmsync_array_free(&w.events);
	vmsync_vm_free(w.vm);
	return dropped;
}

int main(void)
{
	for (int back = 0; back < 2; back++) {
		CHECK(!drops((struct story){0}, back));
		/* One event beyond all runs is the first or the last of all. */
		CHECK(!drops((struct story){ .beyond = 1 }, back));
		CHECK(drops((struct story){ .beyond = 2 }, back));
		/* Runs without an event may be by chance, up to a number. */
		CHECK(!drops((struct story){ .silent = 5 }, back));
		CHECK(drops((struct story){ .silent = 15 }, back));
		/* Nothing is told of less than a millisecond. */
		CHECK(!drops((struct story){ .lost_ns = 900000 }, back));
		CHECK(drops((struct story){ .lost_ns = 1100000 }, back));
	}
	return check_done();
}
