// SPDX-License-Identifier: MIT
/*
 * Whoever asks, and however often: in no hour are there more freezes than are allowed, none
 * within the dead time or beside another one, and the first refusal is the one that is told.
 */
#include <string.h>

#include "check.h"
#include "freeze/budget.h"

#define SECOND 1000000000ull
#define HOUR (3600 * SECOND)
#define MANY 20000

static struct freeze_budget b;
static uint64_t begun[MANY];

static void make(unsigned int per_hour, uint64_t dead_ns)
{
	memset(&b, 0, sizeof(b));
	b.per_hour = per_hour;
	b.dead_ns = dead_ns;
	b.disk_bytes = 1000;
	b.free_bytes = FREEZE_LEAST_BYTES + 500;
	freeze_budget_init(&b);
}

static enum freeze_refusal ask(uint64_t now_ns)
{
	return freeze_budget_ask(&b, now_ns, now_ns, SECOND);
}

/* Requests at random times, freezes of random length. */
static void test_random(void)
{
	unsigned int per_hour = (unsigned int)check_range(1, 20), left;
	uint64_t now = HOUR, end = 0, n = 0, i, k, asked = 0, refused = 0;
	uint64_t dead = check_range(0, 1000) * SECOND;

	make(per_hour, dead);
	for (i = 0; i < MANY; i++) {
		now += check_range(1, 100) * SECOND / 10;
		if (b.busy && now >= end)
			freeze_budget_end(&b, end, 0);
		asked++;
		left = freeze_budget_left(&b, now);
		if (ask(now)) {
			refused++;
			continue;
		}
		CHECK(!b.busy);
		CHECK(left > 0);
		CHECK(!n || now >= end + dead);
		freeze_budget_begin(&b, now);
		begun[n++] = now;
		end = now + check_range(1, 50) * SECOND;
	}
	for (i = 0; i < n; i++) {
		for (k = i; k < n && begun[k] - begun[i] < HOUR; k++)
			;
		CHECK(k - i <= per_hour);
	}
	CHECK(n > 0);
	for (i = 0, k = 0; k < FREEZE_REFUSALS; k++)
		i += b.refused[k];
	CHECK_EQ(i, refused);
	CHECK_EQ(asked, refused + n);
}

static void test_each(void)
{
	uint64_t now = 10 * HOUR;

	make(2, 60 * SECOND);
	CHECK_EQ(ask(now), FREEZE_ALLOWED);
	CHECK_EQ(freeze_budget_ask(&b, now, now + 1, 0), FREEZE_TIME);
	CHECK_EQ(freeze_budget_ask(&b, now, now, FREEZE_MOST_BEFORE_NS + 1),
		 FREEZE_TIME);
	b.quiet_ns = now + 1;
	CHECK_EQ(ask(now), FREEZE_QUIET);
	CHECK_EQ(ask(now + 1), FREEZE_ALLOWED);
	freeze_budget_begin(&b, now);
	CHECK_EQ(ask(now + 1), FREEZE_BUSY);
	freeze_budget_end(&b, now + 2, 999);
	CHECK_EQ(ask(now + 2 + 60 * SECOND - 1), FREEZE_DEAD);
	CHECK_EQ(ask(now + 2 + 60 * SECOND), FREEZE_ALLOWED);
	CHECK_EQ(freeze_budget_bytes(&b), 1);
	b.used_bytes = 1000;
	CHECK_EQ(ask(now + 2 + 60 * SECOND), FREEZE_DISK);
	b.used_bytes = 0;
	CHECK_EQ(freeze_budget_bytes(&b), 500);
	b.free_bytes = FREEZE_LEAST_BYTES;
	CHECK_EQ(ask(now + 2 + 60 * SECOND), FREEZE_DISK);
	b.free_bytes++;
	CHECK_EQ(ask(now + 2 + 60 * SECOND), FREEZE_ALLOWED);
}

/* Those of an earlier run come in any order: the last ones count, and the dead time. */
static void test_earlier_order(void)
{
	const uint64_t now = 10 * HOUR;

	make(2, SECOND);
	freeze_budget_earlier(&b, (int64_t)(now - HOUR / 4));
	freeze_budget_earlier(&b, (int64_t)(now - HOUR / 2));
	freeze_budget_earlier(&b, (int64_t)(now - 2 * HOUR));
	CHECK_EQ(freeze_budget_left(&b, now), 0);
	CHECK_EQ(ask(now), FREEZE_HOURLY);
	CHECK_EQ(freeze_budget_wait_ns(&b, FREEZE_HOURLY), now + HOUR / 2);
	CHECK_EQ(freeze_budget_left(&b, now + HOUR / 2), 1);
	CHECK_EQ(ask(now + HOUR / 2), FREEZE_ALLOWED);
	CHECK_EQ(ask(now - HOUR / 4 + SECOND / 2), FREEZE_DEAD);
}

/* One of an earlier run, before this machine's clock began, counts as any other. */
static void test_earlier(void)
{
	make(1, 0);
	freeze_budget_earlier(&b, -(int64_t)(HOUR / 2));
	CHECK_EQ(ask(HOUR / 2 - 1), FREEZE_HOURLY);
	CHECK_EQ(freeze_budget_wait_ns(&b, FREEZE_HOURLY), HOUR / 2);
	CHECK_EQ(freeze_budget_left(&b, HOUR / 2 - 1), 0);
	CHECK_EQ(ask(HOUR / 2), FREEZE_ALLOWED);
	CHECK_EQ(freeze_budget_left(&b, HOUR / 2), 1);
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	for (i = 0; i < 20; i++)
		test_random();
	test_each();
	test_earlier();
	test_earlier_order();
	return check_done();
}
