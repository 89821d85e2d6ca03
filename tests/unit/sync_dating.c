// SPDX-License-Identifier: MIT
/*
 * When the parameters of two virtual CPUs were in force, where one event is told in two
 * records: a page that the guest saw before its host told of it, TSCs that KVM set one
 * after the other, a page that follows a write of the TSC. And what pages that differ
 * make of it. Host, TSCs and pages count nanoseconds, and are one until something is set.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "sync/base/chain.h"
#include "sync/exact/clip.h"
#include "sync/facts/older.h"
#include "sync/facts/spread.h"
#include "uapi/vmsync.h"

#define MS     1000000ll
#define SEC    1000000000ll
#define BEGIN  (10 * SEC)
#define SET    (50 * SEC)
#define AHEAD  (20 * SEC)
#define CPUS   2
#define MANY   4
#define FOLLOW ((int64_t)1 << 27)

struct world {
	struct vmsync_facts facts;
	struct vmsync_home home;
	struct vmsync_line_span line[CPUS]; /* host's, guest's */
	struct vmsync_lines lines[CPUS];
	struct vmsync_mark mark;
	struct vmsync_guest_cpu cpu[CPUS];
	struct vmsync_pv_run seen[MANY];
	struct vmsync_scaling_span scaling[CPUS][MANY];
	struct vmsync_pvclock_span page[CPUS][MANY];
	struct vmsync_vcpu vcpu[CPUS];
	struct vmsync_vcpu *vcpus[CPUS];
	struct vmsync_vm vm;
};

static struct vmsync_line_span a_line(uint32_t clocksource)
{
	return (struct vmsync_line_span){
		.line = { .clocksource = clocksource,
			  .seq = 1,
			  .mult = 1u << 24,
			  .shift = 24 },
		.over = INT64_MAX,
	};
}

static void make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->line[0] = a_line(VMSYNC_CLOCKSOURCE_TSC);
	w->line[1] = a_line(VMSYNC_CLOCKSOURCE_KVMCLOCK);
	w->mark = (struct vmsync_mark){SET, SET};
	for (uint32_t i = 0; i < CPUS; i++) {
		w->lines[i].spans.at = &w->line[i];
		w->lines[i].spans.count = 1;
		w->cpu[i] = (struct vmsync_guest_cpu){
			.seen = true, .known = true, .sure = true, .vcpu_id = i};
		w->vcpu[i].id = i;
		w->vcpu[i].scalings.at = w->scaling[i];
		w->vcpu[i].pvclocks.at = w->page[i];
		w->vcpus[i] = &w->vcpu[i];
	}
	w->vm.vcpus.at = w->vcpus;
	w->vm.vcpus.count = CPUS;
	w->home = (struct vmsync_home){ .vm = &w->vm };
	w->facts = (struct vmsync_facts){
		.host_lines = &w->lines[0],
		.guest_lines = &w->lines[1],
		.vm = &w->vm,
		.homes = &w->home,
		.n_homes = 1,
		.host_until_ns = 100 * SEC,
		.guest_until_ns = 100 * SEC,
		.cpus = w->cpu,
		.n_cpus = CPUS,
		.marks = &w->mark,
		.n_marks = 1,
	};
}

/* The TSC of @cpu is @offset ahead of the host's from @at on. */
static void set_tsc(struct world *w, uint32_t cpu, int64_t at, int64_t offset)
{
	size_t n = w->vcpu[cpu].scalings.count++;

	w->scaling[cpu][n] = (struct vmsync_scaling_span){
		.scaling = { offset, 1ull << 32, 32 },
		.from_start = !n,
		.since_ns = INT64_MIN,
		.stamp_ns = at,
		.exit_ns = -1,
		.seen_ns = 100 * SEC,
		.lost_ns = INT64_MAX,
	};
}

/* kvm-clock reads @ns when the TSC reads @tsc. */
static struct vmsync_pvclock a_page(int64_t tsc, int64_t ns, uint8_t flags)
{
	return (struct vmsync_pvclock){
		.tsc_timestamp = (uint64_t)tsc,
		.system_time_ns = (uint64_t)ns,
		.mul = 1u << 31,
		.shift = 1,
		.flags = flags,
	};
}

static void set_page(struct world *w, uint32_t cpu, int64_t at,
		     struct vmsync_pvclock pv)
{
	w->page[cpu][w->vcpu[cpu].pvclocks.count++] =
		(struct vmsync_pvclock_span){pv, at, -1};
}

/* The guest sees a page @late_ns before the host tells of it: is that the same event? */
static bool is_one_page(int64_t late_ns)
{
	const struct vmsync_pvclock old = a_page(BEGIN, BEGIN, VMSYNC_PV_STABLE);
	const struct vmsync_pvclock new = a_page(SET, SET + MS, VMSYNC_PV_STABLE);
	struct vmsync_dating d;
	size_t unknown = 0;
	struct world w;

	make(&w);
	w.seen[0] = (struct vmsync_pv_run){ old,
					    { BEGIN + SEC, BEGIN + SEC },
					    { SET - SEC, SET - SEC } };
	w.seen[1] = (struct vmsync_pv_run){ new,
					    { SET, SET },
					    { SET + SEC, SET + SEC } };
	w.cpu[0].pvs.at = w.seen;
	w.cpu[0].pvs.count = 2;
	for (uint32_t i = 0; i < CPUS; i++)
		set_tsc(&w, i, BEGIN, 0);
	set_page(&w, 0, BEGIN, old);
	set_page(&w, 0, SET + late_ns, new);
	CHECK(!vmsync_dating_init(&d, &w.facts, 0));
	for (size_t i = 1; i < d.pv.steps.count; i++)
		unknown += !d.pv.steps.at[i].param;
	vmsync_dating_free(&d);
	return !unknown;
}

/*
 * A guest is restored, with a line that began in another time: KVM sets the TSC of the
 * CPU that recorded it, and @later_ns later that of the other one.
 */
static bool is_set_together(int64_t later_ns)
{
	struct vmsync_dating d;
	int64_t from = 0;
	struct world w;

	make(&w);
	w.line[1] = a_line(VMSYNC_CLOCKSOURCE_TSC);
	w.line[1].line.since_tsc = (uint64_t)(SET + AHEAD / 4);
	w.line[1].confirm = (uint64_t)(SET + SEC + AHEAD);
	w.line[1].confirmed = true;
	w.line[1].stamp_ns = SET + SEC;
	for (uint32_t i = 0; i < CPUS; i++) {
		set_tsc(&w, i, BEGIN, 0);
		set_tsc(&w, i, SET + (i ? later_ns : 0), AHEAD);
	}
	CHECK(!vmsync_dating_init(&d, &w.facts, 1));
	for (size_t i = 0; i < d.guest.steps.count; i++)
		if (d.guest.steps.at[i].param)
			from = d.guest.steps.at[i].from;
	CHECK(from == SET || from == SET + later_ns);
	vmsync_dating_free(&d);
	return from > SET;
}

/* From then on: what was before the first records nobody knows. */
static int64_t most_apart(const struct world *w)
{
	struct vmsync_spreads spreads = { 0 };
	int64_t most = 0;

	CHECK(!vmsync_spread_find(&w->facts, &spreads));
	for (size_t i = 0; i < spreads.all.count; i++)
		if (spreads.all.at[i].from_ns >= SET && spreads.all.at[i].ns > most)
			most = spreads.all.at[i].ns;
	vmsync_spread_free(&spreads);
	return most;
}

/*
 * Without a master clock: the TSC of one virtual CPU is set ahead by half a millisecond,
 * and its page follows @later_ns later. Had it run in between it would have read that.
 */
static bool is_followed(int64_t later_ns)
{
	struct world w;

	make(&w);
	for (uint32_t i = 0; i < CPUS; i++) {
		set_tsc(&w, i, BEGIN, 0);
		set_page(&w, i, BEGIN, a_page(BEGIN, BEGIN, 0));
	}
	set_tsc(&w, 1, SET, MS / 2);
	set_page(&w, 1, SET + later_ns, a_page(SET + MS / 2, SET, 0));
	return most_apart(&w) < MS / 4;
}

/* The page of one is replaced by one that is @ns ahead: is that its own doing? */
static bool is_own(int64_t ns)
{
	struct world w;

	make(&w);
	for (uint32_t i = 0; i < CPUS; i++) {
		set_tsc(&w, i, BEGIN, 0);
		set_page(&w, i, BEGIN, a_page(BEGIN, BEGIN, 0));
	}
	set_page(&w, 1, SET, a_page(SET, SET + ns, 0));
	return most_apart(&w) >= ns;
}

/*
 * Pages were seen to be apart in the first second of a map whose segments differ in slope
 * by @slope each: does the last one, three seconds later, belong to their line?
 */
static bool is_one_line(double slope)
{
	struct vmsync_spread all[] = { { INT64_MIN, 500, 500 },
				       { SEC / 2, 0, 0 },
				       { SEC * 3 / 4, 0, 0 } };
	const struct vmsync_spreads spreads = { { all, 3, 3 }, 0 };
	struct vmsync_map map;
	int64_t bound;

	vmsync_map_init(&map);
	for (int i = 0; i < 4; i++) {
		const struct vmsync_segment s = {
			.guest_start = { i * SEC },
			.guest_end = { (i + 1) * SEC },
			.host_start = { i * SEC },
			.slope = (uint64_t)ldexp(1 + i * slope, 60),
			.shift = 60,
		};

		CHECK(!vmsync_map_append(&map, &s));
	}
	vmsync_spread_widen(&spreads, &map);
	bound = map.segments[3].bound_ns;
	CHECK(map.segments[0].bound_ns >= 500);
	CHECK(!bound || bound >= 500);
	vmsync_map_free(&map);
	return bound;
}

/* A page, and the next one @after_ns later: how far off is one by its age, ns per ns? */
static double off_by_age(int64_t after_ns)
{
	struct vmsync_older older;
	struct world w;

	make(&w);
	set_page(&w, 0, BEGIN, a_page(BEGIN, BEGIN, 0));
	set_page(&w, 0, BEGIN + after_ns, a_page(BEGIN + after_ns, BEGIN + after_ns, 0));
	older = vmsync_older_find(&w.facts);
	CHECK(older.ahead == older.behind);
	return older.ahead;
}

/* What KVM rounds, 2 ns, by what is between the two pages; a kHz in a GHz if unknown. */
static void test_older(void)
{
	CHECK(off_by_age(MS * 90) == 1e-6);
	CHECK(fabs(off_by_age(MS * 110) * (double)MS * 110 - 2) < 0.01);
	/* KVM has a new page taken each 300 s; a second is for its delay. */
	CHECK(vmsync_older_most_ns(-1) == 0);
	CHECK(vmsync_older_most_ns(300e9) == 300e9);
	CHECK(vmsync_older_most_ns(1e12) == 301e9);
}

/* What the pages are apart at @ns by a list that no line of the host's dates. */
static int64_t apart_at(const struct vmsync_spreads *spreads, int64_t ns)
{
	int64_t apart = 0;

	for (size_t i = 0; i < spreads->all.count; i++)
		if (spreads->all.at[i].from_ns <= ns)
			apart = spreads->all.at[i].ns;
	return apart;
}

/*
 * Pages that go a millionth too fast, told when the host began to record at BEGIN, that
 * of CPU 1 from two seconds before; CPU 1 has the next one at SET if it is told @live.
 * kvm-clock reads what the host's clock does.
 */
static void find_undated(struct world *w, bool live, struct vmsync_spreads *spreads)
{
	make(w);
	w->lines[0].spans.count = 0;
	w->facts.answered.host_ns = SET + SEC;
	set_page(w, 0, BEGIN, a_page(BEGIN, BEGIN, 0));
	set_page(w, 1, BEGIN, a_page(BEGIN - 2 * SEC, BEGIN - 2 * SEC, 0));
	if (live) /* the old one reads as much more as it got old by */
		set_page(w, 1, SET, a_page(SET + 42000, SET, 0));
	CHECK(!vmsync_spread_find(&w->facts, spreads));
}

static void test_undated(void)
{
	struct vmsync_spreads spreads = { 0 };
	struct world w;

	/* The page of CPU 1 was kept for 42 s, that of CPU 0 for 41. */
	find_undated(&w, true, &spreads);
	CHECK(apart_at(&spreads, BEGIN) >= 42000);
	CHECK(apart_at(&spreads, BEGIN) <= 42000 + 100);
	/* Before all were told one may be as old as kvm-clock. */
	CHECK(apart_at(&spreads, BEGIN - 1) >= 51000);
	CHECK(spreads.outside_ns >= 84000);
	/* A virtual CPU of which none was told has one of any age. */
	w.vcpu[0].pvclocks.count = 0;
	CHECK(!vmsync_spread_find(&w.facts, &spreads));
	CHECK(apart_at(&spreads, SET) >= 51000);
	/* None was told as it came: how old they are is not known, nor what they go. */
	find_undated(&w, false, &spreads);
	CHECK(apart_at(&spreads, SET) >= 301000);
	/* With a master clock they are one. */
	w.page[0][0].pv.flags = w.page[1][0].pv.flags = VMSYNC_PV_STABLE;
	CHECK(!vmsync_spread_find(&w.facts, &spreads));
	CHECK(!spreads.all.count && !spreads.outside_ns);
	vmsync_spread_free(&spreads);
}

/*
 * The first page that is known of CPU 1 came behind a write of its TSC, which that page
 * counts: before, it may have had one as old as kvm-clock, and is not taken for stopped.
 */
static void test_unseen(void)
{
	struct vmsync_spreads spreads = { 0 };
	struct world w;

	make(&w);
	for (uint32_t i = 0; i < CPUS; i++)
		set_tsc(&w, i, BEGIN, 0);
	set_page(&w, 0, BEGIN, a_page(BEGIN, BEGIN, 0));
	set_tsc(&w, 1, SET, SEC / 2);
	set_page(&w, 1, SET + MS, a_page(SET + SEC / 2 + MS, SET + MS, 0));
	CHECK(!vmsync_spread_find(&w.facts, &spreads));
	CHECK(apart_at(&spreads, SET - SEC) >= 50000);
	vmsync_spread_free(&spreads);
}

/*
 * The map is known until SET, where records of the host's are missing; a page that it
 * told a millisecond later says that kvm-clock is at @ns. Until when is the map good?
 */
static int64_t good_until(int64_t ns, uint32_t clocksource)
{
	struct vmsync_timeline guest = { 0 };
	struct vmsync_map map;
	struct vmsync_walk w = { .map = &map,
				 .tl = { [GUEST] = &guest },
				 .jumped = SET };
	struct vmsync_segment s = {
		.guest_start = { BEGIN },
		.guest_end = { SET },
		.slope = 1ull << 60,
		.shift = 60,
	};
	struct world world;
	int64_t end;

	make(&world);
	world.line[1] = a_line(clocksource);
	set_page(&world, 0, BEGIN, a_page(BEGIN, BEGIN, 0));
	set_page(&world, 0, SET + MS, a_page(SET, ns, 0));
	world.page[0][1].pv.version = 2;
	world.facts.n_marks = 0;
	w.facts = &world.facts;
	w.read.h = (int128)SET * Q32;
	CHECK(!vmsync_timeline_init(&guest));
	CHECK(!vmsync_timeline_add(&guest, BEGIN, BEGIN, &world.line[1].line, false));
	CHECK(!vmsync_timeline_add(&guest, SET, SET, NULL, false));
	vmsync_map_init(&map);
	CHECK(!vmsync_map_append(&map, &s));
	vmsync_clip_last_jump(&w);
	end = map.segments[0].guest_end.ns;
	vmsync_map_free(&map);
	vmsync_timeline_free(&guest);
	return end;
}

/* If the guest was stopped it may read again what it had read; else it goes on. */
static void test_clip(void)
{
	const int64_t early = SET - 100 * MS - MS;

	CHECK_EQ(good_until(SET + 2 * MS, VMSYNC_CLOCKSOURCE_KVMCLOCK), SET);
	CHECK(good_until(SET - 100 * MS, VMSYNC_CLOCKSOURCE_KVMCLOCK) < early);
	CHECK(good_until(SET - 100 * MS, VMSYNC_CLOCKSOURCE_KVMCLOCK) >
	      early - 10000);
	CHECK_EQ(good_until(SET - 100 * MS, VMSYNC_CLOCKSOURCE_TSC), SET);
}

/* Anchors are whole ns: pages of one line may differ by that. */
static void test_same(void)
{
	const struct vmsync_pvclock page = a_page(BEGIN, BEGIN, 0);
	const struct vmsync_pvclock one = a_page(SET, SET + 1, 0);
	const struct vmsync_pvclock two = a_page(SET, SET + 2, 0);

	CHECK(vmsync_pvclock_same(&page, &one));
	CHECK(!vmsync_pvclock_same(&page, &two));
}

int main(void)
{
	test_older();
	test_undated();
	test_unseen();
	test_clip();
	test_same();
	CHECK(is_one_line(0.9e-9));
	CHECK(!is_one_line(1.1e-9));
	CHECK(is_one_page(270000));
	CHECK(!is_one_page(330000));
	CHECK(is_set_together(FOLLOW * 9 / 10));
	CHECK(!is_set_together(FOLLOW * 11 / 10));
	CHECK(is_followed(FOLLOW * 9 / 10));
	CHECK(!is_followed(FOLLOW * 11 / 10));
	CHECK(is_own(MS * 9 / 10));
	CHECK(!is_own(MS * 11 / 10));
	return check_done();
}
