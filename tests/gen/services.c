// SPDX-License-Identifier: MIT
/*
 * services OUT SEED: a trace of machines that have states, jobs of operations,
 * one within the other, and trips that are seen at places; as
 * tests/gen/services.layer describes them. Prints what is true of them, a line
 * for each state: track, key, state, place, depth, from, until, itself (ns),
 * and whether its end is in the trace; and for each job that failed, what did
 * so first.
 *
 * services OUT EVENTS OPEN: a trace of so many events, of requests of which so
 * many are open at a time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "writer.h"

#define MAX_EVENTS 4000
#define UNIT	   4096 /* ns; below that each event has a number of its own */
#define TIMEOUT	   5000000000 /* of trips, as services.layer has it */
#define EPOCH	   1750000000000000000

enum {
	STATE,
	GONE,
	BEGIN,
	END,
	INNER,
	INNER_END,
	SEEN,
	FAIL,
	REKEY,
	START,
};

static const struct gen_class classes[] = {
	{ "svc:state",
	  { { "vm", GEN_STRING },
	    { "state", GEN_STRING },
	    { "host", GEN_STRING } } },
	{ "svc:gone", { { "vm", GEN_STRING } } },
	{ "svc:begin",
	  { { "job", GEN_STRING },
	    { "op", GEN_STRING },
	    { "id", GEN_X64 },
	    { "parent", GEN_X64 },
	    { "host", GEN_STRING } } },
	{ "svc:end", { { "job", GEN_STRING }, { "id", GEN_X64 } } },
	{ "svc:inner", { { "job", GEN_STRING }, { "op", GEN_STRING } } },
	{ "svc:inner_end", { { "job", GEN_STRING }, { "op", GEN_STRING } } },
	{ "svc:seen", { { "trip", GEN_STRING }, { "place", GEN_STRING } } },
	{ "svc:fail", { { "job", GEN_STRING }, { "text", GEN_STRING } } },
	{ "svc:rekey", { { "trip", GEN_STRING }, { "as", GEN_STRING } } },
	{ "svc:start", { { "nobody", GEN_U32 } } },
};

struct event {
	uint64_t ns;
	uint32_t id;
	struct gen_value values[5];
};

static struct event events[MAX_EVENTS];
static uint32_t n_events;
static uint64_t seed, end_ns;

static const char *const names[] = {
	"spawn",	"network",     "a \"quoted\" one", "x\x1b[31mred",
	"na\xc3\xafve", "back\\slash", "half\xc3",	   "build",
};
static const char *const hosts[] = { "cmp1", "cmp2", "<b>cmp3</b>" };

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

static const char *name(void)
{
	return names[below(sizeof(names) / sizeof(names[0]))];
}

static const char *host(void)
{
	return hosts[below(sizeof(hosts) / sizeof(hosts[0]))];
}

static struct gen_value text(const char *s)
{
	return (struct gen_value){ .s = s };
}

static struct gen_value number(uint64_t u)
{
	return (struct gen_value){ .u = u };
}

/* @at in units; no two events are at the same time. */
static uint64_t emit(uint64_t at, uint32_t id, struct gen_value a,
		     struct gen_value b, struct gen_value c, struct gen_value d,
		     struct gen_value e)
{
	struct event *ev = &events[n_events];

	*ev = (struct event){ at * UNIT + n_events, id, { a, b, c, d, e } };
	if (++n_events == MAX_EVENTS)
		exit(3);
	if (ev->ns > end_ns)
		end_ns = ev->ns;
	return ev->ns;
}

#define NONE ((struct gen_value){0})

/* As JSON has it: a backslash is two, half a character is \\xHH. */
static const char *shown(const char *s)
{
	static char buf[4][128];
	static int next;
	char *out = buf[next++ & 3], *at = out;

	for (; *s; s++) {
		if (*s == '\\')
			at += sprintf(at, "\\\\");
		else if (*s == '\xc3' && (s[1] & 0xc0) != 0x80)
			at += sprintf(at, "\\xc3");
		else
			*at++ = *s;
	}
	*at = '\0';
	return out;
}

/* ---------------------------------------------------------------- machines */

static void state_line(const char *key, const char *state, const char *place,
		       uint64_t from, uint64_t until, bool ended)
{
	printf("machine\t%s\t%s\t%s\t0\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	       "\t%s\n",
	       key, shown(state), shown(place), from, until, until - from,
	       ended ? "ended" : "open");
}

/* Its last state goes on to the end, unless it is gone. */
struct machine {
	char key[32];
	const char *state;
	const char *place;
	uint64_t from;
	bool gone;
};

static void machine_make(struct machine *m, uint32_t number_of)
{
	uint64_t at = 1 + below(1000), steps = 1 + below(9), i;

	snprintf(m->key, sizeof(m->key), "vm%u", number_of);
	for (i = 0; i < steps; i++) {
		const char *state = name(), *place = host();
		uint64_t ns = emit(at, STATE, text(m->key), text(state),
				   text(place), NONE, NONE);

		if (m->state != state || m->place != place) {
			if (m->state)
				state_line(m->key, m->state, m->place, m->from,
					   ns, true);
			m->state = state;
			m->place = place;
			m->from = ns;
		}
		at += 1 + below(200000);
	}
	m->gone = below(2);
	if (m->gone)
		state_line(m->key, m->state, m->place, m->from,
			   emit(at, GONE, text(m->key), NONE, NONE, NONE, NONE),
			   true);
}

/* -------------------------------------------------------------------- jobs */

#define MAX_OPS 60

struct op {
	uint64_t id, from, until; /* until 0: its end is not in the trace */
	const char *name, *place;
	int parent; /* -1: none */
	int depth;
};

struct job {
	char key[32];
	struct op ops[MAX_OPS];
	int n;
	const char *cause;
	uint64_t cause_ns;
	uint32_t failures;
};

/* Children may overlap, and outlast what they are in; ends may be missing. */
static void op_make(struct job *j, uint64_t at, int parent, int depth)
{
	uint64_t took = 2 + below(5000), i, children = depth < 4 ? below(4) : 0;
	struct op *o = &j->ops[j->n];
	int number_of = j->n;

	if (j->n == MAX_OPS)
		return;
	j->n++;
	o->id = rnd() | 1;
	o->name = name();
	o->place = host();
	o->parent = parent;
	o->depth = depth;
	o->from = emit(at, BEGIN, text(j->key), text(o->name), number(o->id),
		       number(parent < 0 ? 0 : j->ops[parent].id),
		       text(o->place));
	for (i = 0; i < children; i++)
		op_make(j, at + 1 + below(took - 1), number_of, depth + 1);
	if (below(12))
		o->until = emit(at + took, END, text(j->key), number(o->id),
				NONE, NONE, NONE);
}

static int by_from(const void *x, const void *y)
{
	const struct op *const *a = x, *const *b = y;

	return ((*a)->from > (*b)->from) - ((*a)->from < (*b)->from);
}

static uint64_t until_of(const struct op *o)
{
	return o->until ? o->until : end_ns;
}

/* What is left of an operation without the time that some child of it was open.
 */
static uint64_t self_of(const struct job *j, int number_of)
{
	const struct op *o = &j->ops[number_of], *children[MAX_OPS];
	uint64_t covered = o->from, self = 0;
	int i, n = 0;

	for (i = 0; i < j->n; i++) {
		if (j->ops[i].parent == number_of)
			children[n++] = &j->ops[i];
	}
	qsort(children, (size_t)n, sizeof(children[0]), by_from);
	for (i = 0; i < n && children[i]->from < until_of(o); i++) {
		if (children[i]->from > covered)
			self += children[i]->from - covered;
		if (until_of(children[i]) > covered)
			covered = until_of(children[i]);
	}
	return self + (until_of(o) > covered ? until_of(o) - covered : 0);
}

static void job_print(const struct job *j)
{
	int i;

	for (i = 0; i < j->n; i++) {
		const struct op *o = &j->ops[i];

		printf("job\t%s\t%s\t%s\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		       "\t%s\n",
		       j->key, shown(o->name), shown(o->place), o->depth,
		       o->from, until_of(o), self_of(j, i),
		       o->until ? "ended" : "open");
	}
	if (j->cause)
		printf("cause\t%s\t%s\t%" PRIu64 "\t%u\n", j->key,
		       shown(j->cause), j->cause_ns, j->failures);
}

static void job_make(struct job *j, uint32_t number_of)
{
	uint64_t i, n = below(4), ns;

	snprintf(j->key, sizeof(j->key), "job%u", number_of);
	op_make(j, 1 + below(100000), -1, 0);
	for (i = 0; i < n; i++) {
		const char *what = name();

		ns = emit(j->ops[0].from / UNIT + 1 + below(5000), FAIL,
			  text(j->key), text(what), NONE, NONE, NONE);
		if (!j->cause || ns < j->cause_ns) {
			j->cause = what;
			j->cause_ns = ns;
		}
		j->failures++;
	}
}

/* Without ids: what began last is what the next one is in. */
static uint64_t nest(const char *key, uint64_t at, int depth)
{
	uint64_t from, until, first = at, i,
			      children = depth < 3 ? below(3) : 0;
	static const char *const levels[] = {"outer", "middle", "inner",
					     "core"};
	uint64_t self = 0, last;

	from = emit(at, INNER, text(key), text(levels[depth]), NONE, NONE,
		    NONE);
	last = from;
	for (i = 0; i < children; i++) {
		uint32_t next = n_events;

		at = nest(key, at + 1 + below(3000), depth + 1);
		self += events[next].ns - last;
		last = events[n_events - 1].ns;
	}
	at += 1 + below(3000);
	until = emit(at, INNER_END, text(key), text(levels[depth]), NONE, NONE,
		     NONE);
	printf("nest\t%s\t%s\t\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	       "\tended\n",
	       key, levels[depth], depth, from, until, self + until - last);
	return first > at ? first : at;
}

/* ------------------------------------------------------------------- trips */

static void trip_line(const char *key, const char *state, uint64_t from,
		      uint64_t until)
{
	printf("trip\t%s\t%s\t\t0\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	       "\tended\n",
	       key, state, from, until, until - from);
}

/* From then on it is known by another key, and is called as before. */
static uint64_t trip_rekey(uint64_t at, const char **as)
{
	static char keys[MAX_EVENTS][32];
	static int n;
	const char *old = *as;

	snprintf(keys[n], sizeof(keys[n]), "%.20s'", old);
	*as = keys[n++];
	return emit(at, REKEY, text(old), text(*as), NONE, NONE, NONE);
}

static void trip_make(const char *key)
{
	const char *place = NULL, *next, *as = key;
	uint64_t at = 1 + below(100000), i, n = 1 + below(30), from = 0,
		 last = 0, told = 0, ns;
	char way[64];

	for (i = 0; i < n; i++) {
		next = host();
		ns = emit(at, SEEN, text(as), text(next), NONE, NONE, NONE);
		if (place && ns - told > TIMEOUT) {
			trip_line(key, place, from, last);
			place = NULL;
			/* Nobody knows that it is the same one. */
			key = as;
		}
		if (place && place != next) {
			trip_line(key, place, from, last);
			snprintf(way, sizeof(way), "%s -> %s", place, next);
			trip_line(key, way, last, ns);
		}
		if (place != next)
			from = ns;
		place = next;
		last = told = ns;
		if (!below(4))
			told = trip_rekey(++at, &as);
		at += 1 + below(below(8) ? 3000 : 2 * TIMEOUT / UNIT);
	}
	trip_line(key, place, from, last);
}

/* -------------------------------------------------------------------- both */

static int by_time(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	return (a->ns > b->ns) - (a->ns < b->ns);
}

static void world(struct gen_trace *t)
{
	static struct machine machines[8];
	static struct job jobs[6];
	static char nests[4][32], trips[6][32];
	uint32_t i;

	for (i = 0; i < 8; i++)
		machine_make(&machines[i], i);
	for (i = 0; i < 6; i++)
		job_make(&jobs[i], i);
	for (i = 0; i < 4; i++) {
		snprintf(nests[i], sizeof(nests[i]), "nest%u", i);
		nest(nests[i], 1 + below(100000), 0);
	}
	for (i = 0; i < 6; i++) {
		snprintf(trips[i], sizeof(trips[i]), "trip%u", i);
		trip_make(trips[i]);
	}
	end_ns += UNIT;
	for (i = 0; i < 8; i++) {
		if (!machines[i].gone)
			state_line(machines[i].key, machines[i].state,
				   machines[i].place, machines[i].from, end_ns,
				   false);
	}
	for (i = 0; i < 6; i++)
		job_print(&jobs[i]);
	qsort(events, n_events, sizeof(events[0]), by_time);
	/* What is printed counts from here. */
	gen_event(t, 0, START, 0, &NONE);
	for (i = 0; i < n_events; i++)
		gen_event(t, (uint32_t)below(2), events[i].id, events[i].ns,
			  events[i].values);
	gen_stop(t, end_ns);
}

static void key_of(uint64_t request, char key[48])
{
	snprintf(key, 48, "req-%08" PRIx64 "-8287-4e70-8f20-%012" PRIx64,
		 request * 2654435761u & 0xffffffff, request);
}

static void load(struct gen_trace *t, uint64_t n, uint64_t open)
{
	uint64_t i, begun = 0, ended = 0, ns = 1000;
	char key[48];

	for (i = 0; i < n; i++, ns += 500) {
		bool begins = begun - ended < open || (rnd() & 1);
		uint64_t request = begins ? begun++ : ended++;
		const struct gen_value values[] = {
			text(key),
			begins ? text("instance.create") :
				 number(request | UINT64_C(1) << 62),
			number(request | UINT64_C(1) << 62),
			NONE,
			text("cmp1"),
		};

		key_of(request, key);
		gen_event(t, 0, begins ? BEGIN : END, ns, values);
	}
	gen_stop(t, ns);
}

int main(int argc, char **argv)
{
	struct gen_trace t = {
		.path = argv[1],
		.classes = classes,
		.n_classes = sizeof(classes) / sizeof(classes[0]),
		.large = true,
		.packet = 1 << 16,
		.user_space = true,
		.n_streams = argc == 4 ? 1 : 2,
	};

	if (argc != 3 && argc != 4) {
		fputs("usage: services OUT SEED|EVENTS OPEN\n", stderr);
		return 2;
	}
	seed = argc == 4 ? 1 :
			   strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15u + 1;
	gen_open(&t, "ctl", 7, EPOCH);
	if (argc == 4)
		load(&t, strtoull(argv[2], NULL, 0),
		     strtoull(argv[3], NULL, 0));
	else
		world(&t);
	gen_close(&t);
	return 0;
}
