// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/answers.h"
#include "fuse/clones.h"
#include "fuse/fail.h"
#include "fuse/trace_clock.h"

/* The traces of one clock uuid, and what is asked about them. */
struct group {
	struct vmsync_sorted **of; /* [@n] */
	size_t n;
};

static const uint8_t *clock_uuid(const struct vmsync_sorted *s)
{
	const struct ctf_clock *c = vmsync_trace_clock(s->trace);

	return c && c->has_uuid ? c->uuid : NULL;
}

/* Those without a uuid last: they are not said to belong together. */
static int by_clock(const void *a, const void *b)
{
	const struct vmsync_sorted *const *x = a, *const *y = b;
	const uint8_t *u = clock_uuid(*x), *v = clock_uuid(*y);
	int order = u && v ? memcmp(u, v, 16) : (v != NULL) - (u != NULL);

	/* In the order in which they were named. */
	return order ? order : (*x > *y) - (*x < *y);
}

/* Where a stream file begins. */
struct start {
	const uint8_t *uuid;
	uint64_t stream_id;
	uint64_t instance;
	uint64_t seq;
	uint64_t begin;
};

static int by_stream(const struct start *x, const struct start *y)
{
	if (x->stream_id != y->stream_id)
		return x->stream_id < y->stream_id ? -1 : 1;
	return (x->instance > y->instance) - (x->instance < y->instance);
}

static int by_place(const void *a, const void *b)
{
	const struct start *x = a, *y = b;
	int order = by_stream(x, y);

	if (order)
		return order;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Return: 1 with @out filled in, 0 where the packets have no numbers, an error. */
static int start_read(const struct ctf_stream *s, struct start *out,
		      struct ctf_error *e)
{
	struct ctf_packet p;
	int ret = ctf_stream_packet(s, NULL, &p, e);

	if (ret <= 0 || !(p.has & CTF_HAS_SEQ) || !(p.has & CTF_HAS_BEGIN))
		return ret < 0 ? ret : 0;
	*out = (struct start){
		.stream_id = p.stream_id,
		.instance = p.has & CTF_HAS_INSTANCE ? p.instance : p.cpu,
		.seq = p.seq,
		.begin = p.begin,
	};
	return 1;
}

/*
 * Whether the files of one session's stream follow on each other: a later number
 * is a later time. Two that begin with the same packet are snapshots of one ring,
 * or clones that were made later.
 */
static bool follow(const struct start *starts, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		const struct start *a = &starts[i - 1], *b = &starts[i];

		if (!by_stream(a, b) &&
		    (a->seq == b->seq || a->begin >= b->begin))
			return false;
	}
	return true;
}

/* Return: 1 if the traces with beacons may be of several machines, 0, an error. */
static int suspicious(const struct group *g, bool any, struct ctf_error *e)
{
	const struct ctf_trace *first = NULL;
	struct start *starts;
	size_t i, k, streams = 0, n = 0, beacons = 0;
	int ret = 0;

	for (i = 0; i < g->n; i++) {
		const struct ctf_trace *t = g->of[i]->trace;

		if (g->of[i]->side == VMSYNC_SIDE_HOST)
			return 0;
		if (g->of[i]->side != VMSYNC_SIDE_GUEST)
			continue;
		if (beacons++ && (any || !ctf_traces_share_uuid(first, t)))
			return 1;
		first = t;
		streams += ctf_trace_streams(t);
	}
	if (beacons < 2)
		return 0;
	starts = calloc(streams + 1, sizeof(*starts));
	if (!starts)
		return vmsync_fail_memory(e);
	for (i = 0; ret >= 0 && i < g->n; i++) {
		const struct ctf_trace *t = g->of[i]->trace;

		if (g->of[i]->side != VMSYNC_SIDE_GUEST)
			continue;
		for (k = 0; ret >= 0 && k < ctf_trace_streams(t); k++) {
			ret = start_read(ctf_trace_stream(t, k), &starts[n], e);
			n += ret > 0;
		}
	}
	qsort(starts, n, sizeof(*starts), by_place);
	if (ret >= 0)
		ret = !follow(starts, n);
	free(starts);
	return ret;
}

/* How many folders two paths have in common. */
static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	for (; *a && *a == *b; a++, b++)
		n += *a == '/';
	return n;
}

/**
 * struct sorting - what is known of a group's machines while traces are given to them
 * @beside:	[@g->n] how the trace in question stands to the others
 * @placed:	[@g->n] its clone's number is set
 * @may:	[@clones, at most @g->n] whether the trace in question may be of this one
 */
struct sorting {
	const struct group *g;
	const struct vmsync_answered *who; /* [g->n] */
	const struct vmsync_samples *answers;
	enum vmsync_beside *beside;
	bool *placed;
	bool *may;
	uint32_t clones;
};

/* Fills in @may for trace @i, which nobody answered. */
static void ask_clones(struct sorting *s, size_t i)
{
	const struct group *g = s->g;
	size_t k;

	/* Of several VMs by its name it may be of one that nobody recorded. */
	for (k = 0; k < s->clones; k++)
		s->may[k] = !s->who[i].several;
	for (k = 0; k < g->n; k++) {
		if (s->placed[k] && ctf_traces_share_uuid(g->of[i]->trace,
							  g->of[k]->trace))
			s->may[g->of[k]->clone] = true;
	}
	for (k = 0; k < g->n; k++) {
		if (s->placed[k] && s->beside[k] == VMSYNC_BESIDE_OTHER)
			s->may[g->of[k]->clone] = false;
	}
}

/*
 * The machine of the trace that lies nearest to @i, of those that it may be of. Where
 * two are equally near nothing says whose it is: it is one of its own.
 */
static uint32_t by_folder(struct sorting *s, size_t i)
{
	const struct group *g = s->g;
	const char *path = ctf_trace_path(g->of[i]->trace);
	uint32_t clone = s->clones;
	size_t best = 0, k;
	bool tie = false, any = false;

	ask_clones(s, i);
	for (k = 0; k < g->n; k++) {
		size_t n;

		if (!s->placed[k] || !s->may[g->of[k]->clone])
			continue;
		n = common(path, ctf_trace_path(g->of[k]->trace));
		if (any && n == best && g->of[k]->clone != clone)
			tie = true;
		if (any && n <= best)
			continue;
		any = true;
		tie = false;
		best = n;
		clone = g->of[k]->clone;
	}
	return tie ? s->clones : clone;
}

/* A trace that nobody answered. */
static void place(struct sorting *s, size_t i)
{
	const struct group *g = s->g;
	size_t k;

	vmsync_answers_beside(s->answers, i, s->beside);
	for (k = 0; k < g->n; k++) {
		if (s->placed[k] && s->beside[k] == VMSYNC_BESIDE_SAME)
			break;
	}
	g->of[i]->clone = k < g->n ? g->of[k]->clone : by_folder(s, i);
	if (g->of[i]->clone == s->clones)
		s->clones++;
	s->placed[i] = true;
}

/* Numbers them in the order in which they were named. */
static void number(struct sorting *s)
{
	const struct vmsync_answered *who = s->who;
	const struct group *g = s->g;
	size_t i, k;

	for (i = 0; i < g->n; i++) {
		if (!who[i].known)
			continue;
		for (k = 0; k < i; k++) {
			if (who[k].known && who[k].vm.pid == who[i].vm.pid &&
			    who[k].vm.serial == who[i].vm.serial)
				break;
		}
		g->of[i]->clone = k < i ? g->of[k]->clone : s->clones++;
		s->placed[i] = true;
	}
	for (i = 0; i < g->n; i++) {
		if (!who[i].known && g->of[i]->side == VMSYNC_SIDE_GUEST)
			place(s, i);
	}
	for (i = 0; i < g->n; i++) {
		if (!s->placed[i])
			place(s, i);
	}
}

static int ask(const struct group *g, const struct vmsync_sorted *list, size_t n,
	       struct ctf_error *e)
{
	struct vmsync_answered *who = calloc(g->n, sizeof(*who));
	struct ctf_trace **host = calloc(n, sizeof(struct ctf_trace *));
	struct vmsync_samples *answers = NULL;
	struct sorting s = {
		.g = g,
		.who = who,
		.beside = calloc(g->n, sizeof(*s.beside)),
		.placed = calloc(g->n, sizeof(*s.placed)),
		.may = calloc(g->n, sizeof(*s.may)),
	};
	size_t i, n_host = 0;
	int ret = who && host && s.beside && s.placed && s.may ?
			  0 : vmsync_fail_memory(e);

	for (i = 0; !ret && i < n; i++) {
		if (list[i].side == VMSYNC_SIDE_HOST)
			host[n_host++] = list[i].trace;
	}
	for (i = 0; !ret && i < g->n; i++)
		who[i].trace = g->of[i]->trace;
	if (!ret)
		ret = vmsync_answers_find(host, n_host, who, g->n, &answers, e);
	s.answers = answers;
	if (!ret)
		number(&s);
	vmsync_answers_free(answers);
	free(s.may);
	free(s.placed);
	free(s.beside);
	free(host);
	free(who);
	return ret;
}

int vmsync_clones_find(struct vmsync_sorted *list, size_t n, bool any,
		       struct ctf_error *e)
{
	struct vmsync_sorted **sorted = calloc(n + 1, sizeof(*sorted));
	size_t i, k;
	int ret = sorted ? 0 : vmsync_fail_memory(e);

	for (i = 0; !ret && i < n; i++) {
		list[i].clone = 0;
		sorted[i] = &list[i];
	}
	if (!ret)
		qsort(sorted, n, sizeof(struct vmsync_sorted *), by_clock);
	for (i = 0; !ret && i < n && clock_uuid(sorted[i]); i = k) {
		struct group g = { .of = &sorted[i] };

		for (k = i; k < n && clock_uuid(sorted[k]) &&
			    !memcmp(clock_uuid(sorted[i]),
				    clock_uuid(sorted[k]), 16);
		     k++)
			g.n++;
		ret = suspicious(&g, any, e);
		if (ret > 0)
			ret = ask(&g, list, n, e);
	}
	free(sorted);
	return ret;
}
