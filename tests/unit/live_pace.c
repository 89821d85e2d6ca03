// SPDX-License-Identifier: MIT
/*
 * Which source ticks follow: whatever they are apart by, the one at whose moments the
 * others came least long ago; also when they drift, and when one of them is gone. And who
 * comes soon after that one is waited for, but not for long.
 */
#include <string.h>

#include "check.h"
#include "live/pace.h"

#define MOST	  5
#define MS	  1000000
#define PERIOD_MS 100

static struct live_paced at[MOST];
static struct live_pace pace = { .at = at };
static int phase_ms[MOST];
static int64_t now_ms;

/* All come, each in its turn, a ms sooner or later. Which one was followed last? */
static size_t periods(int n, size_t silent)
{
	size_t i, followed = MOST;

	for (int ms = 0; ms < n * PERIOD_MS; ms++, now_ms++) {
		for (i = 0; i < pace.n; i++) {
			int64_t ns = now_ms * MS + check_range(0, MS);

			if (i != silent && now_ms % PERIOD_MS == phase_ms[i] &&
			    live_pace_came(&pace, i, ns))
				followed = i;
		}
	}
	return followed;
}

/* How long before @i came the one did that had not come for longest. */
static int behind_ms(size_t i, size_t silent)
{
	int most = 0;

	for (size_t k = 0; k < pace.n; k++) {
		int ms = (phase_ms[i] - phase_ms[k] + PERIOD_MS) % PERIOD_MS;

		if (k != silent && ms > most)
			most = ms;
	}
	return most;
}

static void check_best(size_t followed, size_t silent)
{
	CHECK(followed < pace.n && followed != silent);
	for (size_t i = 0; followed < pace.n && i < pace.n; i++) {
		if (i != silent)
			CHECK(behind_ms(followed, silent) <= behind_ms(i, silent) + 12);
	}
}

/*
 * Two come at nearly the same moment, now the one and now the other first: how often a tick
 * is before both have, of @n periods, the first ones aside.
 */
static int ticks_too_soon(int n)
{
	int soon = 0;

	memset(at, 0, sizeof(at));
	pace.n = 3;
	pace.followed = 0;
	for (int i = 1; i <= n; i++) {
		int64_t begin_ns = i * (int64_t)PERIOD_MS * MS;
		int64_t first_ns = begin_ns + check_range(0, 5 * MS);
		int64_t second_ns = first_ns + check_range(MS / 10, 5 * MS);
		size_t first = check_rand() & 1;
		bool came = live_pace_came(&pace, first, first_ns);

		/* No sooner than that, and than the second one where that is sooner. */
		if (came && live_pace_soon_ns(&pace) < second_ns)
			soon += i > 10;
		CHECK(live_pace_soon_ns(&pace) <= first_ns + 20 * MS);
		live_pace_came(&pace, !first, second_ns);
		CHECK(live_pace_soon_ns(&pace) <= second_ns);
		live_pace_came(&pace, 2, begin_ns + PERIOD_MS * 7 / 10 * MS);
	}
	return soon;
}

static void one_case(size_t n)
{
	size_t silent;

	memset(at, 0, sizeof(at));
	pace.n = n;
	pace.followed = 0;
	now_ms = 1000;
	for (size_t i = 0; i < n; i++)
		phase_ms[i] = (int)check_range(0, PERIOD_MS - 1);
	check_best(periods(3, MOST), MOST);
	phase_ms[n - 1] = (int)check_range(0, PERIOD_MS - 1);
	check_best(periods(3, MOST), MOST);
	if (n == 1)
		return;
	/* Nobody waits for who is gone, be it who was followed or not. */
	silent = check_rand() % n;
	check_best(periods(80, silent), silent);
}

int main(void)
{
	for (int i = 0; i < 400; i++)
		one_case(1 + (size_t)i % MOST);
	CHECK(ticks_too_soon(400) <= 4);
	return check_done();
}
