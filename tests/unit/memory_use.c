// SPDX-License-Identifier: MIT
/*
 * The use of pages where a trace tells what no kernel does: numbers beyond everything,
 * pages that are taken twice, processes without an end, time that leaps. What is right
 * is checked with recordings that are made up (tests/gen/pages.c).
 */
#include <string.h>

#include "check.h"
#include "memory/use.h"

static struct memory_block block(int64_t ns, uint64_t page, uint32_t order)
{
	return (struct memory_block){ .ns = ns, .page = page, .order = order };
}

static void test_beyond(void)
{
	static const uint64_t pages[] = { MEMORY_USE_PAGES, UINT64_MAX - 1,
					  UINT64_MAX - 1023, 1ull << 52 };
	struct memory_use u;
	struct memory_block b;
	uint32_t user;
	size_t i;

	CHECK_EQ(memory_use_init(&u, 0), 0);
	user = memory_use_user(&u, 1);
	for (i = 0; i < 4; i++) {
		b = block(1, pages[i], 10);
		memory_use_alloc(&u, &b, user);
		memory_use_freed(&u, &b, user);
		memory_use_given(&u, 2, pages[i]);
	}
	CHECK_EQ(u.beyond, 4 * 2 * 1024);
	CHECK_EQ(u.allocated + u.freed + u.in_use + u.released + u.given, 0);
	/* The last ones that are followed, and those behind them. */
	b = block(3, MEMORY_USE_PAGES - 3, 3);
	memory_use_alloc(&u, &b, user);
	CHECK_EQ(u.in_use, 3);
	CHECK_EQ(u.beyond, 4 * 2 * 1024 + 5);
	b = block(3, 0, 11);
	memory_use_alloc(&u, &b, user);
	b = block(3, 0, UINT32_MAX);
	memory_use_freed(&u, &b, user);
	CHECK_EQ(u.odd, 2);
	b = block(3, UINT64_MAX, 0);
	memory_use_alloc(&u, &b, user);
	CHECK_EQ(u.failed, 1);
	CHECK_EQ(u.in_use, 3);
	memory_use_freed(&u, &b, ANALYSIS_NONE);
	CHECK_EQ(memory_use_end(&u), 0);
	memory_use_free(&u);
}

/* Taken while in use, freed while free: the last one counts, and it is told. */
static void test_odd(void)
{
	struct memory_use u;
	struct memory_block b = block(1, 4096, 1);
	uint32_t one, two;

	CHECK_EQ(memory_use_init(&u, 0), 0);
	one = memory_use_user(&u, 1);
	memory_use_alloc(&u, &b, one);
	memory_use_gone(&u, 1);
	two = memory_use_user(&u, 1);
	CHECK(two != one);
	memory_use_alloc(&u, &b, two);
	CHECK_EQ(u.odd, 2);
	CHECK_EQ(u.in_use, 2);
	CHECK_EQ(u.users.at[one].held, 0);
	CHECK_EQ(u.users.at[two].held, 2);
	memory_use_given(&u, 2, 4096);
	memory_use_freed(&u, &b, one);
	CHECK_EQ(u.certain, 1);
	memory_use_freed(&u, &b, one);
	CHECK_EQ(u.odd, 4);
	CHECK_EQ(u.released, 2);
	CHECK_EQ(u.certain, 1);
	memory_use_given(&u, 3, 4097);
	memory_use_given(&u, 3, 4097);
	CHECK_EQ(u.certain, 2);
	CHECK_EQ(u.given, 2);
	CHECK_EQ(u.given_again, 1);
	memory_use_alloc(&u, &b, two);
	CHECK_EQ(u.released + u.certain, 0);
	CHECK_EQ(u.reused, 2);
	memory_use_free(&u);
}

/* A year between two events is no year of windows. */
static void test_leap(void)
{
	struct memory_use u;
	struct memory_block b = block(1, 7, 0);
	uint32_t user;

	CHECK_EQ(memory_use_init(&u, 1000000), 0);
	user = memory_use_user(&u, -1);
	memory_use_alloc(&u, &b, user);
	b.ns = INT64_MAX - 5;
	memory_use_freed(&u, &b, user);
	b.ns = 3;
	memory_use_alloc(&u, &b, user);
	CHECK_EQ(memory_use_end(&u), 0);
	CHECK(u.samples.count <= 1000000);
	CHECK_EQ(u.allocated, 2);
	CHECK_EQ(u.in_use, 1);
	memory_use_free(&u);
	/* The end of all time. */
	CHECK_EQ(memory_use_init(&u, 1000000), 0);
	user = memory_use_user(&u, 0);
	b.ns = INT64_MAX;
	memory_use_alloc(&u, &b, user);
	memory_use_alloc(&u, &b, user);
	CHECK_EQ(memory_use_end(&u), 0);
	CHECK_EQ(u.allocated, 2);
	memory_use_free(&u);
}

static void test_users(void)
{
	struct memory_use u;
	int32_t pid;

	CHECK_EQ(memory_use_init(&u, 0), 0);
	for (pid = -5; pid < 10000; pid++)
		memory_use_user(&u, pid);
	CHECK_EQ(u.users.count, 10005);
	CHECK_EQ(memory_use_user(&u, 9999), 10004);
	CHECK_EQ(memory_use_end(&u), 0);
	memory_use_free(&u);
}

/* Most first; of those that have the same, the lesser number. */
static void test_order(void)
{
	static const struct {
		int32_t pid;
		uint32_t order;
	} got[] = { { 7, 0 }, { 5, 2 }, { 3, 0 }, { 9, 1 } };
	static const int32_t wanted[] = { 5, 9, 3, 7 };
	struct memory_use u;

	CHECK_EQ(memory_use_init(&u, 0), 0);
	for (uint64_t i = 0; i < 4; i++) {
		struct memory_block b = { .page = i * 8, .order = got[i].order };

		memory_use_alloc(&u, &b, memory_use_user(&u, got[i].pid));
	}
	CHECK_EQ(memory_use_end(&u), 0);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(u.users.at[i].pid, wanted[i]);
	memory_use_free(&u);
}

int main(void)
{
	test_beyond();
	test_odd();
	test_leap();
	test_users();
	test_order();
	return check_done();
}
