// SPDX-License-Identifier: MIT
/* The runs that are kept come back as they were, from memory and from a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fuse/run_cursor.h"
#include "fuse/runs.h"

#define MAX   200000
#define LANES 3

struct end {
	int64_t ns;
	int32_t tid;
	int32_t vcpu_id;
	int lane;
	bool entry;
	bool open;
};

static struct end want[MAX];

static void make(size_t n, int threads)
{
	int64_t ns = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned int shift = (unsigned int)check_range(0, 40);

		/* Gaps of all sizes, about the word's limit too. */
		ns += 1 + (int64_t)(check_rand() & ((1ull << shift) - 1));
		if (!check_range(0, 999))
			ns += INT32_MAX - 1 + (int64_t)check_range(0, 2);
		want[i] = (struct end){
			.lane = (int)check_range(0, LANES - 1),
			.ns = ns,
			.tid = (int32_t)check_range(0, (uint64_t)threads),
			.entry = check_rand() & 1,
			.open = check_rand() & 1, /* of an entry: it stayed */
		};
		/* A thread is one virtual CPU; without one, its number counts. */
		want[i].vcpu_id = want[i].tid ? want[i].tid % 7 :
						(int32_t)check_range(0, 2) - 1;
	}
}

/* Lanes of whose CPUs threads leave unseen. */
static bool untold[LANES];

static enum vmsync_end what(const struct end *end)
{
	return end->entry ? VMSYNC_END_ENTRY : VMSYNC_END_EXIT;
}

static unsigned int put_as(const struct end *end)
{
	if (end->entry)
		return end->open ? VMSYNC_RUNS_STAYED : VMSYNC_RUNS_ENTRY;
	return end->open ? VMSYNC_RUNS_OPEN : VMSYNC_RUNS_EXIT;
}

/* The place of the next end at or behind @i of those that @mine has. */
static size_t next_of(const bool *mine, size_t i, size_t n)
{
	while (i < n && !mine[i])
		i++;
	return i;
}

/* Whether @s is the stretch between the ends @last (or none, if @n) and @next. */
static bool is_between(const struct vmsync_interval *s, size_t last, size_t next,
		       size_t n)
{
	if (last == n ? s->from != VMSYNC_END_NONE :
			s->from != what(&want[last]) ||
				s->from_ns != want[last].ns)
		return false;
	return next == n ? s->until == VMSYNC_END_NONE :
			   s->until == what(&want[next]) &&
				   s->until_ns == want[next].ns &&
				   s->until_open == (put_as(&want[next]) ==
						     VMSYNC_RUNS_OPEN) &&
				   s->until_stayed ==
					   (put_as(&want[next]) ==
						    VMSYNC_RUNS_STAYED &&
					    !untold[want[next].lane]);
}

/* From first to last, after going to where @from is. */
static void walk(struct vmsync_run_cursor *c, const bool *mine, size_t n,
		 int64_t from)
{
	struct vmsync_interval s;
	struct ctf_error e;
	size_t last = n, next = next_of(mine, 0, n), steps = 0;

	CHECK_EQ(vmsync_run_cursor_seek(c, from, &s, &e), 0);
	while (next < n && want[next].ns <= from) {
		last = next;
		next = next_of(mine, next + 1, n);
	}
	while (is_between(&s, last, next, n) && next < n && steps++ < 3000) {
		if (vmsync_run_cursor_next(c, &s, &e))
			break;
		last = next;
		next = next_of(mine, next + 1, n);
	}
	CHECK(is_between(&s, last, next, n));
}

/* The runs of two threads on all CPUs, as one virtual CPU's. */
static void read_back(const struct vmsync_runs *r, size_t n)
{
	uint32_t parts = vmsync_runs_parts(r), i;
	uint32_t *which = calloc(parts + 1, sizeof(*which));
	bool *mine = calloc(n + 1, sizeof(*mine));
	struct vmsync_run_cursor *c;
	size_t k = 0, j;

	for (i = 0; i < parts; i++) {
		struct vmsync_runs_part p = vmsync_runs_part(r, i);

		if (p.tid != vmsync_runs_part(r, 0).tid &&
		    p.tid != vmsync_runs_part(r, parts - 1).tid)
			continue;
		which[k++] = i;
		for (j = 0; j < n; j++)
			mine[j] |= want[j].tid == p.tid &&
				   want[j].vcpu_id == p.vcpu_id;
	}
	c = vmsync_run_cursor_new(r, which, k);
	walk(c, mine, n, -1);
	for (i = 0; n && i < 20; i++)
		walk(c, mine, n, want[check_range(0, n - 1)].ns +
				 (int64_t)check_range(0, 2) - 1);
	vmsync_run_cursor_free(c);
	free(which);
	free(mine);
}

static int put(struct vmsync_runs_lane *l, const struct end *end,
	       struct ctf_error *e)
{
	uint32_t number;

	CHECK_EQ(vmsync_runs_number(l, end->tid, end->vcpu_id, &number), 0);
	return vmsync_runs_put(l, number, end->ns, put_as(end), e);
}

static void run_one(size_t n, int threads)
{
	struct vmsync_runs *r = vmsync_runs_new();
	struct vmsync_runs_lane *lane[LANES];
	struct ctf_error e;
	size_t i;

	for (i = 0; i < LANES; i++)
		lane[i] = vmsync_runs_lane(r, (uint32_t)i);
	make(n, threads);
	for (i = 0; i < n; i++) {
		if (put(lane[want[i].lane], &want[i], &e))
			break;
	}
	CHECK_EQ(i, n);
	for (i = 0; i < LANES; i++) {
		untold[i] = !check_range(0, 2);
		if (untold[i])
			vmsync_runs_untold(lane[i]);
	}
	CHECK_EQ(vmsync_runs_settle(r), 0);
	read_back(r, n);
	vmsync_runs_free(r);
}

/* A name that is learned anywhere is better than what an event says. */
static void test_names(void)
{
	struct vmsync_runs *r = vmsync_runs_new();
	struct vmsync_runs_lane *a = vmsync_runs_lane(r, 0);
	struct vmsync_runs_lane *b = vmsync_runs_lane(r, 0);
	uint32_t number, i;

	CHECK_EQ(vmsync_runs_number(a, 70, 5, &number), 0);
	CHECK_EQ(vmsync_runs_name(b, 70, 2), 0);
	CHECK_EQ(vmsync_runs_number(b, 71, -1, &number), 0);
	CHECK_EQ(vmsync_runs_number(a, 71, 4, &number), 0);
	CHECK_EQ(vmsync_runs_number(a, 0, 3, &number), 0);
	CHECK_EQ(vmsync_runs_number(b, 0, 9, &number), 0);
	CHECK_EQ(vmsync_runs_settle(r), 0);
	CHECK_EQ(vmsync_runs_parts(r), 6);
	for (i = 0; i < vmsync_runs_parts(r); i++) {
		struct vmsync_runs_part p = vmsync_runs_part(r, i);

		CHECK(p.tid == 70 ? p.vcpu_id == 2 :
		      p.tid == 71 ? p.vcpu_id == 4 :
				    p.vcpu_id == 3 || p.vcpu_id == 9);
	}
	vmsync_runs_free(r);
}

/* Where the file cannot be, it is said, with what helps. */
static void test_no_folder(void)
{
	struct vmsync_runs *r = vmsync_runs_new();
	struct vmsync_runs_lane *l = vmsync_runs_lane(r, 0);
	struct ctf_error e = { 0 };
	int ret = 0;
	size_t i;

	setenv("TMPDIR", "/nonexistent/folder", 1);
	for (i = 0; !ret && i < MAX; i++)
		ret = put(l, &want[i], &e);
	CHECK_EQ(ret, -ENOENT);
	CHECK(strstr(e.msg, "/nonexistent/folder"));
	CHECK(strstr(e.remedy, "TMPDIR"));
	vmsync_runs_free(r);
	unsetenv("TMPDIR");
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	run_one(0, 1);
	run_one(1, 1);
	for (i = 0; i < 20; i++)
		run_one((size_t)check_range(1, 40000),
			(int)check_range(1, i & 1 ? 3 : 3000));
	run_one(MAX, 0);
	run_one(MAX, 5);
	test_names();
	test_no_folder();
	return check_done();
}
