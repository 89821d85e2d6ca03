// SPDX-License-Identifier: MIT
/*
 * The token bucket of vmsyncd: however it is asked, no more than the burst and the rate
 * of the time that passed; and whoever waits as long as it says gets something.
 */
#include "check.h"
#include "daemon/limit.h"

#define SECOND 1000000000ull

static struct vmsyncd_limit bucket(uint64_t rate, uint64_t burst)
{
	return (struct vmsyncd_limit){ .step_ns = SECOND / rate, .burst = burst };
}

/* Who was quiet has the burst, and not more for having been quiet for longer. */
static void test_burst(void)
{
	for (uint64_t quiet = 0; quiet < 1000; quiet += 333) {
		struct vmsyncd_limit l = bucket(200, 100);
		uint64_t now = (quiet + 1) * SECOND, n = 0;

		while (vmsyncd_limit_take(&l, now))
			n++;
		CHECK_EQ(n, 100);
		CHECK_EQ(vmsyncd_limit_from(&l, now), now + 1);
		CHECK(vmsyncd_limit_take(&l, now + 1));
		CHECK(!vmsyncd_limit_take(&l, now + 1));
		CHECK(!vmsyncd_limit_take(&l, now + SECOND / 200));
		CHECK(vmsyncd_limit_take(&l, now + SECOND / 200 + 1));
	}
}

static void test_rate(void)
{
	for (int round = 0; round < 200; round++) {
		uint64_t rate = check_range(1, 100000);
		uint64_t burst = check_range(1, 1000);
		struct vmsyncd_limit l = bucket(rate, burst);
		uint64_t begin = check_bits(60) + SECOND, now = begin, n = 0;

		for (int i = 0; i < 2000; i++) {
			n += vmsyncd_limit_take(&l, now);
			CHECK(n <= burst + (now - begin) / l.step_ns + 1);
			now += check_bits(30);
		}
	}
}

/* More than there is may be spent: it is waited for afterwards. */
static void test_spend(void)
{
	for (int round = 0; round < 1000; round++) {
		struct vmsyncd_limit l = bucket(32768, 16384);
		uint64_t begin = check_bits(50) + SECOND, now = begin, n = 0, from;

		for (int i = 0; i < 100; i++) {
			uint64_t spend = check_range(1, 1024);

			from = vmsyncd_limit_from(&l, now);
			CHECK(from >= now);
			CHECK_EQ(vmsyncd_limit_from(&l, from), from);
			CHECK(from == now ||
			      vmsyncd_limit_from(&l, from - 1) == from);
			now = from;
			vmsyncd_limit_spend(&l, now, spend);
			n += spend;
			CHECK(n <= 16384 + 1024 + (now - begin) / l.step_ns + 1);
		}
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_burst();
	test_rate();
	test_spend();
	return check_done();
}
