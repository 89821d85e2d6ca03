// SPDX-License-Identifier: MIT
/*
 * Where a reading of a TSC is dated: of two points at which the TSC read it, the later
 * one if the record's time fits both as well; and none that is far from where the
 * record's time is, if the TSC's offset is not known in between, or if it is out of
 * order with the guest's beacons. Clocks and TSCs count nanoseconds here, and are one
 * until something is set.
 */
#include "check.h"
#include "sync/facts/reading.h"
#include "uapi/vmsync.h"

#define MS  1000000ll
#define SEC 1000000000ll
#define NOW (100 * SEC)

struct world {
	struct vmsync_facts facts;
	struct vmsync_timeline host;
	struct vmsync_timeline scaling;
	struct vmsync_mark marks[2];
};

static const struct vmsync_line line = {
	.clocksource = VMSYNC_CLOCKSOURCE_TSC,
	.seq = 1,
	.mult = 1u << 24,
	.shift = 24,
};

static const struct vmsync_scaling same = {0, 1ull << 32, 32};

/* The guest's beacons were sent @apart_ns apart about @ns, when the host read that. */
static void begin(struct world *w, int64_t ns, int64_t apart_ns)
{
	*w = (struct world){
		.marks = {{ns - apart_ns / 2, ns - apart_ns / 2},
			  {ns + apart_ns / 2, ns + apart_ns / 2}},
	};
	w->facts.marks = w->marks;
	w->facts.n_marks = 2;
	CHECK(!vmsync_timeline_init(&w->host));
	CHECK(!vmsync_timeline_init(&w->scaling));
}

static void set(struct vmsync_timeline *tl, int64_t at, const void *param)
{
	CHECK(!vmsync_timeline_add(tl, at, at, param, true));
}

static bool read_at(struct world *w, uint64_t tsc, int64_t ns, int64_t *at)
{
	const struct vmsync_reading r = {tsc, ns};
	bool found = vmsync_reading_at(&w->facts, &w->scaling, &w->host, &r, at);

	vmsync_timeline_free(&w->host);
	vmsync_timeline_free(&w->scaling);
	return found;
}

/*
 * A TSC was set back by 100 us, so that it read some values twice; the record's time is
 * nearer to the first time by @nearer_ns, in between.
 */
static bool is_later(int64_t nearer_ns, int64_t apart_ns)
{
	const int64_t back = MS / 10;
	const struct vmsync_scaling set_back = {-back, 1ull << 32, 32};
	int64_t ns = NOW + (back - nearer_ns) / 2, at = 0;
	struct world w;

	begin(&w, ns, apart_ns);
	set(&w.host, 0, &line);
	set(&w.scaling, 0, &same);
	set(&w.scaling, NOW + back / 2, &set_back);
	CHECK(read_at(&w, NOW, ns, &at));
	CHECK(at == NOW || at == NOW + back);
	return at > NOW;
}

/* The TSC read that @off_ns later than expected, and was not known in between. */
static bool is_found(int64_t off_ns)
{
	struct world w;
	int64_t at;

	begin(&w, NOW, 0);
	set(&w.host, 0, &line);
	set(&w.scaling, 0, &same);
	set(&w.scaling, NOW + off_ns / 4, NULL);
	set(&w.scaling, NOW + off_ns / 2, &same);
	return read_at(&w, (uint64_t)(NOW + off_ns), NOW, &at);
}

/*
 * The TSC is known all the time, the host's lines are not: it read that @off_ns later
 * than expected, between beacons that were sent 10 ms apart.
 */
static bool is_in_order(int64_t off_ns)
{
	struct world w;
	int64_t at;

	begin(&w, NOW, 10 * MS);
	set(&w.host, 0, &line);
	set(&w.host, NOW + off_ns / 4, NULL);
	set(&w.host, NOW + off_ns / 2, &line);
	set(&w.scaling, 0, &same);
	return read_at(&w, (uint64_t)(NOW + off_ns), NOW, &at);
}

/* The same before the beacon that the record's time is behind. */
static bool is_late(int64_t off_ns)
{
	struct world w;
	int64_t at;

	begin(&w, NOW, 0);
	set(&w.host, 0, &line);
	set(&w.host, NOW - off_ns / 2, NULL);
	set(&w.host, NOW - off_ns / 4, &line);
	set(&w.scaling, 0, &same);
	return read_at(&w, (uint64_t)(NOW - off_ns), NOW, &at);
}

int main(void)
{
	/* To a microsecond, */
	CHECK(is_later(900, 0));
	CHECK(!is_later(1100, 0));
	/* and what two clocks drift apart between the beacons. */
	CHECK(is_later(1000 + 1900, MS));
	CHECK(!is_later(1000 + 2100, MS));

	CHECK(is_found(MS * 9 / 10));
	CHECK(!is_found(MS * 11 / 10));

	CHECK(is_in_order(5 * MS + MS * 9 / 10));
	CHECK(!is_in_order(5 * MS + MS * 11 / 10));
	CHECK(is_late(SEC * 9 / 10));
	CHECK(!is_late(SEC * 11 / 10));
	return check_done();
}
