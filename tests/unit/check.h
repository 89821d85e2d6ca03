/* SPDX-License-Identifier: MIT */
/*
 * What every unit test needs: counted checks, seeded random numbers, the last
 * line "N passed, N failed". Seed: first argument or VMSYNC_SEED; printed with
 * each failure, so that it can be repeated.
 */
#ifndef VMSYNC_TESTS_CHECK_H
#define VMSYNC_TESTS_CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t check_passed, check_failed;
static uint64_t check_seed = 1, check_state = 1;

static inline void check_at(int ok, const char *what, const char *file,
			    int line)
{
	if (ok) {
		check_passed++;
		return;
	}
	if (check_failed++ < 20)
		printf("FAIL %s:%d: %s (seed %" PRIu64 ")\n", file, line, what,
		       check_seed);
}

#define CHECK(cond) check_at(!!(cond), #cond, __FILE__, __LINE__)

/* Both sides printed; for integers of up to 64 bits. */
#define CHECK_EQ(a, b) \
	check_eq((int64_t)(a), (int64_t)(b), #a " == " #b, __FILE__, __LINE__)

static inline void check_eq(int64_t a, int64_t b, const char *what,
			    const char *file, int line)
{
	check_at(a == b, what, file, line);
	if (a != b && check_failed <= 20)
		printf("     %" PRId64 " and %" PRId64 "\n", a, b);
}

static inline void check_reseed(uint64_t seed)
{
	check_seed = seed;
	check_state = seed;
}

static inline void check_init(int argc, char **argv)
{
	const char *s = argc > 1 ? argv[1] : getenv("VMSYNC_SEED");

	check_reseed(s ? strtoull(s, NULL, 0) : 1);
}

/* splitmix64 */
static inline uint64_t check_rand(void)
{
	uint64_t z = check_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* lo..hi, both included */
static inline uint64_t check_range(uint64_t lo, uint64_t hi)
{
	uint64_t span = hi - lo + 1;

	return lo + (span ? check_rand() % span : check_rand());
}

/* A number whose length in bits is random: small ones are as likely as big. */
static inline uint64_t check_bits(unsigned int max_bits)
{
	unsigned int bits = (unsigned int)check_range(0, max_bits);

	return bits ? check_rand() >> (64 - bits) : 0;
}

/* Runs @fn in a process of its own: with fresh data, and it may crash. */
static inline void check_apart(void (*fn)(void), const char *name)
{
	uint64_t counts[2] = { check_passed, check_failed };
	int fds[2], died = 1;
	pid_t pid;

	fflush(NULL);
	if (pipe(fds) || (pid = fork()) < 0)
		abort();
	if (!pid) {
		fn();
		counts[0] = check_passed;
		counts[1] = check_failed;
		fflush(NULL);
		_exit(write(fds[1], counts, sizeof(counts)) < 0);
	}
	close(fds[1]);
	died = read(fds[0], counts, sizeof(counts)) != sizeof(counts);
	close(fds[0]);
	waitpid(pid, NULL, 0);
	check_passed = counts[0];
	check_failed = counts[1];
	check_at(!died, name, __FILE__, __LINE__);
}

#define CHECK_APART(fn) check_apart(fn, #fn "() ran to its end")

/* How many random cases: VMSYNC_CASES, or so many as usual. */
static inline uint64_t check_cases(uint64_t usual)
{
	const char *s = getenv("VMSYNC_CASES");

	return s ? strtoull(s, NULL, 0) : usual;
}

static inline int check_done(void)
{
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", check_passed,
	       check_failed);
	return check_failed != 0;
}

#endif /* VMSYNC_TESTS_CHECK_H */
