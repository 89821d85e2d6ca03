// SPDX-License-Identifier: MIT
/*
 * Who is told by name: sums only grow, whoever comes into the first ten and whenever,
 * and all of them together are all.
 */
#include <string.h>

#include "check.h"
#include "online/names.h"

#define NAMES 40

static struct online_names names;
static int64_t ns[2][NAMES];

static void add(int vm, int who)
{
	char name[32], of[32];

	snprintf(name, sizeof(name), "task:%d", who);
	snprintf(of, sizeof(of), "vm%d", vm);
	CHECK_EQ(online_names_add(&names, of, name, ns[vm][who]), 0);
}

/* All series of a VM, [@NAMES] and of the others. */
static void series(int vm, int64_t *out, int64_t *other)
{
	char of[32];
	size_t i;

	snprintf(of, sizeof(of), "vm%d", vm);
	memset(out, 0, NAMES * sizeof(*out));
	for (i = 0; i < names.by.count; i++) {
		const struct online_by *by = &names.by.at[i];

		if (by->shown && !strcmp(by->vm, of))
			out[atoi(by->name + 5)] = by->ns - by->before_ns;
	}
	*other = online_names_other_ns(&names, of);
}

int main(int argc, char **argv)
{
	int64_t was[2][NAMES] = { 0 }, now[NAMES], was_other[2] = { 0 }, other;
	int round, vm, i;

	check_init(argc, argv);
	for (round = 0; round < 200; round++) {
		online_names_begin(&names);
		for (vm = 0; vm < 2; vm++) {
			for (i = 0; i < NAMES; i++) {
				if (i > round / 2)
					break;
				ns[vm][i] += (int64_t)check_bits(
					1 + (unsigned int)check_range(0, 20));
				add(vm, i);
			}
		}
		online_names_end(&names);
		for (vm = 0; vm < 2; vm++) {
			int64_t sum = 0, all = 0;

			series(vm, now, &other);
			for (i = 0; i < NAMES; i++) {
				CHECK(now[i] >= was[vm][i]);
				sum += now[i];
				all += ns[vm][i];
			}
			CHECK(other >= was_other[vm]);
			CHECK_EQ(sum + other, all);
			/* As long as there are ten, all of each is told by name. */
			CHECK(round / 2 >= ONLINE_TOP || !other);
			memcpy(was[vm], now, sizeof(now));
			was_other[vm] = other;
		}
	}
	CHECK(was_other[0] > 0);
	vmsync_array_free(&names.by);
	return check_done();
}
