// SPDX-License-Identifier: MIT
/*
 * walk decode|fields|merge|merge-all TRACE...: what reading alone costs.
 *
 *	decode	decode every field of every event, stream after stream, and look at
 *		one value of each event (a dummy sink looks at none)
 *	fields	the same, and look at all of them
 *	merge	all events of all traces in the order of time, payloads skipped
 *	merge-all	the same, with a thread per processor
 *
 * Prints the number of events and a sum over what was read, which nobody could
 * know without having read it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/ctf.h"

static uint64_t sum, events;

static void die(const struct ctf_error *e)
{
	fprintf(stderr, "walk: %s\n", e->msg);
	exit(2);
}

static void add_one(const struct ctf_event *ev)
{
	const struct ctf_value *v;
	long n = ctf_event_values(ev, &v);

	/* The last but one: a struct ends with its end. */
	if (n > 1)
		sum += v[n - 2].type->kind <= CTF_FLOAT ? v[n - 2].u :
							  v[n - 2].len;
}

static void add_fields(const struct ctf_event *ev)
{
	const struct ctf_value *v;
	long i, n = ctf_event_values(ev, &v);

	for (i = 0; i < n; i++) {
		if (v[i].step == CTF_LEAF)
			sum += v[i].type->kind <= CTF_FLOAT ? v[i].u : v[i].len;
	}
}

static void walk_fields(const struct ctf_trace *t, bool all)
{
	const struct ctf_event *ev;
	struct ctf_error e;
	size_t i;
	int ret;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		struct ctf_cursor *c =
			ctf_cursor_new(ctf_trace_stream(t, i), NULL, &e);

		if (!c)
			die(&e);
		while ((ret = ctf_cursor_next(c, &ev, &e)) > 0) {
			if (all)
				add_fields(ev);
			else
				add_one(ev);
			sum += ev->clock;
			events++;
		}
		if (ret)
			die(&e);
		ctf_cursor_free(c);
	}
}

static void walk_merge(struct ctf_merge *m)
{
	const struct ctf_event *ev;
	struct ctf_error e;
	int ret;

	while ((ret = ctf_merge_next(m, &ev, &e)) > 0) {
		sum = sum * 31 + ev->time;
		events++;
	}
	if (ret)
		die(&e);
}

int main(int argc, char **argv)
{
	struct ctf_merge *m = ctf_merge_new();
	struct ctf_pool *pool = NULL;
	struct ctf_error e;
	bool merge, all;
	int i;

	if (argc < 3 || !m ||
	    (strcmp(argv[1], "decode") && strcmp(argv[1], "fields") &&
	     strcmp(argv[1], "merge") && strcmp(argv[1], "merge-all"))) {
		fprintf(stderr,
			"usage: walk decode|fields|merge|merge-all TRACE...\n");
		return 2;
	}
	all = !strcmp(argv[1], "merge-all");
	merge = all || !strcmp(argv[1], "merge");
	if (all)
		pool = ctf_pool_new(0);
	ctf_merge_pool(m, pool);
	for (i = 2; i < argc; i++) {
		struct ctf_trace *t = ctf_trace_open(argv[i], &e);

		if (!t || (merge && ctf_merge_add(m, t, NULL, &e) < 0))
			die(&e);
		if (!merge)
			walk_fields(t, !strcmp(argv[1], "fields"));
	}
	if (merge)
		walk_merge(m);
	ctf_merge_free(m);
	ctf_pool_free(pool);
	printf("%llu events, sum %016llx\n", (unsigned long long)events,
	       (unsigned long long)sum);
	return 0;
}
