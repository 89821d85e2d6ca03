// SPDX-License-Identifier: MIT
/*
 * A guest's memory in parts: that they are all of it and nothing else, and that what is
 * said of the whole by one page of each is true as often as it says. And the hint that is
 * made of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "memory/working_set.h"

#define MIB 1048576ull

static uint64_t below(uint64_t n)
{
	return check_range(0, n - 1);
}

static struct ctf_error e;

static void slot_add(struct memory_slots *s, uint64_t address, uint64_t pages)
{
	s->slot[s->n++] = (struct memory_slot){ .page = s->pages, .pages = pages,
						.address = address };
	s->pages += pages;
}

/* As many as fit, in any order, some of them side by side. */
static void slots_draw(struct memory_slots *s)
{
	uint64_t at = below(1000) * MEMORY_PAGE + MEMORY_PAGE;
	int i, n = 1 + (int)below(20);

	*s = (struct memory_slots){ 0 };
	for (i = 0; i < n; i++) {
		uint64_t pages = 1 + below(3000);

		slot_add(s, at, pages);
		at += (pages + (below(2) ? below(100) : 0)) * MEMORY_PAGE;
	}
	for (i = 0; i < n; i++) {
		int k = (int)below((uint64_t)n);
		struct memory_slot swap = s->slot[i];

		s->slot[i] = s->slot[k];
		s->slot[k] = swap;
	}
}

static bool is_in_slots(const struct memory_slots *s, uint64_t address)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (address >= s->slot[i].address &&
		    address < s->slot[i].address + s->slot[i].pages * MEMORY_PAGE)
			return true;
	}
	return false;
}

static void test_cover(void)
{
	static struct memory_slots s;
	struct memory_parts p;
	uint64_t pages, size;
	size_t i;

	slots_draw(&s);
	pages = 1 + below(500);
	CHECK_EQ(memory_parts_make(&p, &s, pages, &e), 0);
	CHECK_EQ(memory_parts_bytes(&p), s.pages * MEMORY_PAGE);
	for (i = 0; i < p.n; i++) {
		size = p.part[i].end - p.part[i].begin;
		CHECK(size && size <= pages * MEMORY_PAGE && !(size % MEMORY_PAGE));
		CHECK(is_in_slots(&s, p.part[i].begin));
		CHECK(is_in_slots(&s, p.part[i].end - 1));
		CHECK(!i || p.part[i - 1].end <= p.part[i].begin);
	}
	memory_parts_free(&p);
}

/* A QEMU that says so would have one page count twice. */
static void test_twice(void)
{
	static struct memory_slots s;
	struct memory_parts p;

	slot_add(&s, 100 * MEMORY_PAGE, 50);
	slot_add(&s, 149 * MEMORY_PAGE, 50);
	CHECK_EQ(memory_parts_make(&p, &s, 7, &e), -EPROTO);
	CHECK(strstr(e.msg, "at one place") != NULL);
	s.slot[1].address += MEMORY_PAGE;
	CHECK_EQ(memory_parts_make(&p, &s, 7, &e), 0);
	CHECK_EQ(p.n, 15);
	memory_parts_free(&p);
}

/*
 * Pages in runs are touched, as many as one in @share of them; of each part one page is
 * drawn. How often is the truth outside?
 */
static void test_estimate(uint64_t share, uint64_t run)
{
	static char touched[1 << 16];
	static struct memory_slots s;
	uint64_t truth = 0, i, k, sum = 0, bytes, pages;
	int look, outside = 0;
	struct memory_estimate m;
	struct memory_parts p;

	s = (struct memory_slots){ 0 };
	slot_add(&s, MEMORY_PAGE, sizeof(touched));
	CHECK_EQ(memory_parts_make(&p, &s, 31, &e), 0);
	memset(touched, 0, sizeof(touched));
	for (i = 0; i < sizeof(touched); i += run) {
		for (k = i; k < i + run && k < sizeof(touched) &&
			    (i / run) % share == 0; k++)
			touched[k] = 1;
	}
	for (i = 0; i < sizeof(touched); i++)
		truth += touched[i] ? MEMORY_PAGE : 0;
	for (look = 0; look < 400; look++) {
		for (i = bytes = 0; i < p.n; i++) {
			pages = (p.part[i].end - p.part[i].begin) / MEMORY_PAGE;
			k = p.part[i].begin / MEMORY_PAGE - 1 + below(pages);
			bytes += touched[k] ? pages * MEMORY_PAGE : 0;
		}
		m = memory_parts_estimate(&p, bytes);
		CHECK(m.least <= bytes && bytes <= m.most);
		outside += truth < m.least || truth > m.most;
		sum += bytes / MEMORY_PAGE;
	}
	/* 20 of 400 are expected at most; 33 are three deviations more. */
	CHECK(outside <= 33);
	/* Their mean is the truth, but for four deviations of it. */
	CHECK(llabs((long long)(sum / 400) - (long long)(truth / MEMORY_PAGE)) < 300);
	memory_parts_free(&p);
}

static void test_ends(void)
{
	static struct memory_slots s;
	struct memory_parts p;
	struct memory_estimate m;

	slot_add(&s, MEMORY_PAGE, 1 << 20);
	CHECK_EQ(memory_parts_make(&p, &s, 256, &e), 0);
	CHECK_EQ(p.n, 4096);
	m = memory_parts_estimate(&p, 0);
	CHECK_EQ(m.least, 0);
	CHECK(m.most > 0 && m.most < 4096 * MIB / 1000);
	m = memory_parts_estimate(&p, 4096 * MIB);
	CHECK_EQ(m.most, 4096 * MIB);
	CHECK(m.least < 4096 * MIB && m.least > 4096 * MIB / 1000 * 999);
	memory_parts_free(&p);
}

static void test_hint(void)
{
	static struct memory_source source = { .uuid = "01234567-89ab-cdef-0123-456789abcdef" };
	static struct memory_working_set set;
	struct memory_hint hint;

	set.look.source = &source;
	set.look.total = 4000 * MIB / MEMORY_PAGE;
	set.look.n_present = 3000 * MIB / MEMORY_PAGE;
	set.look.balloon = (struct memory_balloon){
		.there = true, .actual = 4000 * MIB, .told_s = (uint64_t)time(NULL),
		.available = 2500 * MIB,
	};
	set.touched = (struct memory_estimate){ 900 * MIB, 800 * MIB, 1000 * MIB };
	set.watched_ns = 60000000000;
	CHECK(memory_working_set_hint(&set, &hint));
	/* 4000 MiB less 2500, and 400 more. */
	CHECK_EQ(hint.bytes, 1100 * MIB);
	CHECK(!strcmp(hint.command, "virsh setmem 01234567-89ab-cdef-0123-456789abcdef "
				    "1945600 --live"));
	/* It touches more than it says that it needs. */
	set.touched.most = 2000 * MIB;
	CHECK(memory_working_set_hint(&set, &hint));
	CHECK_EQ(hint.bytes, 600 * MIB);
	set.touched.most = 1000 * MIB;
	set.look.balloon.available = 0;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.look.balloon.available = UINT64_MAX;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.look.balloon.available = 2500 * MIB;
	/* It is not known, or was, long ago. */
	set.look.balloon.told_s -= 100;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.look.balloon.told_s = 0;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.look.balloon.told_s = (uint64_t)time(NULL);
	/* It was watched for less than a minute; it is little; all is touched. */
	set.watched_ns--;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.watched_ns++;
	set.touched.most = 2500 * MIB;
	CHECK(!memory_working_set_hint(&set, &hint));
	set.touched.most = 3100 * MIB;
	CHECK(!memory_working_set_hint(&set, &hint));
	/* What is no uuid is in no command. */
	set.touched.most = 1000 * MIB;
	strcpy(source.uuid, "$(reboot)");
	CHECK(memory_working_set_hint(&set, &hint));
	CHECK(!strstr(hint.command, "reboot"));
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	for (i = 0; i < 100; i++)
		test_cover();
	test_twice();
	test_estimate(2, 1);
	test_estimate(3, 700);
	test_estimate(50, 31);
	test_estimate(200, 100);
	test_ends();
	test_hint();
	return check_done();
}
