// SPDX-License-Identifier: MIT
/*
 * sync [BEACONS]: what the sync library costs beyond reading: a host and a guest
 * on steady clocks, a knot a second on each side, BEACONS (1000000) beacons at
 * 100 Hz, pushed as they would be read. Prints seconds of CPU time and peak KiB.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sync/sync.h"

#define PERIOD_NS 10000000
#define KNOT_NS	  1000000000
#define OFFSET	  (-1000000000000)

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

int main(int argc, char **argv)
{
	uint64_t i, n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	struct side host = { .offset = 0 };
	struct side guest = { .offset = (uint64_t)OFFSET };
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *g = vmsync_sync_guest_new(sync, "guest");
	uint64_t tsc = 2000000000000, next_knot = tsc + KNOT_NS, knots = 0;
	struct rusage usage;
	clock_t begin = clock();

	host.line = line_at(0, tsc, 5000000000);
	guest.line = line_at(0, tsc + guest.offset, 1000000000);
	for (i = 0; i < n; i++, tsc += PERIOD_NS) {
		uint32_t cnt = (uint32_t)(2 * i);
		struct vmsync_evidence ev[4];

		if (tsc >= next_knot) {
			ev[0] = knot(&host, ++knots, tsc - 5000);
			ev[1] = knot(&guest, knots, tsc - 4000);
			vmsync_sync_push_host(sync, &ev[0]);
			vmsync_sync_push_guest(g, &ev[1]);
			next_knot += KNOT_NS;
		}
		ev[0] = record(&guest, VMSYNC_EV_GH_GUEST, cnt, tsc);
		ev[1] = record(&host, VMSYNC_EV_GH_HOST, cnt, tsc + 350 + i % 97);
		ev[1].guest_claim = ev[0].pair;
		ev[2] = record(&host, VMSYNC_EV_HG_HOST, cnt + 1, tsc + 600);
		ev[3] = record(&guest, VMSYNC_EV_HG_GUEST, cnt + 1, tsc + 1000);
		vmsync_sync_push_guest(g, &ev[0]);
		vmsync_sync_push_host(sync, &ev[1]);
		vmsync_sync_push_host(sync, &ev[2]);
		vmsync_sync_push_guest(g, &ev[3]);
	}
	vmsync_sync_host_end(sync);
	vmsync_sync_guest_end(g);
	if (vmsync_sync_finish(sync) || !vmsync_guest_report_of(g)->found ||
	    vmsync_guest_report_of(g)->whole != n) {
		fprintf(stderr, "sync: the beacons were not matched\n");
		return 1;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%" PRIu64 " beacons, %" PRIu64 " knots: %.2f s, %ld KiB\n", n,
	       2 * knots, (double)(clock() - begin) / CLOCKS_PER_SEC,
	       usage.ru_maxrss);
	vmsync_sync_free(sync);
	return 0;
}
