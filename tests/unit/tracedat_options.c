// SPDX-License-Identifier: MIT
/* Options of a trace.dat: what is stored is found, whole, and nothing else is. */
#include <string.h>

#include "check.h"
#include "tracedat/options.h"

#define DONE	   0
#define TIME_SHIFT 12
#define TSC2NSEC   14

static uint8_t file[1 << 16];
static size_t size;

static void put(const void *p, size_t n)
{
	memcpy(file + size, p, n);
	size += n;
}

static void put_number(uint64_t v, size_t n)
{
	put(&v, n);
}

static void put_text(const char *s)
{
	put(s, strlen(s) + 1);
}

static void begin_six(void)
{
	size = 0;
	put("\x17\x08\x44tracing6\0\0\x08", 14);
	put_number(4096, 4);
	put_text("header_page");
	put_number(3, 8);
	put("abc", 3);
	put_text("header_event");
	put_number(0, 8);
	put_number(0, 4); /* ftrace's own */
	put_number(1, 4);
	put_text("sched");
	put_number(1, 4);
	put_number(5, 8);
	put("event", 5);
	put_number(0, 4);
	put_number(0, 4);
	put_number(2, 8);
	put("1\n", 2);
	put_number(2, 4); /* CPUs */
	put_text("options  ");
}

/* Where the next section is has to be put there. */
static size_t section(uint64_t flags)
{
	put_number(DONE, 2);
	put_number(flags, 2);
	put_number(0, 4);
	put_number(0, 8);
	return size;
}

static size_t begin_seven(uint64_t flags)
{
	size = 0;
	put("\x17\x08\x44tracing7\0\0\x08", 14);
	put_number(4096, 4);
	put_text("none");
	put_text("");
	put_number(size + 8, 8);
	return section(flags);
}

static void end_section(bool more)
{
	put_number(DONE, 2);
	put_number(8, 4);
	put_number(more ? size + 8 : 0, 8);
}

static void put_factor(uint32_t mult, uint32_t shift)
{
	put_number(TSC2NSEC, 2);
	put_number(16, 4);
	put_number(mult, 4);
	put_number(shift, 4);
	put_number(0, 8);
}

static int64_t value(size_t cpu, size_t i, int what)
{
	return (int64_t)(1000 * cpu + 10 * i) - 7 * what;
}

/* @n samples of each of two CPUs; @bits: how many numbers of bits follow */
static void put_samples(size_t n, uint64_t ratio, size_t bits)
{
	size_t cpu, i;

	put_number(TIME_SHIFT, 2);
	put_number(16 + 2 * (4 + 24 * n) + 8 * bits, 4);
	put_number(4242, 8);
	put_number(1, 4);
	put_number(2, 4);
	for (cpu = 0; cpu < 2; cpu++) {
		put_number(n, 4);
		for (i = 0; i < n; i++)
			put_number((uint64_t)value(cpu, i, 0), 8);
		for (i = 0; i < n; i++)
			put_number((uint64_t)value(cpu, i, 1), 8);
		for (i = 0; i < n; i++)
			put_number(ratio, 8);
	}
	for (i = 0; i < bits; i++)
		put_number(32 + i, 8);
}

static void is_there(size_t n, uint64_t ratio, bool bits)
{
	struct dat_options o;
	size_t cpu, i;

	CHECK_EQ(dat_options_find(file, size, &o), 0);
	CHECK(o.has_samples && !o.bad_samples && o.interpolate);
	CHECK_EQ(o.host_id, 4242);
	CHECK_EQ(o.n_cpus, 2);
	for (cpu = 0; cpu < o.n_cpus; cpu++) {
		CHECK_EQ(o.cpus[cpu].n, n);
		for (i = 0; i < o.cpus[cpu].n; i++) {
			const struct dat_sample *s = &o.cpus[cpu].at[i];

			CHECK_EQ(s->time, value(cpu, i, 0));
			CHECK_EQ(s->offset, value(cpu, i, 1));
			CHECK_EQ(s->scaling, ratio);
			CHECK_EQ(s->fraction, bits ? 32 + n * cpu + i : 0);
		}
	}
	dat_options_free(&o);
}

static void factor_is(uint32_t mult, uint32_t shift)
{
	struct dat_options o;

	CHECK_EQ(dat_options_find(file, size, &o), 0);
	CHECK_EQ(o.mult, mult);
	CHECK_EQ(o.shift, shift);
	dat_options_free(&o);
}

static void has_none(bool bad)
{
	struct dat_options o;

	CHECK_EQ(dat_options_find(file, size, &o), 0);
	CHECK(!o.has_samples && !o.n_cpus);
	CHECK_EQ(o.bad_samples, bad);
	dat_options_free(&o);
}

static void whole(void)
{
	begin_six();
	put_factor(5000000, 20);
	put_samples(3, 1ull << 40, 6);
	put_number(DONE, 2);
	factor_is(5000000, 20);
	is_there(3, 1ull << 40, true);

	begin_seven(0);
	put_factor(7, 3);
	end_section(true);
	section(0);
	put_samples(2, 1, 4);
	put_factor(8, 4);
	end_section(false);
	/* The last one is in force. */
	factor_is(8, 4);
	is_there(2, 1, true);
	/* Ratios of 1 need no bits; trace-cmd may have written too few. */
	begin_six();
	put_samples(2, 1, 0);
	put_number(DONE, 2);
	is_there(2, 1, false);
	begin_six();
	put_samples(2, 1, 3);
	put_number(DONE, 2);
	is_there(2, 1, false);
}

static void damaged(void)
{
	size_t at, to;
	uint32_t n = 0xffffffff;

	begin_six();
	put_samples(2, 1ull << 32, 3);
	put_number(DONE, 2);
	has_none(true);
	begin_six();
	put_samples(0, 1, 0);
	put_number(DONE, 2);
	has_none(false);
	/* Numbers of CPUs, and of samples, that are not there. */
	for (at = 12; at <= 16; at += 4) {
		begin_six();
		to = size + 6 + at;
		put_samples(2, 1, 4);
		put_number(DONE, 2);
		memcpy(file + to, &n, 4);
		has_none(true);
	}
	/* Nothing that is compressed is read. */
	begin_seven(1);
	put_samples(2, 1, 4);
	end_section(false);
	has_none(false);
	/* A shift that no number of 64 bits has. */
	begin_six();
	put_factor(5, 64);
	put_number(DONE, 2);
	factor_is(0, 0);
	/* Sections that lead around in a ring. */
	to = begin_seven(0) - 16;
	put_factor(5, 6);
	end_section(false);
	memcpy(file + size - 8, &to, 8);
	factor_is(5, 6);
}

/* Any end: what was found is all that there is, or none of it. */
static void cut(void)
{
	size_t n, all;

	begin_six();
	put_samples(3, 1, 6);
	put_number(DONE, 2);
	all = size;
	for (n = 0; n < all - 2; n++) {
		size = n;
		has_none(false);
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	whole();
	damaged();
	cut();
	return check_done();
}
