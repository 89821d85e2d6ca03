// SPDX-License-Identifier: MIT
/*
 * The lines of a clock, told out of order: a knot that waited for its CPU while
 * beacons of other CPUs already named the line that it brought.
 */
#include "check.h"
#include "sync/facts/lines.h"
#include "uapi/vmsync.h"

#define CYCLES 100000ull /* from one change to the next */

/* Line @seq: from cycle @seq * CYCLES on, a little faster than the one before. */
static struct vmsync_line line_of(uint32_t seq)
{
	return (struct vmsync_line){
		.clocksource = VMSYNC_CLOCKSOURCE_TSC,
		.seq = seq,
		.since_tsc = seq * CYCLES,
		.cycle_last = seq * CYCLES,
		.base_ns = (int64_t)(seq * CYCLES / 2),
		.mult = (1u << 23) / 2 + seq,
		.shift = 23,
	};
}

/* A beacon of CPU @cpu at @tsc that names line @seq while @read is read. */
static void beacon(struct vmsync_lines *lines, uint32_t seq, uint32_t read,
		   uint64_t tsc, uint32_t cpu)
{
	const struct vmsync_line line = line_of(read);
	struct vmsync_evidence ev = {
		.line = line_of(seq),
		.stamp_ns = (int64_t)tsc / 2,
		.pair = { .tsc = tsc, .valid = true },
	};

	ev.pair.mono_ns = line.base_ns +
			  (int64_t)(((tsc - line.cycle_last) * line.mult) >> 23);
	CHECK_EQ(vmsync_lines_beacon(lines, &ev, cpu), 0);
}

/* The knot of line @seq on CPU 0, read by all from @confirm on. */
static void knot(struct vmsync_lines *lines, uint32_t seq, uint64_t confirm)
{
	const struct vmsync_evidence ev = {
		.line = line_of(seq),
		.prev = line_of(seq - 1),
		.confirm_tsc = confirm,
		.stamp_ns = (int64_t)confirm / 2,
	};

	CHECK_EQ(vmsync_lines_knot(lines, &ev, 0), 0);
}

static void check_line(const struct vmsync_lines *lines, size_t i, uint32_t seq,
		       bool gap)
{
	if (i >= lines->spans.count) {
		CHECK(i < lines->spans.count);
		return;
	}
	CHECK_EQ(lines->spans.at[i].line.seq, seq);
	CHECK_EQ(lines->spans.at[i].gap, gap);
}

/* The recording begins within an update: the knot tells what was before it. */
static void test_begin(void)
{
	const uint64_t from = 7 * CYCLES, sure = from + 20000;
	struct vmsync_lines lines = { 0 };

	beacon(&lines, 7, 6, from + 5000, 2);
	beacon(&lines, 7, 6, from + 9000, 3);
	knot(&lines, 7, sure);
	knot(&lines, 8, 8 * CYCLES + 10);
	CHECK_EQ(lines.spans.count, 3);
	check_line(&lines, 0, 6, true);
	check_line(&lines, 1, 7, false);
	check_line(&lines, 2, 8, false);
	if (lines.spans.count == 3) {
		CHECK_EQ(lines.spans.at[1].confirm, sure);
		CHECK(lines.spans.at[1].confirmed);
	}
	vmsync_lines_free(&lines);
}

/* The knot before it is not there: what its line followed stays not known. */
static void test_begin_gap(void)
{
	struct vmsync_lines lines = { 0 };

	beacon(&lines, 7, 7, 7 * CYCLES + 5000, 2);
	knot(&lines, 5, 5 * CYCLES + 10);
	CHECK_EQ(lines.spans.count, 3);
	check_line(&lines, 0, 4, true);
	check_line(&lines, 1, 5, false);
	check_line(&lines, 2, 7, true);
	vmsync_lines_free(&lines);
}

/* However many changes there were, what is kept is what matters from some time on. */
static void test_forget(void)
{
	struct vmsync_lines lines = { 0 };
	size_t most = 0, gone = 0;
	uint32_t seq;

	for (seq = 2; seq < 10000; seq++) {
		int64_t from_ns = (int64_t)((seq - 50) * CYCLES / 2);

		knot(&lines, seq, seq * CYCLES + 10);
		gone += vmsync_lines_forget(&lines, from_ns, NULL, NULL);
		if (lines.spans.count > most)
			most = lines.spans.count;
		/* One that was in force then, and another that may be late. */
		CHECK(seq < 100 || lines.spans.at[1].stamp_ns < from_ns);
	}
	CHECK_EQ(gone + lines.spans.count, 9999);
	CHECK(most < 300);
	vmsync_lines_free(&lines);
}

/* From line 4 to line 6 the clock counts acpi_pm, say; who tells of a line does so behind. */
static void test_other(void)
{
	const int64_t ns = CYCLES / 2; /* from line to line */
	struct vmsync_lines lines = { 0 };
	struct vmsync_evidence ev = { 0 };

	knot(&lines, 2, 2 * CYCLES + 10);
	CHECK(!vmsync_lines_other_at(&lines, 2 * ns));
	for (uint32_t seq = 3; seq < 9; seq++) {
		ev.line = line_of(seq);
		if (seq >= 4 && seq < 6)
			ev.line.clocksource = VMSYNC_CLOCKSOURCE_OTHER;
		ev.confirm_tsc = seq * CYCLES + 10;
		ev.stamp_ns = seq * ns + 5;
		CHECK_EQ(vmsync_lines_knot(&lines, &ev, 0), 0);
	}
	CHECK(!vmsync_lines_other_at(&lines, 0));
	CHECK(!vmsync_lines_other_at(&lines, 3 * ns));
	/* Line 4 may have been in force before it was told. */
	CHECK(vmsync_lines_other_at(&lines, 3 * ns + 5));
	CHECK(vmsync_lines_other_at(&lines, 4 * ns + 5));
	CHECK(vmsync_lines_other_at(&lines, 6 * ns + 4));
	CHECK(!vmsync_lines_other_at(&lines, 6 * ns + 5));
	CHECK(!vmsync_lines_other_at(&lines, INT64_MAX));
	vmsync_lines_free(&lines);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_other();
	test_begin();
	test_begin_gap();
	test_forget();
	return check_done();
}
