// SPDX-License-Identifier: MIT
/*
 * sync [BEACONS [KNOT_US]]: what the sync library costs beyond reading: a host
 * and a guest on steady clocks, a knot every KNOT_US (1000000; below 2000 s, for
 * the lines' products) on each side, BEACONS (1000000) beacons at 100 Hz, pushed
 * as they would be read. Prints seconds of CPU time in the library, those that
 * making the records took, and peak KiB of all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sync/sync.h"

#define PERIOD_NS 10000000
#define OFFSET	  (-1000000000000)

/* Records that are made before they are pushed, so that both can be timed. */
#define BATCH 512
#define MOST  6 /* of one beacon */

/* A TSC of 1 GHz, so that a cycle is a ns but for the knots' slopes. */
static struct vmsync_line line_at(uint64_t knot, uint64_t tsc, int64_t ns)
{
	return (struct vmsync_line){
		.clocksource = 1,
		.seq = (uint32_t)knot + 1,
		.since_tsc = tsc,
		.cycle_last = tsc,
		.base_ns = ns,
		.mult = (1u << 23) + (uint32_t)(knot % 3),
		.shift = 23,
	};
}

static int64_t mono(const struct vmsync_line *l, uint64_t tsc)
{
	return l->base_ns +
	       (int64_t)(((tsc - l->cycle_last) * l->mult) >> l->shift);
}

struct side {
	struct vmsync_line line;
	uint64_t offset; /* of its TSC to the host's */
};

static struct vmsync_evidence record(const struct side *s,
				     enum vmsync_evidence_kind kind,
				     uint32_t cnt, uint64_t tsc)
{
	struct vmsync_evidence ev = {
		.kind = kind,
		.vm_uid = 7,
		.vm = { 42, 1 },
		.cnt = cnt,
		.line = s->line,
		.scaling = { OFFSET, 1ull << 32, 32 },
	};

	ev.pair.tsc = tsc + s->offset;
	ev.pair.mono_ns = mono(&s->line, ev.pair.tsc);
	ev.pair.bracket = 20;
	ev.pair.valid = true;
	ev.stamp_ns = ev.pair.mono_ns;
	return ev;
}

static struct vmsync_evidence knot(struct side *s, uint64_t n, uint64_t tsc)
{
	struct vmsync_evidence ev = { .kind = VMSYNC_EV_KNOT, .why = 2 };

	tsc += s->offset;
	ev.prev = s->line;
	s->line = line_at(n, tsc, mono(&s->line, tsc));
	ev.line = s->line;
	ev.confirm_tsc = tsc + 50;
	ev.stamp_ns = mono(&s->line, tsc + 60);
	return ev;
}

struct recording {
	struct side host;
	struct side guest;
	uint64_t tsc;
	uint64_t cnt;
	uint64_t knots;
	uint64_t knot_ns;
	uint64_t next_knot;
};

struct item {
	bool is_host;
	struct vmsync_evidence ev;
};

static void begin(struct recording *r, uint64_t knot_us)
{
	*r = (struct recording){ .guest.offset = (uint64_t)OFFSET,
				 .tsc = 2000000000000,
				 .knot_ns = knot_us * 1000 };
	r->host.line = line_at(0, r->tsc, 5000000000);
	r->guest.line = line_at(0, r->tsc + r->guest.offset, 1000000000);
	r->next_knot = r->tsc + r->knot_ns;
}

/* The next beacon, and the knots before it; returns how many records. */
static size_t make(struct recording *r, struct item *out)
{
	uint32_t cnt = (uint32_t)(2 * r->cnt);
	uint64_t tsc = r->tsc;
	size_t n = 0;

	if (tsc >= r->next_knot) {
		r->knots++;
		out[n++] = (struct item){ true, knot(&r->host, r->knots,
						     tsc - 5000) };
		out[n++] = (struct item){ false, knot(&r->guest, r->knots,
						      tsc - 4000) };
		r->next_knot += r->knot_ns;
	}
	out[n++] = (struct item){ false, record(&r->guest, VMSYNC_EV_GH_GUEST,
						cnt, tsc) };
	out[n] = (struct item){ true, record(&r->host, VMSYNC_EV_GH_HOST, cnt,
					     tsc + 350 + r->cnt % 97) };
	out[n].ev.guest_claim = out[n - 1].ev.pair;
	n++;
	out[n++] = (struct item){ true, record(&r->host, VMSYNC_EV_HG_HOST,
					       cnt + 1, tsc + 600) };
	out[n++] = (struct item){ false, record(&r->guest, VMSYNC_EV_HG_GUEST,
						cnt + 1, tsc + 1000) };
	r->cnt++;
	r->tsc += PERIOD_NS;
	return n;
}

static void push(struct vmsync_sync *sync, struct vmsync_guest *guest,
		 const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].is_host)
			vmsync_sync_push_host(sync, &items[i].ev);
		else
			vmsync_sync_push_guest(guest, &items[i].ev);
	}
}

static double seconds(clock_t ticks)
{
	return (double)ticks / CLOCKS_PER_SEC;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	uint64_t knot_us = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	static struct item items[BATCH];
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *g = vmsync_sync_guest_new(sync, "guest");
	clock_t t0 = clock(), t1, making = 0, pushing = 0;
	struct recording r;
	struct rusage usage;

	begin(&r, knot_us);
	while (r.cnt < n) {
		size_t k = 0;

		while (r.cnt < n && k + MOST <= BATCH)
			k += make(&r, items + k);
		t1 = clock();
		making += t1 - t0;
		push(sync, g, items, k);
		t0 = clock();
		pushing += t0 - t1;
	}
	vmsync_sync_host_end(sync);
	vmsync_sync_guest_end(g);
	if (vmsync_sync_finish(sync) || !vmsync_guest_report_of(g)->found ||
	    vmsync_guest_report_of(g)->whole != n) {
		fprintf(stderr, "sync: the beacons were not matched\n");
		return 1;
	}
	pushing += clock() - t0;
	getrusage(RUSAGE_SELF, &usage);
	printf("%" PRIu64 " beacons, %" PRIu64 " knots: %.2f s (and %.2f s to make"
	       " them), %ld KiB\n",
	       n, 2 * r.knots, seconds(pushing), seconds(making),
	       usage.ru_maxrss);
	vmsync_sync_free(sync);
	return 0;
}
