// SPDX-License-Identifier: MIT
/*
 * Boots of one VM in one recording of its host: KVM writes the TSC between
 * them, or does not. Each boot's map against the truth, which is affine between
 * the knots; the values of a TSC that was set back occur in several boots.
 */
#include <string.h>

#include "check.h"
#include "sync/sync.h"
#include "uapi/vmsync.h"

__extension__ typedef unsigned __int128 wide;

#define HZ	   2500000000u
#define SHIFT	   24
#define MULT	   ((uint32_t)((1000000000ull << SHIFT) / HZ))
#define BOOTS	   3
#define KNOTS	   8
#define START	   0x8000000000u
#define BOOT_LEN   (3ull * HZ) /* host cycles */
#define BEACON_LEN (HZ / 10)
#define HOST_LEN   (BEACON_LEN / 2) /* of a line, where the host has many */
#define HOST_LINES 600

/**
 * struct boot - one boot of the guest
 * @from, @until: host TSC
 * @offset:	TSC offset meanwhile
 * @line, @n:	the lines of its clock
 * @first:	its module was loaded when this line was in force
 * @restored:	the first line is from before
 */
struct boot {
	uint64_t from;
	uint64_t until;
	uint64_t offset;
	struct vmsync_line line[KNOTS];
	int n;
	int first;
	bool restored;
};

/**
 * struct world - @host: [@n_host], each for HOST_LEN; the last goes on
 * @blind:	the host's beacons tell of no line before the last boot
 */
struct world {
	struct vmsync_line host[HOST_LINES];
	int n_host;
	bool blind;
	struct boot boot[BOOTS];
};

static int64_t read_line(const struct vmsync_line *l, uint64_t tsc)
{
	wide v = (wide)(tsc - l->cycle_last) * l->mult + l->xtime_nsec;

	return l->base_ns + (int64_t)(v >> l->shift);
}

static const struct vmsync_line *host_line(const struct world *w, uint64_t at)
{
	uint64_t i = (at - START) / HOST_LEN;

	return &w->host[i < (uint64_t)w->n_host ? i : (uint64_t)w->n_host - 1];
}

static int64_t host_ns(const struct world *w, uint64_t at)
{
	return read_line(host_line(w, at), at);
}

static const struct vmsync_line *line_at(const struct boot *b, uint64_t at)
{
	int i = b->n - 1;

	while (i && (int64_t)(at + b->offset - b->line[i].since_tsc) < 0)
		i--;
	return &b->line[i];
}

static int64_t guest_ns(const struct boot *b, uint64_t at)
{
	return read_line(line_at(b, at), at + b->offset);
}

/* The line behind @l, from TSC @at on. */
static void line_after(struct vmsync_line *l, uint64_t at)
{
	wide v = (wide)(at - l->cycle_last) * l->mult + l->xtime_nsec;
	uint32_t seq = l->seq + 1;

	l[1] = *l;
	l[1].seq = seq;
	l[1].since_tsc = l[1].cycle_last = at;
	l[1].base_ns += (int64_t)(v >> SHIFT);
	l[1].xtime_nsec = (uint64_t)(v & ((1u << SHIFT) - 1));
	l[1].mult += (uint32_t)check_range(0, 600) - 300;
}

/* Line @i of @b, from @after host cycles after its begin on. */
static void line_next(struct boot *b, int i, uint64_t after)
{
	line_after(&b->line[i - 1], b->from + b->offset + after);
}

/* Of these its beacons show every second one. */
static void make_host_lines(struct world *w)
{
	for (w->n_host = 1; w->n_host < HOST_LINES; w->n_host++)
		line_after(&w->host[w->n_host - 1],
			   START + (uint64_t)w->n_host * HOST_LEN);
}

/* @first: its module is loaded again where line @first begins, 0: never */
static void make_boot(struct boot *b, uint64_t from, uint64_t offset, int first)
{
	int i;

	*b = (struct boot){ .from = from, .until = from + BOOT_LEN,
			    .offset = offset, .n = KNOTS, .first = first };
	b->line[0] = (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = 1,
		.since_tsc = from + offset,
		.cycle_last = from + offset,
		.base_ns = (int64_t)check_range(1, 100) * 1000000000,
		.mult = MULT + (uint32_t)check_range(0, 300),
		.shift = SHIFT,
	};
	for (i = 1; i < KNOTS; i++) {
		line_next(b, i, (uint64_t)i * BOOT_LEN / KNOTS);
		/* The clock goes on as it was, and is told from 1 on. */
		if (i == first) {
			b->line[i].seq = 1;
			b->line[i].mult = b->line[i - 1].mult;
		}
	}
}

/* The line that it begins with is 10 s old, and no knot is told of it. */
static void restore(struct boot *b)
{
	struct vmsync_line *l = &b->line[0];
	wide past = 10ull * HZ * (wide)l->mult;

	b->restored = true;
	l->since_tsc -= 10ull * HZ;
	l->cycle_last -= 10ull * HZ;
	l->base_ns -= (int64_t)(past >> SHIFT) + 1;
	l->xtime_nsec = (1u << SHIFT) - (uint64_t)(past & ((1u << SHIFT) - 1));
}

static void push_host_line(const struct world *w, struct vmsync_sync *sync,
			   int i)
{
	uint64_t at = w->host[i].since_tsc + 300 * (i > 0);
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_KNOT,
		.stamp_ns = host_ns(w, at),
		.line = w->host[i],
		.confirm_tsc = at,
		.why = i ? VMSYNC_KNOT_SLOPE : VMSYNC_KNOT_FIRST,
	};

	if (i)
		ev.prev = w->host[i - 1];
	CHECK(!vmsync_sync_push_host(sync, &ev));
}

/* The first line again, for all that is seen: others may have been in between. */
static void push_host_again(const struct world *w, struct vmsync_sync *sync)
{
	uint64_t at = w->boot[BOOTS - 1].from;
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_KNOT,
		.stamp_ns = host_ns(w, at),
		.line = w->host[0],
		.confirm_tsc = at,
		.why = VMSYNC_KNOT_SLOPE,
	};

	ev.line.seq += 3;
	ev.line.since_tsc = at;
	CHECK(!vmsync_sync_push_host(sync, &ev));
}

/* No records are missing any more before the next beacon of boot @b, at @at. */
static void push_host_lines(const struct world *w, const struct boot *b,
			    uint64_t at, struct vmsync_sync *sync)
{
	int i;

	for (i = 1; b == &w->boot[BOOTS - 1] && i < w->n_host; i++)
		if (w->host[i].since_tsc >= at - BEACON_LEN &&
		    w->host[i].since_tsc < at)
			push_host_line(w, sync, i);
}

/* What KVM tells of the change from @b's offset to the next one's. */
static void push_write(const struct world *w, struct vmsync_sync *sync,
		       const struct boot *b)
{
	struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_TSC,
		.vm = { 10, 1 },
		.stamp_ns = host_ns(w, b->until + 50000),
		.scaling = { (int64_t)b[1].offset, 1ull << 32, 32 },
		.prev_offset = (int64_t)b->offset,
		.why = VMSYNC_WHY_WRITE,
	};

	CHECK(!vmsync_sync_push_host(sync, &ev));
}

static void push_guest_knots(const struct boot *b, struct vmsync_guest *guest)
{
	int i;

	for (i = b->restored; i < b->n; i++) {
		uint64_t at = b->line[i].since_tsc - b->offset + 300;
		struct vmsync_evidence ev = {
			.kind = VMSYNC_EV_KNOT,
			.stamp_ns = guest_ns(b, at),
			.line = b->line[i],
			.confirm_tsc = at + b->offset,
			.why = b->line[i].seq == 1 ? VMSYNC_KNOT_FIRST :
						     VMSYNC_KNOT_SLOPE,
		};

		if (b->line[i].seq > 1)
			ev.prev = b->line[i - 1];
		CHECK(!vmsync_sync_push_guest(guest, &ev));
	}
}

/* @guest: NULL: nobody recorded in that boot */
static void push_beacons(const struct world *w, int boot,
			 struct vmsync_sync *sync, struct vmsync_guest *guest)
{
	const struct boot *b = &w->boot[boot];
	uint64_t at, uid = 77 + (uint64_t)boot;
	uint32_t cnt = 0;

	for (at = b->from + BEACON_LEN; at < b->until; at += BEACON_LEN) {
		bool again = b->first && line_at(b, at) >= &b->line[b->first];
		struct vmsync_evidence g = {
			.kind = VMSYNC_EV_GH_GUEST,
			.vm_uid = uid + 100 * again,
			.cnt = cnt,
			.stamp_ns = guest_ns(b, at),
			.pair = { at + b->offset, guest_ns(b, at), 0, true },
			.line = *line_at(b, at),
		};
		struct vmsync_evidence h = {
			.kind = VMSYNC_EV_GH_HOST,
			.vm_uid = uid + 100 * again,
			.cnt = cnt,
			.vm = { 10, 1 },
			.stamp_ns = host_ns(w, at + 3000),
			.pair = { at + 3000, host_ns(w, at + 3000), 0, true },
			.guest_claim = g.pair,
			.line = *host_line(w, at + 3000),
			.scaling = { (int64_t)b->offset, 1ull << 32, 32 },
		};

		if (w->blind)
			h.line.seq = boot == BOOTS - 1 ? h.line.seq + 3 : 0;
		if (w->blind)
			h.line.since_tsc = w->boot[BOOTS - 1].from;
		cnt += VMSYNC_CNT_STEP;
		push_host_lines(w, b, at, sync);
		if (guest)
			CHECK(!vmsync_sync_push_guest(guest, &g));
		CHECK(!vmsync_sync_push_host(sync, &h));
	}
	push_host_lines(w, b, at, sync);
}

static void judge(const struct world *w, const struct boot *b,
		  const struct vmsync_guest *guest, int64_t limit)
{
	const struct vmsync_map *map =
		vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	uint64_t bad = 0, loose = 0, away = 0;
	int i;

	CHECK(!vmsync_guest_report_of(guest)->suspect);
	CHECK_EQ(vmsync_guest_report_of(guest)->causal_violations, 0);
	CHECK_EQ(vmsync_guest_report_of(guest)->n_disagreements, 0);
	CHECK(map != NULL);
	for (i = 0; map && i < 500; i++) {
		uint64_t at = check_range(b->from, b->until - 1);
		guest_time g = { guest_ns(b, at) };
		bool outside;
		int64_t bound = vmsync_map_bound_ns(map, g, &outside);
		int64_t off = vmsync_map_eval(map, g).ns - host_ns(w, at);

		bad += off > bound || -off > bound;
		away += outside;
		loose += bound > limit;
	}
	CHECK_EQ(bad, 0);
	/* Nobody sees the clock from the last beacon of a module on. */
	CHECK(limit > 1000 || away <= (b->first ? 40 : 0));
	CHECK(loose <= (b->first ? 40 : 15));
}

/**
 * struct test - how the boots follow on each other
 * @offset:	of each boot's TSC, added to -START
 * @lost:	nobody saw KVM write the TSC
 * @mute:	bit n: boot n was not recorded
 * @restored:	the last boot is of a memory snapshot: its line is an old one
 * @again:	the guest's module is loaded again when this line begins, 0: not
 * @lines:	of the host, which are known: all; or before the last boot those that its
 *		beacons show, which are not all; or none before the last boot
 * @limit_ns:	most bounds are not above
 */
struct test {
	const char *name;
	uint64_t offset[BOOTS];
	bool lost;
	unsigned int mute;
	int64_t limit_ns;
	int again;
	bool restored;
	enum { ALL, SHOWN, LAST } lines;
};

static void test_one(const struct test *t)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest[BOOTS] = { 0 };
	struct world w = {
		.host = { { .clocksource = VMSYNC_CLOCKSOURCE_TSC, .seq = 9,
			    .since_tsc = START, .cycle_last = START,
			    .base_ns = 222000000000, .mult = MULT + 11,
			    .shift = SHIFT } },
		.n_host = 1,
		.blind = t->lines == LAST,
	};
	uint64_t at = START + HZ;
	int i;

	if (t->lines == SHOWN)
		make_host_lines(&w);
	push_host_line(&w, sync, 0);
	for (i = 0; i < BOOTS; i++) {
		make_boot(&w.boot[i], at, t->offset[i] - START,
			  t->again);
		if (t->restored && i == BOOTS - 1)
			restore(&w.boot[i]);
		/* A reset in the midst of it, or seconds without a kernel. */
		at += BOOT_LEN + 100000 + (check_rand() & 1) * HZ;
		if (!(t->mute & 1u << i))
			guest[i] = vmsync_sync_guest_new(sync, "g");
	}
	for (i = 0; i < BOOTS; i++) {
		if (guest[i])
			push_guest_knots(&w.boot[i], guest[i]);
		if (w.blind && i == BOOTS - 1)
			push_host_again(&w, sync);
		push_beacons(&w, i, sync, guest[i]);
		if (guest[i])
			vmsync_sync_guest_until(guest[i], (guest_time){
				guest_ns(&w.boot[i], w.boot[i].until - 1) });
		if (!t->lost && i + 1 < BOOTS &&
		    w.boot[i].offset != w.boot[i + 1].offset)
			push_write(&w, sync, &w.boot[i]);
	}
	vmsync_sync_host_until(sync, (host_time){ host_ns(&w, at + HZ) });
	CHECK(!vmsync_sync_finish(sync));
	for (i = 0; i < BOOTS; i++) {
		if (guest[i])
			judge(&w, &w.boot[i], guest[i], t->limit_ns);
	}
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	/* Boot n begins at about 4 n s, 1 s after START. */
	static const struct test tests[] = {
		{ "the TSC begins at 0 again",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 0, 3, 0, false, ALL },
		{ "only the first one was recorded",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 6, 3, 0, false, ALL },
		{ "only the second",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 5, 3, 0, false, ALL },
		{ "only the last",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 3, 3, 0, false, ALL },
		{ "the guest had run for long before",
		  { 4000ull * HZ, 0, 0 - 5ull * HZ }, false, 0, 3, 0, false, ALL },
		{ "the TSC is set to something else",
		  { 0, 1000ull * HZ, 7ull * HZ }, false, 0, 3, 0, false, ALL },
		{ "a little less than it was",
		  { 0, 0 - 2ull * HZ, 0 - 4ull * HZ }, false, 0, 3, 0, false, ALL },
		{ "the TSC goes on, as with kexec", { 0, 0, 0 }, false, 0, 3, 0, false, ALL },
		{ "and the module is loaded again",
		  { 0, 0, 0 }, false, 0, 3, 2, false, ALL },
		{ "... later, and the TSC begins at 0 again",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 0, 3, 5, false, ALL },
		{ "the last one is restored from a snapshot",
		  { 0, 0 - 4ull * HZ, 20ull * HZ }, false, 0, 3, 0, true, false },
		{ "... with a TSC that is less",
		  { 90ull * HZ, 80ull * HZ, 10ull * HZ }, false, 3, 3, 0,
		  true, ALL },
		{ "what KVM wrote was lost",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, true, 0, 100000000, 0, false, ALL },
		{ "... also that the guest had run for long",
		  { 4000ull * HZ, 0, 0 - 5ull * HZ }, true, 0, 100000000, 0, false, ALL },
		{ "... and with a boot that was not recorded",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, true, 2, 100000000, 0, false, ALL },
		{ "the host's lines were lost, but for what its beacons show",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 0, INT64_MAX, 0,
		  false, SHOWN },
		{ "... and the guest had run for long before",
		  { 4000ull * HZ, 0, 0 - 5ull * HZ }, false, 0, INT64_MAX, 0,
		  false, SHOWN },
		{ "... and the TSC is a little less than it was",
		  { 0, 0 - 2ull * HZ, 0 - 4ull * HZ }, false, 0, INT64_MAX, 0,
		  false, SHOWN },
		{ "... and only the first boot was recorded",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 6, INT64_MAX, 0,
		  false, SHOWN },
		{ "the host's lines are known in the last boot only",
		  { 0, 0 - 4ull * HZ, 0 - 8ull * HZ }, false, 0, INT64_MAX, 0,
		  false, LAST },
		{ "... and the TSC is a little less than it was",
		  { 0, 0 - 2ull * HZ, 0 - 4ull * HZ }, false, 0, INT64_MAX, 0,
		  false, LAST },
		{ "... and the guest had run for long before",
		  { 4000ull * HZ, 0, 0 - 5ull * HZ }, false, 0, INT64_MAX, 0,
		  false, LAST },
	};
	uint64_t first;
	size_t i, k;

	check_init(argc, argv);
	first = check_seed;
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		for (k = 0; k < 20; k++) {
			uint64_t failed = check_failed;

			check_reseed(first + 20 * i + k);
			test_one(&tests[i]);
			if (check_failed > failed && check_failed <= 20)
				printf("     where %s\n", tests[i].name);
		}
	}
	return check_done();
}
